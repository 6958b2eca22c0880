"""What a customer asked for, checked and typed, before it is minimised and sealed: the only form that holds plaintext.

It lives between the door's first check and its last, in guarded types.
"""

import msgspec

from gateway.message import MessageClass
from redaction.personal import MessageText, Msisdn
from redaction.retention import RetentionTag


class Submission(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What a customer asked for, checked and typed, before it is minimised and sealed.

    schedule_at_ms: earliest time to send, or None for now. validity_s: seconds after that time in which to deliver.
    """

    to: Msisdn
    source: str | Msisdn
    text: MessageText
    message_class: MessageClass
    tag: RetentionTag
    segments: int
    encoding: str
    validity_s: int
    schedule_at_ms: int | None = None
    reference: MessageText | None = None
    callback_url: MessageText | None = None
    flash: bool = False
    receipt: bool = True
