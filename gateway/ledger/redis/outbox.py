"""Events that wait for delivery. Webhooks leave from the node that has the message's partition; events for the binds of
an ESME account by the one node that has the account's own lease, whichever partitions its messages are in.
"""

import asyncio
import itertools
import struct
from collections.abc import Collection, Container, Iterable, Sequence
from typing import Final

from gateway.ledger.redis.member import Member
from gateway.ledger.redis.packing import unpack_event
from gateway.ledger.redis.server import Call
from gateway.ledger.redis.watches import Watches
from gateway.ledger.unreadable import Unreadable
from gateway.model.message import OutboxEvent

PAGE: Final = 256
WALKED: Final = 4_096
HEAR_S: Final = 2.0
SURVEY_S: Final = 1.0
"""How often a node looks for accounts with events in other nodes' partitions."""


class Outbox:
    """See `gateway.ledger.roles.Outbox`. Who has no partitions sees all of them and takes no account's lease."""

    def __init__(self, member: Member, watches: Watches) -> None:
        self._server = member.server
        self._layout = member.layout
        self._member = member
        self._watches = watches
        self._silent: set[int] = set()  # our partitions without any event for a webhook
        self._places: dict[int, set[int]] = {}  # of each account: the partitions with events for it
        self._surveyed = float("-inf")
        self._heard = float("-inf")
        self.unreadable: Final = Unreadable()

    def wrote(self, partitions: Iterable[tuple[int, int]]) -> None:
        """Events were written: (partition, account)."""
        for partition, esme in partitions:
            if esme:
                self._places.setdefault(esme, set()).add(partition)
            else:
                self._silent.discard(partition)

    def gained(self, partitions: Iterable[int]) -> None:
        """Nothing is known of these."""
        self._silent.difference_update(partitions)

    async def due(
        self, now_ms: int, limit: int, exclude: Container[int], esme: int = 0, after: int = 0
    ) -> Sequence[OutboxEvent]:
        with self._watches.watching() as written:
            found = await self._found_due(now_ms, limit, exclude, esme, after)
            return [each for each in found if each.seq not in written]

    async def _found_due(
        self, now_ms: int, limit: int, exclude: Container[int], esme: int, after: int
    ) -> Sequence[OutboxEvent]:
        if esme and self._member.serves and not await self._may_tell(esme):
            return []
        found: list[OutboxEvent] = []
        starts = dict.fromkeys(await self._where(esme), 0)
        seen: set[bytes] = set()
        while starts:
            calls = [
                Call("outbox", self._layout.bases[each], (esme, now_ms, start, PAGE)) for each, start in starts.items()
            ]
            answers = dict(zip(starts, await self._server.read(calls), strict=True))
            starts = {}
            for partition, (size, count, last, members) in answers.items():
                if not size:
                    self._quiet(partition, esme)
                fresh = self._read(members, esme)
                mine = [each for each in fresh if _is_first(each, seen)]
                due = [each for each in mine if each.next_ms <= now_ms and each.seq > after]
                taken = [each for each in due if each.seq not in exclude]
                found += taken
                if count == PAGE and len(taken) < limit:
                    starts[partition] = int(last)
        found.sort(key=lambda event: event.seq)
        return found[:limit]

    async def put_off(
        self, customers: Collection[int], now_ms: int, limit: int, exclude: Container[int] = ()
    ) -> Sequence[OutboxEvent]:
        """Walks through what is put off, whoever's it is."""
        found: list[OutboxEvent] = []
        for each in self._member.reach():
            words = ("ZRANGEBYSCORE", f"{self._layout.bases[each]}:l:0", f"({now_ms}", "+inf", "LIMIT")
            for start in itertools.count(step=WALKED):
                members = await self._server.command(*words, start, WALKED)
                found += [
                    event
                    for event in self._read(members, 0)
                    if event.customer in customers and event.seq not in exclude
                ]
                if len(members) < WALKED or len(found) >= limit:
                    break
        return found[:limit]

    def _read(self, members: Sequence[bytes], esme: int) -> list[OutboxEvent]:
        """What cannot be read is left where it lies and passed over."""
        found: list[OutboxEvent] = []
        for member in members:
            try:
                found.append(unpack_event(member, esme))
            except (ValueError, TypeError, IndexError, struct.error) as error:
                self.unreadable.note(member, error)
        return found

    async def size(self, esme: int = 0) -> int:
        reach = await self._where(esme)
        keys = [f"{self._layout.bases[each]}:{kind}:{esme}" for each in reach for kind in "ol"]
        return sum(await self._server.commands([("ZCARD", key) for key in keys]))

    async def _may_tell(self, esme: int) -> bool:
        base = self._layout.bases[esme % self._layout.partitions]
        return bool(await self._server.call(Call("esme_take", base, (esme, self._member.node, self._member.lease_ms))))

    async def _where(self, esme: int) -> list[int]:
        now_s = asyncio.get_running_loop().time()
        if not self._member.serves:
            return list(self._member.reach())
        if not esme:
            if now_s - self._heard >= HEAR_S:  # a node that lost a partition may have left events there
                self._heard = now_s
                self._silent.clear()
            return [each for each in self._member.reach() if each not in self._silent]
        if now_s - self._surveyed >= SURVEY_S:
            self._surveyed = now_s
            await self._survey()
        return sorted(self._places.get(esme, ()))

    async def _survey(self) -> None:
        bases = self._layout.bases
        accounts = await self._server.commands([("SMEMBERS", f"{base}:os") for base in bases])
        self._places = {}
        for partition, esmes in enumerate(accounts):
            for esme in esmes:
                self._places.setdefault(int(esme), set()).add(partition)

    def _quiet(self, partition: int, esme: int) -> None:
        if esme:
            self._places.get(esme, set()).discard(partition)
        else:
            self._silent.add(partition)


def _is_first(event: OutboxEvent, seen: set[bytes]) -> bool:
    """Whether no earlier event of its message was seen; notes it."""
    if event.message in seen:
        return False
    seen.add(event.message)
    return True
