"""The loop beside the events: looks at every lane again and again, for what nothing else brings up."""

import asyncio
from contextlib import suppress
from typing import Final

from config.settings import DispatchSettings
from gateway.delivery.dispatch.failover import Failover
from gateway.delivery.dispatch.hold import Hold
from gateway.delivery.dispatch.lanes import Lane, Lanes
from gateway.delivery.dispatch.refill import Refill
from gateway.delivery.dispatch.rescue import Rescue
from gateway.ledger.contract import LedgerUnavailable
from gateway.process.clock import Clock

REHOME_S: Final = 60.0
"""How often messages of operators that are no more are looked for, when there was nothing to do."""


class Rounds:
    """Start `run` as a task."""

    def __init__(
        self,
        lanes: Lanes,
        refill: Refill,
        failover: Failover,
        hold: Hold,
        rescue: Rescue,
        settings: DispatchSettings,
        clock: Clock,
    ) -> None:
        self._lanes = lanes
        self._refill = refill
        self._failover = failover
        self._hold = hold
        self._rescue = rescue
        self._interval_s = settings.refill_interval_s
        self._clock = clock
        self._next_rehoming = 0.0

    async def run(self) -> None:
        """Refill lanes from the ledger when they run low, and look for retries, schedules and useless operators in
        between. A ledger that is away is asked again.
        """
        self._next_rehoming = self._clock.monotonic()
        while True:
            self._rescue.look()
            has_more = False
            with suppress(LedgerUnavailable):
                await self._look()
                has_more = await self._hold.look()
                await self._refill.expiry.look()
            self._lanes.wake.clear()
            if has_more:
                await asyncio.sleep(0)  # a store that answers at once must not keep the loop
            else:
                await self._pause()

    async def _look(self) -> None:
        if self._clock.monotonic() >= self._next_rehoming:
            moved = await self._failover.rehome()
            self._next_rehoming = self._clock.monotonic() + (0 if moved else REHOME_S)
        for name, lane in self._lanes.by_name.items():
            await self._look_at(name, lane)

    async def _look_at(self, name: str, lane: Lane) -> None:
        if not lane.operator.is_up():
            if self._failover.should_steer(name, lane):
                await self._failover.steer(name)
        elif lane.circuit.is_closed:
            await self._refill.fill(name, lane)
        else:
            await self._refill.sift(name, lane)

    async def _pause(self) -> None:
        try:
            async with asyncio.timeout(self._interval_s):
                await self._lanes.wake.wait()
        except TimeoutError:
            pass
