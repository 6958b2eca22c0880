"""The key store: in a place of its own, never beside the data, sealed under a root that lies in a third place.

One blob holds the whole key state. Every change is made by `update`: newest state in, changed state out, while a lock
keeps other processes away from blob and root alike. A change that *destroys* re-seals the blob under a fresh root and
destroys the old one, so that every older copy of the blob is dead. The order makes each step safe to die after:

    1. the slot holds old and new root      whoever comes next opens with the old one and drops the new
    2. the blob is sealed under the new     whoever comes next opens with the new one and drops the old
    3. the slot holds the new root only     the destruction counts from here

The blob lies in a file (`keystore_file`) or on a Redis of its own (`keystore_redis`).

The live `state` object never changes its identity; whoever seals and opens with it sees every change at once.

A destruction is certain when every node has taken over the state without the key: `Followers` says so. One node alone
has by the time `update` returns; nodes that share a key store tell each other, and one that cannot has its keys
withheld from it (`check`) until it has the newest state again.
"""

import asyncio
import contextlib
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import NamedTuple, Protocol, TypeVar

from gateway.keystore.file import TIMEOUT_S, KeyFile
from gateway.keystore.followers import Followers, OneNode
from gateway.keystore.root_slot import EnvRootSlot, FileRootSlot, KeystoreLost, RootSlot, replace_file
from gateway.ledger.contract import LedgerError, LedgerUnavailable
from gateway.process.clock import Clock
from redaction.errors import SealError, WrongRoot
from redaction.keys import ROOT_BYTES, KeyState
from redaction.keys_at_rest import open_state, seal_state

__all__ = [
    "TIMEOUT_S",
    "BlobStore",
    "EnvRootSlot",
    "FileRootSlot",
    "Followers",
    "Keystore",
    "KeystoreLost",
    "KeystoreTaken",
    "OneNode",
    "RootSlot",
    "replace_file",
]

T = TypeVar("T")


class KeystoreTaken(LedgerError):
    """There are keys already where others should go."""


class BlobStore(Protocol):
    """Where the sealed key state lies. Errors: LedgerUnavailable, LedgerCorrupt. remote: answers over a network."""

    remote: bool

    def open(self) -> None: ...

    def check_alone(self) -> None:
        """That the place keeps keys and nothing else. Raises a LedgerError that says what is wrong."""

    def close(self) -> None:
        """Again is harmless."""

    def alone(self) -> AbstractContextManager[None]:
        """One process at a time, from its first look at the root to its last write of it."""

    def version(self) -> int | None:
        """Of the stored blob; None if there is none. Cheap, and needs no lock."""

    def read(self) -> tuple[bytes, int] | None:
        """Blob and version."""

    def read_roots(self) -> str:
        """Roots that a vault wrapped, where they lie beside the blob; '' if there are none."""

    def write(self, blob: bytes, version: int) -> None:
        """Replace the blob of the version before, durably. Only while `alone`."""


class _Found(NamedTuple):
    """What the store holds: a state, the root that opens it, and its version."""

    state: KeyState
    root: bytes
    version: int


class Keystore:
    """place: the store's own SQLite file, or where else its blob lies. losses: how often keys were withheld."""

    def __init__(
        self, place: Path | BlobStore, slot: RootSlot, clock: Clock, followers: Followers | None = None
    ) -> None:
        self._blobs: BlobStore = KeyFile(place) if isinstance(place, Path) else place
        self._slot = slot
        self._clock = clock
        self._followers = followers or OneNode()
        self._one_thread = threading.Lock()
        self._watch: ThreadPoolExecutor | None = None
        self._unfinished = False
        self._version = 0
        self.losses = 0
        self.state = KeyState()

    @property
    def version(self) -> int:
        """Grows by one with every change; a destruction is named by the version that it made. 0 without keys."""
        return self._version

    @property
    def rolls(self) -> bool:
        """Whether a destruction also kills older copies of this store: not under a root that cannot be written."""
        return self._slot.rolls

    def is_certain(self, version: int) -> bool:
        """Whether no node holds any more what `version` destroyed. Raises LedgerUnavailable."""
        return self._followers.have_all(version)

    @property
    def is_leased(self) -> bool:
        """Whether keys may be withheld at all, so that `check` must be asked before they are used."""
        return self._blobs.remote

    def check(self) -> bool:
        """Whether keys may be used. If not they are withheld: gone from memory until the store was reached again."""
        if self._followers.may_use_keys():
            return not self.state.withheld
        if self._version:
            self._version = 0
            self.losses += 1
            self.state.withhold()
        return False

    def open(self) -> None:
        """Open or create, and finish a roll that was cut short. Raises KeystoreLost, LedgerCorrupt, LedgerUnavailable.

        Whatever it raises, nothing stays open.
        """
        try:
            with _errors():
                self._blobs.open()
            with self._alone():
                self._load_or_create()
        except BaseException:
            self.close()
            raise

    def check_alone(self) -> None:
        """Once the ledger is open too: that it does not lie in the same place. Raises a LedgerError."""
        self._blobs.check_alone()

    def open_with(self, keys: KeyState) -> None:
        """Open a store that is empty and give it these keys, under a fresh root where the slot can be written.

        If another store has its root in the same slot, it is dead after this. Raises KeystoreTaken, and as `open`.
        """
        try:
            with _errors():
                self._blobs.open()
            with self._alone():
                self._fill(keys)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Let go of the store, after the change under way. Again is harmless."""
        with self._one_thread:
            self._followers.leave()
            self._blobs.close()
            if self._watch is not None:
                self._watch.shutdown(wait=False)
                self._watch = None

    def update(self, change: Callable[[KeyState], T], *, destroys: bool) -> T:
        """Apply `change` to the newest state and make it durable; `state` shows it when this returns.

        destroys: something must never be opened again, by any copy: roll the root. If `change` raises, nothing
        happened. If the old root cannot be dropped at the end, the change stands and the error is raised all the same:
        the next use of the store drops it.
        """
        with self._alone():
            result, found = self._change(change, destroys)
            self._take_over(found)
            self._drop_other_roots(found.root)
        return result

    async def update_apart(self, change: Callable[[KeyState], T], *, destroys: bool) -> T:
        """As `update`, waiting for store and root slot in a thread while the loop goes on with the state before."""

        def work() -> tuple[T, _Found, LedgerError | None]:
            changed: tuple[T, _Found] | None = None
            try:
                with self._alone():
                    changed = self._change(change, destroys)
                    self._drop_other_roots(changed[1].root)
            except LedgerError as error:
                if changed is None:
                    raise
                return *changed, error
            return *changed, None

        result, found, error = await asyncio.shield(asyncio.to_thread(work))
        if found.version > self._version:  # unless a refresh has brought this state, or a later one, already
            self._take_over(found)
        if error is not None:
            raise error
        return result

    def refresh(self) -> bool:
        """Take over what another process changed; whether there was anything. Cheap when there was not.

        Also drops an old root that could not be dropped before.
        """
        if self._one_thread.locked():
            return False
        changed = self._is_behind()
        if changed:
            with self._alone():
                self._load()
        else:
            self._followers.attend(self._version)
        return changed

    async def follow(self) -> bool:
        """As `refresh`; a store on a network is waited for in a thread."""
        if not self._blobs.remote:
            return self.refresh()
        found = await self._apart(self._look)
        if found is None or found.version <= self._version:
            return False
        had_keys = self.check()
        if had_keys:  # old keys must be out of memory before anybody is told so
            self._take_over(found)
        await self._apart(partial(self._followers.attend, found.version))
        if not had_keys:
            self._take_over(found)
        return True

    def snapshot(self, path: Path) -> int:
        """Write a copy of the sealed store, as it is now, to a new key store file; its version.

        Roots that a vault wrapped and that lie beside the blob are written to `<path>.root`. Both open until the next
        destruction. Raises LedgerUnavailable when the file exists or cannot be written.
        """
        with self._alone():
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
            self._load()
            stored, roots = self._blobs.read(), self._blobs.read_roots()
            if roots:
                replace_file(path.with_name(path.name + ".root"), roots.encode("ascii"))
            with contextlib.closing(KeyFile(path)) as copy:
                copy.open()
                if stored is not None:
                    copy.write(*stored)
        path.with_name(path.name + ".lock").unlink(missing_ok=True)
        return self._version

    def roots(self) -> Sequence[bytes]:
        """What lies in the slot, for the recovery tool."""
        with self._alone():
            return self._slot.read()

    def held_by(self) -> Sequence[int] | None:
        """Versions that the running nodes have; None where they are not counted. Raises LedgerUnavailable."""
        return self._followers.versions()

    # ------------------------------------------------------------------------------------------------------ internal

    async def _apart(self, work: Callable[[], T]) -> T:
        """In a thread that does nothing else: a lease must not end because others are busy."""
        self._watch = self._watch or ThreadPoolExecutor(1, "keys")
        return await asyncio.get_running_loop().run_in_executor(self._watch, work)

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        with _errors(), self._one_thread, self._blobs.alone():
            yield

    def _is_behind(self) -> bool:
        return self._blobs.version() != self._version or self._unfinished

    def _look(self) -> _Found | None:
        """In a thread: the stored state if it is another one; otherwise the lease is renewed."""
        if self._one_thread.locked() or not self._is_behind():
            self._followers.attend(self._version)
            return None
        with self._alone():
            found = self._read()
            self._drop_other_roots(found.root)
        return found

    def _load_or_create(self) -> None:
        if self._blobs.version() is None:
            self._create()
        else:
            self._load()

    def _create(self) -> None:
        roots = self._slot.read()
        if not roots:
            roots = (self._clock.random(ROOT_BYTES),)
            self._slot.write(roots)
        self._write(self.state, roots[0], 1)
        self._settle(_Found(KeyState(), roots[0], 1))

    def _fill(self, keys: KeyState) -> None:
        """In the order of a roll: the store from which the keys come opens until this one does."""
        if self._blobs.version() is not None:
            raise KeystoreTaken("the key store is not empty")
        roots = self._slot.read()
        new = self._clock.random(ROOT_BYTES) if self._slot.rolls else roots[0]
        if self._slot.rolls:
            self._slot.write((*roots[:1], new))
        self._write(keys, new, 1)
        self._load()

    def _load(self) -> None:
        found = self._read()
        self._settle(found)
        self._drop_other_roots(found.root)

    def _change(self, change: Callable[[KeyState], T], destroys: bool) -> tuple[T, _Found]:
        """Steps 1 and 2: result, and what the store holds after the change, which is durable."""
        fresh, root, version = self._read()
        result = change(fresh)
        rolled = destroys and self._slot.rolls
        new = self._clock.random(ROOT_BYTES) if rolled else root
        if rolled:
            self._slot.write((root, new))
        self._write(fresh, new, version + 1)
        return result, _Found(fresh, new, version + 1)

    def _settle(self, found: _Found) -> None:
        """Take over, and tell the others: while `alone` there is no newer state."""
        had_keys = self.check()
        if had_keys:
            self._take_over(found)
        self._followers.attend(found.version)
        if not had_keys:
            self._take_over(found)

    def _take_over(self, found: _Found) -> None:
        """Without a lease the keys stay withheld; `follow` brings them with the next one."""
        if self._followers.may_use_keys():
            self.state.adopt(found.state)
            self._version = found.version
            self._followers.acknowledge(found.version)

    def _drop_other_roots(self, root: bytes) -> None:
        """Step 3, or the end of somebody's roll that was cut short."""
        self._unfinished = True
        if self._slot.rolls and len(self._slot.read()) > 1:
            self._slot.write((root,))
        self._unfinished = False

    def _read(self) -> _Found:
        stored = self._blobs.read()
        if stored is None:
            raise KeystoreLost("the key store is empty")
        blob, version = stored
        for root in self._slot.read():
            try:
                return _Found(open_state(blob, root), root, version)
            except WrongRoot:
                continue
            except SealError:
                raise KeystoreLost("the key store was changed by something else than the gateway") from None
        raise KeystoreLost("the key store does not open with the root in its slot; they do not belong together")

    def _write(self, state: KeyState, root: bytes, version: int) -> None:
        self._blobs.write(seal_state(state, root, self._clock.random), version)


@contextlib.contextmanager
def _errors() -> Iterator[None]:
    """A root slot's file may fail as well."""
    try:
        yield
    except OSError as error:
        raise LedgerUnavailable(f"key store: {type(error).__name__}") from error
