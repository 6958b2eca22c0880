"""The group committer: gathers what arrives while the last commit runs, and commits it as one batch.

There is no task per operation: an idle journal commits the first operation at once, a busy one commits everything that
gathered meanwhile. Commits of several operations that follow each other begin at least `interval_s` apart: most of what
a small one costs is the commit, and a loop that is always at the next one has no time for anything else. While somebody
brings a whole lot of operations, a share at a time (`expect`), a commit waits for the lot, a while. When more than
`queue_limit` operations wait, new messages are refused (`JournalFull`); changes to messages that are already ours are
always taken, because their number is bounded by the windows that cause them.

When the ledger cannot take a batch, every new message that waits is refused, so none is acknowledged, and
everything else waits and is tried again until it is durable. Where the store has not confirmed a batch, the new
messages in it may be there or not: their senders are told that this is unknown, and until the store has confirmed
something that was written later, nothing that it shows is to be worked on (`in_doubt`, `unconfirmed`).

An operation is read when its batch is applied, not when it is queued: whoever goes on changing a message queues a
copy. Otherwise an early change writes the final status that a later one brings, and the later one is not applied any
more, with its event.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final, TypeAlias, cast

from gateway.ledger.commit_interval import Patience
from gateway.ledger.contract import (
    Accept,
    Change,
    Count,
    LedgerUnavailable,
    Notify,
    OutcomeUnknown,
    WriteOp,
    WriteResult,
    Written,
)
from gateway.ledger.roles import Commits
from gateway.model.message import STATUS_EVENT, Message, OutboxEvent, Status

RETRY_S: Final = 0.5
_Future: Final = asyncio.Future  # looked up once, not for each operation
_DONE: Final = Written.DONE
_PROBE: Final = Count("probe", 0, 0)
"""Changes nothing. What the store confirms of it, it confirms of all that it was given before."""
_FEW: Final = 2
"""Operations: after a commit of one nothing is waited for. Whoever sends one message after the other has no company."""
_ENOUGH: Final = 64
"""Operations: more are not waited for."""
_TOGETHER_S: Final = 0.006
"""So long at the most a commit waits for what is expected: a lot of 100 messages takes half of it."""
_WHOLE: Final = 256
"""Operations: so many wait for no more of what is expected. Two lots of 100 messages, and what others bring."""


class JournalFull(Exception):
    """Too many operations wait for their commit."""


Done = Callable[[WriteOp | None, WriteResult], None]
Stored = Callable[[Sequence[Message]], None]
Ended = Callable[[Message], None]
StoredEvent = tuple[OutboxEvent, Message | None]
"""An event, and its message as it stands; None with one that no message's change brought."""
EventsStored = Callable[[Sequence[StoredEvent]], None]
Waiter: TypeAlias = "asyncio.Future[WriteResult] | Done | None"
Entry = tuple[WriteOp | None, Waiter]


def _nobody(_events: Sequence[StoredEvent]) -> None:
    """No reader of events."""


def _uncounted(_message: Message) -> None:
    """Ends are not counted."""


class Journal:
    """One writer in front of one ledger.

    stored: called once per commit with the messages that it made durable for the first time. events_stored: called
    with what a commit put into the outbox, if anything: events with their seq, in order, and their messages as they
    then stand in the ledger. ended: called with each message whose end a commit made durable, once, and once more
    where `unknown` gave way to another end. failures: commits that failed; what they would have stored may be there all
    the same. reason: why the last one did, in fixed words. refused: new messages that were not taken because of them,
    or while a commit hung.
    """

    def __init__(
        self,
        ledger: Commits,
        *,
        stored: Stored,
        events_stored: EventsStored = _nobody,
        ended: Ended = _uncounted,
        batch_limit: int = 512,
        queue_limit: int = 20_000,
        retry_s: float = RETRY_S,
        interval_s: float = 0.0,
    ) -> None:
        self._ledger = ledger
        self._stored = stored
        self._events_stored = events_stored
        self._ended_message = ended
        self._batch_limit = batch_limit
        self._whole = min(batch_limit, _WHOLE)
        self._queue_limit = queue_limit
        self._retry_s = retry_s
        self._patience = Patience(interval_s)
        self._next_s = 0.0
        self._last_count = 0
        self._ended = False
        self._broken: BaseException | None = None
        self._waiting: list[Entry] = []
        self._expected = 0  # lots that are being brought
        self._wake = asyncio.Event()
        self._enough = asyncio.Event()
        self._together = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._loop = asyncio.get_running_loop()
        self._applying = 0  # operations that the ledger has now
        self._began_s = 0.0
        self.available = True
        self.stuck = False  # the last batch was not taken
        self.stalled = False  # it has had one for too long
        self.reason = ""
        self.refused = 0
        self.in_doubt = False  # the store may have what it has not confirmed, and shows it
        self.commits = 0
        self.operations = 0
        self.failures = 0

    @property
    def depth(self) -> int:
        """Operations that are not durable yet."""
        return len(self._waiting)

    def unconfirmed(self) -> set[bytes]:
        """Ids of new messages that the store may have and has not confirmed."""
        return {op.message.id for op, _ in self._waiting if isinstance(op, Accept)}

    def accept(self, op: Accept) -> "asyncio.Future[WriteResult]":
        """Queue a new message; the future has the id that now stands for it, once durable.

        Raises JournalFull. The future raises LedgerUnavailable when the store cannot take it.
        """
        if len(self._waiting) >= self._queue_limit or not self.available:
            self._full()
        return self._add_future(op)

    def offer(self, op: Accept, done: Done) -> None:
        """Queue a new message without a future: `done` is called with the id that stands for it, once durable, or with
        UNAVAILABLE when the store cannot take it, or UNKNOWN. Raises JournalFull.
        """
        if self._ended or len(self._waiting) >= self._queue_limit or not self.available:
            self._full()
        self._add((op, done))

    def write(self, op: WriteOp) -> "asyncio.Future[WriteResult]":
        """Queue a change; the future has the engine's result, once durable, or LedgerUnavailable when `run` ends."""
        return self._add_future(op)

    def post(self, op: WriteOp, done: Done | None = None) -> None:
        """Queue a change; `done` is called with the result once durable. It must not raise or wait."""
        self._add((op, done))

    def barrier(self, done: Done) -> None:
        """Call `done` once everything that is queued by now is durable."""
        self._add((None, done))

    def expect(self, lots: int) -> None:
        """So many more lots of operations are being brought, or so many fewer: each is counted off once it is there, or
        whoever brings it waits for anything else. Until none is expected, or much is there, commits wait a while.
        """
        self._expected += lots
        if not self._expected:
            self._together.set()

    def look(self, limit_s: float) -> None:
        """Note whether the ledger has had its batch for longer than that, by call now and then.

        Then new messages are refused: those that it has not got yet at once, more of them until it answers.
        """
        took_s = self._loop.time() - self._began_s if self._applying else 0.0
        if took_s <= limit_s or self._ended:
            return
        self.stalled = True
        self.available = False
        self._refuse_new(after=self._applying)

    def _full(self) -> None:
        self.refused += not self.available
        raise JournalFull

    def _add_future(self, op: WriteOp) -> "asyncio.Future[WriteResult]":
        future: asyncio.Future[WriteResult] = self._loop.create_future()
        if self._ended:
            future.set_exception(LedgerUnavailable())
        else:
            self._add((op, future))
        return future

    def _add(self, entry: Entry) -> None:
        if self._ended:  # as after a crash: what is not durable is done again from what is
            return
        waiting = self._waiting
        waiting.append(entry)
        if len(waiting) == _ENOUGH:
            self._enough.set()
        elif len(waiting) == self._whole:
            self._together.set()
        elif len(waiting) == 1:
            self._wake.set()
            self._idle.clear()

    async def run(self) -> None:
        """Commit batch after batch, until cancelled; call `drain` first. Nothing is committed after that.

        Callers that still wait get LedgerUnavailable: the operation may be durable or not.
        """
        try:
            while True:
                await self._wake.wait()
                await self._gather()
                await self._commit_next()
                if self._broken is not None:
                    raise self._broken
        finally:
            self._end()

    async def drain(self) -> None:
        """Wait until nothing is queued and nothing is being committed, or `run` has ended."""
        await self._idle.wait()

    async def _gather(self) -> None:
        """Wait until the interval is over or enough is there, unless little is; then for what is expected."""
        rest_s = self._next_s - self._loop.time()
        if rest_s > 0 and self._last_count >= _FEW and len(self._waiting) < _ENOUGH:
            self._enough.clear()
            timer = self._loop.call_later(rest_s, self._enough.set)
            await self._enough.wait()
            timer.cancel()
        if self._expected and len(self._waiting) < self._whole:
            self._together.clear()
            timer = self._loop.call_later(_TOGETHER_S, self._together.set)
            await self._together.wait()
            timer.cancel()
        now_s = self._loop.time()
        self._next_s = now_s + self._patience.interval_s(now_s, self.operations)

    async def _commit_next(self) -> None:
        batch = self._waiting[: self._batch_limit]
        self._last_count = len(batch)
        results: list[WriteResult] | None = None
        doubtful = 0
        self._applying, self._began_s = len(batch), self._loop.time()
        try:
            results = await self._apply(batch)
        except OutcomeUnknown as error:
            self.reason = str(error)
            doubtful = len(batch)
        except LedgerUnavailable as error:
            self.reason = str(error)
        finally:
            self._applying = 0
        if self.stalled:
            self.stalled = False
            self.available = True
        if results is None:
            self.available = False
            self.failures += 1
            self.stuck = True
            self._refuse_new(doubtful)
            await asyncio.sleep(self._retry_s)
            self.available = True
        else:
            self.stuck = self.in_doubt = False
            del self._waiting[: len(batch)]
            if self._waiting and self._ledger.works_beside:
                self._loop.call_soon(self._settle, batch, results)  # once the store has the next batch to work on
                return
            self._committed(batch, results)
        if self._waiting:
            await asyncio.sleep(0)  # an engine that answers at once must not keep the loop
        else:
            self._wake.clear()
            self._idle.set()

    def _settle(self, batch: Sequence[Entry], results: Sequence[WriteResult]) -> None:
        """As `_committed`, outside of `run`, which ends if this fails."""
        try:
            self._committed(batch, results)
        except BaseException as error:
            self._broken = error

    def _committed(self, batch: Sequence[Entry], results: Sequence[WriteResult]) -> None:
        self.commits += 1
        self.operations += len(batch)
        fresh: list[Message] = []
        events: list[StoredEvent] = []
        for (op, waiter), result in zip(batch, results, strict=True):
            kind = type(op)
            if kind is Change:
                change = cast(Change, op)
                if result is _DONE:
                    if change.message.final_ms is not None and not _leaves_unknown(change):
                        self._ended_message(change.message)
                    if change.event is not None:
                        events.append((change.event, change.message))
            elif kind is Accept:
                accept = cast(Accept, op)
                if accept.message.id == result:
                    fresh.append(accept.message)
                    if accept.event is not None:
                        events.append((accept.event, accept.message))
            elif kind is Notify and result is _DONE and cast(Notify, op).event.kind != STATUS_EVENT:
                events.append((cast(Notify, op).event, None))
            if waiter is not None:
                _tell(op, waiter, result)
        if fresh:
            self._stored(fresh)
        if events:
            self._events_stored(events)

    async def _apply(self, batch: Sequence[Entry]) -> list[WriteResult]:
        ops = [op for op, _ in batch if op is not None]
        if len(ops) == len(batch):
            return await self._ledger.apply(ops)
        results = iter(await self._ledger.apply(ops) if ops else ())
        return [_DONE if op is None else next(results) for op, _ in batch]

    def _refuse_new(self, doubtful: int = 0, after: int = 0) -> None:
        """New messages behind the first `after` leave the queue, whatever their place; the rest keeps its order.

        doubtful: how many entries the store may have, from the first. Then something is written until it confirms that.
        """
        front, behind = self._waiting[after:doubtful], self._waiting[max(after, doubtful) :]
        in_doubt = [entry for entry in front if isinstance(entry[0], Accept)]
        refused = [entry for entry in behind if isinstance(entry[0], Accept)]
        self._waiting[after:] = [entry for entry in (*front, *behind) if not isinstance(entry[0], Accept)]
        self.refused += len(refused)
        _fail(in_doubt, Written.UNKNOWN)
        _fail(refused)
        if in_doubt:
            self.in_doubt = True
            self._waiting.append((_PROBE, None))

    def _end(self) -> None:
        """Commits have ended: fail all that still wait."""
        self._ended = True
        self.available = False
        failed, self._waiting = self._waiting, []
        _fail(failed)
        self._idle.set()


def _leaves_unknown(change: Change) -> bool:
    """What was learned of an `unknown` message gives it no other end."""
    return change.over_unknown and change.message.status is Status.UNKNOWN


def _fail(entries: Sequence[Entry], fate: Written = Written.UNAVAILABLE) -> None:
    for op, waiter in entries:
        if isinstance(waiter, _Future):
            if not waiter.done():
                waiter.set_exception(LedgerUnavailable())
        elif waiter is not None and isinstance(op, Accept):
            waiter(op, fate)


def _tell(op: WriteOp | None, waiter: "asyncio.Future[WriteResult] | Done", result: WriteResult) -> None:
    if not isinstance(waiter, _Future):
        waiter(op, result)
    elif not waiter.done():
        waiter.set_result(result)
