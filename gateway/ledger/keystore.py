"""The key store: a file of its own, never beside the data, sealed under a root that lies in a third place.

One blob holds the whole key state. Every change is made by `update`: newest state in, changed state out, while a lock
keeps other processes away from file and root alike. A change that *destroys* re-seals the blob under a fresh root and
destroys the old one, so that every older copy of this file is dead. The order makes each step safe to die after:

    1. the slot holds old and new root      whoever comes next opens with the old one and drops the new
    2. the blob is sealed under the new     whoever comes next opens with the new one and drops the old
    3. the slot holds the new root only     the destruction counts from here

The live `state` object never changes its identity; whoever seals and opens with it sees every change at once.

A destruction is certain when every node has taken over the state without the key: `Followers` says so. One node alone
has by the time `update` returns; nodes that share a key store tell each other.
"""

import asyncio
import contextlib
import fcntl
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final, Protocol, TypeVar

from gateway.clock import Clock
from gateway.ledger.base import LedgerCorrupt, LedgerError, LedgerUnavailable
from gateway.ledger.statements import named_statements
from redaction.errors import SealError, WrongRoot
from redaction.keys import ROOT_BYTES, KeyState, open_state, seal_state

T = TypeVar("T")
TIMEOUT_S: Final = 10.0

_LOCK_STEP_S: Final = 0.005
_LOCK_TRIES: Final = round(TIMEOUT_S / _LOCK_STEP_S)
_SQL: Final = named_statements("gateway.ledger", "keystore.sql")

# EXTRA also syncs the directory after a commit. A power cut must not bring back a blob whose root is gone.
_PRAGMAS: Final = ("journal_mode = DELETE", "synchronous = EXTRA", "secure_delete = ON")


class KeystoreLost(LedgerError):
    """Blob and root do not belong together, or one of them is missing: nothing that was sealed can be opened."""


class RootSlot(Protocol):
    """Where roots lie: one, or two while a roll is under way. `rolls` says whether it can be written."""

    rolls: bool

    def read(self) -> Sequence[bytes]:
        """The roots, none if the slot is empty. Raises KeystoreLost for what is no root."""

    def write(self, roots: Sequence[bytes]) -> None:
        """Replace all roots, durably and at once, and destroy the ones before as well as the medium can."""


class FileRootSlot:
    """A file (0600) in a directory of its own (0700), replaced as a whole and forced to disk.

    The file before is overwritten once it has lost its name. An SSD may keep the old cells all the same.
    """

    rolls = True

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> Sequence[bytes]:
        try:
            return _parse_roots(self._path.read_text(encoding="ascii"))
        except FileNotFoundError:
            return ()
        except UnicodeDecodeError:
            raise KeystoreLost("the root slot does not hold a root key in hex") from None

    def write(self, roots: Sequence[bytes]) -> None:
        replace_file(self._path, "".join(f"{root.hex()}\n" for root in roots).encode("ascii"))


class EnvRootSlot:
    """An environment variable, for containers. It cannot be written, so destruction re-seals under the same root.

    Then a copy of the key store from before an erasure still opens with that root; `docs/privacy.md` says so.
    """

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


class Followers(Protocol):
    """The nodes that hold this key state in memory, as far as one of them can know."""

    def acknowledge(self, version: int) -> None:
        """This node has taken over `version`; keys that were destroyed up to it are out of its memory."""

    def have_all(self, version: int) -> bool:
        """Whether every node has taken over `version` or a later one: what it destroyed is gone for certain."""


class OneNode:
    """Nobody else holds the keys. A command line beside a node is no follower: it ends."""

    def __init__(self) -> None:
        self._version = 0

    def acknowledge(self, version: int) -> None:
        self._version = max(self._version, version)

    def have_all(self, version: int) -> bool:
        return self._version >= version


class Keystore:
    """path: the store's own SQLite file; `<path>.lock` beside it is held during every change."""

    def __init__(self, path: Path, slot: RootSlot, clock: Clock, followers: Followers | None = None) -> None:
        self._path = path
        self._slot = slot
        self._clock = clock
        self._followers = followers or OneNode()
        self._connection: sqlite3.Connection | None = None
        self._one_thread = threading.Lock()
        self._unfinished = False
        self._version = 0
        self.state = KeyState()

    @property
    def version(self) -> int:
        """Grows by one with every change; a destruction is named by the version that it made."""
        return self._version

    @property
    def rolls(self) -> bool:
        """Whether a destruction also kills older copies of this store: not under a root that cannot be written."""
        return self._slot.rolls

    def is_certain(self, version: int) -> bool:
        """Whether no node holds any more what `version` destroyed."""
        return self._followers.have_all(version)

    def open(self) -> None:
        """Open or create, and finish a roll that was cut short. Raises KeystoreLost, LedgerCorrupt, LedgerUnavailable.

        Whatever it raises, nothing stays open.
        """
        try:
            with _errors():
                self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                os.close(os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
                self._connection = sqlite3.connect(
                    self._path, isolation_level=None, timeout=TIMEOUT_S, check_same_thread=False
                )
                for pragma in _PRAGMAS:
                    self._connection.execute("PRAGMA " + pragma)
            with self._alone():
                self._connected.execute(_SQL["create"])
                self._load_or_create()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Let go of the file, after the change under way. Again is harmless."""
        with self._one_thread:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def update(self, change: Callable[[KeyState], T], *, destroys: bool) -> T:
        """Apply `change` to the newest state and make it durable; `state` shows it when this returns.

        destroys: something must never be opened again, by any copy: roll the root. If `change` raises, nothing
        happened. If the old root cannot be dropped at the end, the change stands and the error is raised all the same:
        the next use of the store drops it.
        """
        with self._alone():
            result, fresh, version, root = self._change(change, destroys)
            self._take_over(fresh, version)
            self._drop_other_roots(root)
        return result

    async def update_apart(self, change: Callable[[KeyState], T], *, destroys: bool) -> T:
        """As `update`, waiting for disk and root slot in a thread while the loop goes on with the state before."""

        def work() -> tuple[T, KeyState, int, LedgerError | None]:
            changed: tuple[T, KeyState, int, bytes] | None = None
            try:
                with self._alone():
                    changed = self._change(change, destroys)
                    self._drop_other_roots(changed[3])
            except LedgerError as error:
                if changed is None:
                    raise
                return *changed[:3], error
            return *changed[:3], None

        result, fresh, version, error = await asyncio.shield(asyncio.to_thread(work))
        if version > self._version:  # unless a refresh has brought this state, or a later one, already
            self._take_over(fresh, version)
        if error is not None:
            raise error
        return result

    def refresh(self) -> bool:
        """Take over what another process changed; whether there was anything. Cheap when there was not.

        Also drops an old root that could not be dropped before.
        """
        if self._one_thread.locked():
            return False
        with _errors():
            row = self._connected.execute(_SQL["version"]).fetchone()
        if row is not None and row[0] == self._version and not self._unfinished:
            return False
        with self._alone():
            self._load()
        return True

    def snapshot(self, path: Path) -> int:
        """Write a copy of the sealed store, as it is now, to a new file; its version.

        It opens until the next destruction. Raises LedgerUnavailable when the file exists or cannot be written.
        """
        with self._alone():
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
            with contextlib.closing(sqlite3.connect(path)) as copy:
                self._connected.backup(copy)
            self._load()
        return self._version

    # ------------------------------------------------------------------------------------------------------ internal

    @property
    def _connected(self) -> sqlite3.Connection:
        if self._connection is None:
            raise LedgerUnavailable("the key store is not open")
        return self._connection

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """One process at a time, from the first look at the root to the last write of it.

        SQLite's own lock ends with the commit, and the root is dropped after that: a second roll in between would have
        its new root overwritten.
        """
        connection = self._connected
        with _errors(), self._one_thread, _locked(self._path.with_name(self._path.name + ".lock")):
            try:
                yield
            finally:
                if connection.in_transaction:
                    connection.execute(_SQL["rollback"])

    def _load_or_create(self) -> None:
        if self._connected.execute(_SQL["version"]).fetchone() is None:
            self._create()
        else:
            self._load()

    def _create(self) -> None:
        roots = self._slot.read()
        if not roots:
            roots = (self._clock.random(ROOT_BYTES),)
            self._slot.write(roots)
        self._write(self.state, roots[0], 1)
        self._take_over(KeyState(), 1)

    def _load(self) -> None:
        fresh, root, version = self._read()
        self._take_over(fresh, version)
        self._drop_other_roots(root)

    def _change(self, change: Callable[[KeyState], T], destroys: bool) -> tuple[T, KeyState, int, bytes]:
        """Steps 1 and 2: result, state, version and root after the change, which is durable."""
        fresh, root, version = self._read()
        result = change(fresh)
        rolled = destroys and self._slot.rolls
        new = self._clock.random(ROOT_BYTES) if rolled else root
        if rolled:
            self._slot.write((root, new))
        self._write(fresh, new, version + 1)
        return result, fresh, version + 1, new

    def _take_over(self, fresh: KeyState, version: int) -> None:
        self.state.adopt(fresh)
        self._version = version
        self._followers.acknowledge(version)

    def _drop_other_roots(self, root: bytes) -> None:
        """Step 3, or the end of somebody's roll that was cut short."""
        self._unfinished = True
        if self._slot.rolls and len(self._slot.read()) > 1:
            self._slot.write((root,))
        self._unfinished = False

    def _read(self) -> tuple[KeyState, bytes, int]:
        """The stored state, the root that opens it, and its version."""
        row = self._connected.execute(_SQL["read"]).fetchone()
        if row is None:
            raise KeystoreLost("the key store is empty")
        blob, version = row
        for root in self._slot.read():
            try:
                return open_state(blob, root), root, version
            except WrongRoot:
                continue
            except SealError:
                raise KeystoreLost("the key store was changed by something else than the gateway") from None
        raise KeystoreLost("the key store does not open with the root in its slot; they do not belong together")

    def _write(self, state: KeyState, root: bytes, version: int) -> None:
        connection = self._connected
        connection.execute(_SQL["begin"])
        connection.execute(_SQL["write"], (seal_state(state, root, self._clock.random), version))
        connection.execute(_SQL["commit"])


@contextlib.contextmanager
def _errors() -> Iterator[None]:
    try:
        yield
    except sqlite3.OperationalError as error:
        raise LedgerUnavailable(f"key store: SQLite says {error.sqlite_errorname}") from error
    except sqlite3.DatabaseError as error:
        raise LedgerCorrupt("the key store's file is damaged") from error
    except OSError as error:
        raise LedgerUnavailable(f"key store: {type(error).__name__}") from error


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold the lock file. Another process holds it for milliseconds; raises LedgerUnavailable after TIMEOUT_S."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        for _ in range(_LOCK_TRIES):
            if _try_lock(descriptor):
                break
            time.sleep(_LOCK_STEP_S)
        else:
            raise LedgerUnavailable("key store: another process holds its lock")
        yield
    finally:
        os.close(descriptor)


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _parse_roots(text: str) -> Sequence[bytes]:
    try:
        roots = [bytes.fromhex(line) for line in text.split()]
    except ValueError:
        raise KeystoreLost("the root slot does not hold a root key in hex") from None
    if not roots or any(len(root) != ROOT_BYTES for root in roots):
        raise KeystoreLost("the root slot does not hold a root key of the right size")
    return roots


def replace_file(path: Path, content: bytes) -> None:
    """Put a new file in the place of the old one, durably and at once, and write zeros over what was before."""
    folder = path.parent
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with contextlib.ExitStack() as stack:
        before = _open_existing(path)
        if before is not None:
            stack.callback(os.close, before)
        fresh = path.with_name(path.name + ".new")
        _write_file(fresh, content)
        fresh.replace(path)
        _sync_folder(folder)
        if before is not None:
            _overwrite(before)


def _open_existing(path: Path) -> int | None:
    try:
        return os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None


def _write_file(path: Path, content: bytes) -> None:
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _overwrite(descriptor: int) -> None:
    """Zeros over a file that has no name any more; best effort, for the roots in it are out of use already."""
    with contextlib.suppress(OSError):
        os.pwrite(descriptor, bytes(os.fstat(descriptor).st_size), 0)
        os.fsync(descriptor)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
