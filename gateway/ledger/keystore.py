"""The key store: a file of its own, never beside the data, sealed under a root that lies in a third place.

One blob holds the whole key state. Every change is made by `update`: newest state in, changed state out, in one
transaction that other processes respect. A change that *destroys* re-seals the blob under a fresh root and destroys the
old one, so that every older copy of this file is dead. The order makes each step safe to die after:

    1. the slot holds old and new root      a restart opens with the old one and drops the new
    2. the blob is sealed under the new     a restart opens with the new one and drops the old
    3. the slot holds the new root only     the destruction counts from here

The live `state` object never changes its identity; whoever seals and opens with it sees every change at once.
"""

import os
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Final, Protocol, TypeVar

from gateway.clock import Clock
from gateway.ledger.base import LedgerCorrupt, LedgerError, LedgerUnavailable
from redaction.errors import SealError, WrongRoot
from redaction.keys import ROOT_BYTES, KeyState, open_state, seal_state
from redaction.retention import RetentionRule, RetentionTag, period_dead_ms, period_of

T = TypeVar("T")
TIMEOUT_S: Final = 10.0


class KeystoreLost(LedgerError):
    """Blob and root do not belong together, or one of them is missing: nothing that was sealed can be opened."""


class RootSlot(Protocol):
    """Where roots lie: one, or two while a roll is under way. `rolls` says whether it can be written."""

    rolls: bool

    def read(self) -> Sequence[bytes]: ...

    def write(self, roots: Sequence[bytes]) -> None: ...


class FileRootSlot:
    """A file (0600) in a directory of its own (0700), replaced as a whole and forced to disk."""

    rolls = True

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> Sequence[bytes]:
        try:
            return _parse_roots(self._path.read_text(encoding="ascii"))
        except FileNotFoundError:
            return ()

    def write(self, roots: Sequence[bytes]) -> None:
        folder = self._path.parent
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        fresh = self._path.with_suffix(".new")
        with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="ascii") as file:
            file.write("".join(f"{root.hex()}\n" for root in roots))
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self._path)
        _sync_folder(folder)


class EnvRootSlot:
    """An environment variable, for containers. It cannot be written, so destruction re-seals under the same root."""

    rolls = False

    def __init__(self, name: str) -> None:
        self._name = name

    def read(self) -> Sequence[bytes]:
        value = os.environ.get(self._name, "")
        if not value:
            raise KeystoreLost(f"the environment variable {self._name} with the root key is not set")
        return _parse_roots(value)

    def write(self, roots: Sequence[bytes]) -> None:
        raise KeystoreLost("a root in the environment cannot be changed from here")


def root_slot(kind: str, path: str, env: str) -> RootSlot:
    """The slot that the settings name."""
    return EnvRootSlot(env) if kind == "env" else FileRootSlot(Path(path))


class Keystore:
    """path: the store's own SQLite file."""

    def __init__(self, path: Path, slot: RootSlot, clock: Clock) -> None:
        self._path = path
        self._slot = slot
        self._clock = clock
        self._connection: sqlite3.Connection | None = None
        self._version = 0
        self.state = KeyState()

    def open(self) -> None:
        """Open or create, and finish a roll that was cut short. Raises KeystoreLost, LedgerUnavailable."""
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        old_mask = os.umask(0o077)
        try:
            self._connection = sqlite3.connect(self._path, isolation_level=None, timeout=TIMEOUT_S)
            for pragma in ("journal_mode = DELETE", "synchronous = FULL", "secure_delete = ON"):
                self._connection.execute(f"PRAGMA {pragma}")
            self._connection.execute(
                "CREATE TABLE IF NOT EXISTS keystore (id INTEGER PRIMARY KEY CHECK (id = 1), blob BLOB, version INTEGER)"
            )
            with self._transaction():
                self._load_or_create()
        except sqlite3.OperationalError as error:
            raise LedgerUnavailable(f"key store: SQLite says {error.sqlite_errorname}") from None
        except sqlite3.DatabaseError:
            raise LedgerCorrupt("the key store's file is damaged") from None
        finally:
            os.umask(old_mask)

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def update(self, change: Callable[[KeyState], T], *, destroys: bool) -> T:
        """Apply `change` to the newest state and make it durable; `state` shows it when this returns.

        destroys: something must never be opened again, by any copy: roll the root.
        """
        with self._transaction():
            fresh, root = self._read()
            result = change(fresh)
            if destroys and self._slot.rolls:
                self._roll(fresh, root)
            else:
                self._write(fresh, root)
                self._connected.execute("COMMIT")
            self.state.adopt(fresh)
        return result

    def refresh(self) -> bool:
        """Take over what another process changed; whether there was anything. Cheap when there was not."""
        row = self._connected.execute("SELECT version FROM keystore").fetchone()
        if row is None or row[0] == self._version:
            return False
        with self._transaction():
            fresh, _ = self._read()
            self._connected.execute("COMMIT")
        self.state.adopt(fresh)
        return True

    def ensure_current(self, rules: Iterable[RetentionRule], now_ms: int) -> None:
        """Have the keys of the present and the next period of every rule, and destroy those whose content is due."""
        known = list(rules)
        missing = [
            (rule.tag, period)
            for rule in known
            for period in (period_of(rule, now_ms), period_of(rule, now_ms) + 1)
            if (rule.tag, period) not in self.state.periods()
        ]
        dead = self._dead(known, now_ms)
        if not missing and not dead:
            return

        def change(state: KeyState) -> None:
            for tag, period in missing:
                state.ensure_period(tag, period, self._clock.random, now_ms=now_ms)
            for tag, period in dead:
                state.drop_period(tag, period)

        self.update(change, destroys=bool(dead))

    def _dead(self, rules: Iterable[RetentionRule], now_ms: int) -> list[tuple[RetentionTag, int]]:
        by_tag: dict[RetentionTag, RetentionRule] = {rule.tag: rule for rule in rules}
        return [
            (tag, period)
            for tag, period in self.state.periods()
            if tag in by_tag and period_dead_ms(by_tag[tag], period) <= now_ms
        ]

    # ------------------------------------------------------------------------------------------------------ internal

    @property
    def _connected(self) -> sqlite3.Connection:
        if self._connection is None:
            raise LedgerUnavailable("the key store is not open")
        return self._connection

    def _load_or_create(self) -> None:
        if self._connected.execute("SELECT 1 FROM keystore").fetchone() is None:
            self._create()
        else:
            fresh, root = self._read()
            if len(self._slot.read()) > 1:
                self._slot.write((root,))
            self.state.adopt(fresh)
        self._connected.execute("COMMIT")

    def _create(self) -> None:
        roots = self._slot.read()
        if not roots:
            roots = (self._clock.random(ROOT_BYTES),)
            self._slot.write(roots)
        self._write(self.state, roots[0])

    def _read(self) -> tuple[KeyState, bytes]:
        """The stored state and the root that opens it."""
        blob, self._version = self._connected.execute("SELECT blob, version FROM keystore").fetchone()
        for root in self._slot.read():
            try:
                return open_state(blob, root), root
            except WrongRoot:
                continue
            except SealError:
                raise KeystoreLost("the key store was changed by something else than the gateway") from None
        raise KeystoreLost("the key store does not open with the root in its slot; they do not belong together")

    def _write(self, state: KeyState, root: bytes) -> None:
        self._version += 1
        self._connected.execute(
            "INSERT OR REPLACE INTO keystore (id, blob, version) VALUES (1, ?, ?)",
            (seal_state(state, root, self._clock.random), self._version),
        )

    def _roll(self, state: KeyState, old: bytes) -> None:
        new = self._clock.random(ROOT_BYTES)
        self._slot.write((old, new))
        self._write(state, new)
        self._connected.execute("COMMIT")
        self._slot.write((new,))

    def _transaction(self) -> "_Transaction":
        return _Transaction(self._connected)


class _Transaction:
    """BEGIN IMMEDIATE; whoever is inside commits; anything else is rolled back."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def __enter__(self) -> None:
        self._connection.execute("BEGIN IMMEDIATE")

    def __exit__(self, *_: object) -> None:
        if self._connection.in_transaction:
            self._connection.rollback()


def _parse_roots(text: str) -> Sequence[bytes]:
    try:
        roots = [bytes.fromhex(line) for line in text.split()]
    except ValueError:
        raise KeystoreLost("the root slot does not hold a root key in hex") from None
    if not roots or any(len(root) != ROOT_BYTES for root in roots):
        raise KeystoreLost("the root slot does not hold a root key of the right size")
    return roots


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
