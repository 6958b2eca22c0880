"""What people permitted and forbade, in the slot of the accounts; see `lua/permissions.lua` for how it lies there."""

from collections.abc import Sequence
from struct import Struct
from typing import Any, Final

from gateway.ledger.contract import LedgerUnavailable
from gateway.ledger.permissions import Permission, PermissionKind, PermissionName, PermissionWrite
from gateway.ledger.redis.keeping import durably, packed_entries
from gateway.ledger.redis.marks import Marks
from gateway.ledger.redis.member import Member
from gateway.ledger.redis.server import Call
from gateway.ledger.redis.wire import encode, octets

_PLACE: Final = Struct(">IH")
_HEAD: Final = Struct(">BIB")
_PLACE_BITS: Final = 12
_FILL: Final = 8
"""Rows of a place, about, of which a page has some more or fewer."""
_LOST: Final = -1


class Permissions:
    """See `gateway.ledger.roles.Permissions`."""

    def __init__(self, member: Member, marks: Marks) -> None:
        self._server = member.server
        self._base = member.layout.shared
        self._marks = marks

    async def find(self, names: Sequence[PermissionName]) -> Sequence[Sequence[Permission]]:
        words = (encode([_place_and_field(each) for each in names]),)
        (found,) = await self._server.read([Call("permission_find", self._base, words)])
        return [
            sorted((_row(name, each) for each in rows), key=lambda row: row.word)
            for name, rows in zip(names, found, strict=True)
        ]

    async def change(self, writes: Sequence[PermissionWrite], entries: Sequence[bytes] = ()) -> Sequence[bool]:
        installation = "" if self._marks.installation is None else self._marks.installation
        words = (encode([_packed(each) for each in writes]), packed_entries(entries), installation)
        done = await durably(self._server, Call("permission_change", self._base, words))
        if done == _LOST:
            raise LedgerUnavailable("the ledger's server has lost this ledger")
        return [each == 1 for each in done]

    async def in_the_way(self, after: int, limit: int) -> Sequence[tuple[int, bytes]]:
        key = f"{self._base}:p:way"
        found = await self._server.command("ZRANGEBYSCORE", key, f"({after}", "+inf", "WITHSCORES", "LIMIT", 0, limit)
        return [(int(number), _token(member)) for member, number in zip(found[::2], found[1::2], strict=True)]

    async def page(self, cursor: bytes | None, limit: int) -> tuple[Sequence[Permission], bytes | None]:
        """Whole places, so some more or fewer than `limit`."""
        words = (cursor or b"", max(1, limit // _FILL))
        ((last, found),) = await self._server.read([Call("permission_page", self._base, words)])
        rows = [_row(_name(place, field), each) for place, field, each_rows in found for each in each_rows]
        return rows, last or None

    async def forget_ended(self, now_ms: int, limit: int) -> int:
        """A place may be looked at of which nothing ends: that of a row which was prolonged."""
        while True:
            call = Call("permission_forget", self._base, (now_ms, max(1, limit // _FILL)))
            count, looked_at = await self._server.call(call)
            if count or not looked_at:
                return int(count)


def _place_and_field(name: PermissionName) -> list[object]:
    place = _PLACE.pack(name.customer, int.from_bytes(name.token[:2], "big") >> (16 - _PLACE_BITS))
    return [octets(place), octets(bytes((name.kind,)) + name.token)]


def _packed(write: PermissionWrite) -> list[object]:
    row = write.row
    stands = int(row.stands_in_the_way)
    return [
        int(write.verb),
        *_place_and_field(row.name),
        row.word,
        stands,
        row.changed_ms,
        row.ends_ms,
        octets(row.details),
    ]


def _name(place: bytes, field: bytes) -> PermissionName:
    customer, _ = _PLACE.unpack(place)
    return PermissionName(PermissionKind(field[0]), customer, field[1:])


def _token(member: bytes) -> bytes:
    _, _, length = _HEAD.unpack_from(member)
    return member[_HEAD.size : _HEAD.size + length]


def _row(name: PermissionName, row: Sequence[Any]) -> Permission:
    word, stands, changed_ms, ends_ms, details, number = row
    return Permission(name, word.decode(), stands == 1, int(changed_ms), int(ends_ms), details, int(number))
