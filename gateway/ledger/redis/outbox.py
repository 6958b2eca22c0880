"""News that waits to be told. Webhooks are told by the node that has the message's partition; news for the binds of an
ESME account by the one node that has the account's own lease, whichever partitions its messages are in.
"""

from collections.abc import Container, Iterable, Sequence
from typing import Final

from gateway.ledger.redis.held import Holding
from gateway.ledger.redis.layout import Layout
from gateway.ledger.redis.packing import unpack_event
from gateway.ledger.redis.server import Call, Server
from gateway.model.message import OutboxEvent

PAGE: Final = 256
HEAR_S: Final = 2.0
SURVEY_S: Final = 1.0
"""How often a node looks for accounts with news in other nodes' partitions."""


class Outbox:
    """serves: as of `gateway.ledger.redis.reading.Reader`; others see every partition and take no account's lease."""

    def __init__(
        self, server: Server, layout: Layout, holding: Holding, node: str, lease_s: float, *, serves: bool
    ) -> None:
        self._server = server
        self._layout = layout
        self._holding = holding
        self._node = node
        self._lease_ms = round(lease_s * 1000)
        self._serves = serves
        self._silent: set[int] = set()  # our partitions without any event for a webhook
        self._places: dict[int, set[int]] = {}  # of each account: the partitions with news for it
        self._surveyed = float("-inf")
        self._heard = float("-inf")

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
        self, now_ms: int, limit: int, exclude: Container[int], esme: int, after: int, now_s: float
    ) -> Sequence[OutboxEvent]:
        """See `gateway.ledger.contract.Ledger.outbox_due`; now_s: monotonic."""
        if esme and self._serves and not await self._may_tell(esme):
            return []
        found: list[OutboxEvent] = []
        starts = dict.fromkeys(await self._where(esme, now_s), 0)
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
                fresh = [unpack_event(member, esme) for member in members]
                mine = [each for each in fresh if _is_first(each, seen)]
                due = [each for each in mine if each.next_ms <= now_ms and each.seq > after]
                taken = [each for each in due if each.seq not in exclude]
                found += taken
                if count == PAGE and len(taken) < limit:
                    starts[partition] = int(last)
        found.sort(key=lambda event: event.seq)
        return found[:limit]

    async def size(self, esme: int, now_s: float) -> int:
        """How many events wait for this account, or for webhooks."""
        reach = await self._where(esme, now_s)
        keys = [f"{self._layout.bases[each]}:{kind}:{esme}" for each in reach for kind in "ol"]
        return sum(await self._server.commands([("ZCARD", key) for key in keys]))

    async def _may_tell(self, esme: int) -> bool:
        base = self._layout.bases[esme % self._layout.partitions]
        return bool(await self._server.call(Call("esme_take", base, (esme, self._node, self._lease_ms))))

    async def _where(self, esme: int, now_s: float) -> list[int]:
        if not self._serves:
            return list(range(self._layout.partitions))
        if not esme:
            if now_s - self._heard >= HEAR_S:  # a node that lost a partition may have left news there
                self._heard = now_s
                self._silent.clear()
            return [each for each in self._holding.staying() if each not in self._silent]
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
