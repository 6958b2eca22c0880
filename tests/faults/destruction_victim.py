"""A process that destroys and dies: `python -m tests.faults.destruction_victim PLACE WRITES`.

It erases a person and sweeps what is due, on a real key store, root slot and ledger, and is gone, with SIGKILL and no
clean-up, just before its WRITES-th write. Writes are counted at the system's door: after opening a file to write it,
before syncing, renaming and overwriting, and around each statement by which SQLite changes a file. With 0 it comes to
its end and prints how many writes there were.
"""

import asyncio
import builtins
import os
import signal
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from config.settings import SweeperSettings
from gateway.clock import ManualClock
from gateway.keyring import Keyring
from gateway.ledger.keystore import FileRootSlot, Keystore
from gateway.ledger.sqlite import SqliteLedger
from gateway.sweeper import Sweeper
from redaction.personal import Msisdn
from redaction.retention import DEFAULT_RULES

CUSTOMER = 1
ERASED = Msisdn("966500000001", 966)
LATER_S = 4 * 86_400 + 3_600
"""The sweep comes when transactional content of the first day is due, and promotional is not."""

CHANGING = ("BEGIN IMMEDIATE", "INSERT", "UPDATE", "DELETE", "COMMIT", "PRAGMA wal_checkpoint")


class Clock(ManualClock):
    """Time stands still; keys are random, for a process after this one must not draw the same."""

    def random(self, size: int) -> bytes:
        return os.urandom(size)


class Deadline:
    """Counts writes, and dies at one of them."""

    def __init__(self, at: int) -> None:
        self.at = at
        self.count = 0
        self.armed = False

    def passes(self) -> None:
        if not self.armed:
            return
        self.count += 1
        if self.count == self.at:
            os.kill(os.getpid(), signal.SIGKILL)

    def before(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*values: Any, **options: Any) -> Any:
            self.passes()
            return call(*values, **options)

        return counted


def watch(deadline: Deadline) -> None:
    """Put the counter in front of everything that changes a file."""
    for name in ("fsync", "pwrite", "replace", "rename", "write"):
        setattr(os, name, deadline.before(getattr(os, name)))
    real_open = builtins.open

    def opened(file: Any, mode: str = "r", *more: Any, **options: Any) -> Any:
        handle = real_open(file, mode, *more, **options)
        if "w" in mode:
            deadline.passes()
        return handle

    builtins.open = opened
    Cursor.deadline = Connection.deadline = deadline
    real_connect = sqlite3.connect

    def connect(path: Any, **options: Any) -> Any:
        return real_connect(path, factory=Connection, **options)

    sqlite3.connect = connect  # type: ignore[assignment]


class Cursor(sqlite3.Cursor):
    deadline: Deadline

    def execute(self, sql: str, *values: Any) -> Any:
        changing = sql.lstrip().startswith(CHANGING)
        if changing:
            self.deadline.passes()
        done = super().execute(sql, *values)
        if changing:
            self.deadline.passes()
        return done


class Connection(sqlite3.Connection):
    deadline: Deadline

    def cursor(self, *_: Any, **__: Any) -> Any:
        return super().cursor(Cursor)

    def execute(self, sql: str, *values: Any) -> Any:
        return self.cursor().execute(sql, *values)


async def destroy(place: Path, deadline: Deadline) -> None:
    clock = Clock()
    store = Keystore(place / "keys.db", FileRootSlot(place / "root.key"), clock)
    store.open()
    ledger = SqliteLedger(place / "ledger.db", clock)
    await ledger.open()
    keyring = Keyring(store, DEFAULT_RULES.values(), clock)
    deadline.armed = True
    keyring.forget_subject(CUSTOMER, ERASED)
    clock.advance(LATER_S)
    await Sweeper(ledger=ledger, keyring=keyring, clock=clock, settings=SweeperSettings()).sweep()
    deadline.armed = False
    await ledger.close()
    store.close()


def main(place: Path, writes: int) -> None:
    deadline = Deadline(writes)
    watch(deadline)
    asyncio.run(destroy(place, deadline))
    print(deadline.count)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
