"""Receipts of messages that are with an operator, from their arrival to their acknowledgement.

What memory knows takes effect at once (`correlated`); the rest is looked up (`uncorrelated`). Receipts that wait for a
commit, a look-up or an answer are bounded: beyond that operators are asked to send them again later (S-47).
"""

from collections.abc import Mapping, Sequence
from typing import Final

from gateway.delivery.receipts.correlated import Correlated
from gateway.delivery.receipts.counters import ReceiptCounters
from gateway.delivery.receipts.uncorrelated import Uncorrelated
from gateway.delivery.records import Records
from gateway.process.clock import Clock
from operators.base import DeliveryReceipt, Operator

UNCLAIMED_S: Final = 5.0
LATE_S: Final = 5.0
"""How long after its deadline an answer is still waited for."""
SHARED_UNCLAIMED_S: Final = 60.0
"""Longer than a node can be cut off before its messages are another's, which then gets a receipt of its own."""


class Outcomes:
    """limit: receipts that may wait. unclaimed_after_s: how long an unknown id is waited for at least. answer_s: by
    operator, how long an answer to a submission may take.
    """

    def __init__(
        self,
        *,
        operators: Mapping[str, Operator],
        records: Records,
        clock: Clock,
        limit: int = 20_000,
        unclaimed_after_s: float = UNCLAIMED_S,
        answer_s: Mapping[str, float] | None = None,
    ) -> None:
        self.counters: Final = ReceiptCounters()
        self._inflight = records.inflight
        self._ids = records.ids
        self._limit = limit
        self._least_s = unclaimed_after_s
        self._answer_s = answer_s or {}
        self._correlated = Correlated(operators, records, clock, self.counters, self._look_up, self._await_rest)
        self._uncorrelated = Uncorrelated(records, clock, self.counters, self._correlated, self._keep_s)

    def adopt(self, answer_s: Mapping[str, float]) -> None:
        """By operator, as in the constructor, for receipts from now on."""
        self._answer_s = answer_s

    def on_receipts(self, receipts: Sequence[DeliveryReceipt]) -> None:
        """Receipts of operators, as one read brought them."""
        for each in receipts:
            self.counters.receipts += 1
            if self.waiting() >= self._limit:
                self.counters.pushed_back += 1
                self._correlated.answer(each, taken=False)
                continue
            receipt = self._ids.named(each, best=True)
            found = self._inflight.find(receipt.operator, receipt.candidates)
            if found is None and len(each.candidates) > 1:
                receipt = self._ids.named(each)
                found = self._inflight.find(receipt.operator, receipt.candidates)
            if found is None:
                self._uncorrelated.take(receipt)
            else:
                self._correlated.settle(receipt, *found)

    def waiting(self) -> int:
        """Receipts that are not acknowledged yet."""
        return self._correlated.uncommitted + len(self._uncorrelated)

    async def run(self) -> None:
        """See `Uncorrelated.run`."""
        await self._uncorrelated.run()

    def _look_up(self, receipt: DeliveryReceipt) -> None:
        self._uncorrelated.take(receipt)

    def _await_rest(self, receipt: DeliveryReceipt) -> None:
        self._uncorrelated.await_rest(receipt)

    def _keep_s(self, operator: str) -> float:
        """How long a receipt of this operator waits: what it speaks of may still be answered so late."""
        answer_s = self._answer_s.get(operator)
        return self._least_s if answer_s is None else max(self._least_s, answer_s + LATE_S)
