"""The way out of the outbox: what is due is read with its messages, and what became of it is written.

Both kinds of notification, webhooks and deliver_sm, read here. An event that is in memory, or about which something is
being written, is `known` and not read a second time. Of each message the ledger gives the first event only, so what is
read is in order by itself.
"""

from collections.abc import Callable, Collection, Sequence
from functools import partial
from typing import Final

from gateway.ledger.contract import LedgerError, LedgerUnavailable, TellLater, Told, WriteOp, WriteResult
from gateway.ledger.journal import Journal
from gateway.ledger.roles import Messages, Outbox
from gateway.model.message import Message, OutboxEvent
from gateway.process.clock import Clock
from operators.contained import report

Pair = tuple[OutboxEvent, Message | None]
"""An event and its message: None where that was forgotten, and with one of another kind that is about none."""


def _ignored(_seq: int) -> None:
    """Writes are not waited for."""


class Reading:
    """events: in order, `known` from now on. last: seq of the last one that the ledger gave, 0 for none.

    is_full: it may have more of the kind.
    """

    __slots__ = ("events", "is_full", "last")

    def __init__(self, events: Sequence[Pair], last: int, *, is_full: bool) -> None:
        self.events: Final = events
        self.last: Final = last
        self.is_full: Final = is_full


class OutboxReader:
    """account: the ESME account whose binds are notified; 0 for the webhooks.

    settled: called with the seq of each event about which something was written, once that is durable.
    """

    def __init__(
        self,
        outbox: Outbox,
        messages: Messages,
        journal: Journal,
        clock: Clock,
        account: int = 0,
        settled: Callable[[int], None] = _ignored,
    ) -> None:
        self._outbox = outbox
        self._messages = messages
        self._journal = journal
        self._clock = clock
        self._account = account
        self._on_settled = settled
        self._unsettled: set[bytes] = set()  # messages of which an event is being put off
        self.known: Final[set[int]] = set()

    async def bring_forward(self, customers: Collection[int], limit: int, done: Callable[[], None]) -> bool:
        """What these customers' endpoints were to be told later is due now; whether that was all of it.

        At most `limit` at a time; `done` is called once it is durable. Raises LedgerUnavailable.
        """
        now_ms = self._clock.now_ms()
        events = await self._outbox.put_off(customers, now_ms, limit, self.known)
        for event in events:
            self.put_off(event, now_ms, event.attempts)
        self._journal.barrier(lambda _op, _result: done())
        return len(events) < limit

    async def size(self) -> int:
        """Events that the ledger holds, due or not. Raises LedgerUnavailable."""
        return await self._outbox.size(self._account)

    async def read(self, limit: int, after: int = 0) -> Reading:
        """What is due now behind `after`. Raises LedgerUnavailable; then nothing more is known than before."""
        due = await self._outbox.due(self._clock.now_ms(), limit, self.known, self._account, after)
        if not due:
            return Reading((), 0, is_full=False)
        fresh = [event for event in due if event.seq not in self.known and event.message not in self._unsettled]
        self.known.update(event.seq for event in fresh)
        try:
            pairs = await self._with_messages(fresh)
        except LedgerUnavailable:
            self.release(fresh)
            raise
        return Reading(pairs, due[-1].seq, is_full=len(due) >= limit)

    async def _with_messages(self, events: Sequence[OutboxEvent]) -> list[Pair]:
        """A message that cannot be read costs its own events their delivery, until the next start, and no other's."""
        try:
            messages = await self._messages.find_many([event.message for event in events])
            return list(zip(events, messages, strict=True))
        except LedgerError:
            raise
        except Exception as error:
            if len(events) == 1:
                report("delivery", error)
                return []
        half = len(events) // 2
        return await self._with_messages(events[:half]) + await self._with_messages(events[half:])

    def release(self, events: Sequence[OutboxEvent]) -> None:
        """These are not in memory any more, and are read again."""
        self.known.difference_update(event.seq for event in events)

    def told(self, event: OutboxEvent) -> None:
        """The event has reached its customer, or is not to; it is forgotten."""
        self._journal.post(Told(event.seq), self._settled)

    def put_off(self, event: OutboxEvent, next_ms: int, attempts: int) -> None:
        """The event is read again from `next_ms` on."""
        self.known.add(event.seq)
        self._unsettled.add(event.message)
        self._journal.post(TellLater(event.seq, next_ms, attempts), partial(self._settled_later, event.message))

    def _settled(self, op: WriteOp | None, _result: WriteResult) -> None:
        assert isinstance(op, Told | TellLater)
        self.known.discard(op.seq)
        self._on_settled(op.seq)

    def _settled_later(self, message: bytes, op: WriteOp | None, result: WriteResult) -> None:
        self._unsettled.discard(message)
        self._settled(op, result)
