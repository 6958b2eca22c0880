"""What the façades of one API share, from which each is built."""

import msgspec

from gateway.accounts.directory import Directory
from gateway.http_api.records import Sources
from gateway.http_api.replies import Replies
from gateway.http_api.sending import SendPath
from gateway.process.clock import Clock
from gateway.rights.desk import RightsDesk


class Parts(msgspec.Struct, frozen=True, kw_only=True):
    """sending: the way of every submission. sources: of what is looked up. rights: None where nothing is destroyed on
    request.
    """

    sending: SendPath
    sources: Sources
    directory: Directory
    replies: Replies
    clock: Clock
    rights: RightsDesk | None = None
