"""Receipts whose segment memory does not know: looked up in batches, passed on to other nodes, waited for.

A receipt that overtakes its own submit_sm_resp waits for it in a bounded place (S-65), as long as it may come.
Its operator does not: after `HOLD_S` it is asked to send the receipt again, so that its window is free and the receipt
is with it as well. One that stays unclaimed is counted, and the next copy of it is acknowledged.
"""

import asyncio
import heapq
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from itertools import islice
from typing import Final

import msgspec

from gateway.delivery.neighbours import Forwarded, Place
from gateway.delivery.receipts.correlated import Correlated
from gateway.delivery.receipts.counters import ReceiptCounters
from gateway.delivery.records import Records
from gateway.ledger.contract import Found, LedgerUnavailable
from gateway.model.message import Message
from gateway.model.state import is_final, unsent
from gateway.process.clock import Clock
from operators.base import DeliveryReceipt, ReceiptState

LOOKUP_LIMIT: Final = 256
LEDGER_PAUSE_S: Final = 0.5
LOOK_AGAIN_S: Final = 0.25
HOLD_S: Final = 0.25
"""How long an operator waits for the answer to a receipt whose segment is not known."""
EARLY_LIMIT: Final = 20_000
"""Receipts that wait for an answer, and ids that nobody claimed."""
GATHER_S: Final = 0.025
"""How long receipts that memory does not know are gathered where other nodes may have their messages: most are theirs,
and a way to them costs as much for one as for many."""
ENOUGH: Final = 64
"""Receipts that leave without waiting for more."""


def _unawaited() -> None:
    """The receipt is in no queue yet."""


Name = tuple[str, tuple[str, ...], ReceiptState]
"""What copies of a receipt have in common."""


class Early:
    """A receipt that no segment answers to yet. copies: those that the operator awaits an answer to. arrived: what is
    called when a segment does.
    """

    __slots__ = ("arrived", "copies", "receipt", "settled")

    def __init__(self, receipt: DeliveryReceipt) -> None:
        self.receipt: Final = receipt
        self.copies: list[DeliveryReceipt] = []
        self.settled = False
        self.arrived: Callable[[], None] = _unawaited

    def name(self) -> Name:
        return _name(self.receipt)

    def to_settle(self) -> list[DeliveryReceipt]:
        """The copies; where the operator was told to send them again, what is known of them."""
        return self.copies or [_unasked(self.receipt)]


class Partial:
    """A receipt for the whole of a message of which segments are still to be sent. Times are monotonic seconds."""

    __slots__ = ("held_until", "receipt", "until")

    def __init__(self, receipt: DeliveryReceipt, held_until: float, until: float) -> None:
        self.receipt = receipt
        self.held_until: Final = held_until
        self.until: Final = until


class Uncorrelated:
    """correlated: settles what was found. keep_s: how long a receipt of this operator waits for its answer."""

    def __init__(
        self,
        records: Records,
        clock: Clock,
        counters: ReceiptCounters,
        correlated: Correlated,
        keep_s: Callable[[str], float],
    ) -> None:
        self._records = records
        self._clock = clock
        self._counters = counters
        self._correlated = correlated
        self._neighbours = records.neighbours
        self._keep_s = keep_s
        self._unknown: deque[DeliveryReceipt] = deque()
        self._early: dict[Name, Early] = {}
        self._ends: list[tuple[float, int, Early]] = []  # a heap: when each is given up
        self._held: deque[tuple[float, Early, DeliveryReceipt]] = deque()  # until when
        self._partial: deque[Partial] = deque()
        self._unclaimed: dict[Name, None] = {}
        self._count = 0
        self._wake = asyncio.Event()
        self._enough = asyncio.Event()
        self._look_again_at = 0.0

    def __len__(self) -> int:
        """Receipts that the operator awaits an answer to."""
        return len(self._unknown) + len(self._held) + len(self._partial)

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
            self._look_at_partial()
            self._give_up()
            self._push_back()

    async def _wait_for_work(self) -> None:
        if self._unknown:
            return
        self._wake.clear()
        try:
            async with asyncio.timeout(self._pause_s()):
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

    def _pause_s(self) -> float | None:
        """Until there is something to do without a new receipt."""
        if not self._early and not self._partial:
            return None
        now = self._clock.monotonic()
        until = self._ends[0][0] if self._ends else now + LOOK_AGAIN_S
        if self._held:
            until = min(until, self._held[0][0])
        if self._partial or self._neighbours.are_there:
            until = min(until, now + LOOK_AGAIN_S)
        return max(0.0, until - now)

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
        waiting = list(islice(self._early.values(), LOOKUP_LIMIT))
        try:
            places = await self._neighbours.pass_on([each.receipt for each in waiting])
        except LedgerUnavailable:
            return
        for early, place in zip(waiting, places, strict=True):
            if early.settled:
                continue
            if place is Place.NOWHERE:  # behind those that were not looked for
                self._early[early.name()] = self._early.pop(early.name())
                continue
            self._settle(early)
            for receipt in early.to_settle():
                if place is Place.LEFT:
                    self._left(receipt)
                else:
                    self.take(receipt)

    def _await_answer(self, receipt: DeliveryReceipt) -> None:
        name = _name(receipt)
        if name in self._unclaimed:
            self._counters.unclaimed += 1
            self._correlated.answer(receipt, taken=True)
            return
        early = self._early.get(name)
        if early is None:
            if len(self._early) >= EARLY_LIMIT:
                self._counters.pushed_back += 1
                self._correlated.answer(receipt, taken=False)
                return
            early = self._keep(receipt)
        early.copies.append(receipt)
        self._held.append((self._clock.monotonic() + HOLD_S, early, receipt))

    def _keep(self, receipt: DeliveryReceipt) -> Early:
        early = Early(receipt)
        self._counters.early += 1
        early.arrived = partial(self._answered, early)
        self._early[early.name()] = early
        self._end_at(early, self._clock.monotonic() + self._keep_s(receipt.operator))
        for candidate in receipt.candidates:
            self._records.inflight.await_link(receipt.operator, candidate, early.arrived)
        return early

    def _end_at(self, early: Early, time: float) -> None:
        self._count += 1
        heapq.heappush(self._ends, (time, self._count, early))

    def _answered(self, early: Early) -> None:
        if early.settled:
            return
        self._settle(early)
        found = self._records.inflight.find(early.receipt.operator, early.receipt.candidates)
        for receipt in early.to_settle():
            if found is None:
                self.take(receipt)
            else:
                # After the answer itself is settled, so that both are written in their order.
                asyncio.get_running_loop().call_soon(self._correlated.settle, receipt, *found)

    def _push_back(self) -> None:
        """What is held too long is to be sent again; it stays here as well."""
        now = self._clock.monotonic()
        while self._held and (self._held[0][0] <= now or self._held[0][1].settled):
            _, early, receipt = self._held.popleft()
            if not early.settled:
                early.copies.remove(receipt)
                self._counters.pushed_back += 1
                self._correlated.answer(receipt, taken=False)

    def _give_up(self) -> None:
        """What stayed unclaimed is acknowledged in the end, or the operator would send it for ever."""
        now = self._clock.monotonic()
        while self._ends and (self._ends[0][0] <= now or self._ends[0][2].settled):
            _, _, early = heapq.heappop(self._ends)
            if early.settled:
                continue
            if self._records.journal.stuck:  # answers cannot be written down either
                self._end_at(early, now + self._keep_s(early.receipt.operator))
                continue
            self._settle(early)
            self._counters.unclaimed += 1
            self._unclaimed[early.name()] = None
            if len(self._unclaimed) > EARLY_LIMIT:
                del self._unclaimed[next(iter(self._unclaimed))]
            for receipt in early.copies:
                self._correlated.answer(receipt, taken=True)

    def _settle(self, early: Early) -> None:
        """Nothing is awaited any more; whoever calls answers its copies."""
        early.settled = True
        self._early.pop(early.name(), None)
        if not self._early:
            self._ends.clear()
            self._held.clear()
        elif len(self._ends) > 2 * len(self._early) + LOOKUP_LIMIT:  # most of them are settled
            self._ends = [each for each in self._ends if not each[2].settled]
            heapq.heapify(self._ends)
        for candidate in early.receipt.candidates:
            self._records.inflight.stop_awaiting(early.receipt.operator, candidate, early.arrived)

    # ------------------------------------------------------------------------------------ waiting for further segments

    def await_rest(self, receipt: DeliveryReceipt) -> None:
        """It tells of the whole of a message of which segments are still to be sent, or to be answered."""
        now = self._clock.monotonic()
        self._partial.append(Partial(receipt, now + HOLD_S, now + self._keep_s(receipt.operator)))
        self._wake.set()

    def _look_at_partial(self) -> None:
        now = self._clock.monotonic()
        for _ in range(len(self._partial)):
            each = self._partial.popleft()
            receipt = each.receipt
            known = self._records.inflight.find(receipt.operator, receipt.candidates)
            if known is None:
                self.take(receipt)
            elif not unsent(known[0]) or is_final(known[0]):
                self._correlated.settle(receipt, *known)
            elif each.until <= now:  # it was about what has left
                self._correlated.settle(msgspec.structs.replace(receipt, covers=1), *known)
            else:
                if each.held_until <= now and receipt.handle is not None:
                    self._counters.pushed_back += 1
                    self._correlated.answer(receipt, taken=False)
                    each.receipt = _unasked(receipt)
                self._partial.append(each)


def _name(receipt: DeliveryReceipt) -> Name:
    return receipt.operator, receipt.candidates, receipt.state


def _unasked(receipt: DeliveryReceipt) -> DeliveryReceipt:
    """Nobody awaits an answer to it."""
    return msgspec.structs.replace(receipt, handle=None)
