"""The ways into a node: the door, with everything that is asked there of a message, and messages from people."""

from collections.abc import Collection
from functools import partial

from gateway.accept.choosing import Choice
from gateway.accept.door import Door
from gateway.accept.judging import Judge
from gateway.accept.validation import Validator
from gateway.delivery.dispatch.dispatch import Dispatch
from gateway.delivery.mobile_originated import Incoming
from gateway.fraud.blocks import Blocks as Blocks
from gateway.fraud.overrides import Overrides as Overrides
from gateway.fraud.sentry import Sentry as Sentry
from gateway.keystore.permission_keys import PermissionKeys
from gateway.limits.till import Till
from gateway.node import assembly, consenting
from gateway.node.steps import Base
from gateway.process.tasks import TaskOwner
from gateway.webhooks.targets import TargetRefused, parse_target
from operators import contained
from operators.smpp.segments import plan


def overrides(base: Base) -> Overrides:
    return Overrides(base.stores.ledger.acts, PermissionKeys(base.stores.keyring).override)


def sentry(overrides: Overrides) -> Sentry:
    """Its errors are counted and logged as those of a submission, which goes on."""
    return Sentry(partial(contained.report, "submission"), exempt=overrides.holds)


def blocks(base: Base, sentry: Sentry) -> Blocks:
    return Blocks(sentry.tallies.prefixes, base.stores.ledger.acts, base.clock)


def door(base: Base, dispatch: Dispatch, till: Till, sentry: Sentry) -> Door:
    rules = base.stores.messaging
    webhooks = base.settings.webhooks

    def is_callable(url: str, plain_hosts: Collection[str] = ()) -> bool:
        try:
            parse_target(url, allow_loopback=webhooks.allow_loopback, plain_hosts=plain_hosts)
        except TargetRefused:
            return False
        return True

    def has_endpoint(customer: int) -> bool:
        return base.stores.directory.endpoint(customer) is not None

    return Door(
        validator=Validator(
            base.settings.messages,
            plan,
            is_callable,
            has_endpoint,
            rules.senders.classes_of,
            partial(consenting.stop_link, base.stores.consents.keys),
            partial(is_callable, plain_hosts=frozenset(webhooks.plain_hosts)),
        ),
        judge=Judge([rules.at_door], base.verdicts, base.guard, sentry),
        minimiser=base.minimiser,
        choice=Choice(base.ways.router, dispatch.lanes.pick, rules.permits, base.ways.lookup),
        till=till,
        clock=base.clock,
        digests=base.stores.keyring.idempotency_digests,
        plain_counters=assembly.plain_counters(base.settings),
    )


def incoming(base: Base, tasks: TaskOwner, door: Door) -> Incoming:
    """tasks: where it is written down what people ask for. door: of confirmations."""
    return Incoming(
        operators=base.operators,
        numbers=base.stores.directory,
        recorder=assembly.recorder(base.minimiser, base.clock, base.settings),
        journal=base.journal,
        work=base.stores.work,
        clock=base.clock,
        wishes=consenting.wishes(base.stores, base.clock, tasks, door),
    )
