"""What keeps customers within what they may send."""

from gateway.limits.admission import REFRESH_S, SHARED_REFRESH_S
from gateway.limits.admission import Admission as Admission
from gateway.limits.buckets import Buckets as Buckets
from gateway.limits.quota_warnings import QuotaWarnings as QuotaWarnings
from gateway.limits.till import Till as Till
from gateway.node.steps import Base
from gateway.process.tasks import TaskOwner


async def admission(base: Base, buckets: Buckets | None) -> Admission:
    """That has read what was used of quotas. Raises LedgerUnavailable."""
    made = Admission(
        base.stores.ledger.counters,
        base.journal,
        base.clock,
        max_inflight=base.settings.http.max_inflight,
        refresh_s=REFRESH_S if base.stores.peers is None else SHARED_REFRESH_S,
        buckets=buckets,
    )
    await made.load()
    return made


async def till(base: Base, tasks: TaskOwner) -> Till:
    """That knows who pays in advance. Raises LedgerUnavailable."""
    stores = base.stores
    made = Till(base.journal, stores.ledger.acts, stores.ledger.balances, stores.messages, base.clock, tasks.contain)
    await made.load()
    return made


def quota_warnings(base: Base, admission: Admission) -> QuotaWarnings:
    return QuotaWarnings(admission.quotas, base.stores.ledger.acts, base.journal, base.clock)
