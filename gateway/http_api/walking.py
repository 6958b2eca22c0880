"""A customer's messages that fit, newest first, where no index knows them: the newest records are looked at one by one.

A walk lets go of the loop every few records, and ends after a time or a number of them: a page may be short and still
say where another one goes on.
"""

import asyncio
from collections.abc import Callable
from typing import Final

import msgspec

from gateway.ledger.contract import Page
from gateway.ledger.roles import Messages
from gateway.model.message import Message, Status

LOOKED_AT: Final = 20_000
"""Messages that one walk looks at at the most, the newest first."""
LONGEST_S: Final = 2.0
"""A walk ends after it, with the page of records that it is at."""
AT_ONCE: Final = 200
IN_A_TURN: Final = 25
"""Records that are looked at before others have their turn of the loop."""


class Way(msgspec.Struct, frozen=True, kw_only=True):
    """Where a walk goes: a customer's messages of this status (None: of any), accepted at `since_ms` or later, before
    the cursor. limit: how many it brings at the most.
    """

    customer: int
    status: Status | None = None
    since_ms: int | None = None
    cursor: bytes | None = None
    limit: int = AT_ONCE


async def walk(messages: Messages, way: Way, fits: Callable[[Message], bool], monotonic: Callable[[], float]) -> Page:
    """Those that fit. Raises LedgerUnavailable, and as `fits`."""
    found: list[Message] = []
    cursor, deadline_s = way.cursor, monotonic() + LONGEST_S
    for _ in range(LOOKED_AT // AT_ONCE):
        page = await messages.list_messages(
            way.customer, status=way.status, since_ms=way.since_ms, cursor=cursor, limit=AT_ONCE
        )
        for start in range(0, len(page.messages), IN_A_TURN):
            found += [each for each in page.messages[start : start + IN_A_TURN] if fits(each)]
            await asyncio.sleep(0)
        cursor = page.cursor
        if cursor is None or len(found) > way.limit or monotonic() >= deadline_s:
            break
    if len(found) > way.limit:
        return Page(tuple(found[: way.limit]), found[way.limit - 1].id)
    return Page(tuple(found), cursor)
