"""Documents and audit entries in memory, for whatever stands in front of `gateway.ledger.roles.Acts`."""

from collections.abc import Sequence

from gateway.ledger.contract import ChangedMeanwhile, Document, DocumentWrite, LedgerUnavailable, PendingEntry


class SmallActs:
    """`broken` makes every call raise LedgerUnavailable. `reads` counts documents' readings by kind."""

    def __init__(self) -> None:
        self.broken = False
        self.reads = 0
        self._documents: dict[tuple[str, str], Document] = {}
        self._version = 0
        self._entries: list[PendingEntry] = []
        self._last_entry = 0

    async def version(self) -> int:
        self._work()
        return self._version

    async def find(self, kind: str, key: str) -> Document | None:
        self._work()
        return self._documents.get((kind, key))

    async def of_kind(self, kind: str, after: str = "", limit: int = 1000) -> Sequence[Document]:
        self._work()
        self.reads += 1
        found = sorted((each for each in self._documents.values() if each.kind == kind), key=lambda each: each.key)
        return [each for each in found if each.key > after][:limit]

    async def act(self, writes: Sequence[DocumentWrite], entries: Sequence[bytes] = ()) -> None:
        self._work()
        for each in writes:
            standing = self._documents.get((each.kind, each.key))
            if each.read not in (None, 0 if standing is None else standing.version):
                raise ChangedMeanwhile
        self._version += bool(writes)
        for each in writes:
            self._documents.pop((each.kind, each.key), None)
            if each.octets is not None:
                self._documents[each.kind, each.key] = Document(each.kind, each.key, each.octets, self._version)
        self.keep(entries)

    async def pending(self, limit: int, after: int = 0) -> Sequence[PendingEntry]:
        self._work()
        return [each for each in self._entries if each.number > after][:limit]

    async def settle(self, through: int) -> None:
        self._work()
        self._entries = [each for each in self._entries if each.number > through]

    def keep(self, entries: Sequence[bytes]) -> None:
        for octets in entries:
            self._last_entry += 1
            self._entries.append(PendingEntry(self._last_entry, octets))

    def _work(self) -> None:
        if self.broken:
            raise LedgerUnavailable
