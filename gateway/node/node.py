"""The node: opens everything in order, runs it, and closes it in reverse.

    settings → keys → ledger → accounts → journal → operators bind → loops → listeners

Stopping: refuse new submissions, let the journal and the windows empty, unbind, deliver what webhooks are under way,
close; all inside one deadline. If a fatal task dies (`gateway.process.tasks`) the node stops and `run` returns 1.
"""

import asyncio
import contextlib
import gc
import os
import signal
import socket
from collections.abc import Sequence
from functools import partial
from typing import Any, Final

import msgspec

from config.operators import OperatorSettings
from config.settings import Settings
from gateway.accept.door import Door
from gateway.accept.request import OperatorView
from gateway.accept.validation import Validator
from gateway.accounts.customers import ApiKey
from gateway.accounts.directory import Directory
from gateway.cluster.peers import Sharing
from gateway.delivery.dispatch import Dispatch
from gateway.delivery.events import Sorting
from gateway.delivery.inflight import InFlight
from gateway.delivery.mobile_originated import Incoming
from gateway.delivery.neighbours import NOBODY
from gateway.delivery.receipts import SHARED_UNCLAIMED_S, UNCLAIMED_S, Outcomes
from gateway.delivery.routing import Router
from gateway.delivery.settler import Settler
from gateway.http_api.api import HttpApi
from gateway.http_api.metrics_listener import MetricsApi
from gateway.http_api.replies import Replies
from gateway.keystore.keyring import Keyring
from gateway.ledger.journal import Journal
from gateway.ledger.opening import node_ledger
from gateway.ledger.redis.engine import RedisLedger
from gateway.limits.admission import REFRESH_S, SHARED_REFRESH_S, Admission
from gateway.limits.buckets import Buckets
from gateway.limits.shares import FairRates
from gateway.metrics.exposition import Exposition, Outcome
from gateway.model.message import Message, OutboxEvent
from gateway.node import assembly
from gateway.node.report import describe
from gateway.process.clock import Clock, SystemClock
from gateway.process.containment import Containment
from gateway.process.logs import logger
from gateway.process.tasks import TaskOwner, ends_within
from gateway.process.version import build
from gateway.retention.policies import RetentionPolicies
from gateway.retention.sweeper import Sweeper
from gateway.smpp_server.errands import Errands
from gateway.smpp_server.intake import Intake
from gateway.smpp_server.news import NewsWriter
from gateway.smpp_server.reading import rewrite
from gateway.smpp_server.server import SmppServer
from gateway.smpp_server.telling import Telling
from gateway.vault.vault import Vault
from gateway.webhooks.addressing import Addressing
from gateway.webhooks.client import WebhookClient
from gateway.webhooks.deliverer import Deliverer
from gateway.webhooks.targets import TargetRefused, parse_target
from operators.smpp.pdu import ReplaceSm
from operators.smpp.segments import plan
from redaction.inventory import undeclared
from redaction.personal import Purpose
from redaction.seal import Sealer

GC_ALLOCATIONS: Final = 20_000
"""Container objects made before the youngest generation is looked through."""

CLOSE_LIMIT_S: Final = 10.0
"""For what is closed after the drain: longer than leases and the writing process take."""

log = logger("gateway")


class StopOverdue(Exception):
    """Something does not end, though it was told to and cancelled; everything acknowledged is in the ledger."""


class StartRefused(Exception):
    """The node does not start; the text says why and what to do, without personal data."""


class Inherited(msgspec.Struct, frozen=True, kw_only=True):
    """What a supervisor hands down to each of several workers. metrics: listens for them already. machine: its name for
    this one, on which all its workers take from the same `buckets`.
    """

    metrics: socket.socket | None = None
    buckets: Buckets | None = None
    machine: str | None = None


class Node:
    """One gateway process. `settings` are checked before (config.checks)."""

    def __init__(self, settings: Settings, clock: Clock | None = None, inherited: Inherited | None = None) -> None:
        self.settings = settings
        self.inherited = inherited or Inherited()
        self.clock = clock or SystemClock()
        self.outcome = Outcome()
        self.exposition = Exposition()
        self.contained = Containment()
        self.accepted = 0
        self.stop_asked = asyncio.Event()
        self.sharing: Sharing | None = None
        self.fair_rates: FairRates | None = None
        self._stack = contextlib.AsyncExitStack()

    async def start(self) -> None:
        """Open everything, listeners last. Raises StartRefused, LedgerError and config.ConfigError."""
        settings, clock = self.settings, self.clock
        self.tasks = TaskOwner()
        self._stack.callback(self.contained.watch())
        self.rules = assembly.retention_rules(settings)
        self._open_keys()
        await self._open_ledger()
        self.directory = Directory(self.ledger, self.keyring.credential_digest)
        await self.directory.refresh()
        self.journal = Journal(
            self.ledger,
            stored=self._stored,
            events_stored=self._events_stored,
            ended=self.outcome.final,
            batch_limit=settings.ledger.batch_limit,
            queue_limit=settings.ledger.queue_limit,
            interval_s=settings.ledger.commit_interval_ms / 1000,
        )
        self.admission = Admission(
            self.ledger,
            self.journal,
            clock,
            max_inflight=settings.http.max_inflight,
            refresh_s=REFRESH_S if self.sharing is None else SHARED_REFRESH_S,
            buckets=self.inherited.buckets,
        )
        await self.admission.load()
        if isinstance(self.ledger, RedisLedger):
            self._share_rates(self.ledger)
        self._build_road()
        describe(self)
        await self._start_loops()
        await self._listen()
        log.info(
            "started",
            build=build(),
            engine=settings.ledger.engine,
            address=settings.http.host,
            port=self.http.listener.port,
            metrics_port=self.metrics_http.listener.port if settings.metrics.enabled else None,
        )

    def _share_rates(self, ledger: RedisLedger) -> None:
        self.fair_rates = FairRates(
            self.admission.gates,
            self.clock,
            exchange=ledger.demand.exchange,
            machines=lambda: ledger.leases.machines,
        )

    def _open_keys(self) -> None:
        self.keystore = store = assembly.keystore(self.settings.keystore, self.clock, node=True)
        store.open()
        self._stack.callback(store.close)
        self.keyring = Keyring(store, self.rules.values(), self.clock)
        self.keyring.ensure_present()
        self.sealer = Sealer(store.state, self.clock.random)
        self.sealer.on_refused = record_refused_opening
        if store.is_leased:
            self.sealer.before_use = store.check
        self.vault = Vault(self.sealer, self.rules, self.clock.now_ms)

    async def _open_ledger(self) -> None:
        self.ledger = node_ledger(
            self.settings.ledger,
            self.clock,
            many_at_once=self.settings.smpp_server.port is not None,
            machine=self.inherited.machine,
        )
        await self.ledger.open()
        self._stack.push_async_callback(self.ledger.close)
        self.keystore.check_alone()
        strangers = undeclared(await self.ledger.stored_fields())
        if strangers:
            raise StartRefused(f"stored fields that the data inventory lacks: {', '.join(strangers)}")
        if isinstance(self.ledger, RedisLedger):
            self.sharing = Sharing(self.ledger, self.clock)

    def _build_road(self) -> None:
        settings, clock = self.settings, self.clock
        self.router = Router(assembly.routes(settings))
        self.operators = {each.name: assembly.operator(each, clock) for each in settings.operators}
        self.inflight = InFlight()
        self.addressing = Addressing(self.directory, self.vault, self.sealer)
        self.policies = RetentionPolicies(self.rules, self.directory.retention)
        self.settler = Settler(self.policies, self.addressing.wanted, assembly.follow_up(settings))
        self.dispatch = Dispatch(
            operators=self.operators,
            contracts={each.name: assembly.contract(each) for each in settings.operators},
            router=self.router,
            ledger=self.ledger,
            journal=self.journal,
            vault=self.vault,
            settler=self.settler,
            inflight=self.inflight,
            settings=settings.dispatch,
            clock=clock,
            observe_wait=self.outcome.waited,
            neighbours=self.sharing or NOBODY,
        )
        self.outcomes = Outcomes(
            operators=self.operators,
            ledger=self.ledger,
            journal=self.journal,
            settler=self.settler,
            inflight=self.inflight,
            clock=clock,
            neighbours=self.sharing or NOBODY,
            unclaimed_after_s=UNCLAIMED_S if self.sharing is None else SHARED_UNCLAIMED_S,
        )
        self._build_ends()
        if self.sharing is not None:
            self._share(self.sharing)
        self._build_smpp_server()

    def _build_ends(self) -> None:
        """Where messages come in, where news goes out, and where both are forgotten."""
        settings, clock = self.settings, self.clock
        self.incoming = Incoming(
            operators=self.operators,
            owner=self.directory.owner,
            vault=self.vault,
            policies=self.policies,
            journal=self.journal,
            clock=clock,
            pseudonymise=self.keyring.pseudonymise,
            default_region=settings.messages.default_region,
            id_octets=self.ledger.id_octets,
        )
        self.sorting = Sorting(self.dispatch, self.outcomes, self.incoming)
        self._build_deliverer()
        self.sweeper = Sweeper(
            ledger=self.ledger,
            keyring=self.keyring,
            clock=clock,
            settings=settings.sweeper,
            nodes=lambda: 1 if self.sharing is None else self.sharing.nodes,
        )
        self.door = Door(
            validator=Validator(settings.messages, plan, self._is_callable),
            vault=self.vault,
            policies=self.policies,
            router=self.router,
            is_up=self.dispatch.is_up,
            journal=self.journal,
            clock=clock,
            pseudonymise=self.keyring.pseudonymise,
            digest=self.keyring.idempotency_digest,
            id_octets=self.ledger.id_octets,
        )

    def _build_deliverer(self) -> None:
        clock, delivery = self.clock, assembly.delivery_settings(self.settings.webhooks)
        self.deliverer = Deliverer(
            ledger=self.ledger,
            journal=self.journal,
            addresses=self.addressing,
            client=lambda: WebhookClient(delivery, clock=clock, tasks=self.tasks),
            settings=delivery,
            clock=clock,
        )

    def _share(self, sharing: Sharing) -> None:
        sharing.join(
            inflight=self.inflight,
            dispatch=self.dispatch,
            outcomes=self.outcomes,
            deliverer=self.deliverer,
            journal=self.journal,
        )

    def _build_smpp_server(self) -> None:
        self.intake = Intake(self.door, self.admission, self.clock)
        self.telling = Telling(ledger=self.ledger, journal=self.journal, word=NewsWriter(self.vault), clock=self.clock)
        self.smpp_server = SmppServer(
            settings=self.settings.smpp_server,
            directory=self.directory,
            clock=self.clock,
            intake=self.intake,
            errands=Errands(self.ledger, self, self.tasks.contain),
            telling=self.telling,
        )

    async def _start_loops(self) -> None:
        start = self.tasks.start
        self.keyring.on_return = self.dispatch.look_everywhere
        start("journal", self.journal.run())
        start("outcomes", self.outcomes.run())
        start("accounts", self.directory.run())
        start("keys", self.keyring.run())
        start("periods", self.keyring.look_after())
        start("young", self.vault.young.run())
        start("admission", self.admission.run())
        self._stack.push_async_callback(self.tasks.stop)
        start("webhooks", self.deliverer.run())
        start("smpp news", self.telling.run())
        for operator in self.operators.values():
            await operator.start(self.sorting.take)
        start("dispatch", self.dispatch.run())
        start("sweeper", self.sweeper.run())
        if self.sharing is not None:
            start("inbox", self.sharing.run())
        if self.fair_rates is not None:
            start("throughput", self.fair_rates.run())

    async def _listen(self) -> None:
        settings = self.settings
        self.http = HttpApi(
            door=self.door,
            ledger=self.ledger,
            directory=self.directory,
            admission=self.admission,
            operators=self.operator_views,
            canceller=self,
            reveal_reference=self.addressing.reference,
            settings=settings.http,
            clock=self.clock,
            checks=self.readiness,
            max_validity_s=settings.messages.max_validity_s,
        )
        await self.http.start()
        if settings.smpp_server.port is not None:
            await self.smpp_server.start()
            self.tasks.start("smpp binds", self.smpp_server.run())
            log.info("smpp_listening", address=settings.smpp_server.host, port=self.smpp_server.port)
        if settings.metrics.enabled:
            self.metrics_http = MetricsApi(
                render=self.exposition.render,
                health=self.http.health,
                replies=Replies(self.clock),
                host=settings.metrics.host,
                port=settings.metrics.port,
                inherited=self.inherited.metrics,
            )
            await self.metrics_http.start()
            self._stack.push_async_callback(self.metrics_http.stop)
            log.info("metrics", port=self.metrics_http.listener.port)

    # ------------------------------------------------------------------------------------------------------- events

    def _events_stored(self, events: Sequence[tuple[OutboxEvent, Message]]) -> None:
        webhooks = [pair for pair in events if not pair[0].esme]
        if webhooks:
            self.deliverer.offer(webhooks)
        if len(webhooks) < len(events):
            self.telling.offer([pair for pair in events if pair[0].esme])

    def _stored(self, messages: Sequence[Message]) -> None:
        self.accepted += len(messages)
        if self.sharing is not None:
            messages = [each for each in messages if self.sharing.takes_on(each.id)]
        self.dispatch.take(messages)

    def _is_callable(self, url: str) -> bool:
        try:
            parse_target(url, allow_loopback=self.settings.webhooks.allow_loopback)
        except TargetRefused:
            return False
        return True

    # --------------------------------------------------------------------------------------------- for the listeners

    async def cancel(self, key: ApiKey, message_id: bytes) -> Message | None:
        if self.sharing is not None and not self.sharing.works_on(message_id):
            return await self.sharing.cancel(key.customer.id, message_id)
        return await self.dispatch.cancel(key.customer.id, message_id)

    async def replace(self, key: ApiKey, message_id: bytes, said: ReplaceSm) -> Message | None:
        revise = partial(self.door.revise, key, rewrite=partial(rewrite, said, self.clock.now_ms()))
        if self.sharing is not None and not self.sharing.works_on(message_id):
            return await self.sharing.replace(key.customer.id, message_id, revise)
        return await self.dispatch.replace(key.customer.id, message_id, revise)

    def operator_views(self) -> list[OperatorView]:
        """The links as they stand, for customers."""
        return [self._operator_view(each) for each in self.settings.operators]

    def _operator_view(self, settings: OperatorSettings) -> OperatorView:
        health = self.operators[settings.name].health()
        return OperatorView(
            name=settings.name,
            state=health.state,
            country=settings.register.country,
            binds_up=health.binds_up,
            binds=health.binds,
        )

    def readiness(self) -> dict[str, bool]:
        """What `/readyz` reports, by name."""
        return {"ledger": self.journal.available, "accounts": self.directory.fresh, "keys": self.keyring.attended}

    # ------------------------------------------------------------------------------------------------------- the end

    async def run(self) -> int:
        """Run until told to stop, or a task's death; the process's exit code."""
        waiter = asyncio.get_running_loop().create_task(self.stop_asked.wait(), name="stop")
        ends: list[asyncio.Future[Any]] = [waiter, self.tasks.failed]
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        waiter.cancel()
        code = 0
        if self.tasks.failed.done():
            log.error("task_died", exc_info=self.tasks.failed.result())
            code = 1
        await self.stop()
        return code

    async def stop(self) -> None:
        """Drain and close, inside the deadline; what is not finished by then is safe. Raises StopOverdue."""
        deadline_s = self.settings.shutdown.deadline_s
        log.info("stopping", seconds=deadline_s)
        await ends_within(self._drain(deadline_s), deadline_s)
        if not await ends_within(self._stack.aclose(), CLOSE_LIMIT_S):
            log.error("stop_overdue", task=", ".join(self.tasks.running()))
            raise StopOverdue
        log.info("stopped")

    async def _drain(self, deadline_s: float) -> None:
        await asyncio.gather(self.http.stop(deadline_s / 4), self.smpp_server.stop(deadline_s / 4))
        self.dispatch.stop()
        await asyncio.gather(*(each.stop(deadline_s / 4) for each in self.operators.values()))
        await self.deliverer.stop(deadline_s / 4)
        self.admission.flush()
        await self.journal.drain()


async def serve(settings: Settings, inherited: Inherited | None = None) -> int:
    """Run a node until it is told to stop; the exit code. Ends the process with 1 when something does not end."""
    node = Node(settings, inherited=inherited)
    for number in (signal.SIGTERM, signal.SIGINT):  # before anything is announced: nobody is killed while starting
        asyncio.get_running_loop().add_signal_handler(number, node.stop_asked.set)
    _calm_collector()
    try:
        await node.start()
    except BaseException:
        await node._stack.aclose()
        raise
    try:
        return await node.run()
    except StopOverdue:  # whoever waits for what does not end, waits for ever: others have its leases meanwhile
        os._exit(1)


def _calm_collector() -> None:
    """What lives as long as the process need not be walked again and again; what a message leaves behind is acyclic."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(GC_ALLOCATIONS, 20, 50)


def record_refused_opening(purpose: Purpose, field: str) -> None:
    """Somebody asked for what the policy keeps closed (P-08)."""
    log.warning("opening_refused", purpose=purpose.value, field=field)
