"""One SQLite file and who may write it: one transaction at a time, and a reader that sees what is committed.

Statements run on the loop's thread: sqlite3 gives up the GIL at every step, so a whole batch in a thread beside a
busy loop fights for it row by row and takes twice the time. So do commits while the disk is quick; otherwise they wait
for it in a thread of its own, as all does that may take long.

A writer that finds another process writing (the command line changes an account) waits in short sleeps and never in
SQLite's busy handler, which would hold up the loop.
"""

import asyncio
import contextlib
import functools
import sqlite3
import time
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any, Final, TypeVar

from gateway.ledger.contract import LedgerUnavailable
from gateway.ledger.sqlite.commit_place import Pace
from gateway.ledger.sqlite.connecting import Connector, stop_waiting
from gateway.ledger.sqlite.disk_thread import DiskThread
from gateway.ledger.sqlite.errors import ledger_errors, named
from gateway.ledger.sqlite.log_copies import LogCopies
from gateway.ledger.sqlite.riders import Aboard, Rider
from gateway.ledger.sqlite.schema import SQL, migrate

COMMIT_ON_LOOP_S: Final = 0.0015
_RIDE_AFTER_S: Final = 0.003  # a busy journal commits more often

T = TypeVar("T")


def _nothing(_cursor: sqlite3.Cursor) -> None:
    """A transaction for a rider alone."""


class SqliteFile:
    """Open it to write, or only to read what another process writes."""

    def __init__(
        self,
        path: Path,
        *,
        synchronous: str,
        busy_limit_s: float,
        commit_on_loop_s: float = COMMIT_ON_LOOP_S,
    ) -> None:
        self._connector = Connector(path, synchronous, busy_limit_s)
        self._pace = Pace(commit_on_loop_s)
        self._turn = asyncio.Lock()
        self._resources = contextlib.ExitStack()
        self._writing = contextlib.ExitStack()  # of them, what only a writer needs
        self._open = False
        self._aboard = Aboard()
        self._log = LogCopies(self._between)

    @property
    def reader(self) -> sqlite3.Connection:
        """Sees what is committed. Raises LedgerUnavailable when the file is not open."""
        self._check_open()
        return self._reader

    def open(self) -> None:
        """Connect and migrate. Raises LedgerCorrupt, LedgerUnavailable; then nothing stays open."""
        with contextlib.ExitStack() as stack:
            self._connector.create()
            self._writing = stack.enter_context(contextlib.ExitStack())
            self._thread = DiskThread("ledger-commit")
            self._writing.callback(self._thread.stop)
            with named(self._connector.path), ledger_errors():
                self._writer = self._connector.to_migrate(self._writing)
                migrate(self._writer)
                stop_waiting(self._writer)
                self._connect_to_read(stack)
            self._cursor = self._writer.cursor()
            self._writing.callback(self._cursor.close)  # its statement would keep the connection alive
            self._resources = stack.pop_all()
            self._open = True

    def open_to_read(self) -> None:
        """Connect to what another process writes and keeps in order. Raises LedgerUnavailable."""
        with contextlib.ExitStack() as stack:
            with ledger_errors():
                self._connect_to_read(stack)
            self._resources = stack.pop_all()
            self._open = True

    def _connect_to_read(self, stack: contextlib.ExitStack) -> None:
        self._reader = self._connector.to_read(stack)
        self._log.open(self._connector, stack)

    async def end_writing(self) -> None:
        """Finish the transaction under way and leave writing to another process; what reads stays open.

        For a file that is not written any more. Raises LedgerUnavailable; then it can still write.
        """
        async with self._between():
            self._writing.close()

    async def close(self) -> None:
        """Finish the transaction under way and let go of the file. Again is harmless."""
        async with self._turn:
            self._open = False
        await self._log.close()
        resources, self._resources = self._resources, contextlib.ExitStack()
        with ledger_errors():
            await asyncio.get_running_loop().run_in_executor(None, resources.close)

    # ------------------------------------------------------------------------------------------------ transactions

    async def transact(self, work: Callable[[sqlite3.Cursor], T]) -> T:
        """Run `work` and make it durable, all or nothing. Raises LedgerUnavailable.

        Once the commit has begun, a cancelled caller still waits for its end.
        """
        async with self._turn:
            await self._begin()
            try:
                with ledger_errors():
                    result = work(self._cursor)
                await self._commit()
            except BaseException:
                self._roll_back()
                raise
            self._aboard.settle()
        self._log.copy_soon()
        return result

    def transact_now(self, work: Callable[[sqlite3.Cursor], T]) -> T | None:
        """As `transact`, on this thread; None, and nothing done, where that would wait for others or a slow disk."""
        if self._turn.locked() or not self._pace.is_quick(time.monotonic()):
            return None
        self._check_open()
        if not self._begun():
            return None
        try:
            with ledger_errors():
                result = work(self._cursor)
                self._commit_here()
        except BaseException:
            self._roll_back()
            raise
        self._aboard.settle()
        self._log.copy_soon()
        return result

    async def transact_along(self, work: Callable[[sqlite3.Cursor], int]) -> int:
        """Run `work` between two transactions, and make it durable with the second, or soon without one.

        For a few statements that each do much: they cost no sync of their own. They run where commits wait for the
        disk: on the loop while it is quick, for they are over sooner than a thread has begun. If `work` raises,
        nothing of it is kept and the transaction goes on without it; if the transaction fails, so does this.
        """
        rider = await self._ride(work, on_loop=self._pace.is_quick(time.monotonic()))
        with ledger_errors():
            return await self._arrived(rider)

    async def _ride(self, work: Callable[[sqlite3.Cursor], int], *, on_loop: bool) -> Rider:
        """Begin a transaction, if none has begun, and do the work in it. Whoever transacts next makes it durable."""
        rider = Rider(work)
        async with self._turn:
            await self._begin()
            self._aboard.take(rider)
            try:
                with ledger_errors():
                    if on_loop:
                        rider.run(self._cursor)
                    else:
                        await self._thread.run(functools.partial(rider.run, self._cursor))
            except BaseException:
                self._roll_back()
                raise
        return rider

    async def _arrived(self, rider: Rider) -> int:
        try:
            async with asyncio.timeout(_RIDE_AFTER_S):
                return await asyncio.shield(rider.outcome)
        except TimeoutError:
            if rider in self._aboard:
                await self.transact(_nothing)
            return await rider.outcome

    @contextlib.asynccontextmanager
    async def _between(self) -> AsyncIterator[None]:
        """The writer's turn, with no transaction open: the log begins anew only behind a finished one."""
        async with self._turn:
            self._check_open()
            if self._aboard:
                try:
                    await self._commit()
                except BaseException:
                    self._roll_back()
                    raise
                self._aboard.settle()
            yield

    async def _commit(self) -> None:
        """Wait for the disk: here while it is quick, and in the thread otherwise."""
        if not self._pace.is_quick(time.monotonic()):
            await self._in_thread(SQL["commit"])
            return
        with ledger_errors():
            self._commit_here()

    def _commit_here(self) -> None:
        began = time.monotonic()
        self._writer.execute(SQL["commit"])
        now = time.monotonic()
        self._pace.took(now - began, now)

    async def _begin(self) -> None:
        self._check_open()
        for wait_s in self._connector.waits():
            if self._begun():
                return
            await asyncio.sleep(wait_s)
        raise LedgerUnavailable("SQLITE_BUSY")

    def _begun(self) -> bool:
        """Whether a transaction is open by now; False while another process writes."""
        if self._aboard:
            return True
        if self._writer.in_transaction:  # an earlier roll-back failed with the disk
            self._roll_back()
        with ledger_errors():
            try:
                self._cursor.execute(SQL["begin"])
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY:
                    return False
                raise
        return True

    def _roll_back(self) -> None:
        """Best effort: when the disk is gone, the next `_begin` tries again, and a crash rolls back as well."""
        self._aboard.fail()
        with contextlib.suppress(sqlite3.Error):
            if self._writer.in_transaction:
                self._writer.execute(SQL["rollback"])

    # ------------------------------------------------------------------------------------------------- reads, the log

    async def read_apart(self, sql: str, values: Sequence[int | str | bytes]) -> list[Any]:
        """Rows of a rare read that may look at much, in a thread of its own."""
        self._check_open()
        return await self._log.read(sql, values)

    async def checkpoint(self) -> None:
        """Move everything into the database file and empty the write-ahead log. Raises LedgerUnavailable."""
        await self._log.relieve()
        for wait_s in self._connector.waits():
            async with self._between():
                busy, _, _ = (await self._in_thread(SQL["checkpoint"])).fetchone()
            if not busy:
                return
            await asyncio.sleep(wait_s)
        raise LedgerUnavailable("SQLITE_BUSY")

    async def _in_thread(self, sql: str) -> sqlite3.Cursor:
        with ledger_errors():
            return await self._thread.run(functools.partial(self._writer.execute, sql))

    def _check_open(self) -> None:
        if not self._open:
            raise LedgerUnavailable("the ledger is not open")
