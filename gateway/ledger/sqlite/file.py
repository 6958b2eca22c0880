"""One SQLite file and who may write it: connections, migrations, transactions.

Statements run on the loop's thread: sqlite3 gives up the GIL at every step, so a whole batch in a thread beside a
busy loop fights for it row by row and takes twice the time. So do commits while the disk is quick; otherwise they wait
for it in a thread of its own, as all does that may take long.

A writer that finds another process writing (the command line changes an account) waits in short sleeps and never in
SQLite's busy handler, which would hold up the loop.
"""

import asyncio
import contextlib
import functools
import itertools
import os
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, TypeVar

from gateway.ledger.contract import LedgerCorrupt, LedgerUnavailable
from gateway.ledger.sqlite.commit_place import Pace
from gateway.ledger.sqlite.disk_thread import DiskThread
from gateway.ledger.sqlite.rows import PARTS
from gateway.ledger.statements import named_statements, schema_steps

SQL: Final[Mapping[str, str]] = named_statements("gateway.ledger.sqlite", "statements.sql", PARTS)
MIGRATIONS: Final[Mapping[int, tuple[str, ...]]] = schema_steps("gateway.ledger.sqlite", "schema")
"""What makes version n out of version n - 1; 0 is an empty file."""
SCHEMA_VERSION: Final = max(MIGRATIONS)

SYNCHRONOUS: Final = frozenset({"off", "normal", "full", "extra"})

BUSY_LIMIT_S: Final = 5.0
COMMIT_ON_LOOP_S: Final = 0.0015
_BUSY_STEP_S: Final = (0.001, 0.002, 0.005, 0.01, 0.02)
_RIDE_AFTER_S: Final = 0.003  # a busy journal commits more often
_READ_BUSY_MS: Final = 250
_COPY_LOG_S: Final = 0.5
_COPY_AT_ONCE_PAGES: Final = 500
_LONG_LOG_PAGES: Final = 24_000  # 96 MiB
_CHECKPOINT_PAGES: Final = 64_000  # 256 MiB: SQLite's own checkpoint, within a commit, only if ours do not keep up
_WRITE_CACHE_KIB: Final = 12_288
_READ_CACHE_KIB: Final = 8_192
_RELIEVED_PAGES: Final = 50
_RELIEF_ROUNDS: Final = 3
_LOG_CACHE_KIB: Final = 64  # copying the log takes no page cache
_STATEMENTS: Final = 128

_DAMAGED: Final = frozenset({"SQLITE_NOTADB", "SQLITE_CORRUPT"})

T = TypeVar("T")


@contextlib.contextmanager
def ledger_errors() -> Iterator[None]:
    """SQLite's errors as the contract's. What is neither the disk nor the file is our own mistake and passes."""
    try:
        yield
    except sqlite3.OperationalError as error:
        raise LedgerUnavailable(error.sqlite_errorname) from error
    except sqlite3.DatabaseError as error:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            raise LedgerCorrupt(error.sqlite_errorname) from error
        raise


class Rider:
    """Work in somebody else's transaction, before theirs. A savepoint keeps its failure from its host."""

    def __init__(self, work: Callable[[sqlite3.Cursor], int]) -> None:
        self._work = work
        self._done: int | Exception = 0
        self.outcome: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    def run(self, cursor: sqlite3.Cursor) -> None:
        """Do the work, or leave no trace of it. It counts once somebody has made the transaction durable."""
        cursor.execute(SQL["rider_begins"])
        try:
            self._done = self._work(cursor)
        except sqlite3.Error as error:
            cursor.execute(SQL["rider_rolls_back"])
            self._done = error
        cursor.execute(SQL["rider_ends"])

    def settle(self) -> None:
        """What it did is durable, or it did nothing."""
        if isinstance(self._done, Exception):
            self.fail(self._done)
        elif not self.outcome.done():
            self.outcome.set_result(self._done)

    def fail(self, error: Exception) -> None:
        if not self.outcome.done():
            self.outcome.set_exception(error)
            self.outcome.exception()  # whoever asked for the ride may have gone


def _nothing(_cursor: sqlite3.Cursor) -> None:
    """A transaction for a rider alone."""


class SqliteFile:
    """A writer connection for one transaction at a time, and a reader that sees what is committed."""

    def __init__(
        self,
        path: Path,
        *,
        synchronous: str,
        busy_limit_s: float,
        commit_on_loop_s: float = COMMIT_ON_LOOP_S,
    ) -> None:
        if synchronous not in SYNCHRONOUS:
            raise ValueError(f"synchronous is one of {', '.join(sorted(SYNCHRONOUS))}")
        self._path = path
        self._synchronous = synchronous
        self._busy_limit_s = busy_limit_s
        self._pace = Pace(commit_on_loop_s)
        self._turn = asyncio.Lock()
        self._resources = contextlib.ExitStack()
        self._writing = contextlib.ExitStack()  # of them, what only a writer needs
        self._open = False
        self._aboard: list[Rider] = []  # in the transaction that is open, and has no host yet
        self._copying: asyncio.Task[None] | None = None
        self._copy_at = 0.0
        self._copied = 0  # pages of the log, the last time

    @property
    def reader(self) -> sqlite3.Connection:
        """Sees what is committed. Raises LedgerUnavailable when the file is not open."""
        self._check_open()
        return self._reader

    def open(self) -> None:
        """Connect and migrate. Raises LedgerCorrupt, LedgerUnavailable; then nothing stays open."""
        with contextlib.ExitStack() as stack:
            try:
                self._create()
            except OSError as error:
                raise unreachable(self._path, error) from error
            self._writing = stack.enter_context(contextlib.ExitStack())
            self._thread = DiskThread("ledger-commit")
            self._writing.callback(self._thread.stop)
            self._log_thread = DiskThread("ledger-log")
            stack.callback(self._log_thread.stop)
            with named(self._path), ledger_errors():
                self._writer = self._connect(self._writing, _WRITE_CACHE_KIB, busy_ms=round(self._busy_limit_s * 1000))
                self._migrate()
                self._writer.execute("PRAGMA busy_timeout = 0")
                self._reader = self._connect(stack, _READ_CACHE_KIB, busy_ms=_READ_BUSY_MS)
                self._reader.execute("PRAGMA query_only = ON")
                self._log = self._connect(stack, _LOG_CACHE_KIB, busy_ms=0)
            self._cursor = self._writer.cursor()
            self._writing.callback(self._cursor.close)  # its statement would keep the connection alive
            self._resources = stack.pop_all()
            self._open = True

    def open_to_read(self) -> None:
        """Connect to what another process writes and keeps in order. Raises LedgerUnavailable."""
        with contextlib.ExitStack() as stack:
            self._log_thread = DiskThread("ledger-log")
            stack.callback(self._log_thread.stop)
            with ledger_errors():
                self._reader = self._connect(stack, _READ_CACHE_KIB, busy_ms=_READ_BUSY_MS)
                self._reader.execute("PRAGMA query_only = ON")
                self._log = self._connect(stack, _LOG_CACHE_KIB, busy_ms=0)
            self._resources = stack.pop_all()
            self._open = True

    async def end_writing(self) -> None:
        """Finish the transaction under way and leave writing to another process; what reads stays open.

        For whom nobody calls any more to write. Raises LedgerUnavailable; then it can still write.
        """
        async with self._turn:
            self._check_open()
            await self._end_ride()
            self._writing.close()

    async def close(self) -> None:
        """Finish the transaction under way and let go of the file. Again is harmless."""
        async with self._turn:
            self._open = False
        if self._copying is not None:
            await asyncio.wait((self._copying,))
        resources, self._resources = self._resources, contextlib.ExitStack()
        with ledger_errors():
            await asyncio.get_running_loop().run_in_executor(None, resources.close)

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
            self._settle_riders()
        self._copy_log_soon()
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
        self._settle_riders()
        self._copy_log_soon()
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
            self._aboard.append(rider)
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

    async def _end_ride(self) -> None:
        """Commit what riders did without a host: the log begins anew only behind a finished transaction."""
        if not self._aboard:
            return
        try:
            await self._commit()
        except BaseException:
            self._roll_back()
            raise
        self._settle_riders()

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

    def _settle_riders(self) -> None:
        riders, self._aboard = self._aboard, []
        for rider in riders:
            rider.settle()

    async def read_apart(self, sql: str, values: Sequence[int | str | bytes]) -> list[Any]:
        """Rows of a rare read that may look at much, in a thread of its own."""
        self._check_open()
        with ledger_errors():
            return await self._log_thread.run(lambda: self._log.execute(sql, values).fetchall())

    def _copy_log_soon(self) -> None:
        """Now and then, beside the commits: left to itself, SQLite copies the log within one, which holds it up."""
        loop = asyncio.get_running_loop()
        if self._copying is None and loop.time() >= self._copy_at:
            self._copying = loop.create_task(self._keep_log_short(), name="ledger log")

    async def _keep_log_short(self) -> None:
        """The more there was, the sooner again: the sync of a large copy holds up the syncs of commits."""
        pause_s = _COPY_LOG_S
        try:
            with contextlib.suppress(LedgerUnavailable):  # the next commit tries again, and says what is wrong
                pages, left = await self._copy_log()
                moved = pages - left - self._copied
                pause_s *= min(1.0, _COPY_AT_ONCE_PAGES / max(1, moved if moved >= 0 else pages - left))
                self._copied = pages - left
                if pages >= _LONG_LOG_PAGES:
                    await self.relieve()
        finally:
            self._copying = None
            self._copy_at = asyncio.get_running_loop().time() + pause_s

    async def relieve(self) -> None:
        """Copy the write-ahead log into the database file, so that the log begins anew. Raises LedgerUnavailable.

        Nearly all of it is copied beside the writer; only what was written meanwhile is copied while the writer waits.
        SQLite's own checkpoint holds up the commit that starts it for all of it: 100 ms for 8,000 scattered pages.
        """
        self._check_open()
        left = _RELIEVED_PAGES + 1
        for _ in range(_RELIEF_ROUNDS):  # each round leaves what was written during it, which is less every time
            if left <= _RELIEVED_PAGES:
                break
            _, left = await self._copy_log()
        async with self._turn:
            await self._end_ride()
            await self._copy_log()

    async def _copy_log(self) -> tuple[int, int]:
        """Pages in the log, and those of them that are left to be copied."""
        self._check_open()
        with ledger_errors():
            _, pages, copied = await self._log_thread.run(lambda: self._log.execute(SQL["copy_log"]).fetchone())
        return int(pages), int(pages - copied)

    async def checkpoint(self) -> None:
        """Move everything into the database file and empty the write-ahead log. Raises LedgerUnavailable."""
        await self.relieve()
        for wait_s in _waits(self._busy_limit_s):
            async with self._turn:
                self._check_open()
                await self._end_ride()
                busy, _, _ = (await self._in_thread(SQL["checkpoint"])).fetchone()
            if not busy:
                return
            await asyncio.sleep(wait_s)
        raise LedgerUnavailable("SQLITE_BUSY")

    def _check_open(self) -> None:
        if not self._open:
            raise LedgerUnavailable("the ledger is not open")

    async def _begin(self) -> None:
        self._check_open()
        for wait_s in _waits(self._busy_limit_s):
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
        return self._try_begin()

    def _try_begin(self) -> bool:
        with ledger_errors():
            try:
                self._cursor.execute(SQL["begin"])
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY:
                    return False
                raise
        return True

    async def _in_thread(self, sql: str) -> sqlite3.Cursor:
        with ledger_errors():
            return await self._thread.run(functools.partial(self._writer.execute, sql))

    def _roll_back(self) -> None:
        """Best effort: when the disk is gone, the next `_begin` tries again, and a crash rolls back as well."""
        riders, self._aboard = self._aboard, []
        for rider in riders:
            rider.fail(LedgerUnavailable("the transaction failed"))
        with contextlib.suppress(sqlite3.Error):
            if self._writer.in_transaction:
                self._writer.execute(SQL["rollback"])

    def _create(self) -> None:
        """The file and its directory, for this user alone; SQLite gives its side files the same mode."""
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))

    def _connect(self, stack: contextlib.ExitStack, cache_kib: int, *, busy_ms: int) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self._path, isolation_level=None, check_same_thread=False, cached_statements=_STATEMENTS
        )
        stack.callback(connection.close)
        for pragma in (
            f"busy_timeout = {busy_ms}",
            "journal_mode = WAL",
            f"synchronous = {self._synchronous}",
            "secure_delete = ON",
            "temp_store = MEMORY",
            f"cache_size = -{cache_kib}",
            f"wal_autocheckpoint = {_CHECKPOINT_PAGES}",
        ):
            connection.execute("PRAGMA " + pragma)
        return connection

    def _migrate(self) -> None:
        writer = self._writer
        writer.execute(SQL["begin"])
        try:
            version = self._version()
            for step in range(version + 1, SCHEMA_VERSION + 1):
                for statement in MIGRATIONS[step]:
                    writer.execute(statement)
            writer.execute(SQL["commit"])
        except BaseException:
            self._roll_back()
            raise

    def _version(self) -> int:
        """0 for an empty file. Raises LedgerCorrupt for a newer one, and for what is no ledger."""
        tables = self._number("has_tables")
        if not tables:
            return 0
        if not self._number("has_meta"):
            raise LedgerCorrupt("the file is a database but not a ledger")
        version = self._number("schema_version")
        if version > SCHEMA_VERSION:
            raise LedgerCorrupt(f"the ledger has version {version}, this gateway knows {SCHEMA_VERSION}")
        return version

    def _number(self, name: str) -> int:
        row = self._writer.execute(SQL[name]).fetchone()
        if row is None:
            raise LedgerCorrupt("the ledger does not say its version")
        return int(row[0])


@contextlib.contextmanager
def named(path: Path) -> Iterator[None]:
    """Whoever starts a gateway is told which file it is that does not open."""
    try:
        yield
    except (LedgerUnavailable, LedgerCorrupt) as error:
        kind = "not a ledger, or damaged: " if error.args[0] in _DAMAGED else ""
        raise type(error)(f"{path}: {kind}{error}") from error


def unreachable(path: Path, error: OSError) -> LedgerUnavailable:
    """The directory or the file cannot be made or opened."""
    return LedgerUnavailable(f"{path}: {error.strerror or type(error).__name__}")


def _waits(limit_s: float) -> Iterator[float]:
    """Growing pauses that add up to `limit_s`."""
    waited_s = 0.0
    for step_s in itertools.chain(_BUSY_STEP_S, itertools.repeat(_BUSY_STEP_S[-1])):
        if waited_s > limit_s:
            return
        waited_s += step_s
        yield step_s
