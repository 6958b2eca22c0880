"""The key store's blob in a SQLite file of its own, for one machine. `<path>.lock` is held while it changes."""

import contextlib
import os
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from gateway.ledger.contract import LedgerCorrupt, LedgerUnavailable, NothingThere
from gateway.ledger.file_lock import locked
from gateway.ledger.statements import named_statements
from gateway.process.system_errors import system_text

TIMEOUT_S: Final = 10.0
READ_TIMEOUT_S: Final = 1.0
"""Of a segment that somebody needs now; without it the keys are withheld until the next look at the store."""
_SQL: Final = named_statements("gateway.keystore", "keystore.sql")

# EXTRA also syncs the directory after a commit. A power cut must not bring back a blob whose root is gone.
_PRAGMAS: Final = ("journal_mode = DELETE", "synchronous = EXTRA", "secure_delete = ON")


class KeyFile:
    """See `gateway.keystore.custody.BlobStore`."""

    remote = False

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection: sqlite3.Connection | None = None
        self._reader: sqlite3.Connection | None = None
        self._reading = threading.Lock()

    @property
    def place(self) -> str:
        return str(self._path)

    def open(self, *, create: bool = True) -> None:
        with _errors():
            if create:
                self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                os.close(os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
            elif not self._path.exists() or not self._path.stat().st_size:
                raise NothingThere(f"there is no key store at {self._path}")
            self._connection = self._connect(TIMEOUT_S)
        if not self._has("keystore"):
            self._make(create)

    def _connect(self, timeout_s: float) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, isolation_level=None, timeout=timeout_s, check_same_thread=False)
        for pragma in _PRAGMAS:
            connection.execute("PRAGMA " + pragma)
        return connection

    def _make(self, create: bool) -> None:
        if not create:
            self.close()
            raise NothingThere(f"there is no key store at {self._path}")
        with self.alone():
            self._connected.execute(_SQL["create"])

    def _has(self, table: str) -> bool:
        with _errors():
            return bool(self._connected.execute(_SQL["has_table"], (table,)).fetchone()[0])

    def check_alone(self) -> None:
        """The settings have been checked for that."""

    def durability_fault(self) -> str | None:
        """Every connection sets it."""
        return None

    def close(self) -> None:
        with self._reading:
            if self._reader is not None:
                self._reader.close()
                self._reader = None
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """SQLite's own lock ends with the commit, and the root is dropped after that: a second roll in between would
        have its new root overwritten.
        """
        connection = self._connected
        with _errors(), locked(self._path.with_name(self._path.name + ".lock"), TIMEOUT_S):
            try:
                yield
            finally:
                if connection.in_transaction:
                    connection.execute(_SQL["rollback"])

    def version(self) -> int | None:
        with _errors():
            row = self._connected.execute(_SQL["version"]).fetchone()
        return None if row is None else int(row[0])

    def read(self) -> tuple[bytes, int] | None:
        with _errors():
            row = self._connected.execute(_SQL["read"]).fetchone()
        return None if row is None else (bytes(row[0]), int(row[1]))

    def read_roots(self) -> str:
        return ""

    def marks(self) -> dict[str, int]:
        if not self._has("mark"):
            return {}
        with _errors():
            return {str(name): int(value) for name, value in self._connected.execute(_SQL["marks"])}

    def set_marks(self, marks: Mapping[str, int]) -> None:
        connection = self._connected
        with _errors():
            connection.execute(_SQL["begin"])
            connection.execute(_SQL["create_marks"])
            connection.executemany(_SQL["set_mark"], tuple(marks.items()))
            connection.execute(_SQL["commit"])

    def write(
        self,
        blob: bytes,
        version: int,
        segments: Iterable[tuple[bytes, bytes]] = (),
        deletable: Sequence[bytes] = (),
    ) -> None:
        connection = self._connected
        with _errors():
            connection.execute(_SQL["begin"])
            connection.execute(_SQL["create_segments"])
            connection.executemany(_SQL["write_segment"], segments)
            connection.executemany(_SQL["delete_segment"], [(each,) for each in deletable])
            connection.execute(_SQL["write"], (blob, version))
            connection.execute(_SQL["commit"])

    def read_segments(self, ids: Sequence[bytes], *, hasty: bool = False) -> Sequence[bytes | None]:
        """By a connection of its own, so that what a change in another thread has not committed is not seen."""
        with _errors(), self._reading:
            if self._connection is None:
                raise LedgerUnavailable("the key store is not open")
            if self._reader is None:
                self._reader = self._connect(READ_TIMEOUT_S)
            rows = [self._reader.execute(_SQL["segment"], (each,)).fetchone() for each in ids]
        return [None if row is None else bytes(row[0]) for row in rows]

    def segment_ids(self) -> Sequence[bytes]:
        if not self._has("segment"):
            return ()
        with _errors():
            return [bytes(row[0]) for row in self._connected.execute(_SQL["segment_ids"])]

    def delete_segments(self, ids: Sequence[bytes]) -> None:
        connection = self._connected
        with _errors():
            connection.execute(_SQL["begin"])
            connection.executemany(_SQL["delete_segment"], [(each,) for each in ids])
            connection.execute(_SQL["commit"])

    @property
    def _connected(self) -> sqlite3.Connection:
        if self._connection is None:
            raise LedgerUnavailable("the key store is not open")
        return self._connection


@contextlib.contextmanager
def _errors() -> Iterator[None]:
    try:
        yield
    except sqlite3.OperationalError as error:
        raise LedgerUnavailable(f"key store: SQLite says {error.sqlite_errorname}") from error
    except sqlite3.DatabaseError as error:
        raise LedgerCorrupt("the key store's file is damaged") from error
    except OSError as error:
        raise LedgerUnavailable(f"key store: {system_text(error)}") from error
