"""Ids as numbers, for APIs whose programs read a number: 53 bits at the most, so that a double holds it.

The number is the time of the id in milliseconds since 2020 and twelve further bits of it; nothing is kept for it. Two
messages of a customer within a millisecond have the same number in one of 4,096 cases: then it names the newer one.
"""

from typing import Final

from gateway.ledger.contract import Page
from gateway.ledger.roles import Messages
from gateway.model.identifiers import first_id, time_of
from gateway.model.message import Message

_BEGIN_MS: Final = 1_577_836_800_000
_BITS: Final = 12
_MASK: Final = (1 << _BITS) - 1
_MOST: Final = 1 << 53
_PAGE: Final = 100


def decimal_id(identifier: bytes) -> int:
    """The number of an id of 16 octets."""
    return (time_of(identifier) - _BEGIN_MS) << _BITS | int.from_bytes(identifier[6:8], "big") & _MASK


async def find_decimal(messages: Messages, customer: int, number: int) -> Message | None:
    """The customer's message of this number; None where there is none. Raises LedgerUnavailable."""
    if not 0 <= number < _MOST:
        return None
    at_ms = (number >> _BITS) + _BEGIN_MS
    cursor: bytes | None = first_id(at_ms + 1)
    while cursor is not None:
        page: Page = await messages.list_messages(customer, status=None, since_ms=at_ms, cursor=cursor, limit=_PAGE)
        for message in page.messages:
            if decimal_id(message.id) == number:
                return message
        cursor = page.cursor
    return None
