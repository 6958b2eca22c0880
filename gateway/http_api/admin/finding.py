"""A customer's messages by the customer's own reference, which is sealed: the newest records are opened one by one.

A search that ended before all was looked through says from when on it is complete, and where another one goes on.
"""

from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from gateway.http_api.walking import Way, walk
from gateway.ledger.roles import Messages
from gateway.model.identifiers import time_of
from gateway.model.message import Message

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

    messages: Sequence[Message]
    cursor: bytes | None
    since_ms: int


async def by_reference(
    messages: Messages, sought: Sought, reveal: Callable[[Message], str | None], monotonic: Callable[[], float]
) -> Found:
    """reveal: opens the reference of a message; None where there is none, or it cannot be opened any more."""
    way = Way(customer=sought.customer, since_ms=sought.since_ms, cursor=sought.cursor)
    page = await walk(messages, way, lambda each: reveal(each) == sought.reference, monotonic)
    since_ms = sought.since_ms if page.cursor is None else max(sought.since_ms, time_of(page.cursor))
    return Found(page.messages, page.cursor, since_ms)
