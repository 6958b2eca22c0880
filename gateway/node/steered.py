"""A process that is steered: it follows what is wanted of it, applies it, and says what it has applied."""

import asyncio
from contextlib import suppress
from typing import Final

from gateway.control.follower import Desired
from gateway.control.problems import ProblemReporter
from gateway.control.reports import LinkReport, Report, Reporter
from gateway.ledger.contract import LedgerUnavailable
from gateway.node.fronts import Fronts
from gateway.node.road import Road
from gateway.node.stores import Stores
from gateway.process.clock import Clock
from gateway.process.logs import logger, problems
from gateway.process.version import build
from gateway.smpp_server.server import end_binds
from operators.base import OperatorHealth

LOOK_S: Final = 0.5

log = logger("gateway")


class Steered:
    """What was read with the stores is applied when this is made, before links bind and listeners listen.

    worker: the number of this process among those of its node.
    """

    def __init__(self, stores: Stores, road: Road, fronts: Fronts, clock: Clock, worker: int) -> None:
        self._follower = stores.follower
        self._following = stores.consents.following
        self._senders = stores.messaging.senders
        self._road = road
        self._fronts = fronts
        self._worker = worker
        self._disconnects = stores.follower.desired.disconnects
        self._reporter = Reporter(stores.ledger.acts, clock, self._look)
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

    def _look(self) -> Report:
        desired = self._follower.desired
        return Report(
            node=self._follower.node,
            worker=self._worker,
            build=build(),
            accepting=not self._road.admission.is_paused,
            dispatching=not self._road.dispatch.sender.is_held,
            draining=desired.draining,
            applied=desired.versions,
            operators={name: self._link(name, each.health()) for name, each in self._road.operators.items()},
        )

    def _link(self, name: str, health: OperatorHealth) -> LinkReport:
        lane = self._road.dispatch.lanes.by_name[name]
        return LinkReport(
            state=health.state,
            paused=lane.is_paused,
            circuit=lane.circuit.state.value,
            binds_up=health.binds_up,
            binds=health.binds,
            why=tuple(f"{each.bind}: {each.reason} {each.code}".rstrip() for each in health.down),
            window_used=health.window_used,
            waiting=len(lane),
        )
