"""A writer that begins on the gateway's loop and goes on in a process of its own, once, when commits have become large.

The process starts, and opens the file, while the loop still writes. Then the two change over between calls: those
under way end, those that come meanwhile wait in their order, and the loop's connection is given up. Where the process
does not start the loop goes on writing.
"""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from math import inf
from typing import Final, TypeVar, TypeVarTuple

import structlog

from gateway.ledger.sqlite.executing import rows
from gateway.ledger.sqlite.file import SqliteFile
from gateway.ledger.sqlite.large_commits import LargeCommits
from gateway.ledger.sqlite.plan import Plan
from gateway.ledger.sqlite.writer import FileWriter, Writer
from gateway.ledger.sqlite.writer_client import ApartWriter
from gateway.process.tasks import TaskOwner

AGAIN_S: Final = 60.0
"""From an attempt that failed to the next."""

_SLOW: Final[frozenset[object]] = frozenset({FileWriter.checkpoint})
"""May wait long for readers: it delays the change-over and nothing else."""

log: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger("gateway.ledger")

T = TypeVar("T")
Values = TypeVarTuple("Values")


class MovingWriter:
    """file: what the loop writes; its readers stay open. apart: opened to be moved to. moves_at: when that pays."""

    def __init__(
        self,
        file: SqliteFile,
        apart: ApartWriter,
        moves_at: LargeCommits,
        *,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._file = file
        self._within = FileWriter(file)
        self._apart = apart
        self._moves_at = moves_at
        self._now_s = now_s
        self._writer: Writer = self._within
        self._tasks: TaskOwner
        self._closing = contextlib.AsyncExitStack()
        self._try_at_s = inf
        self._has_failed = False
        self._under_way = 0
        self._idle = asyncio.Event()
        self._turns = asyncio.Lock()
        self._checkpoints = asyncio.Lock()

    @property
    def works_beside(self) -> bool:
        return self._writer.works_beside

    async def open(self) -> None:
        await self._within.open()
        self._writer = self._within
        self._tasks = TaskOwner()
        self._closing.push_async_callback(self._tasks.stop)
        self._try_at_s = self._now_s()
        self._idle.set()

    async def close(self) -> None:
        """A process that is just starting ends as well. Again is harmless."""
        self._try_at_s = inf
        await self._closing.aclose()
        await self._apart.close()

    async def do(self, verb: Callable[[FileWriter, *Values], Awaitable[T]], *values: *Values) -> T:
        match values:
            case (Plan() as plan,) if not self.works_beside:
                self._consider(plan)
        if verb in _SLOW:
            async with self._checkpoints:
                return await self._writer.do(verb, *values)
        async with self._turns:  # free, but for while the two change over
            self._under_way += 1
        self._idle.clear()
        try:
            return await self._writer.do(verb, *values)
        finally:
            self._under_way -= 1
            if not self._under_way:
                self._idle.set()

    def _consider(self, plan: Plan) -> None:
        if self._moves_at.pay(rows(plan), plan.over_binds) and self._now_s() >= self._try_at_s:
            self._try_at_s = inf
            self._tasks.start("ledger writer", self._move())

    async def _move(self) -> None:
        began_s = self._now_s()
        failure = await self._what_failed()
        if failure is None:
            log.info("ledger_writer_moved", seconds=round(self._now_s() - began_s, 3))
            return
        await self._apart.close()
        if not self._has_failed:
            log.warning("ledger_writer_stays", exc_info=failure)
        self._has_failed = True
        self._try_at_s = self._now_s() + AGAIN_S

    async def _what_failed(self) -> Exception | None:
        """Move. Whatever it is, the loop still writes."""
        try:
            await self._apart.open()
            await self._change_over()
        except Exception as error:
            return error
        return None

    async def _change_over(self) -> None:
        async with self._checkpoints, self._turns:
            await self._idle.wait()
            await self._file.end_writing()
            self._writer = self._apart
