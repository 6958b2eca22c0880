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
REHOME_FIRST_S: Final = 1.0
"""The first such pause after the start, and after an operator has gone; each is twice the one before."""


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
        self._pause_s = REHOME_FIRST_S

    def adopt(self, settings: DispatchSettings) -> None:
        """From the next look on."""
        self._interval_s = settings.refill_interval_s

    def rehome_soon(self) -> None:
        """An operator has gone: what waits for it in the ledger, or is on its way there, finds another lane."""
        self._next_rehoming, self._pause_s = self._clock.monotonic(), REHOME_FIRST_S
        self._lanes.wake.set()

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
        now = self._clock.monotonic()
        if now >= self._next_rehoming:
            self._next_rehoming = now + self._pause_s
            self._pause_s = min(REHOME_S, 2 * self._pause_s)
            if await self._failover.rehome():
                self._next_rehoming = now
        for name, lane in self._lanes.every():
            await self._look_at(name, lane)

    async def _look_at(self, name: str, lane: Lane) -> None:
        if lane.reroute_to:
            await self._failover.reroute(lane)
        elif not lane.operator.is_up():
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
