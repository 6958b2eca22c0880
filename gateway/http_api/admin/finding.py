"""A customer's messages by the customer's own reference, which is sealed: the newest records are opened one by one.

A search lets go of the loop every few records, and ends after a time or a number of them. Then it says from when on it
is complete, and where another one goes on.
"""

import asyncio
from collections.abc import Callable
from typing import Final

import msgspec

from gateway.ledger.roles import Messages
from gateway.model.message import Message

LOOKED_AT: Final = 20_000
"""Messages that one search opens at the most, the newest first."""
LONGEST_S: Final = 2.0
"""A search ends after it, with the page of records that it is at."""
AT_ONCE: Final = 200
IN_A_TURN: Final = 25
"""Records that are opened before others have their turn of the loop."""
USUAL_MS: Final = 7 * 24 * 3600 * 1000
"""How far back a search looks that is not told otherwise."""


class Sought(msgspec.Struct, frozen=True, kw_only=True):
    """cursor: of the search that this one goes on from."""

    customer: int
    reference: str
    since_ms: int
    cursor: bytes | None = None


class Found(msgspec.Struct, frozen=True):
    """messages: newest first. cursor: where to go on; None where all of the time asked for was looked through.
    since_ms: from when on all were looked at.
    """

    messages: list[Message]
    cursor: bytes | None
    since_ms: int


async def by_reference(
    messages: Messages, sought: Sought, reveal: Callable[[Message], str | None], monotonic: Callable[[], float]
) -> Found:
    """reveal: opens the reference of a message; None where there is none, or it cannot be opened any more."""
    found: list[Message] = []
    cursor, deadline_s = sought.cursor, monotonic() + LONGEST_S
    oldest_ms = sought.since_ms
    for _ in range(LOOKED_AT // AT_ONCE):
        page = await messages.list_messages(
            sought.customer, status=None, since_ms=sought.since_ms, cursor=cursor, limit=AT_ONCE
        )
        for start in range(0, len(page.messages), IN_A_TURN):
            turn = page.messages[start : start + IN_A_TURN]
            found += [each for each in turn if reveal(each) == sought.reference]
            await asyncio.sleep(0)
        cursor = page.cursor
        if cursor is None:
            return Found(found, None, sought.since_ms)
        oldest_ms = page.messages[-1].accepted_ms if page.messages else oldest_ms
        if len(found) >= AT_ONCE or monotonic() >= deadline_s:
            break
    return Found(found, cursor, oldest_ms)
