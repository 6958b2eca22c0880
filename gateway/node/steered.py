"""A process that is steered: it follows what is wanted of it, applies it, and says what it has applied."""

import asyncio
from contextlib import suppress
from typing import Final

from gateway.control.follower import Desired
from gateway.control.problems import ProblemReporter
from gateway.control.reports import Reporter
from gateway.ledger.contract import LedgerUnavailable
from gateway.node.fronts import Fronts
from gateway.node.road import Road
from gateway.node.stores import Stores
from gateway.process.clock import Clock
from gateway.process.logs import logger, problems
from gateway.smpp_server.server import end_binds

LOOK_S: Final = 0.5

log = logger("gateway")


class Steered:
    """What was read with the stores is applied when this is made, before links bind and listeners listen.

    reporter: says of this process what it has applied.
    """

    def __init__(self, stores: Stores, road: Road, fronts: Fronts, clock: Clock, reporter: Reporter) -> None:
        self._follower = stores.follower
        self._following = stores.consents.following
        self._senders = stores.messaging.senders
        self._road = road
        self._fronts = fronts
        self._disconnects = stores.follower.desired.disconnects
        self._reporter = reporter
        self._problems = ProblemReporter(stores.ledger.acts, clock, self._reporter.key, problems)
        self._follower.follow(road.dispatch.steering.apply)
        self._follower.follow(road.ways.routes.apply)
        self._follower.follow(self._apply)

    @property
    def process(self) -> str:
        """The random name of this one."""
        return self._reporter.key

    async def run(self) -> None:
        """Until cancelled. What is set is applied within `LOOK_S` and the time of a reading."""
        while True:
            with suppress(LedgerUnavailable):
                await self._following.refresh()
                await self._follower.refresh()
                await self._senders.refresh()
                await self._reporter.report()
                await self._problems.report()
            await asyncio.sleep(LOOK_S)

    async def leave(self) -> None:
        """Nothing is to be said of this process any more."""
        await self._reporter.leave()

    def _apply(self, desired: Desired) -> None:
        """What concerns the ways in."""
        admission, server = self._road.admission, self._fronts.smpp_server
        paused = desired.draining or not desired.accepting
        if paused != admission.is_paused:
            admission.is_paused = paused
            log.info("accepting_off" if paused else "accepting_on")
        if desired.draining != server.is_draining:
            server.drain(draining=desired.draining)
        for account, times in desired.disconnects.items():
            if times != self._disconnects.get(account, 0):
                end_binds(server, account)
                log.info("account_disconnected", account=str(account))
        self._disconnects = desired.disconnects
