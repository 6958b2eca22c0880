"""What is asked of a message when its turn comes, after everything that was asked at the door: hours end, consents are
withdrawn, and senders lose their registration while messages wait.

A customer that is disabled has everything held (`gateway.delivery.dispatch.hold`). What a check holds waits in its own
lane of the ledger, due when it may be sent, and is judged again then.
"""

from collections.abc import Callable, Sequence
from typing import Final

from gateway.delivery.dispatch.candidates import Candidates
from gateway.delivery.dispatch.counters import DispatchCounters
from gateway.delivery.dispatch.hold import Customers, Hold
from gateway.delivery.dispatch.lanes import Lane, Lanes
from gateway.delivery.dispatch.review import Decisions, Undecided
from gateway.delivery.records import Records
from gateway.delivery.routing import Permits, permit_all
from gateway.ledger.contract import Change
from gateway.model.message import Message, Part, Status, snapshot
from gateway.model.state import unmark_attempted
from gateway.model.verdict import EXPIRED_WHILE_HELD, SUPPRESSING, Counts, Severity, Verdict, gravest
from gateway.vault.vault import Content

Recheck = Callable[[Message, Content, str, int], Sequence[Verdict]]
"""What is found of a message that is about to be submitted to this operator at this time (epoch milliseconds). It must
not raise.
"""
ELSEWHERE: Final = frozenset({"sender_not_registered_there", "transfer_blocked"})
"""Codes that say of one operator that it must not have the message; another one may."""


class Conditions:
    """customers: whose messages may be sent. rechecks: asked of each message just before it is submitted.

    counts: of what they found. permits: which operators of its route may have a message.
    decisions: of people on messages that wait for them.
    """

    def __init__(
        self,
        customers: Customers,
        rechecks: Sequence[Recheck] = (),
        counts: Counts | None = None,
        permits: Permits = permit_all,
        decisions: Decisions | None = None,
    ) -> None:
        self.decisions: Final = decisions or Undecided()
        self.customers: Final = customers
        self.rechecks: Final = tuple(rechecks)
        self.counts: Final = Counts() if counts is None else counts
        self.permits: Final = permits


class Gate:
    def __init__(
        self,
        hold: Hold,
        lanes: Lanes,
        records: Records,
        candidates: Candidates,
        conditions: Conditions,
        counters: DispatchCounters,
    ) -> None:
        self.hold: Final = hold
        self._lanes = lanes
        self._records = records
        self._candidates = candidates
        self._rechecks: Final = conditions.rechecks
        self._counts: Final = conditions.counts
        self._counters = counters

    def stops(self, lane: Lane, message: Message, content: Content, now_ms: int) -> bool:
        """Whether a message is not to be submitted now; then this has seen to it.

        A message of which a segment is with an operator is let through: half a text serves nobody.
        """
        if not self._rechecks or Part.ACCEPTED in message.parts:
            return False
        operator = lane.operator.name
        found = [each for recheck in self._rechecks for each in recheck(message, content, operator, now_ms)]
        decides = gravest(found) if found else None
        if decides is None:
            if message.error in EXPIRED_WHILE_HELD:
                message.error = None
            return False
        self._counts.add(found)
        unmark_attempted(message)
        if decides.severity is Severity.HOLD:
            self._hold(message, decides)
        elif decides.code not in ELSEWHERE or not self._goes_elsewhere(message, operator, now_ms):
            status = Status.SUPPRESSED if decides.code in SUPPRESSING else Status.REJECTED
            self._records.end(message, status, decides.code, now_ms)
        return True

    def _hold(self, message: Message, verdict: Verdict) -> None:
        until_ms = message.expires_ms if verdict.until_ms is None else verdict.until_ms
        message.due_ms = min(until_ms, message.expires_ms)
        message.error = verdict.code
        self._records.write(Change(message=snapshot(message)))

    def _goes_elsewhere(self, message: Message, operator: str, now_ms: int) -> bool:
        """Whether another operator of its route may have it and takes it now."""
        target, _ = self._candidates.next_operator(message, operator)
        if target == operator or target not in self._lanes.by_name:
            return False
        self._counters.rerouted += 1
        message.operator, message.due_ms = target, now_ms
        self._records.write(Change(message=snapshot(message)))
        self._lanes.note_overflow(target)
        return True
