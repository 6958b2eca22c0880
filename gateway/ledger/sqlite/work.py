"""What dispatch has to do, and the messages that receipts speak of. See `gateway.ledger.roles.Work`."""

from collections.abc import Container, Sequence

from gateway.ledger.contract import Found
from gateway.ledger.sqlite.forms import MESSAGE_COLUMNS
from gateway.ledger.sqlite.reading import Reader
from gateway.ledger.sqlite.rows import message_from
from gateway.model.message import Message


class Work:
    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def claim_due(self, operator: str, now_ms: int, limit: int, exclude: Container[bytes]) -> Sequence[Message]:
        reader = self._reader
        with reader.snapshot():
            due = reader.first("due", operator, now_ms, limit=limit, wanted=lambda row: row[0] not in exclude)
            rows = [reader.row("find_any", identifier) for (identifier,) in due]
        return [message_from(row) for row in rows if row is not None]

    async def lanes(self) -> Sequence[str]:
        return [row[0] for row in self._reader.rows("lanes")]

    async def backlog(self, operator: str) -> int:
        return self._reader.number("backlog", operator)

    async def correlate(self, receipts: Sequence[tuple[str, tuple[str, ...]]]) -> Sequence[Found | None]:
        with self._reader.snapshot():
            return [self._correlate(operator, candidates) for operator, candidates in receipts]

    def _correlate(self, operator: str, candidates: tuple[str, ...]) -> Found | None:
        for candidate in candidates:
            row = self._reader.row("correlate", operator, candidate)
            if row is not None:
                return Found(message_from(row), row[MESSAGE_COLUMNS])
        return None
