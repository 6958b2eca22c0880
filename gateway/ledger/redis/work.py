"""What dispatch has to do in the partitions of this node, and the messages that receipts speak of, wherever they are.

See `gateway.ledger.roles.Work`.
"""

import asyncio
from collections.abc import Container, Iterable, Sequence
from typing import Final

import msgspec

from gateway.ledger.contract import Found
from gateway.ledger.redis.member import Member
from gateway.ledger.redis.reading import Reader
from gateway.ledger.redis.server import Call
from gateway.ledger.redis.watches import Watches
from gateway.ledger.redis.wire import encode, octets
from gateway.model.message import Message

DUE_AT_ONCE: Final = 512
ASK_ALL_S: Final = 1.0


def _any(_identifier: bytes) -> bool:
    """Who has no partitions works on all of them."""
    return True


class Work:
    def __init__(self, member: Member, watches: Watches) -> None:
        self._member = member
        self._server = member.server
        self._layout = member.layout
        self._watches = watches
        self._reader = Reader(member)
        self._asked: dict[str, float] = {}
        self._idle: dict[str, set[int]] = {}  # by lane: partitions where nothing waits at all

    def touched(self, partitions: Iterable[int]) -> None:
        """Something may wait in these now."""
        gone = frozenset(partitions)
        for idle in self._idle.values():
            idle.difference_update(gone)

    async def claim_due(self, operator: str, now_ms: int, limit: int, exclude: Container[bytes]) -> Sequence[Message]:
        self._member.need_open()
        with self._watches.watching() as written:
            found = await self._found_due(operator, now_ms, limit, exclude)
            ours = self._member.takes if self._member.serves else _any
            return [each for each in found if each.id not in written and ours(each.id)]

    async def _found_due(self, operator: str, now_ms: int, limit: int, exclude: Container[bytes]) -> list[Message]:
        wanted: list[tuple[int, bytes]] = []
        idle = self._idle_now(operator)
        left = dict.fromkeys((each for each in self._member.reach() if each not in idle), 0)
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
        return [message for message in await self._reader.find_many(ids) if message is not None]

    def _idle_now(self, operator: str) -> set[int]:
        """Partitions not to be asked. Other nodes may have left messages there, so all are asked now and then."""
        loop_s = asyncio.get_running_loop().time()
        if not self._member.serves or loop_s - self._asked.get(operator, 0.0) >= ASK_ALL_S:
            self._asked[operator] = loop_s
            self._idle[operator] = set()
        return self._idle[operator]

    async def lanes(self) -> Sequence[str]:
        return sorted(await self._sizes())

    async def backlog(self, operator: str) -> int:
        return (await self._sizes()).get(operator, 0)

    async def _sizes(self) -> dict[str, int]:
        """How many wait in each lane."""
        sizes: dict[str, int] = {}
        for rows in await self._server.read([Call("lanes", self._layout.bases[each]) for each in self._member.reach()]):
            for lane, size, _ in rows:
                name = lane.decode()
                sizes[name] = sizes.get(name, 0) + size
        return sizes

    async def linked(self, receipts: Sequence[tuple[str, tuple[str, ...]]]) -> Sequence[bytes | None]:
        """As `correlate`, but only which message a link names, whether it is still stored or not."""
        return [None if value is None else value[:16] for value in await self._values(receipts)]

    async def _values(self, receipts: Sequence[tuple[str, tuple[str, ...]]]) -> list[bytes | None]:
        """For each (operator, candidate ids, best first) what its link leads to: a message's id, and a segment."""
        asked = [(at, operator, each) for at, (operator, ids) in enumerate(receipts) for each in ids]
        values = await self._links([(operator, each) for _, operator, each in asked])
        hits: dict[int, bytes] = {}
        for (at, _, _), value in zip(asked, values, strict=True):
            if value is not None:
                hits.setdefault(at, value)  # candidates come best first
        return [hits.get(at) for at in range(len(receipts))]

    async def correlate(self, receipts: Sequence[tuple[str, tuple[str, ...]]]) -> Sequence[Found | None]:
        hits = {at: value for at, value in enumerate(await self._values(receipts)) if value is not None}
        messages = dict(zip(hits, await self._reader.find_many([value[:16] for value in hits.values()]), strict=True))
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
