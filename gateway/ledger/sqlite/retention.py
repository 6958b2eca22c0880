"""Forgets what is past its time, by the statements of `forgetting`. See `gateway.ledger.roles.Retention`."""

from collections.abc import Sequence

from gateway.ledger.contract import TagDue, Traffic
from gateway.ledger.sqlite import forgetting
from gateway.ledger.sqlite.file import SqliteFile
from gateway.ledger.sqlite.reading import Reader
from gateway.ledger.sqlite.rows import message_from
from gateway.ledger.sqlite.writer import FileWriter, Writer
from gateway.model.message import Message


class Retention:
    def __init__(self, file: SqliteFile, writer: Writer) -> None:
        self._reader = Reader(file, forgetting.SQL)
        self._writer = writer

    async def forget_content(self, now_ms: int, limit: int) -> int:
        return await self._writer.do(FileWriter.forget_content, now_ms, limit)

    async def forget_records(self, now_ms: int, limit: int) -> int:
        return await self._writer.do(FileWriter.forget_records, now_ms, limit)

    async def due_records(self, now_ms: int, limit: int) -> Sequence[Message]:
        return [message_from(row) for row in self._reader.rows("due_records", now_ms, limit)]

    async def records_before(
        self, before_ms: int, cursor: bytes | None, limit: int
    ) -> tuple[Sequence[Message], bytes | None]:
        before = max(0, before_ms).to_bytes(6, "big")
        found = [message_from(row) for row in self._reader.rows("records_before", cursor or b"", before, limit)]
        return found, found[-1].id if len(found) == limit else None

    async def forget_these(self, messages: Sequence[bytes], *, counted: bool) -> int:
        return await self._writer.do(FileWriter.forget_these, tuple(messages), counted)

    async def empty_these(self, messages: Sequence[bytes]) -> int:
        return await self._writer.do(FileWriter.empty_these, tuple(messages))

    async def forget_leftovers(self, now_ms: int, limit: int) -> int:
        return await self._writer.do(FileWriter.forget_leftovers, now_ms, limit)

    async def checkpoint(self) -> None:
        await self._writer.do(FileWriter.checkpoint)

    async def overdue(self, now_ms: int) -> Sequence[TagDue]:
        due = self._reader.rows("retention_due", now_ms, forgetting.LOOKS_AT)
        oldest = self._reader.rows("oldest", forgetting.OLDEST_LOOKS_AT)
        return forgetting.tag_due(due, oldest, now_ms)

    async def traffic(self, since_day: int, limit: int) -> Sequence[Traffic]:
        return [forgetting.traffic_from(row) for row in self._reader.rows("traffic", since_day, limit)]
