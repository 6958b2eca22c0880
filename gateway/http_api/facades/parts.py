"""What the façades of one API share, from which each is built."""

import msgspec

from gateway.accounts.directory import Directory
from gateway.http_api.facades.opendsr.signing import Signing
from gateway.http_api.records import Sources
from gateway.http_api.replies import Replies
from gateway.http_api.sending import SendPath
from gateway.http_api.subject_requests import RightsSource
from gateway.process.clock import Clock


class Parts(msgspec.Struct, frozen=True, kw_only=True):
    """sending: the way of every submission. sources: of what is looked up. rights: None where nothing is destroyed on
    request. signing: of answers; None where the settings name no certificate for it.
    """

    sending: SendPath
    sources: Sources
    directory: Directory
    replies: Replies
    clock: Clock
    rights: RightsSource | None = None
    signing: Signing | None = None
