"""The ledger as a whole: copies from end to end, the format of what is stored, marks. See `gateway.ledger.roles`."""

from collections.abc import Mapping, Sequence

from gateway.ledger.contract import Exported, LedgerFormat, PendingEntry, Traffic
from gateway.ledger.sqlite import export
from gateway.ledger.sqlite.errors import ledger_errors
from gateway.ledger.sqlite.file import SqliteFile
from gateway.ledger.sqlite.reading import Reader
from gateway.ledger.sqlite.schema import SCHEMA_VERSION
from gateway.ledger.sqlite.writer import FileWriter, Writer
from gateway.model.message import OutboxEvent
from gateway.process.clock import Clock


class Copies:
    """Reads in order of id and of seq."""

    def __init__(self, file: SqliteFile, writer: Writer, clock: Clock) -> None:
        self._file = file
        self._writer = writer
        self._clock = clock

    async def messages(self, cursor: bytes | None, limit: int) -> tuple[Sequence[Exported], bytes | None]:
        with ledger_errors():
            return export.messages(self._file.reader, cursor, self._clock.now_ms(), limit)

    async def events(self, cursor: bytes | None, limit: int) -> tuple[Sequence[OutboxEvent], bytes | None]:
        with ledger_errors():
            return export.events(self._file.reader, cursor, limit)

    async def add_traffic(self, rows: Sequence[Traffic]) -> None:
        await self._writer.do(FileWriter.add_traffic, rows)

    async def kinds(self) -> Sequence[str]:
        with ledger_errors():
            return export.kinds(self._file.reader)

    async def last_entry(self) -> int:
        with ledger_errors():
            return export.last_entry(self._file.reader)

    async def put_entries(self, entries: Sequence[PendingEntry], last: int) -> None:
        await self._writer.do(FileWriter.put_entries, entries, last)


class Formats:
    """The format is the schema: one node has the file, so opening it raises it."""

    tags_from_ms: int | None = 0
    masks_covered: bool = True

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def state(self) -> LedgerFormat:
        return LedgerFormat(written=self._reader.number("schema_version"), oldest=1, newest=SCHEMA_VERSION)

    async def raise_to_newest(self) -> LedgerFormat:
        return await self.state()


class Marks:
    def __init__(self, reader: Reader, writer: Writer) -> None:
        self._reader = reader
        self._writer = writer

    async def all(self) -> Mapping[str, int]:
        return {str(row[0]): int(row[1]) for row in self._reader.rows("marks")}

    async def set(self, marks: Mapping[str, int]) -> None:
        await self._writer.do(FileWriter.set_marks, "set_mark", tuple(marks.items()))

    async def claim(self, name: str, value: int) -> int:
        await self._writer.do(FileWriter.set_marks, "claim_mark", ((name, value),))
        return (await self.all())[name]
