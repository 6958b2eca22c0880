"""The node: opens everything in order, runs it, and closes it in reverse.

    settings → keys → ledger → accounts → journal → operators bind → loops → listeners

Stopping: refuse new submissions, let the journal and the windows empty, unbind, deliver what webhooks are under way,
close; all inside one deadline. If a fatal task dies (`gateway.process.tasks`) the node stops and `run` returns 1.
"""

import asyncio
import contextlib
import gc
import os
import socket
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from config.reading import Reading, Source
from config.settings import Settings
from gateway.accounts.key_uses import KeyUses
from gateway.keystore.root_slot import KeystoreLost
from gateway.ledger.contract import StoreReplaced
from gateway.limits.buckets import Buckets
from gateway.node.audit_upkeep import AuditUpkeep
from gateway.node.auditing import Auditing
from gateway.node.background import replayer
from gateway.node.fronts import build_fronts, listen
from gateway.node.noticing import begin_notices
from gateway.node.reload import Reload
from gateway.node.reloading import Reloading
from gateway.node.report import describe
from gateway.node.reporting import reporter
from gateway.node.rights import RightsDuty
from gateway.node.road import Road, build_road
from gateway.node.steered import Steered
from gateway.node.stores import Stores, open_stores
from gateway.node.succession import Succession
from gateway.people.ageing import Ageing
from gateway.process.clock import GuardedClock, SystemClock
from gateway.process.containment import Containment
from gateway.process.logs import logger
from gateway.process.notify import READY, STOPPING, notify
from gateway.process.signals import handle
from gateway.process.tasks import TaskOwner, ends_within
from gateway.process.version import build
from gateway.webhooks.checkpoints import Checkpoints

GC_ALLOCATIONS: Final = 20_000
"""Container objects made before the youngest generation is looked through."""

CLOSE_LIMIT_S: Final = 10.0
"""For what is closed after the drain: longer than leases and the writing process take."""

log = logger("gateway")


class StopOverdue(Exception):
    """Something does not end, though it was asked to and cancelled; everything acknowledged is in the ledger."""


class Inherited(msgspec.Struct, frozen=True, kw_only=True):
    """What a supervisor hands down to each of several workers. metrics: listens for them already. machine: its name for
    this one, on which all its workers take from the same `buckets`. worker: the number of this one. shares: which part
    of a node's throughput over each operator's link is its.
    """

    metrics: socket.socket | None = None
    buckets: Buckets | None = None
    machine: str | None = None
    worker: int = 1
    shares: Mapping[str, float] = {}


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """Where a node's settings are from. said: as they are written there, of which its own are a part."""

    source: Source
    said: Settings


class Node:
    """One gateway process. `settings` are checked before (config.checks). origin: to read them again from; None for a
    node that never does.

    stores, road, fronts, auditing, reload: of which it is made, from `start` on.
    """

    def __init__(
        self,
        settings: Settings,
        clock: GuardedClock | None = None,
        inherited: Inherited | None = None,
        origin: Origin | None = None,
    ) -> None:
        self._settings = settings
        self._origin = origin
        self._inherited = inherited or Inherited()
        self.clock = clock or SystemClock()
        self.contained = Containment()
        self.stop_asked = asyncio.Event()
        self.reload_asked = asyncio.Event()
        self._stack = contextlib.AsyncExitStack()
        self._reloading: tuple[asyncio.Task[None], ...] = ()

    async def start(self) -> None:
        """Open everything, listeners last. Raises StartRefused, LedgerError and config.ConfigError."""
        settings, clock, inherited = self._settings, self.clock, self._inherited
        self.tasks = TaskOwner()
        self._stack.callback(self.contained.watch())
        self.stores = await open_stores(
            settings, clock, self._stack, machine=inherited.machine, shares=inherited.shares
        )
        self.road = await build_road(settings, self.stores, clock, self.tasks, buckets=inherited.buckets)
        self._stack.callback(self.road.ways.lookup.close)
        self.rights = RightsDuty(settings, self.stores, self.road, clock)
        self.notices = await begin_notices(settings, self.stores, self.road, clock)
        reports = reporter(self.stores, self.road, clock, inherited.worker)
        self.fronts = build_fronts(
            settings,
            self.stores,
            self.road,
            clock,
            self.tasks,
            rights=self.rights,
            notices=self.notices,
            metrics_socket=inherited.metrics,
            reports=reports.reports,
        )
        await self.rights.begin()
        self.auditing = Auditing(self.stores, self.road.sweeper, clock)
        await self.auditing.begin()
        describe(self.stores, self.road, self.fronts, self.contained, clock, self.rights)
        steered = Steered(self.stores, self.road, self.fronts, clock, reports)
        self._stack.push_async_callback(steered.leave)
        self._stack.push_async_callback(self.tasks.stop)
        await start_loops(self.stores, self.road, self.tasks)
        self.tasks.start("control", steered.run())
        self.tasks.start("rights", self.rights.run())
        self.tasks.start("unattended cases", self.rights.unattended.run())
        uses = KeyUses(self.stores.ledger.acts, clock, self.fronts.http.gatekeeper.take_used)
        self.tasks.start("key uses", uses.run())
        if self.notices is not None:
            self.tasks.start("notices", self.notices.run())
        self.tasks.start("tasks", replayer(self.stores, self.road, self.clock, self.auditing.actor).run())
        self.tasks.start("audit log", self.stores.audit.run())
        self.tasks.start("audit totals", self.auditing.run())
        self.tasks.start("audit upkeep", self._audit_upkeep().run())
        self.tasks.start("audit witnesses", self.stores.cosigning.run())
        await listen(self.fronts, settings, self.tasks, self._stack)
        self._begin_reloading(steered.process)
        metrics = self.fronts.metrics
        log.info(
            "started",
            build=build(),
            engine=settings.ledger.engine,
            address=settings.http.host,
            port=self.fronts.http.listener.port,
            metrics_port=None if metrics is None else metrics.listener.port,
        )

    def _audit_upkeep(self) -> AuditUpkeep:
        stores, ledger = self.stores, self.stores.ledger
        checkpoints = Checkpoints(ledger.acts, ledger.accounts, self.road.journal.write, self.clock)
        keep_days = self._settings.audit.keep_days
        return AuditUpkeep(stores, checkpoints, self.clock, self.auditing.actor, keep_days)

    def _begin_reloading(self, process: str) -> None:
        """What was asked for meanwhile is done then."""
        road, origin = self.road, self._origin
        if origin is None:
            return
        succession = Succession(
            road.operators,
            road.dispatch,
            road.incoming,
            road.sorting.take,
            self.clock,
            self._settings.operators,
            self.tasks,
        )
        reading = Reading(said=origin.said, own=self._settings)
        self.reload = Reload(origin.source, reading, road, self.fronts, succession, self.stores.messaging)
        road.standing.differs = self.reload.differs
        reloading = Reloading(self.reload, self.stores.ledger.acts, self.clock, process, self.reload_asked)
        self._reloading = (
            self.tasks.start("reload", reloading.run()),
            self.tasks.start("reload signals", reloading.run_signals()),
        )

    # ------------------------------------------------------------------------------------------------------- the end

    async def run(self) -> int:
        """Run until a stop signal, or a task's death; the process's exit code."""
        waiter = asyncio.get_running_loop().create_task(self.stop_asked.wait(), name="stop")
        ends: list[asyncio.Future[Any]] = [waiter, self.tasks.failed]
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        waiter.cancel()
        code = 0
        if self.tasks.failed.done():
            _report_death(self.tasks.failed.result())
            code = 1
        await self.stop()
        return code

    async def stop(self) -> None:
        """Drain and close, inside the deadline; what is not finished by then is safe. Raises StopOverdue."""
        deadline_s = self._settings.shutdown.deadline_s
        log.info("stopping", seconds=deadline_s)
        notify(STOPPING)
        for task in self._reloading:
            task.cancel()
        await ends_within(self._drain(deadline_s), deadline_s)
        if not await ends_within(self._stack.aclose(), CLOSE_LIMIT_S):
            log.error("stop_overdue", task=", ".join(self.tasks.running()))
            raise StopOverdue
        log.info("stopped")

    async def close(self) -> None:
        """Close what a start that failed had opened."""
        await self._stack.aclose()

    async def _drain(self, deadline_s: float) -> None:
        await asyncio.gather(self.fronts.http.stop(deadline_s / 4), self.fronts.smpp_server.stop(deadline_s / 4))
        self.road.dispatch.sender.stop()
        await asyncio.gather(*(each.stop(deadline_s / 4) for each in self.road.operators.values()))
        await self.road.deliverer.stop(deadline_s / 4)
        self.road.admission.flush()
        await self.road.journal.drain()
        if self.road.traces is not None:
            await asyncio.to_thread(self.road.traces.close)
        await self.auditing.end()


def _report_death(error: BaseException) -> None:
    """A store that is not the one that it was is no defect: a line says what happened, without a trace."""
    if isinstance(error, StoreReplaced | KeystoreLost):
        log.error("store_lost", reason=str(error))
    else:
        log.error("task_died", exc_info=error)


async def serve(settings: Settings, inherited: Inherited | None = None, origin: Origin | None = None) -> int:
    """Run a node until a stop signal; the exit code. Ends the process with 1 when something does not end."""
    node = Node(settings, inherited=inherited, origin=origin)
    handle(node.stop_asked.set, node.reload_asked.set)  # before it says that it is there
    _calm_collector()
    try:
        await node.start()
    except BaseException:
        await node.close()
        raise
    notify(READY)
    try:
        return await node.run()
    except StopOverdue:  # whoever waits for what does not end, waits for ever: others have its leases meanwhile
        os._exit(1)


def _calm_collector() -> None:
    """What lives as long as the process need not be walked again and again; what a message leaves behind is acyclic."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(GC_ALLOCATIONS, 20, 50)


async def start_loops(stores: Stores, road: Road, tasks: TaskOwner) -> None:
    """Everything that a node does by itself, the links to its operators among it."""
    start = tasks.start
    start("journal", road.journal.run())
    start("troubles", road.troubles.run())
    start("outcomes", road.outcomes.run())
    start("incoming", road.incoming.run())
    start("accounts", stores.directory.run())
    start("credentials", stores.pepper_turn.run())
    start("clock", stores.watch.look())
    start("clock marks", stores.watch.keep())
    start("high water", stores.high_water.run())
    start("keys", stores.keyring.run(on_return=road.dispatch.sender.look_everywhere))
    start("periods", stores.keyring.look_after())
    start("young", stores.vault.young.run())
    start("memory", road.scrubbing.run())
    start("admission", road.admission.run())
    start("balances", road.till.run())
    start("quota warnings", road.quota_warnings.run())
    start("overrides", road.overrides.run())
    start("reviews", road.reviews.run())
    start("blocks", road.blocks.run())
    start("findings", road.sentry.findings.run(road.journal))
    start("webhooks", road.deliverer.run())
    start("smpp news", road.telling.run())
    for operator in road.operators.values():
        await operator.start(road.sorting.take)
    start("dispatch", road.dispatch.rounds.run())
    start("sweeper", road.sweeper.run())
    start("people", Ageing(stores.people).run())
    if road.cluster is not None:
        start("inbox", road.cluster.inbox.run())
        start("throughput", road.cluster.rates.run())
