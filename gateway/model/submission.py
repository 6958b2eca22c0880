"""What a customer asked for, checked and typed, before it is minimised and sealed: the only form that holds plaintext.

It lives between the door's first check and its last, in guarded types.
"""

from collections.abc import Mapping
from typing import Final

import msgspec

from gateway.model.message import MessageClass
from redaction.personal import MessageText, Msisdn
from redaction.retention import RetentionTag

RECEIPT_BITS: Final = 0x03
INTERMEDIATE_BIT: Final = 0x10
"""Of registered_delivery (SMPP 3.4 §5.2.17, S-31)."""


class Marks(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Fields of a submit_sm that go on to the operator as they came, where an account's profile lets them.

    reply_path: the bit 0x80 of esm_class.
    """

    protocol_id: int = 0
    priority: int = 0
    reply_path: bool = False


NO_MARKS: Final = Marks()


class RawPart(msgspec.Struct, frozen=True, gc=False):
    """Octets that go as they came, in one segment: a part of a longer message, or what is no text.

    data_coding: what they are. header: the user data header before them, b"" for none.
    """

    data_coding: int
    header: bytes
    octets: bytes
    encoding: str

    def __repr__(self) -> str:
        return f"RawPart(data_coding={self.data_coding:#04x})"


class ReturnPath(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Where receipts of a message that came over SMPP go back to: its two addresses as they were written, and the id
    that was given for it when it was one of many (submit_multi); b"" for its own. short: the id was told in its short
    form. reference: user_message_reference, where receipts are to carry it.
    """

    source_ton: int
    source_npi: int
    source: str
    dest_ton: int
    dest_npi: int
    destination: str
    told_id: bytes = b""
    short: bool = False
    reference: int | None = None

    def __repr__(self) -> str:
        return "ReturnPath(•••)"


class CallbackForm(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """How the callback URL of a message is called, where that is not as webhooks are. dialect: the façade in whose
    words it is. said: what the call repeats of the request, by names of the façade's.
    """

    dialect: str
    said: Mapping[str, str] = {}

    def __repr__(self) -> str:
        return f"CallbackForm({self.dialect})"


class SmppForm(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What SMPP, or a façade, says of a message beside the request. notify: registered_delivery. coding: data_coding of
    a text. clamp_validity: one over the longest allowed is cut to it. callback: where the callback URL is called in the
    words of a façade, and `notify` says of what (`gateway.model.reports`).
    """

    notify: int = 0
    path: ReturnPath | None = None
    part: RawPart | None = None
    coding: int = 0
    marks: Marks = NO_MARKS
    clamp_validity: bool = False
    callback: CallbackForm | None = None


NO_FORM: Final = SmppForm()
"""Of a message that did not come by SMPP."""


class Submission(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What a customer asked for, checked and typed, before it is minimised and sealed.

    schedule_at_ms: earliest time to send, or None for now. validity_s: seconds after that time in which to deliver.
    warnings: about its text, for the customer, such as "contains_iban".
    data_coding, header: of a `RawPart`, whose octets are then the code points of `text`. coding: of a text over SMPP,
    in which a replacement of it will be written. unguessed: the class that it has where a look at the text gave the one
    it has now; None where the class was named, or nothing was guessed.
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
    data_coding: int | None = None
    header: bytes = b""
    path: ReturnPath | None = None
    warnings: tuple[str, ...] = ()
    coding: int = 0
    marks: Marks = NO_MARKS
    unguessed: MessageClass | None = None
    callback: CallbackForm | None = None
