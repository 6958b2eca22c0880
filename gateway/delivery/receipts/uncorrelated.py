"""Receipts whose segment memory does not know: looked up in batches, passed on to other nodes, waited for.

A receipt that overtakes its own submit_sm_resp waits in a bounded place until that answer comes (S-65); one that stays
unclaimed is counted and acknowledged after `unclaimed_after_s`.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Final

from gateway.delivery.neighbours import Forwarded, Place
from gateway.delivery.receipts.correlated import Correlated
from gateway.delivery.receipts.counters import ReceiptCounters
from gateway.delivery.records import Records
from gateway.ledger.contract import Found, LedgerUnavailable
from gateway.model.message import Message
from gateway.process.clock import Clock
from operators.base import DeliveryReceipt

LOOKUP_LIMIT: Final = 256
LEDGER_PAUSE_S: Final = 0.5
LOOK_AGAIN_S: Final = 0.25
GATHER_S: Final = 0.025
"""How long receipts that memory does not know are gathered where other nodes may have their messages: most are theirs,
and a way to them costs as much for one as for many."""
ENOUGH: Final = 64
"""Receipts that leave without waiting for more."""


def _unawaited() -> None:
    """The receipt is in no queue yet."""


class Early:
    """A receipt that no segment answers to yet. since: monotonic seconds. arrived: what is called when one does."""

    __slots__ = ("arrived", "receipt", "settled", "since")

    def __init__(self, receipt: DeliveryReceipt, since: float) -> None:
        self.receipt: Final = receipt
        self.since = since
        self.settled = False
        self.arrived: Callable[[], None] = _unawaited


class Uncorrelated:
    """correlated: settles what was found. unclaimed_after_s: how long an unknown id is waited for."""

    def __init__(
        self,
        records: Records,
        clock: Clock,
        counters: ReceiptCounters,
        correlated: Correlated,
        unclaimed_after_s: float,
    ) -> None:
        self._records = records
        self._clock = clock
        self._counters = counters
        self._correlated = correlated
        self._neighbours = records.neighbours
        self._unclaimed_after_s = unclaimed_after_s
        self._unknown: deque[DeliveryReceipt] = deque()
        self._early: deque[Early] = deque()
        self._wake = asyncio.Event()
        self._enough = asyncio.Event()
        self._look_again_at = 0.0

    def __len__(self) -> int:
        return len(self._unknown) + len(self._early)

    def take(self, receipt: DeliveryReceipt) -> None:
        """Memory does not know its id."""
        self._unknown.append(receipt)
        self._wake.set()
        if len(self._unknown) >= ENOUGH:
            self._enough.set()

    async def run(self) -> None:
        """Look up what memory does not know, in batches, and give up on what stays unclaimed."""
        while True:
            await self._wait_for_work()
            if self._neighbours.are_there:
                await self._gather()
            await self._look_up()
            if self._early and self._neighbours.are_there and self._clock.monotonic() >= self._look_again_at:
                await self._look_again()
            self._give_up()

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

    # ------------------------------------------------------------------------------------------------------ looking up

    async def _look_up(self) -> None:
        batch = [self._unknown.popleft() for _ in range(min(len(self._unknown), LOOKUP_LIMIT))]
        if not batch:
            return
        self._counters.looked_up += len(batch)
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
        """Match these receipts with messages in this node's part of the ledger."""
        found: Sequence[Found | None] | None = None
        with suppress(LedgerUnavailable):
            found = await self._records.work.correlate([(each.operator, each.candidates) for each in batch])
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
        self._counters.forwarded += 1
        self._correlated.answer(receipt, taken=True)

    def _place(self, receipt: DeliveryReceipt, hit: Found | None) -> None:
        """Memory first: the answer may have come, or the message may be active, while the ledger was asked."""
        inflight = self._records.inflight
        known = inflight.find(receipt.operator, receipt.candidates)
        if known is not None:
            self._correlated.settle(receipt, *known)
        elif hit is not None:
            message = inflight.active.get(hit.message.id, hit.message)
            self._adopt(message)
            self._correlated.settle(receipt, message, hit.segment)
        elif isinstance(receipt.handle, Forwarded):  # another node knew its message, which is gone since
            self._counters.unclaimed += 1
            self._correlated.answer(receipt, taken=True)
        else:
            self._await_answer(receipt)

    def _adopt(self, message: Message) -> None:
        """From now on memory has this message, so that receipts of its other segments change the same object."""
        for segment, operator_message_id in enumerate(message.operator_ids[: message.segments]):
            if operator_message_id:
                self._records.inflight.learn(message.operator, operator_message_id, message, segment)

    # ------------------------------------------------------------------------------------- waiting for an answer's id

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
            self._stop_awaiting(early)
            self._early.remove(early)
            if place is Place.LEFT:
                self._left(early.receipt)
            else:
                self.take(early.receipt)

    def _await_answer(self, receipt: DeliveryReceipt) -> None:
        early = Early(receipt, self._clock.monotonic())
        self._counters.early += 1
        early.arrived = partial(self._answered, early)
        self._early.append(early)
        for candidate in receipt.candidates:
            self._records.inflight.await_link(receipt.operator, candidate, early.arrived)

    def _answered(self, early: Early) -> None:
        if early.settled:
            return
        self._stop_awaiting(early)
        self._early.remove(early)
        found = self._records.inflight.find(early.receipt.operator, early.receipt.candidates)
        if found is None:
            self.take(early.receipt)
        else:
            # After the answer itself is settled, so that both are written in their order.
            asyncio.get_running_loop().call_soon(self._correlated.settle, early.receipt, *found)

    def _give_up(self) -> None:
        """What stayed unclaimed is acknowledged in the end, or the operator would send it for ever."""
        if self._records.journal.stuck:  # answers cannot be written down either
            self._wait_longer()
        limit = self._clock.monotonic() - self._unclaimed_after_s
        while self._early and self._early[0].since <= limit:
            early = self._early.popleft()
            self._stop_awaiting(early)
            self._counters.unclaimed += 1
            self._correlated.answer(early.receipt, taken=True)

    def _wait_longer(self) -> None:
        now = self._clock.monotonic()
        for early in self._early:
            early.since = now

    def _stop_awaiting(self, early: Early) -> None:
        early.settled = True
        for candidate in early.receipt.candidates:
            self._records.inflight.stop_awaiting(early.receipt.operator, candidate, early.arrived)
