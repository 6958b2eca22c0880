"""Documents and the audit entries of acts in SQLite: two small tables, and a version that every act moves on."""

from collections.abc import Sequence

from gateway.ledger.contract import ChangedMeanwhile, Document, DocumentWrite, PendingEntry, check_octets
from gateway.ledger.sqlite.reading import Reader
from gateway.ledger.sqlite.writer import FileWriter, Writer


class Acts:
    """See `gateway.ledger.roles.Acts`."""

    def __init__(self, reader: Reader, writer: Writer) -> None:
        self._reader = reader
        self._writer = writer

    async def version(self) -> int:
        return self._reader.number("documents_version")

    async def find(self, kind: str, key: str) -> Document | None:
        row = self._reader.row("document", kind, key)
        return None if row is None else Document(*row)

    async def of_kind(self, kind: str, after: str = "", limit: int = 1000) -> Sequence[Document]:
        return [Document(*row) for row in self._reader.rows("documents", kind, after, limit)]

    async def act(self, writes: Sequence[DocumentWrite], entries: Sequence[bytes] = ()) -> None:
        check_octets(entries)
        if not await self._writer.do(FileWriter.act, writes, entries):
            raise ChangedMeanwhile

    async def pending(self, limit: int, after: int = 0) -> Sequence[PendingEntry]:
        return [PendingEntry(*row) for row in self._reader.rows("pending_entries", after, limit)]

    async def settle(self, through: int) -> None:
        await self._writer.do(FileWriter.settle, through)
