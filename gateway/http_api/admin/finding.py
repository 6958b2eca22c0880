"""A customer's messages by the customer's own reference, which is sealed: the newest records are opened one by one."""

from collections.abc import Callable
from typing import Final

import msgspec

from gateway.ledger.roles import Messages
from gateway.model.message import Message

LOOKED_AT: Final = 20_000
"""Messages that one search opens at the most, the newest first."""
AT_ONCE: Final = 200
USUAL_MS: Final = 7 * 24 * 3600 * 1000
"""How far back a search looks that is not told otherwise."""


class Found(msgspec.Struct, frozen=True):
    """messages: newest first. is_complete: whether all of the time asked for was looked through."""

    messages: list[Message]
    is_complete: bool


async def by_reference(
    messages: Messages, customer: int, reference: str, since_ms: int, reveal: Callable[[Message], str | None]
) -> Found:
    """reveal: opens the reference of a message; None where there is none, or it cannot be opened any more."""
    found: list[Message] = []
    cursor: bytes | None = None
    for _ in range(LOOKED_AT // AT_ONCE):
        page = await messages.list_messages(customer, status=None, since_ms=since_ms, cursor=cursor, limit=AT_ONCE)
        found += [each for each in page.messages if reveal(each) == reference]
        cursor = page.cursor
        if cursor is None:
            return Found(found, True)
    return Found(found, False)
