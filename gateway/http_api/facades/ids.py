"""Ids of messages in the forms that other products have, each made of ours and read back without a table.

The number is for programs that keep an id as a JSON number, which has 53 bits for them: 41 bits of the id's time, in
milliseconds since 2020, and 12 bits of what follows it. It is looked for among the messages of that one millisecond;
two of a customer's that share it have the same number once in 4,096 times, and then it names the later one.
"""

import re
import uuid
from collections.abc import Awaitable, Callable
from typing import Final

from gateway.ledger.contract import Page

_EPOCH_MS: Final = 1_577_836_800_000
_DRAWN_BITS: Final = 12
_TIME_BITS: Final = 41
_NUMBER: Final = re.compile(r"[0-9]{1,16}", re.ASCII)
_UUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)
_PAGE: Final = 100
_PAGES: Final = 10
_LAST: Final = bytes([255] * 10)

Listing = Callable[[int, int, bytes, int], Awaitable[Page]]
"""A page of a customer's messages, the newest first, given customer, since_ms, cursor and limit."""


def uuid_of(identifier: bytes) -> str:
    """The id as 8-4-4-4-12 hexadecimal digits."""
    return str(uuid.UUID(bytes=identifier))


def of_uuid(written: str) -> bytes | None:
    """The id that was written so; None for what never was."""
    return bytes.fromhex(written.replace("-", "")) if _UUID.fullmatch(written) else None


def number_of(identifier: bytes) -> int:
    """The id as a number of 53 bits."""
    time_ms = int.from_bytes(identifier[:6], "big") - _EPOCH_MS
    drawn = int.from_bytes(identifier[6:8], "big") & (1 << _DRAWN_BITS) - 1
    return (time_ms & (1 << _TIME_BITS) - 1) << _DRAWN_BITS | drawn


async def find_number(written: str, customer: int, listing: Listing) -> bytes | None:
    """A customer's message with this number. Raises LedgerUnavailable."""
    if not _NUMBER.fullmatch(written):
        return None
    number = int(written)
    time_ms = (number >> _DRAWN_BITS) + _EPOCH_MS
    if number >> _DRAWN_BITS + _TIME_BITS:
        return None
    cursor: bytes | None = time_ms.to_bytes(6, "big") + _LAST
    for _ in range(_PAGES):
        if cursor is None:
            return None
        page = await listing(customer, time_ms, cursor, _PAGE)
        for message in page.messages:
            if message.id[:6] == time_ms.to_bytes(6, "big") and number_of(message.id) == number:
                return message.id
        cursor = page.cursor
    return None
