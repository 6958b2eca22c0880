"""Places for a key store's blob, one for each engine, that a test or a process of its own can open and tamper with."""

import contextlib
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import redis

from gateway.keystore.leases import Leases
from gateway.keystore.redis import KeyServer, KeyServerAddress
from gateway.keystore.root_slot import FileRootSlot, RootSlot
from gateway.keystore.store import Keystore
from gateway.process.clock import SystemClock

PERSISTENT = ("--appendonly", "yes", "--appendfsync", "always")
LEASE_S = 10.0
LOCK_S = 0.5


@dataclass(frozen=True, slots=True)
class KeyPlace:
    """A folder for the root, and for the blob where it is a file. url: of a server, else. prefix: there.

    lock_s: after which the lock of a process that died is free there.
    """

    folder: Path
    url: str = ""
    prefix: str = "keys"
    lock_s: float = LOCK_S

    @property
    def words(self) -> tuple[str, ...]:
        """For the command line of a process."""
        return str(self.folder), self.url, self.prefix

    @property
    def root(self) -> FileRootSlot:
        return FileRootSlot(self.folder / "root" / "root.key")

    @property
    def file(self) -> Path:
        return self.folder / "keys" / "keys.db"

    def server(self) -> KeyServer:
        address = KeyServerAddress(url=self.url, prefix=self.prefix)
        return KeyServer(address, self.folder / "root" / "root.key.lock", lock_s=self.lock_s)

    def store(self, slot: RootSlot | None = None, server: KeyServer | None = None) -> Keystore:
        """Not opened; of a node."""
        clock, slot = SystemClock(), slot or self.root
        if not self.url:
            return Keystore(self.file, slot, clock)
        server = server or self.server()
        return Keystore(server, slot, clock, Leases(server, clock, LEASE_S))

    def blob(self) -> bytes:
        if self.url:
            with self.client() as client:
                return bytes(client.hget(self._state, "blob"))
        with contextlib.closing(sqlite3.connect(self.file)) as database:
            return bytes(database.execute("SELECT blob FROM keystore").fetchone()[0])

    def damage(self, change: Callable[[bytes], bytes]) -> None:
        blob = change(self.blob())
        if self.url:
            with self.client() as client:
                client.hset(self._state, "blob", blob)
            return
        with contextlib.closing(sqlite3.connect(self.file)) as database, database:
            database.execute("UPDATE keystore SET blob = ?", (blob,))

    def client(self) -> Any:
        return redis.Redis.from_url(self.url)

    @property
    def _state(self) -> str:
        return f"{{{self.prefix}}}:keystore:state"
