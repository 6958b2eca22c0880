"""Events that wait to be delivered. See `gateway.ledger.roles.Outbox`."""

from collections.abc import Container, Sequence

from gateway.ledger.sqlite.reading import Reader
from gateway.ledger.sqlite.rows import event_from
from gateway.model.message import OutboxEvent


class Outbox:
    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def due(
        self, now_ms: int, limit: int, exclude: Container[int], esme: int = 0, after: int = 0
    ) -> Sequence[OutboxEvent]:
        rows = self._reader.first(
            "outbox_due", esme, after, now_ms, limit=limit, wanted=lambda row: row[0] not in exclude
        )
        return [event_from(row) for row in rows]

    async def size(self, esme: int = 0) -> int:
        return self._reader.number("outbox_size", esme)
