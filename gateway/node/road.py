"""The road that a message takes through a node, built on open stores; nothing runs yet.

The steps meet in the journal: what a commit made durable goes on to dispatch, to the webhooks or to the binds.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

from config.settings import Settings
from gateway.accept.door import Door
from gateway.delivery.dispatch.dispatch import Dispatch
from gateway.delivery.events import Sorting
from gateway.delivery.inflight import InFlight
from gateway.delivery.mobile_originated import Incoming
from gateway.delivery.receipts.outcomes import Outcomes
from gateway.delivery.settler import Settler
from gateway.ledger.journal import Journal
from gateway.metrics.exposition import Outcome
from gateway.node import limiting, steps, way_in
from gateway.node.ends import Ends, Traces, traces
from gateway.node.handover import Handover
from gateway.node.limiting import Admission, Buckets, QuotaWarnings, Till
from gateway.node.revocation import Revocation
from gateway.node.standing import Standing
from gateway.node.stores import Stores
from gateway.node.troubles import Troubles, watch_for_troubles
from gateway.process.clock import Clock
from gateway.process.scrubbing import Scrubbing
from gateway.process.tasks import TaskOwner
from gateway.retention.integrity import TaggedCommits
from gateway.retention.sweeper import Sweeper
from gateway.smpp_server.news import NewsWriter
from gateway.smpp_server.telling import Telling
from gateway.webhooks.addressing import Addressing
from gateway.webhooks.deliverer import Deliverer
from operators.base import Operator

if TYPE_CHECKING:
    from gateway.node.sharing import Cluster


class Road(msgspec.Struct, frozen=True, kw_only=True):
    """Built. outcome: what metrics count of messages. operators: changed by a reload alone. cluster: where the ledger
    is shared.
    """

    standing: Standing
    outcome: Outcome
    journal: Journal
    handover: Handover
    admission: Admission
    quota_warnings: QuotaWarnings
    till: Till
    traces: Traces | None
    door: Door
    operators: dict[str, Operator]
    ways: steps.Ways
    settler: Settler
    dispatch: Dispatch
    outcomes: Outcomes
    incoming: Incoming
    sorting: Sorting
    addressing: Addressing
    inflight: InFlight
    deliverer: Deliverer
    telling: Telling
    sweeper: Sweeper
    cluster: "Cluster | None"
    revocation: Revocation
    troubles: Troubles
    scrubbing: Scrubbing
    sentry: way_in.Sentry
    blocks: way_in.Blocks
    overrides: way_in.Overrides
    reviews: steps.Reviews


async def build_road(
    settings: Settings, stores: Stores, clock: Clock, tasks: TaskOwner, *, buckets: Buckets | None
) -> Road:
    """tasks: where the webhook client's connections run, and keys are waited for.
    buckets: that all workers of this machine take from.

    Raises LedgerUnavailable and config.secret.SecretMissing.
    """
    handover: Handover  # stands once the steps do that it gives to
    outcome, made, standing = Outcome(), traces(settings, settings.node.name or ""), Standing(settings)
    ends = Ends(outcome, made, stores, clock, tasks, lambda: standing.settings)
    journal = Journal(
        TaggedCommits(stores.ledger, stores.keyring.tags),
        stored=lambda messages: handover.stored(messages),  # noqa: PLW0108  bound below
        events_stored=lambda events: handover.events_stored(events),  # noqa: PLW0108
        ended=ends,
        batch_limit=settings.ledger.batch_limit,
        queue_limit=settings.ledger.queue_limit,
        interval_s=settings.ledger.commit_interval_ms / 1000,
    )
    base = steps.base(settings, stores, clock, outcome, journal, tasks)
    dispatch, outcomes = steps.dispatch(base), steps.outcomes(base)
    dispatch.answers.concluded = None if made is None else made.attempted
    till = ends.till = await limiting.till(base, tasks)
    overrides = way_in.overrides(base)
    sentry = way_in.sentry(overrides)
    door = way_in.door(base, dispatch, till, sentry)
    incoming = way_in.incoming(base, tasks, door)
    deliverer = steps.deliverer(base, tasks)
    telling = _telling(stores, journal, clock)
    admission = await limiting.admission(base, buckets)
    handover = Handover(dispatch, deliverer, telling, stores.peers)
    return Road(
        standing=standing,
        outcome=outcome,
        journal=journal,
        handover=handover,
        admission=admission,
        till=till,
        traces=made,
        quota_warnings=limiting.quota_warnings(base, admission),
        door=door,
        operators=base.operators,
        ways=base.ways,
        settler=base.records.settler,
        dispatch=dispatch,
        outcomes=outcomes,
        incoming=incoming,
        sorting=Sorting(dispatch, outcomes, incoming),
        addressing=base.addressing,
        inflight=base.records.inflight,
        deliverer=deliverer,
        telling=telling,
        sweeper=steps.sweeper(base),
        cluster=None if stores.peers is None else _cluster(base, dispatch, outcomes, deliverer, admission),
        revocation=Revocation(dispatch.withdrawals, door, clock, stores.peers),
        troubles=watch_for_troubles(stores, journal, clock),
        scrubbing=_scrubbing(settings, stores, deliverer, base.ways, lambda: sentry.forget_old(clock.now_ms())),
        sentry=sentry,
        blocks=way_in.blocks(base, sentry),
        overrides=overrides,
        reviews=base.reviews,
    )


def _telling(stores: Stores, journal: Journal, clock: Clock) -> Telling:
    return Telling(
        outbox=stores.ledger.outbox,
        messages=stores.messages,
        journal=journal,
        word=NewsWriter(stores.vault, stores.directory.profile),
        clock=clock,
    )


def _cluster(
    base: steps.Base, dispatch: Dispatch, outcomes: Outcomes, deliverer: Deliverer, admission: Admission
) -> "Cluster | None":
    """What it needs is not even imported where nobody else can be on the ledger."""
    from gateway.node.sharing import share

    return share(base, dispatch, outcomes, deliverer, admission)


def _scrubbing(
    settings: Settings, stores: Stores, deliverer: Deliverer, ways: steps.Ways, counts: Callable[[], None]
) -> Scrubbing:
    """Who keeps what is personal or secret beside what is under way. counts: forgets those of abuse."""
    keys, young = stores.keystore.state.forget_derived, stores.vault.young.forget_old
    return Scrubbing(settings.memory.horizon_s, (keys, young, deliverer.forget, ways.lookup.forget_old, counts))
