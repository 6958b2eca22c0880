"""What the sealed fields of a message hold, sealed and opened. Types alone: `gateway.vault.vault` does the sealing."""

import msgspec

from gateway.model.submission import NO_MARKS, CallbackForm, Marks, ReturnPath
from redaction.personal import MessageText, Msisdn


class Packed(msgspec.Struct, array_like=True, gc=False):
    """What lies under the seal; those from data_coding on are there only where SMPP said them."""

    digits: str
    country: int
    source: str
    source_is_number: bool
    text: str
    flash: bool
    receipt: bool
    data_coding: int | None = None
    header: bytes = b""
    coding: int = 0
    marks: Marks = NO_MARKS


class PackedPrivate(msgspec.Struct, array_like=True, gc=False):
    reference: str | None
    callback_url: str | None
    path: ReturnPath | None = None
    callback: CallbackForm | None = None


class Content(msgspec.Struct, frozen=True, gc=False):
    """What is opened for one attempt to deliver."""

    to: Msisdn
    source: str | Msisdn
    text: MessageText
    flash: bool
    receipt: bool
    data_coding: int | None = None
    header: bytes = b""
    coding: int = 0
    marks: Marks = NO_MARKS


class PackedReceived(msgspec.Struct, array_like=True, gc=False):
    """The last is there only where there is such a header."""

    digits: str
    country: int
    destination: str
    text: str
    missing: tuple[int, ...] = ()
    header: bytes = b""


class Received(msgspec.Struct, frozen=True, gc=False):
    """What a person wrote to a customer's number. missing: the numbers of parts that never came. header: user data
    header elements that say more than which part it is.
    """

    source: Msisdn
    destination: str
    text: MessageText
    missing: tuple[int, ...] = ()
    header: bytes = b""


class Private(msgspec.Struct, frozen=True, gc=False):
    """What only the customer gets to see again."""

    reference: MessageText | None
    callback_url: MessageText | None
    path: ReturnPath | None = None
    callback: CallbackForm | None = None
