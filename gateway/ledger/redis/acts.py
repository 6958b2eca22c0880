"""Documents and the audit entries of acts, in the slot of the accounts.

`d:k:KIND` is a hash from a document's key to its version in six octets and what it holds; `d:o:KIND` has the keys in
their order, `d:kinds` the kinds, `d:version` the version of all. `audit` is ordered by an entry's number, with which
its member begins; `audit:last` is the number of the newest that there ever was.
"""

from collections.abc import Sequence
from typing import Final

from gateway.ledger.contract import ChangedMeanwhile, Document, DocumentWrite, LedgerUnavailable, PendingEntry
from gateway.ledger.redis.keeping import durably, packed_entries
from gateway.ledger.redis.marks import Marks
from gateway.ledger.redis.member import Member
from gateway.ledger.redis.server import Call
from gateway.ledger.redis.wire import encode, octets

NUMBER: Final = 6
"""Octets of a version, and of an entry's number; as in the Lua files."""
_WHATEVER: Final = -1
_LOST: Final = -1


class Acts:
    """See `gateway.ledger.roles.Acts`."""

    def __init__(self, member: Member, marks: Marks) -> None:
        self._server = member.server
        self._base = member.layout.shared
        self._marks = marks

    async def version(self) -> int:
        return int(await self._server.command("GET", f"{self._base}:d:version") or 0)

    async def find(self, kind: str, key: str) -> Document | None:
        row = await self._server.command("HGET", f"{self._base}:d:k:{kind}", key)
        return None if row is None else _document(kind, key, row)

    async def of_kind(self, kind: str, after: str = "", limit: int = 1000) -> Sequence[Document]:
        (rows,) = await self._server.read([Call("documents", self._base, (kind, after, limit))])
        return [_document(kind, key.decode(), row) for key, row in zip(rows[::2], rows[1::2], strict=True)]

    async def act(self, writes: Sequence[DocumentWrite], entries: Sequence[bytes] = ()) -> None:
        installation = "" if self._marks.installation is None else self._marks.installation
        words = (encode([_packed(each) for each in writes]), packed_entries(entries), installation)
        done = int(await durably(self._server, Call("act", self._base, words)))
        if done == _LOST:
            raise LedgerUnavailable("the ledger's server has lost this ledger")
        if not done:
            raise ChangedMeanwhile

    async def pending(self, limit: int, after: int = 0) -> Sequence[PendingEntry]:
        found = await self._server.command(
            "ZRANGEBYSCORE", f"{self._base}:audit", f"({after}", "+inf", "LIMIT", 0, limit
        )
        return [PendingEntry(int.from_bytes(each[:NUMBER], "big"), each[NUMBER:]) for each in found]

    async def settle(self, through: int) -> None:
        await self._server.command("ZREMRANGEBYSCORE", f"{self._base}:audit", "-inf", through)


def _packed(write: DocumentWrite) -> list[object]:
    return [
        write.kind,
        write.key,
        _WHATEVER if write.read is None else write.read,
        False if write.octets is None else octets(write.octets),
    ]


def _document(kind: str, key: str, row: bytes) -> Document:
    return Document(kind, key, row[NUMBER:], int.from_bytes(row[:NUMBER], "big"))
