"""What a node does as it gains, loses or hands over partitions of a shared ledger.

lost        what waits in memory of those partitions is forgotten at once; the ledger has it
handed over first nothing new, then the answers and requests under way, then what the journal still holds
paused      nothing is sent after the leases' end, until they are renewed
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

from gateway.delivery.dispatch.dispatch import Dispatch
from gateway.delivery.inflight import InFlight
from gateway.ledger.journal import Journal
from gateway.ledger.redis.engine import RedisLedger
from gateway.process.clock import Clock
from gateway.process.logs import logger
from gateway.webhooks.deliverer import Deliverer

EMPTY_S: Final = 0.05

log = logger("gateway.cluster")


class Partitions:
    """See `gateway.ledger.redis.leases.Follower`."""

    def __init__(
        self,
        ledger: RedisLedger,
        clock: Clock,
        *,
        inflight: InFlight,
        dispatch: Dispatch,
        deliverer: Deliverer,
        journal: Journal,
    ) -> None:
        self._ledger = ledger
        self._clock = clock
        self._inflight = inflight
        self._dispatch = dispatch
        self._deliverer = deliverer
        self._journal = journal

    def renewed(self, until: float) -> None:
        """No other node can hold our partitions before `until`."""
        was_over = self._clock.monotonic() >= self._dispatch.sender.active_until
        self._dispatch.sender.active_until = self._deliverer.courier.active_until = until
        if was_over:
            log.warning("leases_were_late")
            self._dispatch.sender.look_everywhere()
            self._deliverer.resume()

    def gained(self, partitions: Sequence[int]) -> None:
        log.info("partitions_gained", count=len(partitions), nodes=self._ledger.leases.nodes)
        self.renewed(self._ledger.member.holding.until)
        self._deliverer.distrust()
        self._dispatch.sender.look_everywhere()

    def lost(self, partitions: Sequence[int]) -> None:
        log.info("partitions_lost", count=len(partitions), nodes=self._ledger.leases.nodes)
        self._let_go(self._are_in(partitions))

    def _let_go(self, has_gone: Callable[[bytes], bool]) -> None:
        self._dispatch.withdrawals.let_go(has_gone)
        self._deliverer.let_go(has_gone)

    def _are_in(self, partitions: Sequence[int]) -> Callable[[bytes], bool]:
        gone, place = frozenset(partitions), self._ledger.member.layout.partition
        return lambda message: place(message) in gone

    async def empty(self, partitions: Sequence[int]) -> None:
        """Wait for what is under way in these partitions, after nothing new begins there."""
        has_gone = self._are_in(partitions)
        self._let_go(has_gone)
        while any(has_gone(each) for each in self._inflight.active) or self._deliverer.held.order.is_telling(has_gone):  # noqa: ASYNC110
            await asyncio.sleep(EMPTY_S)  # rare, and nobody on the hot path should have to tell
        written = asyncio.Event()
        self._journal.barrier(lambda _op, _result: written.set())
        await written.wait()
