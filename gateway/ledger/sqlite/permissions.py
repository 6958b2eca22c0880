"""What people permitted and forbade, in SQLite: one table, found by token."""

from collections.abc import Sequence
from typing import Final

import msgspec

from gateway.ledger.contract import check_octets
from gateway.ledger.permissions import Permission, PermissionKind, PermissionName, PermissionWrite
from gateway.ledger.sqlite.forms import Stored
from gateway.ledger.sqlite.reading import Reader
from gateway.ledger.sqlite.writer import FileWriter, Writer

Place = tuple[int, int, bytes, str]
_FIRST: Final[Place] = (-1, 0, b"", "")
_cursor: Final = msgspec.msgpack.Decoder(Place)
_encode: Final = msgspec.msgpack.Encoder().encode


class Permissions:
    """See `gateway.ledger.roles.Permissions`."""

    def __init__(self, reader: Reader, writer: Writer) -> None:
        self._reader = reader
        self._writer = writer

    async def find(self, names: Sequence[PermissionName]) -> Sequence[Sequence[Permission]]:
        rows = self._reader.many("permissions_of", [(each.kind, each.customer, each.token) for each in names])
        return [[_row(name, each) for each in found] for name, found in zip(names, rows, strict=True)]

    async def change(self, writes: Sequence[PermissionWrite], entries: Sequence[bytes] = ()) -> Sequence[bool]:
        check_octets(entries)
        return await self._writer.do(FileWriter.change_permissions, writes, entries)

    async def in_the_way(self, after: int, limit: int) -> Sequence[tuple[int, bytes]]:
        return [(int(row[0]), bytes(row[1])) for row in self._reader.rows("permissions_in_the_way", after, limit)]

    async def page(self, cursor: bytes | None, limit: int) -> tuple[Sequence[Permission], bytes | None]:
        after = _FIRST if cursor is None else _cursor.decode(cursor)
        rows = self._reader.rows("permissions", *after, limit)
        found = [_row(PermissionName(PermissionKind(row[0]), row[1], row[2]), row[3:]) for row in rows]
        return found, _encode(rows[-1][:4]) if len(rows) == limit else None

    async def forget_ended(self, now_ms: int, limit: int) -> int:
        return await self._writer.do(FileWriter.forget_permissions, now_ms, limit)


def _row(name: PermissionName, columns: Stored) -> Permission:
    word, stands, changed_ms, ends_ms, details, number = columns
    return Permission(name, word, bool(stands), changed_ms, ends_ms, details, number)
