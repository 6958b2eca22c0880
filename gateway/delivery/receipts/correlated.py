"""Receipts of which the segment is known: advance the state, write, and only then acknowledge.

A receipt is acknowledged to the operator after the commit that holds its effect (Law 2, S-47), so a crash in between
makes the operator send it again, and the second copy has no second effect.
"""

from collections.abc import Callable, Mapping
from typing import Final

from gateway.delivery.neighbours import Forwarded
from gateway.delivery.receipts.counters import ReceiptCounters
from gateway.delivery.records import Records
from gateway.ledger.contract import Change, WriteOp, WriteResult, Written
from gateway.model.message import Message, Status, snapshot
from gateway.model.state import PART_OF, is_final, is_provisional, receipt_verdict, unsent
from gateway.process.clock import Clock
from operators.base import ALL_SEGMENTS, DeliveryReceipt, Operator

DATE_STEP_MS: Final = 60_000
"""Dates in receipts name a minute, and clocks differ."""


class Correlated:
    """look_up: takes a receipt whose message turned out to be another node's. await_rest: takes one that tells of more
    segments than the operator has yet.
    """

    def __init__(
        self,
        operators: Mapping[str, Operator],
        records: Records,
        clock: Clock,
        counters: ReceiptCounters,
        look_up: Callable[[DeliveryReceipt], None],
        await_rest: Callable[[DeliveryReceipt], None],
    ) -> None:
        self._operators = operators
        self._records = records
        self._clock = clock
        self._counters = counters
        self._look_up = look_up
        self._await_rest = await_rest
        self.uncommitted = 0

    def settle(self, receipt: DeliveryReceipt, message: Message, segment: int) -> None:
        """What the receipt says of this segment takes effect."""
        provisional = is_final(message)
        if provisional and not is_provisional(message, self._clock.now_ms()):
            self._note_repeat(receipt, message, segment)
            self._acknowledge_after_commit(receipt)
            return
        whole = message.segments > 1 and receipt.covers in (ALL_SEGMENTS, message.segments)
        if whole and receipt.state in PART_OF and not provisional and unsent(message):
            self._await_rest(receipt)
            return
        before = message.parts
        verdict = receipt_verdict(message, segment, receipt.state, whole=whole)
        if verdict is not None and verdict is not message.status:
            self._finish(receipt, message, verdict)
        elif message.parts != before:
            self.uncommitted += 1
            change = Change(message=snapshot(message), over_unknown=provisional)
            self._records.journal.post(change, _Acknowledger(self, receipt))
        else:
            self._counters.repeated += provisional
            self._acknowledge_after_commit(receipt)

    def answer(self, receipt: DeliveryReceipt, *, taken: bool) -> None:
        """To the operator, or the node, that it came from; without `taken` it is sent again."""
        handle = receipt.handle
        if isinstance(handle, Forwarded):
            handle.done(taken)
        elif handle is not None:
            operator = self._operators.get(receipt.operator)
            if operator is not None:  # one that has gone sends it again, should it come back
                operator.acknowledge((handle,), taken)

    def acknowledge(self, receipt: DeliveryReceipt, ended: Message | None) -> None:
        """The receipt's effect is durable. ended: the message whose end that was, if it was one."""
        if ended is not None:
            self._records.inflight.forget(receipt.operator, ended)
        self.uncommitted -= 1
        self.answer(receipt, taken=True)

    def moved(self, receipt: DeliveryReceipt, message: Message) -> None:
        """Its effect was not written, because another node has the message by now: that one gets the receipt."""
        self.uncommitted -= 1
        self._records.inflight.forget(receipt.operator, message)
        self._records.let_go(message)
        self._look_up(receipt)

    def _finish(self, receipt: DeliveryReceipt, message: Message, verdict: Status) -> None:
        settler, now_ms = self._records.settler, self._clock.now_ms()
        error = None if verdict is Status.DELIVERED else receipt.error_code
        at_ms = _told_ms(receipt, message, now_ms)
        if message.status is Status.UNKNOWN:
            self._counters.revised += 1
            change = settler.revise(message, verdict, error, now_ms, at_ms)
        else:
            change = settler.final(message, verdict, error, now_ms, at_ms=at_ms)
        self.uncommitted += 1
        self._records.journal.post(change, _Acknowledger(self, receipt, message))

    def _note_repeat(self, receipt: DeliveryReceipt, message: Message, segment: int) -> None:
        """A final status never changes; a receipt that says something else is counted (S-46)."""
        part = PART_OF.get(receipt.state)
        if part is None or segment >= message.segments or message.parts[segment] == part:
            self._counters.repeated += 1
        else:
            self._counters.contradicting += 1

    def _acknowledge_after_commit(self, receipt: DeliveryReceipt) -> None:
        self.uncommitted += 1
        self._records.journal.barrier(_Acknowledger(self, receipt))


def _told_ms(receipt: DeliveryReceipt, message: Message, now_ms: int) -> int:
    """When it happened: as the operator says, where that lies between submission and now, to its minute."""
    done_ms = receipt.done_at_ms
    since_ms = message.submitted_ms or message.accepted_ms
    if done_ms is None or not since_ms - DATE_STEP_MS < done_ms <= now_ms + DATE_STEP_MS:
        return now_ms
    return min(max(done_ms, since_ms), now_ms)


class _Acknowledger:
    """The callback of one receipt's commit; a slotted object is cheaper here than a closure.

    ended: the message that ends with the receipt.
    """

    __slots__ = ("_ended", "_owner", "_receipt")

    def __init__(self, owner: Correlated, receipt: DeliveryReceipt, ended: Message | None = None) -> None:
        self._owner: Final = owner
        self._receipt: Final = receipt
        self._ended: Final = ended

    def __call__(self, op: WriteOp | None, result: WriteResult) -> None:
        if result is Written.ELSEWHERE and isinstance(op, Change):
            self._owner.moved(self._receipt, op.message)
        else:
            self._owner.acknowledge(self._receipt, self._ended)
