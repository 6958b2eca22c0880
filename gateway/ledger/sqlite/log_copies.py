"""Copies of the write-ahead log into the database file, beside the commits.

Left to itself, SQLite copies the log within a commit, which holds it up: 100 ms for 8,000 scattered pages.
"""

import asyncio
import contextlib
import sqlite3
from collections.abc import Callable, Sequence
from typing import Any, Final

from gateway.ledger.contract import LedgerUnavailable
from gateway.ledger.sqlite.connecting import Connector
from gateway.ledger.sqlite.disk_thread import DiskThread
from gateway.ledger.sqlite.errors import ledger_errors
from gateway.ledger.sqlite.schema import SQL

_COPY_LOG_S: Final = 0.5
_COPY_AT_ONCE_PAGES: Final = 500
_LONG_LOG_PAGES: Final = 24_000  # 96 MiB
_RELIEVED_PAGES: Final = 50
_RELIEF_ROUNDS: Final = 3


class LogCopies:
    """A connection with a thread of its own. between: holds the writer up between two transactions."""

    def __init__(self, between: Callable[[], contextlib.AbstractAsyncContextManager[None]]) -> None:
        self._between = between
        self._is_open = False
        self._connection: sqlite3.Connection
        self._thread: DiskThread
        self._copying: asyncio.Task[None] | None = None
        self._copy_at = 0.0
        self._copied = 0  # pages of the log, the last time

    def open(self, connector: Connector, stack: contextlib.ExitStack) -> None:
        """The stack closes it."""
        self._thread = DiskThread("ledger-log")
        stack.callback(self._thread.stop)
        self._connection = connector.to_copy_log(stack)
        self._is_open = True

    async def close(self) -> None:
        """Begin no copy any more; what is under way comes to its end."""
        self._is_open = False
        if self._copying is not None:
            await asyncio.wait((self._copying,))

    async def read(self, sql: str, values: Sequence[int | str | bytes]) -> list[Any]:
        """Rows of a rare read that may look at much: it waits for a copy, and nothing waits for it."""
        with ledger_errors():
            return await self._thread.run(lambda: self._connection.execute(sql, values).fetchall())

    def copy_soon(self) -> None:
        """Now and then, beside the commits."""
        loop = asyncio.get_running_loop()
        if self._copying is None and loop.time() >= self._copy_at:
            self._copying = loop.create_task(self._keep_short(), name="ledger log")

    async def _keep_short(self) -> None:
        """The more there was, the sooner again: the sync of a large copy holds up the syncs of commits."""
        pause_s = _COPY_LOG_S
        try:
            with contextlib.suppress(LedgerUnavailable):  # the next commit tries again, and says what is wrong
                pages, left = await self._copy()
                moved = pages - left - self._copied
                pause_s *= min(1.0, _COPY_AT_ONCE_PAGES / max(1, moved if moved >= 0 else pages - left))
                self._copied = pages - left
                if pages >= _LONG_LOG_PAGES:
                    await self.relieve()
        finally:
            self._copying = None
            self._copy_at = asyncio.get_running_loop().time() + pause_s

    async def relieve(self) -> None:
        """Copy the log, so that it begins anew. Raises LedgerUnavailable.

        Nearly all of it is copied beside the writer; only what was written meanwhile is copied while the writer waits.
        """
        left = _RELIEVED_PAGES + 1
        for _ in range(_RELIEF_ROUNDS):  # each round leaves what was written during it, which is less every time
            if left <= _RELIEVED_PAGES:
                break
            _, left = await self._copy()
        async with self._between():
            await self._copy()

    async def _copy(self) -> tuple[int, int]:
        """Pages in the log, and those of them that are left to be copied."""
        if not self._is_open:
            raise LedgerUnavailable("the ledger is not open")
        with ledger_errors():
            _, pages, copied = await self._thread.run(lambda: self._connection.execute(SQL["copy_log"]).fetchone())
        return int(pages), int(pages - copied)
