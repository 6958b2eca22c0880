"""What a delivery receipt says, and how an operator writes it. Types alone: `receipt` reads them."""

import enum
from collections.abc import Mapping

import msgspec

from operators.base import ReceiptState


class IdFormat(enum.StrEnum):
    """How the id in a receipt relates to the one in submit_sm_resp (S-35, S-44)."""

    AS_IS = "as_is"  # the same, to the letter
    HEX = "hex"  # both hexadecimal, or any text: case and leading zeros aside
    DECIMAL = "decimal"  # both decimal, leading zeros aside
    HEX_TO_DECIMAL = "hex_to_decimal"  # hexadecimal in the response, decimal in the receipt
    DECIMAL_TO_HEX = "decimal_to_hex"  # decimal in the response, hexadecimal in the receipt
    AUTO = "auto"  # case and leading zeros aside; then read as hexadecimal, then as decimal


class ReceiptSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How an operator writes receipts.

    recognise_by_text: take a message without receipt bits for a receipt when it reads like one. Only for operators
    that set no bits: anybody with a phone can write such a text.
    utc_offset_min: the operator's local time in minutes ahead of UTC, for dates in the text.
    words: of this operator, in capitals, for states; they go before those that all know.
    one_for_all: a long message has one receipt, whichever of its segments it names.
    """

    id_format: IdFormat = IdFormat.AUTO
    recognise_by_text: bool = False
    utc_offset_min: int = 0
    words: Mapping[bytes, ReceiptState] = {}
    one_for_all: bool = False


class Receipt(msgspec.Struct, frozen=True, gc=False):
    """What a receipt says.

    candidates: the forms in which its id may be recorded, best first; empty when it names none.
    state: None where no word for it can be read, which is no end of anything (S-46).
    error_code: at most 8 ASCII letters and digits, or None.
    intermediate: a receipt on the way, not the end.
    covers: of how many segments it tells, where all of these were delivered; `ALL_SEGMENTS` for however many there are.
    """

    candidates: tuple[str, ...]
    state: ReceiptState | None
    error_code: str | None = None
    done_at_ms: int | None = None
    intermediate: bool = False
    covers: int = 1


class ReceiptFields(msgspec.Struct, gc=False):
    """What the text and the TLVs give, still as octets; b"" for what is absent. bare: a state's word without key."""

    id: bytes = b""
    stat: bytes = b""
    err: bytes = b""
    done: bytes = b""
    sub: bytes = b""
    delivered: bytes = b""
    bare: bytes = b""
