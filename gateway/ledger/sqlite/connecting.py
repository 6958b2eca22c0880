"""Connections to one ledger file, all set up alike; and how long to wait where another process writes."""

import contextlib
import itertools
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from gateway.ledger.sqlite.errors import unreachable

SYNCHRONOUS: Final = frozenset({"off", "normal", "full", "extra"})

BUSY_LIMIT_S: Final = 5.0
_BUSY_STEP_S: Final = (0.001, 0.002, 0.005, 0.01, 0.02)
_READ_BUSY_MS: Final = 250
_CHECKPOINT_PAGES: Final = 64_000  # 256 MiB: SQLite's own checkpoint, within a commit, only if ours do not keep up
LOG_KEPT_BYTES: Final = 96 << 20
"""What the log keeps of its length when it begins anew: as long as it gets by itself, and no more."""
_WRITE_CACHE_KIB: Final = 12_288
_READ_CACHE_KIB: Final = 8_192
_LOG_CACHE_KIB: Final = 64  # copying the log takes no page cache
_STATEMENTS: Final = 128


class Connector:
    """Each connection is closed by the stack that it is given.

    busy_limit_s: how long a write waits for another process's.
    """

    def __init__(self, path: Path, synchronous: str, busy_limit_s: float) -> None:
        if synchronous not in SYNCHRONOUS:
            raise ValueError(f"synchronous is one of {', '.join(sorted(SYNCHRONOUS))}")
        self.path = path
        self._synchronous = synchronous
        self._busy_limit_s = busy_limit_s

    def create(self) -> None:
        """The file and its directory, for this user alone; SQLite gives its side files the same mode.

        Raises LedgerUnavailable.
        """
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.close(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        except OSError as error:
            raise unreachable(self.path, error) from error

    def to_migrate(self, stack: contextlib.ExitStack) -> sqlite3.Connection:
        """It waits in SQLite for other processes, as the loop serves no traffic yet; see `stop_waiting`."""
        return self._connect(stack, _WRITE_CACHE_KIB, busy_ms=round(self._busy_limit_s * 1000))

    def to_read(self, stack: contextlib.ExitStack) -> sqlite3.Connection:
        connection = self._connect(stack, _READ_CACHE_KIB, busy_ms=_READ_BUSY_MS)
        connection.execute("PRAGMA query_only = ON")
        return connection

    def to_copy_log(self, stack: contextlib.ExitStack) -> sqlite3.Connection:
        return self._connect(stack, _LOG_CACHE_KIB, busy_ms=0)

    def waits(self) -> Iterator[float]:
        """Growing pauses that add up to the limit."""
        waited_s = 0.0
        for step_s in itertools.chain(_BUSY_STEP_S, itertools.repeat(_BUSY_STEP_S[-1])):
            if waited_s > self._busy_limit_s:
                return
            waited_s += step_s
            yield step_s

    def _connect(self, stack: contextlib.ExitStack, cache_kib: int, *, busy_ms: int) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self.path, isolation_level=None, check_same_thread=False, cached_statements=_STATEMENTS
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
            f"journal_size_limit = {LOG_KEPT_BYTES}",
        ):
            connection.execute("PRAGMA " + pragma)
        return connection


def stop_waiting(connection: sqlite3.Connection) -> None:
    """From now on it says at once that another process writes."""
    connection.execute("PRAGMA busy_timeout = 0")
