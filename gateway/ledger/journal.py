"""The group committer: gathers what arrives while the last commit runs, and commits it as one batch.

There is no artificial delay and no task per operation: an idle journal commits the first operation at once, a busy one
commits everything that gathered meanwhile. When more than `queue_limit` operations wait, new messages are refused
(`JournalFull`); changes to messages that are already ours are always taken, because their number is bounded by the
windows that cause them.

A batch that the ledger cannot take is split by kind: new messages in it are refused, so nobody is told that they are
safe, and everything else waits and is tried again until it is durable.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

from gateway.ledger.base import Accept, Change, Ledger, LedgerUnavailable, WriteOp, WriteResult
from gateway.message import Message

RETRY_S: Final = 0.5


class JournalFull(Exception):
    """Too many operations wait for their commit."""


Done = Callable[[WriteOp | None, WriteResult], None]
Stored = Callable[[Sequence[Message]], None]
Entry = tuple[WriteOp | None, "asyncio.Future[WriteResult] | Done | None"]


def _nobody() -> None:
    """Nobody waits for events."""


class Journal:
    """One writer in front of one ledger.

    stored: called once per commit with the messages that it made durable for the first time. events_stored: called
    once per commit that put something into the outbox.
    """

    def __init__(
        self,
        ledger: Ledger,
        *,
        stored: Stored,
        events_stored: Callable[[], None] = _nobody,
        batch_limit: int = 512,
        queue_limit: int = 20_000,
    ) -> None:
        self._ledger = ledger
        self._stored = stored
        self._events_stored = events_stored
        self._batch_limit = batch_limit
        self._queue_limit = queue_limit
        self._waiting: list[Entry] = []
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._loop = asyncio.get_running_loop()
        self.available = True
        self.commits = 0
        self.operations = 0

    @property
    def depth(self) -> int:
        """Operations that wait for the next commit."""
        return len(self._waiting)

    def accept(self, op: Accept) -> "asyncio.Future[WriteResult]":
        """Queue a new message; the future has the id that now stands for it, once durable.

        Raises JournalFull. The future raises LedgerUnavailable when the store cannot take it.
        """
        if len(self._waiting) >= self._queue_limit or not self.available:
            raise JournalFull
        return self._add_future(op)

    def write(self, op: WriteOp) -> "asyncio.Future[WriteResult]":
        """Queue a change; the future has the engine's result, once durable."""
        return self._add_future(op)

    def post(self, op: WriteOp, done: Done | None = None) -> None:
        """Queue a change; `done` is called with the result once durable. It must not raise or wait."""
        self._waiting.append((op, done))
        if not self._wake.is_set():
            self._wake.set()
            self._idle.clear()

    def barrier(self, done: Done) -> None:
        """Call `done` once everything that is queued by now is durable."""
        self._waiting.append((None, done))
        if not self._wake.is_set():
            self._wake.set()
            self._idle.clear()

    def _add_future(self, op: WriteOp) -> "asyncio.Future[WriteResult]":
        future: asyncio.Future[WriteResult] = self._loop.create_future()
        self._waiting.append((op, future))
        if not self._wake.is_set():
            self._wake.set()
            self._idle.clear()
        return future

    async def run(self) -> None:
        """Commit batch after batch, until cancelled; what is queued by then is committed by `drain`."""
        while True:
            await self._wake.wait()
            await self._commit_next()

    async def drain(self) -> None:
        """Wait until nothing is queued and nothing is being committed."""
        await self._idle.wait()

    async def _commit_next(self) -> None:
        batch = self._waiting[: self._batch_limit]
        del self._waiting[: self._batch_limit]
        try:
            results = await self._apply(batch)
        except LedgerUnavailable:
            self._refuse_new(batch)
            self.available = False
            await asyncio.sleep(RETRY_S)
            self.available = True
        else:
            self.commits += 1
            self.operations += len(batch)
            _answer(batch, results)
            fresh = [
                op.message
                for (op, _), id_ in zip(batch, results, strict=True)
                if isinstance(op, Accept) and op.message.id == id_
            ]
            if fresh:
                self._stored(fresh)
            if any(isinstance(op, Change) and op.event is not None for op, _ in batch):
                self._events_stored()
        if not self._waiting:
            self._wake.clear()
            self._idle.set()

    async def _apply(self, batch: Sequence[Entry]) -> list[WriteResult]:
        ops = [op for op, _ in batch if op is not None]
        if len(ops) == len(batch):
            return await self._ledger.apply(ops)
        results = iter(await self._ledger.apply(ops) if ops else ())
        return [True if op is None else next(results) for op, _ in batch]

    def _refuse_new(self, batch: list[Entry]) -> None:
        kept: list[Entry] = []
        for op, waiter in batch:
            if isinstance(op, Accept):
                if isinstance(waiter, asyncio.Future) and not waiter.done():
                    waiter.set_exception(LedgerUnavailable())
            else:
                kept.append((op, waiter))
        self._waiting[:0] = kept


def _answer(batch: Sequence[Entry], results: Sequence[WriteResult]) -> None:
    for (op, waiter), result in zip(batch, results, strict=True):
        if waiter is None:
            continue
        if isinstance(waiter, asyncio.Future):
            if not waiter.done():
                waiter.set_result(result)
        else:
            waiter(op, result)
