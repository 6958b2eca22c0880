"""The road that a message takes through a node, built on open stores; nothing runs yet.

The steps meet in the journal: what a commit made durable goes on to dispatch, to the webhooks or to the binds.
"""

from collections.abc import Mapping, Sequence

import msgspec

from config.settings import Settings
from gateway.accept.door import Door
from gateway.accept.validation import Validator
from gateway.cluster.inbox import Inbox
from gateway.cluster.partitions import Partitions
from gateway.cluster.peers import Peers
from gateway.delivery.dispatch.dispatch import Dispatch
from gateway.delivery.dispatch.lanes import Lanes
from gateway.delivery.events import Sorting
from gateway.delivery.inflight import InFlight
from gateway.delivery.mobile_originated import Incoming
from gateway.delivery.neighbours import NOBODY
from gateway.delivery.receipts.outcomes import SHARED_UNCLAIMED_S, UNCLAIMED_S, Outcomes
from gateway.delivery.records import Records
from gateway.delivery.routing import Router
from gateway.delivery.settler import Settler
from gateway.ledger.journal import Journal
from gateway.ledger.redis.engine import RedisLedger
from gateway.limits.admission import REFRESH_S, SHARED_REFRESH_S, Admission
from gateway.limits.buckets import Buckets
from gateway.limits.shares import FairRates
from gateway.metrics.exposition import Outcome
from gateway.model.message import Message, OutboxEvent
from gateway.node import assembly
from gateway.node.revocation import Revocation
from gateway.node.stores import Stores
from gateway.process.clock import Clock
from gateway.process.tasks import TaskOwner
from gateway.retention.minimise import Minimiser
from gateway.retention.policies import RetentionPolicies
from gateway.retention.sweeper import Sweeper
from gateway.smpp_server.news import NewsWriter
from gateway.smpp_server.telling import Telling
from gateway.webhooks.addressing import Addressing
from gateway.webhooks.client import WebhookClient
from gateway.webhooks.deliverer import Deliverer
from gateway.webhooks.settings import delivery_settings
from gateway.webhooks.targets import TargetRefused, parse_target
from operators.base import Operator
from operators.smpp.segments import plan


class Handover:
    """Gives what a commit made durable to who goes on with it. accepted: how many messages that were."""

    def __init__(self, dispatch: Dispatch, deliverer: Deliverer, telling: Telling, peers: Peers | None) -> None:
        self._dispatch = dispatch
        self._deliverer = deliverer
        self._telling = telling
        self._peers = peers
        self.accepted = 0

    def stored(self, messages: Sequence[Message]) -> None:
        self.accepted += len(messages)
        if self._peers is not None:
            messages = [each for each in messages if self._peers.takes_on(each.id)]
        self._dispatch.sender.take(messages)

    def events_stored(self, events: Sequence[tuple[OutboxEvent, Message]]) -> None:
        webhooks = [pair for pair in events if not pair[0].esme]
        if webhooks:
            self._deliverer.offer(webhooks)
        if len(webhooks) < len(events):
            self._telling.offer([pair for pair in events if pair[0].esme])


class Cluster(msgspec.Struct, frozen=True, kw_only=True):
    """What a node on a shared ledger does besides. rates: its part of limits that several machines use."""

    inbox: Inbox
    partitions: Partitions
    rates: FairRates


class Road(msgspec.Struct, frozen=True, kw_only=True):
    """Built. outcome: what metrics count of messages. cluster: where the ledger is shared."""

    outcome: Outcome
    journal: Journal
    handover: Handover
    admission: Admission
    door: Door
    operators: Mapping[str, Operator]
    dispatch: Dispatch
    outcomes: Outcomes
    incoming: Incoming
    sorting: Sorting
    addressing: Addressing
    inflight: InFlight
    deliverer: Deliverer
    telling: Telling
    sweeper: Sweeper
    cluster: Cluster | None
    revocation: Revocation


class _Base(msgspec.Struct, frozen=True, kw_only=True):
    """What several steps of the road work with."""

    settings: Settings
    stores: Stores
    clock: Clock
    outcome: Outcome
    journal: Journal
    operators: Mapping[str, Operator]
    router: Router
    records: Records
    addressing: Addressing
    minimiser: Minimiser


async def build_road(
    settings: Settings, stores: Stores, clock: Clock, tasks: TaskOwner, *, buckets: Buckets | None
) -> Road:
    """tasks: where the webhook client's connections run. buckets: that all workers of this machine take from.

    Raises LedgerUnavailable and config.secret.SecretMissing.
    """
    handover: Handover  # stands once the steps do that it gives to
    outcome = Outcome()
    journal = Journal(
        stores.ledger,
        stored=lambda messages: handover.stored(messages),  # noqa: PLW0108  bound below
        events_stored=lambda events: handover.events_stored(events),  # noqa: PLW0108
        ended=outcome.final,
        batch_limit=settings.ledger.batch_limit,
        queue_limit=settings.ledger.queue_limit,
        interval_s=settings.ledger.commit_interval_ms / 1000,
    )
    base = _base(settings, stores, clock, outcome, journal)
    dispatch, outcomes, incoming = _dispatch(base), _outcomes(base), _incoming(base)
    deliverer = _deliverer(base, tasks)
    telling = Telling(ledger=stores.ledger, journal=journal, word=NewsWriter(stores.vault), clock=clock)
    admission = await _admission(base, buckets)
    door = _door(base, dispatch)
    handover = Handover(dispatch, deliverer, telling, stores.peers)
    return Road(
        outcome=outcome,
        journal=journal,
        handover=handover,
        admission=admission,
        door=door,
        operators=base.operators,
        dispatch=dispatch,
        outcomes=outcomes,
        incoming=incoming,
        sorting=Sorting(dispatch, outcomes, incoming),
        addressing=base.addressing,
        inflight=base.records.inflight,
        deliverer=deliverer,
        telling=telling,
        sweeper=_sweeper(base),
        cluster=_cluster(base, dispatch, outcomes, deliverer, admission),
        revocation=Revocation(dispatch.withdrawals, door, clock, stores.peers),
    )


def _base(settings: Settings, stores: Stores, clock: Clock, outcome: Outcome, journal: Journal) -> _Base:
    policies = RetentionPolicies(stores.rules, stores.directory.retention)
    addressing = Addressing(stores.directory, stores.vault, stores.sealer)
    return _Base(
        settings=settings,
        stores=stores,
        clock=clock,
        outcome=outcome,
        journal=journal,
        operators={each.name: assembly.operator(each, clock) for each in settings.operators},
        router=Router(assembly.routes(settings)),
        records=Records(
            ledger=stores.ledger,
            journal=journal,
            settler=Settler(policies, addressing.wanted, assembly.follow_up(settings)),
            inflight=InFlight(),
        ),
        addressing=addressing,
        minimiser=Minimiser(
            vault=stores.vault,
            policies=policies,
            clock=clock,
            pseudonymise=stores.keyring.pseudonymise,
            id_octets=stores.ledger.id_octets,
        ),
    )


def _dispatch(base: _Base) -> Dispatch:
    settings = base.settings.dispatch
    contracts = {each.name: assembly.contract(each) for each in base.settings.operators}
    return Dispatch(
        lanes=Lanes(base.operators, contracts, settings.active_per_operator),
        records=base.records,
        router=base.router,
        vault=base.stores.vault,
        settings=settings,
        clock=base.clock,
        observe_wait=base.outcome.waited,
        neighbours=base.stores.peers or NOBODY,
    )


def _outcomes(base: _Base) -> Outcomes:
    return Outcomes(
        operators=base.operators,
        records=base.records,
        clock=base.clock,
        neighbours=base.stores.peers or NOBODY,
        unclaimed_after_s=UNCLAIMED_S if base.stores.peers is None else SHARED_UNCLAIMED_S,
    )


def _incoming(base: _Base) -> Incoming:
    return Incoming(
        operators=base.operators,
        owner=base.stores.directory.owner,
        minimiser=base.minimiser,
        journal=base.journal,
        clock=base.clock,
        default_region=base.settings.messages.default_region,
    )


def _deliverer(base: _Base, tasks: TaskOwner) -> Deliverer:
    settings, clock = delivery_settings(base.settings.webhooks), base.clock
    return Deliverer(
        ledger=base.stores.ledger,
        journal=base.journal,
        addresses=base.addressing,
        client=lambda: WebhookClient(settings, clock=clock, tasks=tasks),
        settings=settings,
        clock=clock,
    )


async def _admission(base: _Base, buckets: Buckets | None) -> Admission:
    admission = Admission(
        base.stores.ledger,
        base.journal,
        base.clock,
        max_inflight=base.settings.http.max_inflight,
        refresh_s=REFRESH_S if base.stores.peers is None else SHARED_REFRESH_S,
        buckets=buckets,
    )
    await admission.load()
    return admission


def _door(base: _Base, dispatch: Dispatch) -> Door:
    allow_loopback = base.settings.webhooks.allow_loopback

    def is_callable(url: str) -> bool:
        try:
            parse_target(url, allow_loopback=allow_loopback)
        except TargetRefused:
            return False
        return True

    return Door(
        validator=Validator(base.settings.messages, plan, is_callable),
        minimiser=base.minimiser,
        router=base.router,
        is_up=dispatch.lanes.is_up,
        journal=base.journal,
        clock=base.clock,
        digest=base.stores.keyring.idempotency_digest,
    )


def _sweeper(base: _Base) -> Sweeper:
    peers = base.stores.peers
    return Sweeper(
        ledger=base.stores.ledger,
        keyring=base.stores.keyring,
        clock=base.clock,
        settings=base.settings.sweeper,
        nodes=lambda: 1 if peers is None else peers.nodes,
    )


def _cluster(
    base: _Base, dispatch: Dispatch, outcomes: Outcomes, deliverer: Deliverer, admission: Admission
) -> Cluster | None:
    ledger = base.stores.ledger
    if not isinstance(ledger, RedisLedger):
        return None
    partitions = Partitions(
        ledger,
        base.clock,
        inflight=base.records.inflight,
        dispatch=dispatch,
        deliverer=deliverer,
        journal=base.journal,
    )
    rates = FairRates(
        admission.gates,
        base.clock,
        exchange=ledger.demand.exchange,
        machines=lambda: ledger.leases.machines,
    )
    ledger.leases.follow(partitions)
    return Cluster(inbox=Inbox(ledger, base.clock, dispatch.withdrawals, outcomes), partitions=partitions, rates=rates)
