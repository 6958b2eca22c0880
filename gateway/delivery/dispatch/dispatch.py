"""The parts of dispatch, put together: bounded lanes, sending, answers, circuits, failover, refill, withdrawal.

Messages come by `sender.take` right after their commit, or from the ledger by `rounds`. Answers go to `answers`.
"""

from collections.abc import Callable
from typing import Final

from config.settings import DispatchSettings
from gateway.delivery.dispatch.answers import Answers
from gateway.delivery.dispatch.candidates import Candidates
from gateway.delivery.dispatch.counters import DispatchCounters
from gateway.delivery.dispatch.divert import Diversion
from gateway.delivery.dispatch.failover import Failover
from gateway.delivery.dispatch.gate import Conditions, Gate
from gateway.delivery.dispatch.hold import Hold
from gateway.delivery.dispatch.lanes import Lanes
from gateway.delivery.dispatch.refill import Refill
from gateway.delivery.dispatch.rescue import Rescue
from gateway.delivery.dispatch.review import Review
from gateway.delivery.dispatch.rounds import Rounds
from gateway.delivery.dispatch.send import Sender
from gateway.delivery.dispatch.steering import Steering
from gateway.delivery.dispatch.watch import Watch
from gateway.delivery.dispatch.withdraw import Withdrawals
from gateway.delivery.records import Records
from gateway.delivery.routing import Router
from gateway.process.clock import Clock
from gateway.vault.vault import Vault


class Dispatch:
    """Start `rounds.run` as a task. conditions: of sending a message whose turn it is. observe_wait: as of `Sender`."""

    def __init__(
        self,
        *,
        lanes: Lanes,
        records: Records,
        router: Router,
        vault: Vault,
        settings: DispatchSettings,
        clock: Clock,
        conditions: Conditions,
        observe_wait: Callable[[int], None],
    ) -> None:
        self.counters: Final = DispatchCounters()
        self.verdicts: Final = conditions.counts
        self.lanes: Final = lanes
        candidates = Candidates(lanes, router, vault, clock, conditions.permits)
        diversion = Diversion(lanes, records, candidates, self.counters)
        review = Review(lanes, records, conditions.decisions, clock)
        hold = Hold(lanes, records, conditions.customers, self.counters, clock, review)
        gate = Gate(hold, lanes, records, candidates, conditions, self.counters)
        self.sender: Final = Sender(lanes, records, vault, clock, self.counters, diversion, gate, observe_wait)
        self._watch: Final = Watch(lanes, self.sender, settings, clock)
        self._failover: Final = Failover(lanes, records, candidates, self.sender, settings, clock, self.counters)
        watch, failover = self._watch, self._failover
        self.answers: Final = Answers(lanes, records, self.sender, candidates, watch, settings, self.counters, clock)
        refill = Refill(lanes, records, self.sender, diversion, hold, vault, clock)
        rescue = Rescue(lanes, self.sender, diversion, watch)
        self.rounds: Final = Rounds(lanes, refill, failover, hold, rescue, settings, clock)
        self.withdrawals: Final = Withdrawals(lanes, records, clock)
        self.steering: Final = Steering(lanes, self.sender)

    def adopt(self, settings: DispatchSettings) -> None:
        """Other numbers, for what happens from now on."""
        self.lanes.adopt(settings)
        self._watch.adopt(settings)
        self._failover.adopt(settings)
        self.answers.adopt(settings)
        self.rounds.adopt(settings)

    def leave(self, name: str) -> None:
        """Send nothing new to this operator, which is about to go; what it has is still answered."""
        self.lanes.by_name[name].is_leaving = True

    def forget(self, name: str) -> None:
        """It has gone. What waits for it goes to other operators as the routes say, or waits in the ledger."""
        for message in self.lanes.remove(name).take_all():
            self.sender.give_back(message)
        self.rounds.rehome_soon()
