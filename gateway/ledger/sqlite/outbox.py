"""Events that wait to be delivered. See `gateway.ledger.roles.Outbox`.

A row that cannot be read is left where it lies and passed over: it is counted and named in a line once.
"""

from collections.abc import Collection, Container, Sequence
from typing import Final

from gateway.ledger.sqlite.forms import Stored
from gateway.ledger.sqlite.reading import Reader
from gateway.ledger.sqlite.rows import checked_event
from gateway.ledger.unreadable import Unreadable
from gateway.model.message import OutboxEvent


class Outbox:
    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self.unreadable: Final = Unreadable()

    async def due(
        self, now_ms: int, limit: int, exclude: Container[int], esme: int = 0, after: int = 0
    ) -> Sequence[OutboxEvent]:
        found = self._readable("outbox_fresh", (esme, after, now_ms), limit, exclude)
        found += self._readable("outbox_put_off", (esme, after, now_ms), limit, exclude)
        found.sort(key=lambda event: event.seq)
        return found[:limit]

    async def put_off(
        self, customers: Collection[int], now_ms: int, limit: int, exclude: Container[int] = ()
    ) -> Sequence[OutboxEvent]:
        found: list[OutboxEvent] = []
        for customer in customers:
            if len(found) < limit:
                found += self._readable("outbox_put_off_of", (customer, now_ms), limit - len(found), exclude)
        return found

    async def size(self, esme: int = 0) -> int:
        return self._reader.number("outbox_size", esme)

    def _readable(self, name: str, values: tuple[int, ...], limit: int, exclude: Container[int]) -> list[OutboxEvent]:
        def wanted(row: Stored) -> bool:
            return row[0] not in exclude and row[0] not in self.unreadable

        found: list[OutboxEvent] = []
        for row in self._reader.first(name, *values, limit=limit, wanted=wanted):
            try:
                found.append(checked_event(row))
            except (ValueError, TypeError) as error:
                self.unreadable.note(row[0], error)
        return found
