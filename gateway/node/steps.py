"""The steps of the road, each built from what the settings say and what the stores hold."""

import msgspec

from config.settings import Settings
from gateway.consent.guard import Guard
from gateway.delivery.dispatch.dispatch import Dispatch
from gateway.delivery.dispatch.gate import Conditions
from gateway.delivery.dispatch.lanes import Lanes
from gateway.delivery.inflight import InFlight
from gateway.delivery.neighbours import NOBODY
from gateway.delivery.receipts.outcomes import SHARED_UNCLAIMED_S, UNCLAIMED_S, Outcomes
from gateway.delivery.records import Records
from gateway.delivery.settler import Settler
from gateway.fraud.reviews import Reviews as Reviews
from gateway.ledger.journal import Journal
from gateway.ledger.outbox import OutboxReader
from gateway.metrics.exposition import Outcome
from gateway.model.verdict import Counts
from gateway.node import assembly, consenting
from gateway.node.stores import Stores
from gateway.node.ways import Ways as Ways
from gateway.node.ways import ways
from gateway.process.clock import Clock
from gateway.process.tasks import TaskOwner
from gateway.retention.minimise import Minimiser
from gateway.retention.policies import RetentionPolicies
from gateway.retention.sweeper import Sweeper
from gateway.webhooks.addressing import Addressing
from gateway.webhooks.client import WebhookClient
from gateway.webhooks.deliverer import Deliverer
from gateway.webhooks.settings import delivery_settings
from operators.base import Operator
from operators.kinds import operator


class Base(msgspec.Struct, frozen=True, kw_only=True):
    """What several steps of the road work with."""

    settings: Settings
    stores: Stores
    clock: Clock
    outcome: Outcome
    journal: Journal
    operators: dict[str, Operator]
    ways: Ways
    reviews: Reviews
    records: Records
    addressing: Addressing
    minimiser: Minimiser
    verdicts: Counts
    guard: Guard


def base(
    settings: Settings, stores: Stores, clock: Clock, outcome: Outcome, journal: Journal, tasks: TaskOwner
) -> Base:
    """tasks: where keys of periods to come are waited for."""
    policies = RetentionPolicies(stores.rules, stores.directory.retention)
    verdicts = stores.messaging.counts
    addressing = assembly.addressing(stores, policies, clock)
    return Base(
        settings=settings,
        stores=stores,
        clock=clock,
        outcome=outcome,
        journal=journal,
        operators={each.name: operator(each, clock) for each in settings.operators},
        ways=ways(settings, stores, clock, tasks),
        reviews=Reviews(stores.ledger.acts),
        records=Records(
            work=stores.work,
            messages=stores.messages,
            journal=journal,
            settler=Settler(policies, addressing.wanted, assembly.follow_up(settings)),
            inflight=InFlight(),
            ids=assembly.operator_ids(stores.keyring, stores.vault, clock),
            neighbours=stores.peers or NOBODY,
        ),
        addressing=addressing,
        minimiser=Minimiser(
            vault=stores.vault,
            policies=policies,
            clock=clock,
            keyring=stores.keyring,
            contain=tasks.contain,
            id_octets=stores.ledger.id_octets,
        ),
        verdicts=verdicts,
        guard=consenting.guard(stores, clock, tasks, verdicts),
    )


def dispatch(base: Base) -> Dispatch:
    settings, rules = base.settings.dispatch, base.stores.messaging
    contracts = {each.name: assembly.contract(each) for each in base.settings.operators}
    return Dispatch(
        lanes=Lanes(base.operators, contracts, settings, base.clock),
        records=base.records,
        router=base.ways.router,
        vault=base.stores.vault,
        settings=settings,
        clock=base.clock,
        conditions=Conditions(
            base.stores.directory,
            [rules.at_dispatch, base.guard.recheck],
            base.verdicts,
            rules.permits,
            base.reviews,
        ),
        observe_wait=base.outcome.waited,
    )


def outcomes(base: Base) -> Outcomes:
    return Outcomes(
        operators=base.operators,
        records=base.records,
        clock=base.clock,
        unclaimed_after_s=UNCLAIMED_S if base.stores.peers is None else SHARED_UNCLAIMED_S,
        answer_s=assembly.answer_s(base.settings),
    )


def deliverer(base: Base, tasks: TaskOwner) -> Deliverer:
    settings, clock, ledger = delivery_settings(base.settings.webhooks), base.clock, base.stores.ledger
    return Deliverer(
        reader=OutboxReader(ledger.outbox, base.stores.messages, base.journal, clock),
        accounts=ledger.accounts,
        journal=base.journal,
        addresses=base.addressing,
        client=lambda: WebhookClient(settings, clock=clock, tasks=tasks),
        settings=settings,
        clock=clock,
    )


def sweeper(base: Base) -> Sweeper:
    peers = base.stores.peers
    return Sweeper(
        retention=base.stores.ledger.retention,
        keyring=base.stores.keyring,
        clock=base.clock,
        settings=base.settings.sweeper,
        integrity=base.stores.integrity,
        schedule_s=base.settings.messages.max_schedule_s,
        nodes=lambda: 1 if peers is None else peers.nodes,
        permissions=base.stores.ledger.permissions,
    )
