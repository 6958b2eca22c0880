"""The parts of dispatch, put together: bounded lanes, sending, answers, failover, refill, withdrawal.

Messages come by `sender.take` right after their commit, or from the ledger by `refill`. Answers go to `answers`.
"""

from collections.abc import Callable
from typing import Final

from config.settings import DispatchSettings
from gateway.delivery.dispatch.answers import Answers
from gateway.delivery.dispatch.counters import DispatchCounters
from gateway.delivery.dispatch.failover import Failover
from gateway.delivery.dispatch.lanes import Lanes
from gateway.delivery.dispatch.refill import Refill
from gateway.delivery.dispatch.send import Sender
from gateway.delivery.dispatch.withdraw import Withdrawals
from gateway.delivery.neighbours import NOBODY, Neighbours
from gateway.delivery.records import Records
from gateway.delivery.routing import Router
from gateway.process.clock import Clock
from gateway.vault.vault import Vault


class Dispatch:
    """Start `refill.run` as a task. observe_wait: as of `Sender`."""

    def __init__(
        self,
        *,
        lanes: Lanes,
        records: Records,
        router: Router,
        vault: Vault,
        settings: DispatchSettings,
        clock: Clock,
        observe_wait: Callable[[int], None],
        neighbours: Neighbours = NOBODY,
    ) -> None:
        self.counters: Final = DispatchCounters()
        self.lanes: Final = lanes
        self.sender: Final = Sender(lanes, records, vault, clock, self.counters, observe_wait)
        failover = Failover(lanes, records, router, self.sender, vault, settings, clock, self.counters)
        self.answers: Final = Answers(lanes, records, self.sender, failover, settings, clock, self.counters, neighbours)
        self.refill: Final = Refill(lanes, records, self.sender, failover, vault, settings, clock)
        self.withdrawals: Final = Withdrawals(lanes, records, clock)
