"""News of messages that are with an operator: correlate, advance the state, write, and only then acknowledge.

A receipt is acknowledged to the operator after the commit that holds its effect (Law 2, S-47), so a crash in between
makes the operator send it again, and the second copy has no second effect. A receipt that overtakes its own
submit_sm_resp waits in a bounded place until that answer comes (S-65); one that nobody ever claims is counted and
acknowledged after `unclaimed_after_s`.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Final

from gateway.delivery.inflight import InFlight
from gateway.delivery.neighbours import NOBODY, Forwarded, Neighbours, Place
from gateway.delivery.settler import Settler
from gateway.ledger.contract import Change, Found, Ledger, LedgerUnavailable, WriteOp, WriteResult
from gateway.ledger.journal import Journal
from gateway.model.message import Message, Status, snapshot
from gateway.model.state import is_final, receipt_verdict
from gateway.process.clock import Clock
from operators.base import DeliveryReceipt, Operator

LOOKUP_LIMIT: Final = 256
LEDGER_PAUSE_S: Final = 0.5
UNCLAIMED_S: Final = 5.0
SHARED_UNCLAIMED_S: Final = 60.0
"""Longer than a node can be cut off before its messages are another's, which then gets a receipt of its own."""
LOOK_AGAIN_S: Final = 0.25
GATHER_S: Final = 0.025
"""How long receipts that memory does not know are gathered where other nodes may have their messages: most are theirs,
and a way to them costs as much for one as for many."""
ENOUGH: Final = 64
"""Receipts that leave without waiting for more."""


def _nobody() -> None:
    """Nobody waits yet."""


class Early:
    """A receipt that no segment answers to yet. since: monotonic seconds. arrived: what is called when one does."""

    __slots__ = ("arrived", "receipt", "settled", "since")

    def __init__(self, receipt: DeliveryReceipt, since: float) -> None:
        self.receipt: Final = receipt
        self.since = since
        self.settled = False
        self.arrived: Callable[[], None] = _nobody


class OutcomeCounters:
    """Plain numbers for the metrics; see `gateway.metrics.exposition`."""

    def __init__(self) -> None:
        self.receipts = 0
        self.early = 0
        self.looked_up = 0
        self.unclaimed = 0
        self.repeated = 0
        self.contradicting = 0
        self.pushed_back = 0
        self.forwarded = 0


class Outcomes:
    """neighbours: other nodes on the ledger. limit: receipts that may wait for their commit, a lookup or their answer;
    beyond it operators are asked to send them again later (S-47). unclaimed_after_s: how long an unknown id is waited
    for.
    """

    def __init__(
        self,
        *,
        operators: Mapping[str, Operator],
        ledger: Ledger,
        journal: Journal,
        settler: Settler,
        inflight: InFlight,
        clock: Clock,
        neighbours: Neighbours = NOBODY,
        limit: int = 20_000,
        unclaimed_after_s: float = UNCLAIMED_S,
    ) -> None:
        self._operators = operators
        self._ledger = ledger
        self._journal = journal
        self._settler = settler
        self._inflight = inflight
        self._clock = clock
        self._neighbours = neighbours
        self._limit = limit
        self._unclaimed_after_s = unclaimed_after_s
        self._unknown: deque[DeliveryReceipt] = deque()
        self._early: deque[Early] = deque()
        self._uncommitted = 0
        self._wake = asyncio.Event()
        self._enough = asyncio.Event()
        self._look_again_at = 0.0
        self.counters = OutcomeCounters()

    def on_receipts(self, receipts: Sequence[DeliveryReceipt]) -> None:
        """Receipts of operators, as one read brought them."""
        for receipt in receipts:
            self.counters.receipts += 1
            if self.waiting() >= self._limit:
                self.counters.pushed_back += 1
                self._answer(receipt, taken=False)
                continue
            found = self._inflight.find(receipt.operator, receipt.candidates)
            if found is None:
                self._await_look_up(receipt)
            else:
                self._settle(receipt, *found)

    def _await_look_up(self, receipt: DeliveryReceipt) -> None:
        self._unknown.append(receipt)
        self._wake.set()
        if len(self._unknown) >= ENOUGH:
            self._enough.set()

    def waiting(self) -> int:
        """Receipts that are not acknowledged yet."""
        return self._uncommitted + len(self._unknown) + len(self._early)

    async def run(self) -> None:
        """Look up what memory does not know, in batches, and give up on what nobody claims."""
        while True:
            await self._wait_for_work()
            if self._neighbours.are_there:
                await self._gather()
            await self._look_up()
            if self._early and self._neighbours.are_there and self._clock.monotonic() >= self._look_again_at:
                await self._look_again()
            self._give_up()

    # --------------------------------------------------------------------------------------------------- one receipt

    def _settle(self, receipt: DeliveryReceipt, message: Message, segment: int) -> None:
        if is_final(message):
            self._note_repeat(receipt, message, segment)
            self._acknowledge_after_commit(receipt)
            return
        before = message.parts
        verdict = receipt_verdict(message, segment, receipt.state)
        if verdict is not None:
            self._finish(receipt, message, verdict)
        elif message.parts != before:
            self._uncommitted += 1
            self._journal.post(Change(message=snapshot(message)), _Acknowledger(self, receipt))
        else:
            self._acknowledge_after_commit(receipt)

    def _finish(self, receipt: DeliveryReceipt, message: Message, verdict: Status) -> None:
        error = None if verdict is Status.DELIVERED else receipt.error_code
        change = self._settler.final(message, verdict, error, self._clock.now_ms())
        self._uncommitted += 1
        self._journal.post(change, _Acknowledger(self, receipt, message))

    def _note_repeat(self, receipt: DeliveryReceipt, message: Message, segment: int) -> None:
        """A final status never changes; a receipt that says something else is counted (S-46)."""
        before = message.parts
        receipt_verdict(message, segment, receipt.state)
        if message.parts == before:
            self.counters.repeated += 1
        else:
            message.parts = before
            self.counters.contradicting += 1

    def _acknowledge_after_commit(self, receipt: DeliveryReceipt) -> None:
        self._uncommitted += 1
        self._journal.barrier(_Acknowledger(self, receipt))

    def acknowledge(self, receipt: DeliveryReceipt, ended: Message | None) -> None:
        """The receipt's effect is durable. ended: the message whose end that was, if it was one."""
        if ended is not None:
            self._inflight.forget(receipt.operator, ended)
        self._uncommitted -= 1
        self._answer(receipt, taken=True)

    def moved(self, receipt: DeliveryReceipt, message: Message) -> None:
        """Its effect was not written, because another node has the message by now: that one is told."""
        self._uncommitted -= 1
        self._inflight.forget(receipt.operator, message)
        self._inflight.active.pop(message.id, None)
        self._await_look_up(receipt)

    def _answer(self, receipt: DeliveryReceipt, *, taken: bool) -> None:
        handle = receipt.handle
        if isinstance(handle, Forwarded):
            handle.done(taken)
        else:
            self._operators[receipt.operator].acknowledge((handle,), taken)

    # -------------------------------------------------------------------------------------- receipts without a segment

    async def _wait_for_work(self) -> None:
        if self._unknown:
            return
        self._wake.clear()
        try:
            async with asyncio.timeout(self._pause_s() if self._early else None):
                await self._wake.wait()
        except TimeoutError:
            pass

    async def _gather(self) -> None:
        if 0 < len(self._unknown) < ENOUGH:
            self._enough.clear()
            timer = asyncio.get_running_loop().call_later(GATHER_S, self._enough.set)
            try:
                await self._enough.wait()
            finally:
                timer.cancel()

    def _pause_s(self) -> float:
        return LOOK_AGAIN_S if self._neighbours.are_there else self._unclaimed_after_s / 4

    async def _look_again(self) -> None:
        """The answer may have come to another node, which has written it down meanwhile."""
        self._look_again_at = self._clock.monotonic() + LOOK_AGAIN_S
        waiting = [each for each, _ in zip(self._early, range(LOOKUP_LIMIT), strict=False)]
        try:
            places = await self._neighbours.pass_on([each.receipt for each in waiting])
        except LedgerUnavailable:
            return
        for early, place in zip(waiting, places, strict=True):
            if place is Place.NOWHERE or early.settled:
                continue
            early.settled = True
            self._stop_awaiting(early)
            self._early.remove(early)
            if place is Place.LEFT:
                self._left(early.receipt)
            else:
                self._await_look_up(early.receipt)

    async def _look_up(self) -> None:
        batch = [self._unknown.popleft() for _ in range(min(len(self._unknown), LOOKUP_LIMIT))]
        if not batch:
            return
        self.counters.looked_up += len(batch)
        places: Sequence[Place] = ()
        with suppress(LedgerUnavailable):
            places = await self._neighbours.pass_on(batch)
        if not places:
            await self._put_back(batch)
            return
        ours = []
        for receipt, place in zip(batch, places, strict=True):
            if place is Place.LEFT:
                self._left(receipt)
            elif place is Place.NOWHERE:
                self._place(receipt, None)
            else:
                ours.append(receipt)
        if ours:
            await self._correlate(ours)

    async def _correlate(self, batch: Sequence[DeliveryReceipt]) -> None:
        """With the messages of this node's."""
        found: Sequence[Found | None] | None = None
        with suppress(LedgerUnavailable):
            found = await self._ledger.correlate([(each.operator, each.candidates) for each in batch])
        if found is None:
            await self._put_back(batch)
            return
        for receipt, hit in zip(batch, found, strict=True):
            self._place(receipt, hit)

    async def _put_back(self, batch: Sequence[DeliveryReceipt]) -> None:
        self._unknown.extendleft(reversed(batch))
        await asyncio.sleep(LEDGER_PAUSE_S)

    def _left(self, receipt: DeliveryReceipt) -> None:
        """Whoever has its message will find it, so the operator is answered."""
        self.counters.forwarded += 1
        self._answer(receipt, taken=True)

    def _place(self, receipt: DeliveryReceipt, hit: Found | None) -> None:
        """Memory first: the answer may have come, or the message may be active, while the ledger was asked."""
        known = self._inflight.find(receipt.operator, receipt.candidates)
        if known is not None:
            self._settle(receipt, *known)
        elif hit is not None:
            message = self._inflight.active.get(hit.message.id, hit.message)
            self._adopt(message)
            self._settle(receipt, message, hit.segment)
        elif isinstance(receipt.handle, Forwarded):  # another node knew its message, which is gone since
            self.counters.unclaimed += 1
            self._answer(receipt, taken=True)
        else:
            self._await_answer(receipt)

    def _adopt(self, message: Message) -> None:
        """From now on memory has this message, so that receipts of its other segments change the same object."""
        for segment, operator_message_id in enumerate(message.operator_ids):
            if operator_message_id:
                self._inflight.learn(message.operator, operator_message_id, message, segment)

    def _await_answer(self, receipt: DeliveryReceipt) -> None:
        early = Early(receipt, self._clock.monotonic())
        self.counters.early += 1
        early.arrived = partial(self._answered, early)
        self._early.append(early)
        for candidate in receipt.candidates:
            self._inflight.await_link(receipt.operator, candidate, early.arrived)

    def _answered(self, early: Early) -> None:
        if early.settled:
            return
        early.settled = True
        self._stop_awaiting(early)
        self._early.remove(early)
        found = self._inflight.find(early.receipt.operator, early.receipt.candidates)
        if found is None:
            self._await_look_up(early.receipt)
        else:
            # After the answer itself is settled, so that both are written in their order.
            asyncio.get_running_loop().call_soon(self._settle, early.receipt, *found)

    def _give_up(self) -> None:
        """What nobody claimed in time is acknowledged, or the operator would send it for ever."""
        if self._journal.stuck:  # answers cannot be written down either
            self._wait_longer()
        limit = self._clock.monotonic() - self._unclaimed_after_s
        while self._early and self._early[0].since <= limit:
            early = self._early.popleft()
            early.settled = True
            self._stop_awaiting(early)
            self.counters.unclaimed += 1
            self._answer(early.receipt, taken=True)

    def _wait_longer(self) -> None:
        now = self._clock.monotonic()
        for early in self._early:
            early.since = now

    def _stop_awaiting(self, early: Early) -> None:
        for candidate in early.receipt.candidates:
            self._inflight.stop_awaiting(early.receipt.operator, candidate, early.arrived)


class _Acknowledger:
    """The callback of one receipt's commit; a slotted object is cheaper here than a closure.

    ended: the message that ends with the receipt.
    """

    __slots__ = ("_ended", "_outcomes", "_receipt")

    def __init__(self, outcomes: Outcomes, receipt: DeliveryReceipt, ended: Message | None = None) -> None:
        self._outcomes = outcomes
        self._receipt = receipt
        self._ended = ended

    def __call__(self, op: WriteOp | None, result: WriteResult) -> None:
        if result is None and isinstance(op, Change):
            self._outcomes.moved(self._receipt, op.message)
        else:
            self._outcomes.acknowledge(self._receipt, self._ended)
