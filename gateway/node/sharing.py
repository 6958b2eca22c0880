"""What a node does besides, where others work on the same ledger."""

import msgspec

from gateway.cluster.inbox import Inbox
from gateway.cluster.partitions import Partitions
from gateway.delivery.dispatch.dispatch import Dispatch
from gateway.delivery.receipts.outcomes import Outcomes
from gateway.ledger.redis.engine import RedisLedger
from gateway.limits.admission import Admission
from gateway.limits.shares import FairRates
from gateway.node.steps import Base
from gateway.webhooks.deliverer import Deliverer


class Cluster(msgspec.Struct, frozen=True, kw_only=True):
    """What runs besides. rates: its part of limits that several machines use."""

    inbox: Inbox
    partitions: Partitions
    rates: FairRates


def share(
    base: Base, dispatch: Dispatch, outcomes: Outcomes, deliverer: Deliverer, admission: Admission
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
