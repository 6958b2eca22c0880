"""Reads of messages over all partitions, or over those that this node has where it is about work to do."""

import asyncio
from collections.abc import Container, Iterable, Sequence
from typing import Any, Final

import msgspec

from gateway.ledger.contract import Found
from gateway.ledger.redis.held import Holding
from gateway.ledger.redis.layout import Layout, position_of
from gateway.ledger.redis.packing import Records
from gateway.ledger.redis.server import Call, Server
from gateway.ledger.redis.wire import encode, octets
from gateway.model.message import Message
from redaction.sealed import Pseudonym

SUBJECT_LOOKS_AT: Final = 1_024
DUE_AT_ONCE: Final = 512
LOOKED_FOR_AT_ONCE: Final = 64
"""Messages in a server with millions take it some 9 µs each: nothing of them is in its caches."""
ASK_ALL_S: Final = 1.0

_EVERYWHERE: Final = 2**53 - 1


class Reader:
    """serves: work is that of this node's partitions; otherwise of all."""

    def __init__(self, server: Server, layout: Layout, holding: Holding, records: Records, *, serves: bool) -> None:
        self._server = server
        self._unpack = records.unpack_message
        self._layout = layout
        self._holding = holding
        self._serves = serves
        self._asked: dict[str, float] = {}
        self._idle: dict[str, set[int]] = {}  # by lane: partitions where nothing waits at all

    def reach(self) -> Sequence[int]:
        """The partitions whose work is ours to see."""
        return self._holding.staying() if self._serves else range(self._layout.partitions)

    def touched(self, partitions: Iterable[int]) -> None:
        """Something may wait in these now."""
        gone = frozenset(partitions)
        for idle in self._idle.values():
            idle.difference_update(gone)

    async def are_there(self, messages: Sequence[bytes]) -> list[bool]:
        """Whether each is stored; cheaper than reading it. Some at a time, as `Server.read_gently` says."""
        letters: list[Any] = []
        for at in range(0, len(messages), LOOKED_FOR_AT_ONCE):
            letters += await self._each("are_there", messages[at : at + LOOKED_FOR_AT_ONCE])
        return [letter == ord("1") for letter in letters]

    async def find_many(self, messages: Sequence[bytes]) -> list[Message | None]:
        records: list[bytes | None] = await self._each("get", messages)
        return [
            None if record is None else self._unpack(identifier, record)
            for identifier, record in zip(messages, records, strict=True)
        ]

    async def _each(self, name: str, messages: Sequence[bytes]) -> list[Any]:
        """What a function says of each message."""
        places: dict[int, list[int]] = {}
        for at, identifier in enumerate(messages):
            places.setdefault(self._layout.partition(identifier), []).append(at)
        bases = self._layout.bases
        calls = [
            Call(name, bases[partition], (b"".join(messages[at] for at in ats),)) for partition, ats in places.items()
        ]
        said: list[Any] = [None] * len(messages)
        for ats, found in zip(places.values(), await self._server.read(calls), strict=True):
            for at, each in zip(ats, found, strict=True):
                said[at] = each
        return said

    # ----------------------------------------------------------------------------------------------------- subjects

    async def list_subject(
        self, customer: int, subjects: Sequence[Pseudonym], limit: int, now_ms: int
    ) -> Sequence[Message]:
        if not subjects:
            return []
        found: list[Message] = []
        people = b"".join(subjects)
        left = dict.fromkeys(self._layout.bases, str(_EVERYWHERE).encode())
        while left:
            words = [(customer, now_ms, start, limit, SUBJECT_LOOKS_AT, people) for start in left.values()]
            answers = await self._server.read_gently([Call("subject", *each) for each in zip(left, words, strict=True)])
            left = {base: stopped for base, (_, stopped) in zip(left, answers, strict=True) if stopped is not None}
            for rows, _ in answers:
                found += [self._unpack(rows[at], rows[at + 1]) for at in range(0, len(rows), 2)]
            found = sorted(found, key=lambda message: message.id, reverse=True)[:limit]
            if len(found) == limit:  # older ones cannot push these out
                oldest = position_of(found[-1].id)
                left = {base: start for base, start in left.items() if int(start) >= oldest}
        return found

    # -------------------------------------------------------------------------------------------------------- work

    async def claim_due(self, operator: str, now_ms: int, limit: int, exclude: Container[bytes]) -> Sequence[Message]:
        wanted: list[tuple[int, bytes]] = []
        idle = self._idle_now(operator)
        left = dict.fromkeys((each for each in self.reach() if each not in idle), 0)
        while left:
            words = [(operator, now_ms, offset, DUE_AT_ONCE) for offset in left.values()]
            calls = [Call("due", self._layout.bases[each], word) for each, word in zip(left, words, strict=True)]
            more: dict[int, int] = {}
            for partition, (size, rows) in zip(left, await self._server.read(calls), strict=True):
                if not size:
                    idle.add(partition)
                fresh = [(int(rows[at + 1]), rows[at]) for at in range(0, len(rows), 2) if rows[at] not in exclude]
                wanted += fresh
                if len(rows) == 2 * DUE_AT_ONCE and len(fresh) < limit:
                    more[partition] = left[partition] + DUE_AT_ONCE
            left = more
        wanted.sort()
        ids = [identifier for _, identifier in wanted[:limit]]
        return [message for message in await self.find_many(ids) if message is not None]

    def _idle_now(self, operator: str) -> set[int]:
        """Partitions not to be asked. Other nodes may have left messages there, so all are asked now and then."""
        loop_s = asyncio.get_running_loop().time()
        if not self._serves or loop_s - self._asked.get(operator, 0.0) >= ASK_ALL_S:
            self._asked[operator] = loop_s
            self._idle[operator] = set()
        return self._idle[operator]

    async def lanes(self) -> dict[str, int]:
        """How many wait in each lane."""
        lanes: dict[str, int] = {}
        for rows in await self._server.read([Call("lanes", self._layout.bases[each]) for each in self.reach()]):
            for lane, size, _ in rows:
                name = lane.decode()
                lanes[name] = lanes.get(name, 0) + size
        return lanes

    async def linked(self, receipts: Sequence[tuple[str, tuple[str, ...]]]) -> list[bytes | None]:
        """For each (operator, candidate ids, best first) what its link leads to: a message's id, and a segment."""
        asked = [(at, operator, each) for at, (operator, ids) in enumerate(receipts) for each in ids]
        values = await self._links([(operator, each) for _, operator, each in asked])
        hits: dict[int, bytes] = {}
        for (at, _, _), value in zip(asked, values, strict=True):
            if value is not None:
                hits.setdefault(at, value)  # candidates come best first
        return [hits.get(at) for at in range(len(receipts))]

    async def correlate(self, receipts: Sequence[tuple[str, tuple[str, ...]]]) -> Sequence[Found | None]:
        hits = {at: value for at, value in enumerate(await self.linked(receipts)) if value is not None}
        messages = dict(zip(hits, await self.find_many([value[:16] for value in hits.values()]), strict=True))
        return [
            None if (message := messages.get(at)) is None else Found(message, hits[at][16])
            for at in range(len(receipts))
        ]

    async def _links(self, names: Sequence[tuple[str, str]]) -> list[bytes | None]:
        slots: dict[int, list[tuple[int, tuple[int, msgspec.Raw]]]] = {}
        for at, (operator, identifier) in enumerate(names):
            slot, row, field = self._layout.link(operator, identifier)
            slots.setdefault(slot, []).append((at, (row, octets(field))))
        calls = [
            Call("table_get", self._layout.bases[slot], ("k", encode([row for _, row in rows])))
            for slot, rows in slots.items()
        ]
        values: list[bytes | None] = [None] * len(names)
        for rows, found in zip(slots.values(), await self._server.read(calls), strict=True):
            for (at, _), value in zip(rows, found, strict=True):
                values[at] = value
        return values
