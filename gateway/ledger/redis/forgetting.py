"""Forgetting: each node forgets in its own partitions, under their leases; the links follow their records."""

import struct
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Sequence
from typing import Final

import msgspec

from gateway.ledger.codes import CLASSES, STATUSES
from gateway.ledger.contract import EVENT_KEPT_MS, TagDue, Traffic
from gateway.ledger.redis.checks import rewrite_log
from gateway.ledger.redis.layout import DIGEST_ROWS, LINK_ROWS
from gateway.ledger.redis.member import Member
from gateway.ledger.redis.packing import FAULTS, tag_from
from gateway.ledger.redis.reading import Reader
from gateway.ledger.redis.server import Call
from gateway.ledger.redis.walks import Round
from gateway.ledger.redis.wire import encode, octets
from gateway.model.message import Message
from redaction.retention import RetentionTag

BUCKETS_LOOKED_AT: Final = 16
REWRITE_S: Final = 24 * 3600
SLOTS_AT_ONCE: Final = 2
"""Whose tables are walked in one call: rows come by the hundred where millions of messages are stored."""

DIGESTS_ROUND_MS: Final = 30 * 60 * 1000
LINKS_ROUND_MS: Final = 12 * 3600 * 1000
"""Of links, nearly all went with their records, and there are those of 90 days."""
BUCKET_MESSAGES: Final = 64
"""Of a full bucket, about."""
_TRAFFIC: Final = struct.Struct(">IIHBB")
_left_of: Final = msgspec.msgpack.Decoder(dict[int, int]).decode

Row = tuple[int, bytes, bytes]
"""Row group, field and the message's id, as the tables drop it."""

Found = tuple[int, int, bytes, bytes]
"""Slot, row group, field and value."""


class Retention:
    """See `gateway.ledger.roles.Retention`."""

    def __init__(self, member: Member) -> None:
        self._member = member
        self._server = member.server
        self._records = member.records
        self._layout = member.layout
        self._holding = member.holding
        self._reader = Reader(member)
        self._links_round = Round("k", LINK_ROWS, LINKS_ROUND_MS)
        self._digests_round = Round("i", DIGEST_ROWS, DIGESTS_ROUND_MS)

    async def forget_content(self, now_ms: int, limit: int) -> int:
        total = 0
        for partition in await self._with_overdue(now_ms):
            call = self._call("forget_content", partition, (now_ms, limit - total))
            total += 0 if call is None else await self._server.call(call)
            if total >= limit:
                break
        return total

    async def forget_records(self, now_ms: int, limit: int) -> int:
        total = 0
        for partition in await self._with_overdue(now_ms):
            call = self._call("forget_records", partition, (now_ms, limit - total))
            gone = [] if call is None else await self._server.call(call)
            await self._drop_links({gone[at]: gone[at + 1] for at in range(0, len(gone), 2)})
            total += len(gone) // 2
            if total >= limit:
                break
        return total

    async def due_records(self, now_ms: int, limit: int) -> Sequence[Message]:
        found: list[Message] = []
        for partition in await self._with_overdue(now_ms):
            call = Call("due_records", self._layout.bases[partition], (now_ms, limit - len(found)))
            (rows,) = await self._server.read([call])
            found += self._messages(rows)
            if len(found) >= limit:
                break
        return found

    async def records_before(
        self, before_ms: int, cursor: bytes | None, limit: int
    ) -> tuple[Sequence[Message], bytes | None]:
        """In our partitions. The cursor says of each that has more where to go on."""
        left = dict.fromkeys(self._holding.partitions, -1) if cursor is None else _left_of(cursor)
        words = [(after, before_ms, max(1, limit // BUCKET_MESSAGES)) for after in left.values()]
        calls = [Call("records_before", self._layout.bases[each], word) for each, word in zip(left, words, strict=True)]
        found: list[Message] = []
        more: dict[int, int] = {}
        for partition, (last, rows) in zip(left, await self._server.read_gently(calls), strict=True):
            found += self._messages(rows)
            if last is not None:
                more[partition] = int(last)
        return found, msgspec.msgpack.encode(more) if more else None

    def _messages(self, rows: Sequence[bytes]) -> list[Message]:
        return [self._records.message_from(rows[at], rows[at + 1]) for at in range(0, len(rows), 2)]

    async def forget_these(self, messages: Sequence[bytes], *, counted: bool) -> int:
        total = 0
        for partition, ids in self._places(messages).items():
            words = (b"".join(ids), int(counted))
            gone = await self._server.call(Call("forget_these", self._layout.bases[partition], words))
            await self._drop_links({gone[at]: gone[at + 1] for at in range(0, len(gone), 2)})
            total += len(gone) // 2
        return total

    async def empty_these(self, messages: Sequence[bytes]) -> int:
        bases = self._layout.bases
        places = self._places(messages)
        calls = [Call("empty_these", bases[each], (b"".join(ids),)) for each, ids in places.items()]
        return sum([await self._server.call(each) for each in calls])

    def _places(self, messages: Sequence[bytes]) -> dict[int, list[bytes]]:
        """By partition."""
        places: dict[int, list[bytes]] = defaultdict(list)
        for identifier in messages:
            places[self._layout.partition(identifier)].append(identifier)
        return places

    async def _with_overdue(self, now_ms: int) -> list[int]:
        """Our partitions that have anything to forget."""
        ours = list(self._holding.partitions)
        firsts = await self._server.commands(
            [("ZRANGE", f"{self._layout.bases[each]}:f", 0, 0, "WITHSCORES") for each in ours]
        )
        return [each for each, first in zip(ours, firsts, strict=True) if first and _score(first) <= now_ms]

    def _call(self, name: str, partition: int, words: tuple[int, ...]) -> Call | None:
        """None when the partition was lost meanwhile."""
        held = self._holding.partitions.get(partition)
        return None if held is None else Call(name, self._layout.bases[partition], (held.token, *words))

    async def _drop_links(self, gone: dict[bytes, bytes]) -> None:
        slots: dict[int, list[Row]] = defaultdict(list)
        for identifier, state in gone.items():
            for operator, name in self._links_in(state):
                slot, row, field = self._layout.link(operator, name)
                slots[slot].append((row, field, identifier))
        await self._drop("k", slots)

    def _links_in(self, state: bytes) -> list[tuple[str, str]]:
        """None of a state that cannot be read: those links are leftovers."""
        try:
            return self._records.unpack_links(state)
        except FAULTS:
            return []

    async def _drop(self, kind: str, slots: dict[int, list[Row]]) -> int:
        bases = self._layout.bases
        calls = [
            Call("table_drop", bases[slot], (kind, encode([_wire(row) for row in rows])))
            for slot, rows in slots.items()
        ]
        return int(sum(await self._server.read(calls)))

    # --------------------------------------------------------------------------------------------------- leftovers

    async def checkpoint(self) -> None:
        """Have the append-only file written anew, which holds what was deleted until then: once a day, whichever node
        asks first. Keys are destroyed before, so that nothing there opens meanwhile (P-23).
        """
        self._member.need_open()
        key = f"{self._layout.shared}:rewritten"
        if await self._server.command("SET", key, self._member.node, "NX", "EX", REWRITE_S):
            await rewrite_log(self._server)

    async def forget_leftovers(self, now_ms: int, limit: int) -> int:
        """Looks at some rows of each kind in our partitions' slots, and goes on from there the next time."""
        ours = list(self._holding.partitions)
        calls = [
            each
            for partition in ours
            if (each := self._call("forget_events", partition, (limit, now_ms - EVENT_KEPT_MS))) is not None
        ]
        events = sum(await self._server.read_gently(calls))
        return int(events) + await self._links(ours, now_ms, limit) + await self._digests(ours, now_ms, limit)

    async def _walk(self, walk: Round, slots: list[int], now_ms: int, limit: int) -> AsyncIterator[list[Found]]:
        """As many rows as the walk owes by now, and at least about `limit`, or all there are. Some at a time: a server
        takes all that one client asks before it listens to another.
        """
        owed, passed, seen = walk.owed(len(slots), now_ms), 0, 0
        while passed < len(slots) * walk.rows and (seen < limit or passed < owed):
            some = walk.next_slots(slots, SLOTS_AT_ONCE)
            calls = [
                Call("table_walk", self._layout.bases[slot], (walk.kind, walk.after(slot, now_ms), limit))
                for slot in some
            ]
            rows: list[Found] = []
            for slot, (after, found) in zip(some, await self._server.read(calls), strict=True):
                passed += walk.came_to(slot, after, now_ms)
                rows += [(slot, *row) for row in found]
            seen += len(rows)
            yield rows

    async def _links(self, slots: list[int], now_ms: int, limit: int) -> int:
        """Links of messages that are gone."""
        count = 0
        async for rows in self._walk(self._links_round, slots, now_ms, limit):
            are_there = await self._reader.are_there([value[:16] for *_, value in rows])
            gone: dict[int, list[Row]] = defaultdict(list)
            for (slot, number, field, value), is_there in zip(rows, are_there, strict=True):
                if not is_there:
                    gone[slot].append((number, field, value[:16]))
            count += await self._drop("k", gone)
        return count

    async def _digests(self, slots: list[int], now_ms: int, limit: int) -> int:
        """Digests whose time is over."""
        count = 0
        async for rows in self._walk(self._digests_round, slots, now_ms, limit):
            over: dict[int, list[Row]] = defaultdict(list)
            for slot, number, field, value in rows:
                if int.from_bytes(value[16:22], "big") <= now_ms:
                    over[slot].append((number, field, value[:16]))
            count += await self._drop("i", over)
        return count

    # ---------------------------------------------------------------------------------------------------- reports

    async def overdue(self, now_ms: int) -> Sequence[TagDue]:
        calls = [
            Call("retention_due", self._layout.bases[each], (now_ms, BUCKETS_LOOKED_AT))
            for each in self._member.reach()
        ]
        tags: dict[RetentionTag, TagDue] = {}
        for rows in await self._server.read_gently(calls):
            for word, content, records, content_until, record_until, accepted in rows:
                tag = tag_from(word)
                one = _tag_due(tag, content, records, (int(content_until), int(record_until), int(accepted)), now_ms)
                tags[tag] = one if tag not in tags else _together(tags[tag], one)
        return [tags[tag] for tag in sorted(tags)]

    async def traffic(self, since_day: int, limit: int) -> Sequence[Traffic]:
        sums: Counter[bytes] = Counter()
        for fields in await self._server.commands([("HGETALL", f"{base}:traffic") for base in self._layout.bases]):
            rows = fields.items() if isinstance(fields, dict) else zip(fields[::2], fields[1::2], strict=True)
            for field, count in rows:
                sums[field] += int(count)
        found = [_traffic(field, count, sums[b"s" + field[1:]]) for field, count in sums.items() if field[:1] == b"m"]
        found = [each for each in found if each.day >= since_day]
        found.sort(key=lambda it: (it.day, it.customer, it.operator, it.country, CLASSES.index(it.message_class),
                                   STATUSES.index(it.status)))  # fmt: skip
        return found[:limit]


def _wire(row: Row) -> tuple[object, ...]:
    number, field, identifier = row
    return number, octets(field), octets(identifier)


def _score(first: Sequence[object]) -> float:
    """The score in the answer to ZRANGE ... WITHSCORES of one member."""
    last = first[-1]
    return float(last[-1] if isinstance(last, list | tuple) else last)  # type: ignore[arg-type]


def _tag_due(tag: RetentionTag, content: int, records: int, times_ms: tuple[int, int, int], now_ms: int) -> TagDue:
    content_until_ms, record_until_ms, accepted_ms = times_ms
    return TagDue(
        tag=tag,
        content=content,
        records=records,
        content_lag_ms=now_ms - content_until_ms if content_until_ms else 0,
        record_lag_ms=now_ms - record_until_ms if record_until_ms else 0,
        oldest_ms=accepted_ms or None,
    )


def _together(one: TagDue, other: TagDue) -> TagDue:
    oldest = [each.oldest_ms for each in (one, other) if each.oldest_ms is not None]
    return TagDue(
        tag=one.tag,
        content=one.content + other.content,
        records=one.records + other.records,
        content_lag_ms=max(one.content_lag_ms, other.content_lag_ms),
        record_lag_ms=max(one.record_lag_ms, other.record_lag_ms),
        oldest_ms=min(oldest, default=None),
    )


def _traffic(field: bytes, messages: int, segments: int) -> Traffic:
    day, customer, country, message_class, status = _TRAFFIC.unpack_from(field, 1)
    return Traffic(
        day=day,
        customer=customer,
        operator=field[1 + _TRAFFIC.size :].decode(),
        country=country,
        message_class=CLASSES[message_class],
        status=STATUSES[status],
        messages=messages,
        segments=segments,
    )
