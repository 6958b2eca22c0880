"""Has messages of customers who pay in advance paid for, before they are committed and once they have ended.

What is reserved at the door is what a message costs: its segments by the price of the operator that its route chose.
Once it has ended that is paid, or given back where no operator took it. Both are gathered: while one call to the ledger
is under way the next ones wait for each other, so many messages cost one write more between them. The ledger decides,
for all processes at once, whether there is enough.

A process that dies between two writes leaves a reservation behind whose message is not there, or has ended. `look`
finds those.
"""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, Final

import msgspec

from gateway.ledger.contract import (
    Accept,
    Declined,
    LedgerUnavailable,
    Notify,
    Reservation,
    Reserving,
    WriteOp,
    WriteResult,
    Written,
)
from gateway.ledger.document_keys import customer_of
from gateway.ledger.journal import Done, Journal, JournalFull
from gateway.ledger.roles import Acts, Balances, Messages
from gateway.limits.balance import KIND, MICRO, Terms, read_terms
from gateway.model.message import Message, OutboxEvent, no_message
from gateway.process.clock import Clock

EVENT: Final = "balance.low"
FOLLOW_S: Final = 0.5
LOOK_S: Final = 60.0
LEFT_BEHIND_MS: Final = 10 * 60_000
"""A reservation of a message that is older, and not there, is given back."""
QUIET_MS: Final = 3_600_000
"""Between two events of one threshold."""
_PAGE: Final = 500
_MOST: Final = 1_000
"""Reservations in one call."""

_to_json: Final = msgspec.json.Encoder().encode

Contain = Callable[[str, str, Coroutine[Any, Any, None]], object]


class Till:
    """In front of the journal, for messages that come in. refused: messages for which there was not enough.

    contain: runs contained work (`TaskOwner.contain`).
    """

    def __init__(
        self, journal: Journal, acts: Acts, balances: Balances, messages: Messages, clock: Clock, contain: Contain
    ) -> None:
        self._journal = journal
        self._acts = acts
        self._balances = balances
        self._messages = messages
        self._clock = clock
        self._contain = contain
        self._terms: dict[int, Terms] = {}
        self._version = -1
        self._waiting: list[tuple[Reserving, Accept, Done]] = []
        self._paid: list[bytes] = []
        self._given_back: list[bytes] = []
        self._works = False
        self._begun = 0
        self._quiet_until: dict[tuple[int, int], int] = {}
        self.refused = 0

    @property
    def available(self) -> bool:
        return self._journal.available

    def expect(self, lots: int) -> None:
        """See `Journal.expect`."""
        self._journal.expect(lots)

    def pays_in_advance(self, customer: int) -> bool:
        return customer in self._terms

    async def is_short(self, customer: int, micro: int) -> bool:
        """Whether a message that costs so much would be declined now; nothing is reserved. Raises LedgerUnavailable."""
        terms = self._terms.get(customer)
        return terms is not None and await self._balances.spent(customer) + micro > terms.most_micro

    # ------------------------------------------------------------------------------------------------------- the way in

    def offer(self, op: Accept, done: Done, micro: int) -> None:
        """As `Journal.offer`. micro: what the message costs a customer who pays in advance; then `done` may be called
        with what it is declined for, and with UNAVAILABLE where that cannot be known.
        """
        terms = self._terms.get(op.message.customer)
        if terms is None:
            self._journal.offer(op, done)
            return
        reservation = Reservation(op.message.id, op.message.customer, micro)
        self._waiting.append((Reserving(reservation, terms.most_micro), op, done))
        self._begin()

    def _begin(self) -> None:
        if not self._works:
            self._works = True
            self._begun += 1
            self._contain("submission", f"till {self._begun}", self._work())

    async def _work(self) -> None:
        """Until nothing waits."""
        try:
            while self._waiting or self._paid or self._given_back:
                await self._settle()
                await self._reserve()
        finally:
            self._works = False

    async def _reserve(self) -> None:
        asked, self._waiting = self._waiting[:_MOST], self._waiting[_MOST:]
        if not asked:
            return
        try:
            spent = await self._balances.reserve([each for each, _, _ in asked])
        except BaseException as error:
            for _, op, done in asked:
                done(op, Written.UNAVAILABLE)
            if not isinstance(error, LedgerUnavailable):
                raise
            return
        for (reserving, op, done), so_far in zip(asked, spent, strict=True):
            if so_far is None:
                self.refused += 1
                done(op, Declined("balance_exhausted"))
            else:
                self._store(op, done)
                self._warn(reserving.reservation, so_far)

    def _store(self, op: Accept, done: Done) -> None:
        def stored(_op: WriteOp | None, result: WriteResult) -> None:
            if result != op.message.id and result is not Written.UNKNOWN:
                self._give_back(op.message.id)
            done(_op, result)

        try:
            self._journal.offer(op, stored)
        except JournalFull:
            self._give_back(op.message.id)
            done(op, Written.UNAVAILABLE)

    def _give_back(self, message: bytes) -> None:
        self._given_back.append(message)
        self._begin()

    # ----------------------------------------------------------------------------------------------------------- ends

    def ended(self, message: Message) -> None:
        """Called with every message whose end is durable."""
        if message.customer in self._terms:
            (self._given_back if message.submitted_ms is None else self._paid).append(message.id)
            self._begin()

    async def _settle(self) -> None:
        paid, given_back = self._paid, self._given_back
        if not (paid or given_back):
            return
        self._paid, self._given_back = [], []
        with suppress(LedgerUnavailable):  # `look` finds them
            await self._balances.settle(paid, given_back)

    # ------------------------------------------------------------------------------------------------------ in the back

    async def load(self) -> None:
        """Who pays in advance, and how much. Raises LedgerUnavailable."""
        version = await self._acts.version()
        if version == self._version:
            return
        found: dict[int, Terms] = {}
        after = ""
        while page := await self._acts.of_kind(KIND, after):
            for each in page:
                customer, terms = customer_of(each.key), read_terms(each)
                if customer is not None and terms.active:
                    found[customer] = terms
            after = page[-1].key
        self._terms, self._version = found, version

    async def run(self) -> None:
        """Follow what is set, and find what was left behind, until cancelled."""
        looked_s = self._clock.monotonic()
        while True:
            await asyncio.sleep(FOLLOW_S)
            with suppress(LedgerUnavailable):
                await self.load()
                if self._clock.monotonic() - looked_s >= LOOK_S:
                    looked_s = self._clock.monotonic()
                    await self.look()

    async def look(self) -> int:
        """Settle what was reserved for messages that have ended, or were never stored; how many. Raises
        LedgerUnavailable.
        """
        cursor: bytes | None = None
        count = 0
        before_ms = self._clock.now_ms() - LEFT_BEHIND_MS
        while True:
            page, cursor = await self._balances.reserved(cursor, _PAGE)
            old = [each.message for each in page if int.from_bytes(each.message[:6], "big") < before_ms]
            found = await self._messages.find_many(old)
            paid = [m.id for m in found if m is not None and m.final_ms is not None and m.submitted_ms is not None]
            kept = {m.id for m in found if m is not None and m.final_ms is None}
            given_back = [each for each in old if each not in kept and each not in set(paid)]
            if paid or given_back:
                await self._balances.settle(paid, given_back)
            count += len(paid) + len(given_back)
            if cursor is None:
                return count

    # ----------------------------------------------------------------------------------------------------------- events

    def _warn(self, reservation: Reservation, spent: int) -> None:
        """Where this reservation took what is left below a threshold."""
        terms = self._terms.get(reservation.customer)
        if terms is None:
            return
        left, before = terms.paid_micro - spent, terms.paid_micro - spent + reservation.micro
        for threshold in terms.warn_below_micro:
            if left < threshold <= before:
                self._tell(reservation.customer, threshold, left)

    def _tell(self, customer: int, threshold: int, left: int) -> None:
        now_ms = self._clock.now_ms()
        if self._quiet_until.get((customer, threshold), 0) > now_ms:
            return
        self._quiet_until[customer, threshold] = now_ms + QUIET_MS
        event = OutboxEvent(
            customer=customer,
            message=no_message(customer),
            at_ms=now_ms,
            next_ms=now_ms,
            kind=EVENT,
            data=_to_json({"below": threshold / MICRO, "left": left / MICRO}),
        )
        self._journal.post(Notify(event))
