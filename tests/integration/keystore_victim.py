"""A process for the key store's tests: `python -m tests.integration.keystore_victim FOLDER URL PREFIX STEP`.

URL is '' for a store in a file.

STEP names where it dies, with exit code 9 and no clean-up, while it destroys customer 7; or `roll_N`: it adds ten
customers from N on, each under a fresh root, and ends well.
"""

import os
import sqlite3
import sys
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path

from gateway.keystore.redis import KeyServer, KeyServerAddress
from gateway.keystore.root_slot import FileRootSlot
from gateway.keystore.store import Keystore
from redaction.keys import KeyState
from tests.integration.key_places import LOCK_S, KeyPlace


def die() -> None:
    os._exit(9)


class Slot(FileRootSlot):
    def __init__(self, path: Path, step: str) -> None:
        super().__init__(path)
        self._dies_after = {"root_1": 1, "root_2": 2}.get(step, 0)

    def write(self, roots: Sequence[bytes]) -> None:
        super().write(roots)
        self._dies_after -= 1
        if not self._dies_after:
            die()


class Server(KeyServer):
    """Dies around the write."""

    step = ""

    def write(
        self,
        blob: bytes,
        version: int,
        segments: Iterable[tuple[bytes, bytes]] = (),
        deletable: Sequence[bytes] = (),
    ) -> None:
        if self.step == "commit_before":
            die()
        super().write(blob, version, segments, deletable)
        if self.step == "commit_after":
            die()


class Connection(sqlite3.Connection):
    """Dies around the commit."""

    step = ""

    def execute(self, sql: str, *values: object) -> sqlite3.Cursor:
        if sql == "COMMIT" and self.step == "commit_before":
            die()
        cursor: sqlite3.Cursor = super().execute(sql, *values)  # type: ignore[arg-type]
        if sql == "COMMIT" and self.step == "commit_after":
            die()
        return cursor


def add(customer: int, state: KeyState) -> bool:
    return state.ensure_customer(customer, os.urandom)


def opened(place: KeyPlace, step: str) -> Keystore:
    slot = Slot(place.folder / "root" / "root.key", step)
    if place.url:
        address = KeyServerAddress(url=place.url, prefix=place.prefix)
        store = place.store(slot, Server(address, place.folder / "root" / "root.key.lock", lock_s=LOCK_S))
    else:
        store = place.store(slot)
    store.open()
    return store


def main(place: KeyPlace, step: str) -> None:
    real = sqlite3.connect

    def connect(path: Path, **options: object) -> object:
        return real(path, factory=Connection, **options)  # type: ignore[call-overload]

    sqlite3.connect = connect  # type: ignore[assignment]
    store = opened(place, step)
    Connection.step = Server.step = step
    if step.startswith("roll_"):
        for customer in range(int(step[5:]), int(step[5:]) + 10):
            store.update(partial(add, customer), destroys=True)
        store.close()
    else:
        store.update(lambda state: state.drop_customer(7), destroys=True)


if __name__ == "__main__":
    main(KeyPlace(Path(sys.argv[1]), sys.argv[2], sys.argv[3]), sys.argv[4])
