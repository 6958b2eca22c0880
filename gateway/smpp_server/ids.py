"""How message ids are written over SMPP, and read again: by the profile of the account and the version of its bind.

The short form is for SMPP 3.3, whose ids have eight characters: sixteen bits of the id's time, in steps of 4,096 ms,
and its running counter. It comes again after three days, and names the newest message of its customer that it fits.
"""

import re
from collections.abc import Awaitable, Callable
from typing import Final

from gateway.ledger.contract import Page
from gateway.model.identifiers import parse_message_id

HEX: Final = "hex"
SHORT: Final = "short"
DECIMAL: Final = "decimal"
_SHORT: Final = re.compile(r"[0-9a-fA-F]{8}", re.ASCII)
_DECIMAL: Final = re.compile(r"[0-9]{1,39}", re.ASCII)
_STEP_BITS: Final = 12
"""A step is 4,096 ms; 16 bits of steps are three days and two and a half hours."""
_PAGE: Final = 500
_PAGES: Final = 20
"""How much of a step is looked through: 10,000 messages of a customer."""


def id_form(wanted: str, *, is_old: bool) -> str:
    """How a bind writes ids. wanted: `message_ids` of its account's profile. is_old: it speaks SMPP 3.3 or less."""
    if wanted == "auto":
        return SHORT if is_old else HEX
    return wanted


def written_id(identifier: bytes, form: str) -> str:
    """An id of 16 octets as it is told."""
    if form == SHORT:
        step = int.from_bytes(identifier[:6], "big") >> _STEP_BITS
        return f"{step & 0xFFFF:04x}{identifier[6:8].hex()}"
    if form == DECIMAL:
        return str(int.from_bytes(identifier, "big"))
    return identifier.hex()


def read_id(written: str, form: str) -> bytes | None:
    """The id that was written so, in full; None for what was never told, or in the short form."""
    if form == DECIMAL and _DECIMAL.fullmatch(written):
        number = int(written)
        return number.to_bytes(16, "big") if number < 1 << 128 else None
    return parse_message_id(written)


Listing = Callable[[int, int, bytes, int], Awaitable[Page]]
"""A page of a customer's messages, the newest first, given customer, since_ms, cursor and limit."""


async def find_short(written: str, customer: int, now_ms: int, listing: Listing) -> bytes | None:
    """The newest message of a customer with this short id. Raises LedgerUnavailable."""
    if not _SHORT.fullmatch(written):
        return None
    counter = bytes.fromhex(written[4:])
    now = (now_ms >> _STEP_BITS) + 1  # another node's clock may be ahead
    step = now - (now - int(written[:4], 16) & 0xFFFF)
    cursor: bytes | None = ((step + 1) << _STEP_BITS).to_bytes(6, "big") + bytes(10)
    for _ in range(_PAGES):
        if cursor is None:
            return None
        page = await listing(customer, step << _STEP_BITS, cursor, _PAGE)
        for message in page.messages:
            if message.id[6:8] == counter and int.from_bytes(message.id[:6], "big") >> _STEP_BITS == step:
                return message.id
        cursor = page.cursor
    return None
