"""A process that destroys and dies: `python -m tests.faults.destruction_victim PLACE URL PREFIX WRITES`.

It erases a person and sweeps what is due, on a real key store, root slot and ledger, and is gone, with SIGKILL and no
clean-up, just before its WRITES-th write. Writes are counted at the system's door: after opening a file to write it,
before syncing, renaming and overwriting, around each statement by which SQLite changes a file, and before each command
to a Redis and after its answer. With 0 it comes to its end and prints how many writes there were.

URL is that of the key store's server, '' for a key store in a file.
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

from redis.connection import AbstractConnection

from config.settings import SweeperSettings
from gateway.keystore.keyring import Keyring
from gateway.keystore.leases import Leases
from gateway.keystore.redis import KeyServer, KeyServerAddress
from gateway.keystore.root_slot import FileRootSlot
from gateway.keystore.store import Keystore
from gateway.ledger.sqlite.engine import SqliteLedger
from gateway.process.clock import ManualClock
from gateway.retention.erasure import erase_person
from gateway.retention.integrity import Integrity
from gateway.retention.policies import RetentionPolicies
from gateway.retention.sweeper import Sweeper
from redaction.personal import Msisdn
from redaction.retention import DEFAULT_RULES
from tests.integration.key_places import LEASE_S, LOCK_S

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
    _watch_server(deadline)


def _watch_server(deadline: Deadline) -> None:
    kind: Any = AbstractConnection
    kind.send_packed_command = deadline.before(kind.send_packed_command)
    read = kind.read_response

    def read_response(self: Any, *values: Any, **options: Any) -> Any:
        answer = read(self, *values, **options)
        deadline.passes()
        return answer

    kind.read_response = read_response


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


def keys_of(place: Path, url: str, prefix: str, clock: Clock) -> Keystore:
    """Not opened."""
    slot = FileRootSlot(place / "root.key")
    if not url:
        return Keystore(place / "keys.db", slot, clock)
    server = KeyServer(KeyServerAddress(url=url, prefix=prefix), place / "root.key.lock", lock_s=LOCK_S)
    return Keystore(server, slot, clock, Leases(server, clock, LEASE_S))


async def destroy(place: Path, url: str, prefix: str, deadline: Deadline) -> None:
    clock = Clock()
    store = keys_of(place, url, prefix, clock)
    store.open()
    ledger = SqliteLedger(place / "ledger.db", clock)
    await ledger.open()
    keyring = Keyring(store, DEFAULT_RULES.values(), clock)
    deadline.armed = True
    await erase_person(ledger.messages, keyring, RetentionPolicies(DEFAULT_RULES), CUSTOMER, ERASED)
    clock.advance(LATER_S)
    store.refresh()
    integrity = Integrity(keyring.tags, ledger.retention)
    await Sweeper(
        retention=ledger.retention,
        keyring=keyring,
        clock=clock,
        settings=SweeperSettings(),
        integrity=integrity,
        schedule_s=0,
    ).sweep()
    deadline.armed = False
    await ledger.close()
    store.close()


def main(place: Path, url: str, prefix: str, writes: int) -> None:
    deadline = Deadline(writes)
    watch(deadline)
    asyncio.run(destroy(place, url, prefix, deadline))
    print(deadline.count)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4]))
