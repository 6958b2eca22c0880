"""Holds the messages of customers that are disabled, until they are enabled or the validity ends.

A message is held when its turn comes: its record goes to a lane of the ledger that no operator has, due when its
validity ends. That is one write; from then on it takes no memory, and no look at what is due finds it. What is held is
looked at when accounts change, and every `LOOK_S` as long as anything is: what may be sent again goes back to its
operator's lane, what is over ends.
"""

from collections.abc import Sequence
from operator import is_
from typing import Final, Protocol

from gateway.delivery.dispatch.counters import DispatchCounters
from gateway.delivery.dispatch.lanes import Lanes
from gateway.delivery.dispatch.review import Review
from gateway.delivery.records import Records
from gateway.ledger.contract import Change, WriteOp, WriteResult
from gateway.model.held_lane import held_customer, held_lane, operator_of, reviewed
from gateway.model.message import Message, Part, Status, snapshot
from gateway.model.state import expiry_code
from gateway.process.clock import Clock

LOOK_S: Final = 5.0
IDLE_LOOK_S: Final = 60.0
"""While nothing is held: another node's partition may bring something."""
AT_ONCE: Final = 500
PAGES: Final = 4
"""Of messages of one lane in one look: lanes of operators have their turn in between."""
UNDER_WAY: Final = 5_000
"""Messages whose way into a held lane is not durable yet, above which no more are fetched."""
_EVER: Final = 2**62


class Customers(Protocol):
    """The customers as they stand."""

    @property
    def version(self) -> object:
        """Changes whenever `is_held` may say something else."""

    def is_held(self, customer_id: int) -> bool:
        """Whether nothing of this customer's is sent now."""


class Hold:
    """review: of what waits for a person's decision."""

    def __init__(
        self,
        lanes: Lanes,
        records: Records,
        customers: Customers,
        counters: DispatchCounters,
        clock: Clock,
        review: Review,
    ) -> None:
        self._review = review
        self._lanes = lanes
        self._records = records
        self._customers = customers
        self._counters = counters
        self._clock = clock
        self._seen: tuple[object, object] = (None, None)
        self._next_look = 0.0
        self._under_way = 0
        self._has_more = False

    def keeps(self, message: Message) -> bool:
        """Whether a message whose turn it is must not be sent now."""
        return self._customers.is_held(message.customer)

    def may_fetch(self) -> bool:
        """Whether more may be fetched, of which all may have to be held."""
        return self._under_way < UNDER_WAY

    def take(self, message: Message, operator: str) -> None:
        """Hold a message that is in memory and in no lane; memory lets go of it once that is durable."""
        held = snapshot(message)
        held.operator = held_lane(message.customer, operator)
        held.due_ms = message.expires_ms
        if Part.ATTEMPTED in message.parts:  # no attempt is under way when a message's turn comes
            held.parts = bytes(Part.WAITING if part == Part.ATTEMPTED else part for part in message.parts)
        self._under_way += 1
        self._counters.held += 1
        self._has_more = True  # the ledger may have many more of this customer's
        self._next_look = min(self._next_look, self._clock.monotonic() + LOOK_S)
        self._records.journal.post(Change(message=held), self._held)

    def _held(self, op: WriteOp | None, _applied: WriteResult) -> None:
        self._under_way -= 1
        assert isinstance(op, Change)
        self._records.let_go(op.message)

    # ------------------------------------------------------------------------------------------------------- release

    async def look(self) -> bool:
        """See to what is held; whether there may be more to do at once. Raises LedgerUnavailable."""
        has_more, self._has_more = self._has_more, False
        version, now = (self._customers.version, self._review.version), self._clock.monotonic()
        if all(map(is_, version, self._seen)) and now < self._next_look:
            return has_more
        self._next_look = now + (LOOK_S if self._under_way else IDLE_LOOK_S)  # and sooner, if more is taken meanwhile
        for name in await self._records.work.lanes():
            customer = held_customer(name)
            if customer is None:
                continue
            self._next_look = min(self._next_look, now + LOOK_S)
            if reviewed(name) is not None:
                has_more = await self._review.look_into(name) or has_more
            else:
                has_more = await self._look_into(name, self._customers.is_held(customer)) or has_more
        self._seen = version
        if has_more:
            self._next_look = now
        return has_more

    async def _look_into(self, lane: str, stays: bool) -> bool:
        """Whether there is more to do at once, here or in the lane of the operator."""
        active = self._records.inflight.active
        count = 0
        for _ in range(PAGES):
            until_ms = self._clock.now_ms() if stays else _EVER
            found = await self._records.claim_due(lane, until_ms, AT_ONCE, active)
            await self._write([self._change(message, stays) for message in found])
            count += len(found)
            if len(found) < AT_ONCE:
                break
        if count and not stays:
            self._lanes.look_again(operator_of(lane))
        return count > 0

    def _change(self, message: Message, stays: bool) -> Change:
        """Over, or back to the lane it came from; or, where its validity was made longer meanwhile, held on."""
        now_ms = self._clock.now_ms()
        if message.expires_ms > now_ms and stays:
            message.due_ms = message.expires_ms
            return Change(message=message, only_waiting=True)
        message.operator = operator_of(message.operator)
        if message.expires_ms <= now_ms:
            return self._records.settler.final(message, Status.EXPIRED, expiry_code(message), now_ms)
        self._counters.released += 1
        message.due_ms = now_ms
        return Change(message=message, only_waiting=True)

    async def _write(self, changes: Sequence[Change]) -> None:
        """Durable, all of them, when the last one is: the journal keeps their order."""
        for change in changes[:-1]:
            self._records.journal.post(change)
        for change in changes[-1:]:
            await self._records.journal.write(change)
