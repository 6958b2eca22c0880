"""What is stored of messages: by id, by customer and by data subject. See `gateway.ledger.roles.Messages`."""

import json
from collections.abc import Sequence
from typing import Final

from gateway.ledger.codes import STATUS_CODE
from gateway.ledger.contract import Page
from gateway.ledger.sqlite.forms import Stored
from gateway.ledger.sqlite.reading import Reader
from gateway.ledger.sqlite.rows import message_from
from gateway.model.message import Message, Status
from gateway.process.clock import Clock
from redaction.sealed import Pseudonym

LIST_LOOKS_AT: Final = 2_000
"""Messages that one filtered page looks at, at most; such a page may be short and still have a cursor."""

SUBJECT_LOOKS_AT: Final = 100_000
"""Entries of the index that one statement looks at for a data subject: the write-ahead log is kept no longer."""

_AFTER_ALL_IDS: Final = b"\xff" * 17


class Messages:
    def __init__(self, reader: Reader, clock: Clock) -> None:
        self._reader = reader
        self._clock = clock

    async def find(self, customer: int, message: bytes) -> Message | None:
        row = self._reader.row("find", message, customer, self._clock.now_ms())
        return None if row is None else message_from(row)

    async def find_many(self, messages: Sequence[bytes]) -> list[Message | None]:
        with self._reader.snapshot():
            rows = [self._reader.row("find_any", message) for message in messages]
        return [None if row is None else message_from(row) for row in rows]

    async def list_messages(
        self, customer: int, *, status: Status | None, since_ms: int | None, cursor: bytes | None, limit: int
    ) -> Page:
        before = _AFTER_ALL_IDS if cursor is None else cursor
        since = b"" if since_ms is None else max(0, since_ms).to_bytes(6, "big")
        if status is not None:
            return self._list_status(customer, STATUS_CODE[status], before, since, limit)
        rows = self._reader.rows("list", customer, before, since, self._clock.now_ms(), limit + 1)
        return _page(rows, limit, None)

    def _list_status(self, customer: int, status: int, before: bytes, since: bytes, limit: int) -> Page:
        bound = self._reader.row("list_bound", customer, before, since, LIST_LOOKS_AT - 1)
        last: bytes | None = None if bound is None else bound[0]
        lowest, now_ms = since if last is None else last, self._clock.now_ms()
        rows = self._reader.rows("list_status", customer, before, lowest, status, now_ms, limit + 1)
        return _page(rows, limit, last)

    async def list_subject(self, customer: int, subjects: Sequence[Pseudonym], limit: int) -> Sequence[Message]:
        """Rare. Walks through all entries of the customer, a stretch at a time, beside the loop and the writer."""
        found: list[Message] = []
        before: bytes | None = _AFTER_ALL_IDS if subjects else None
        while before is not None and len(found) < limit:
            bound = await self._reader.rows_apart("list_bound", customer, before, b"", SUBJECT_LOOKS_AT - 1)
            last: bytes | None = bound[0][0] if bound else None
            found += await self._look_for(customer, subjects, before, last or b"", limit)
            before = last
        return found[:limit]

    async def _look_for(
        self, customer: int, subjects: Sequence[Pseudonym], before: bytes, last: bytes, limit: int
    ) -> list[Message]:
        """Newest first, of the stretch of ids from `last` to `before`."""
        people = json.dumps([each.hex().upper() for each in subjects])
        now_ms = self._clock.now_ms()
        rows = await self._reader.rows_apart("list_subject", customer, before, last, people, now_ms, limit)
        return [message_from(row) for row in rows]


def _page(rows: Sequence[Stored], limit: int, bound: bytes | None) -> Page:
    """Rows hold one more than `limit` if there are more. bound: where a bounded look ended, if it did."""
    messages = tuple(message_from(row) for row in rows[:limit])
    return Page(messages, messages[-1].id if len(rows) > limit and messages else bound)
