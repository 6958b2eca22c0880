"""A shared ledger from end to end: what it holds, for a copy on another engine.

Partition by partition, and in each bucket by bucket, so a cursor is a partition and a bucket's position. Digests are
kept as hashes of themselves only; they cannot be exported.
"""

from collections.abc import Sequence
from struct import Struct
from typing import Final

from gateway.ledger.codes import CLASS_CODE, STATUS_CODE
from gateway.ledger.contract import Exported, PendingEntry, Traffic
from gateway.ledger.redis.acts import NUMBER
from gateway.ledger.redis.member import Member
from gateway.ledger.redis.packing import unpack_event
from gateway.model.message import OutboxEvent
from gateway.process.clock import Clock

_CURSOR: Final = Struct(">HQ")
_TRAFFIC: Final = Struct(">IIHBB")
_FILL: Final = 64
"""Messages of a full bucket."""


class Copies:
    """See `gateway.ledger.roles.Copies`."""

    def __init__(self, member: Member, clock: Clock) -> None:
        self._server = member.server
        self._unpack = member.records.unpack_message
        self._layout = member.layout
        self._clock = clock

    async def messages(self, cursor: bytes | None, limit: int) -> tuple[Sequence[Exported], bytes | None]:
        """Whole buckets, so some more or fewer than `limit`."""
        partition, after = (0, -1) if cursor is None else _CURSOR.unpack(cursor)
        while partition < self._layout.partitions:
            buckets = await self._buckets(partition, after, max(1, limit // _FILL))
            if buckets:
                return await self._read(partition, buckets), _CURSOR.pack(partition, buckets[-1])
            partition, after = partition + 1, -1
        return [], None

    async def _buckets(self, partition: int, after: int, count: int) -> list[int]:
        key = f"{self._layout.bases[partition]}:dir"
        found = await self._server.command("ZRANGEBYSCORE", key, f"({after}", "+inf", "LIMIT", 0, count)
        return [int(each) for each in found]

    async def _read(self, partition: int, buckets: Sequence[int]) -> list[Exported]:
        now_ms = self._clock.now_ms()
        base = self._layout.bases[partition]
        found = []
        for fields in await self._server.commands([("HGETALL", f"{base}:b:{each}") for each in buckets]):
            pairs = fields.items() if isinstance(fields, dict) else zip(fields[::2], fields[1::2], strict=True)
            found += [self._unpack(identifier, record) for identifier, record in pairs]
        found.sort(key=lambda message: message.id)
        return [Exported(message) for message in found if message.record_until_ms > now_ms]

    async def events(self, cursor: bytes | None, limit: int) -> tuple[Sequence[OutboxEvent], bytes | None]:
        """Of one partition, all of them, whatever the limit."""
        partition = 0 if cursor is None else int.from_bytes(cursor, "big")
        base = self._layout.bases[partition]
        esmes = sorted(int(each) for each in await self._server.command("SMEMBERS", f"{base}:os"))
        places = [(esme, f"{base}:{kind}:{esme}") for esme in esmes for kind in "ol"]
        answers = await self._server.commands([("ZRANGE", key, 0, -1) for _, key in places])
        found = [
            unpack_event(member, esme) for (esme, _), members in zip(places, answers, strict=True) for member in members
        ]
        following = partition + 1
        end = following == self._layout.partitions
        return sorted(found, key=lambda event: event.seq), None if end else following.to_bytes(2, "big")

    async def kinds(self) -> Sequence[str]:
        return sorted(
            each.decode() for each in await self._server.command("SMEMBERS", f"{self._layout.shared}:d:kinds")
        )

    async def last_entry(self) -> int:
        return int(await self._server.command("GET", f"{self._layout.shared}:audit:last") or 0)

    async def put_entries(self, entries: Sequence[PendingEntry], last: int) -> None:
        key = f"{self._layout.shared}:audit"
        rows = [(each.number, each.number.to_bytes(NUMBER, "big") + each.octets) for each in entries]
        await self._server.commands([("ZADD", key, *row) for row in rows])
        await self._server.command("SET", f"{key}:last", max(last, await self.last_entry()))

    async def add_traffic(self, rows: Sequence[Traffic]) -> None:
        key = f"{self._layout.bases[0]}:traffic"
        commands: list[tuple[str | int | bytes, ...]] = []
        for each in rows:
            codes = CLASS_CODE[each.message_class], STATUS_CODE[each.status]
            field = _TRAFFIC.pack(each.day, each.customer, each.country, *codes) + each.operator.encode()
            commands += [
                ("HINCRBY", key, b"m" + field, each.messages),
                ("HINCRBY", key, b"s" + field, each.segments),
            ]
        await self._server.commands(commands)
