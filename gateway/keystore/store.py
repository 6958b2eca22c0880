"""The key store as the gateway uses it: the live keys, and how changes reach them and every other process.

It lies in a place of its own, never beside the data, sealed under a root that lies in a third place
(`gateway.keystore.custody`). A blob and the segments that it names hold the key state, in a file
(`gateway.keystore.file`) or on a Redis of its own (`gateway.keystore.redis`). Every change is made by `update`: newest
state in, changed state out. Segments are opened when something in them is needed; where that is out of reach, or was
replaced by another process meanwhile, keys are withheld until the next look at the store.

The live `state` object never changes its identity; whoever seals and opens with it sees every change at once.

A destruction is certain when every node has taken over the state without the key: `Followers` says so. One node alone
has by the time `update` returns; nodes that share a key store notify each other, and one that cannot has its keys
withheld from it (`check`) until it has the newest state again.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Final, TypeVar

from gateway.keystore.custody import BlobStore, Custody, Found, KeysFacts, slot_errors
from gateway.keystore.file import KeyFile
from gateway.keystore.followers import Followers, OneNode
from gateway.keystore.marks import KeyMarks
from gateway.keystore.root_slot import RootSlot
from gateway.ledger.contract import INSTALLATION, LedgerError, LedgerUnavailable, NothingThere
from gateway.process.clock import Clock
from redaction.keys import KeyState

T = TypeVar("T")


class Keystore:
    """place: the store's own SQLite file, or where else its blob lies. losses: how often keys were withheld.

    installation: which one it belongs to, once it is open; None for one of an earlier version. durability_fault: asks
    the place, and may wait for it.
    """

    def __init__(
        self, place: Path | BlobStore, slot: RootSlot, clock: Clock, followers: Followers | None = None
    ) -> None:
        self._blobs: BlobStore = KeyFile(place) if isinstance(place, Path) else place
        self.durability_fault: Final = self._blobs.durability_fault
        self._followers = followers or OneNode()
        self._custody = Custody(self._blobs, slot, clock.random, self._followers.may_raise_layout)
        self.marks: Final = KeyMarks(self._custody, self._blobs)
        self._following = asyncio.Lock()
        self._watch: ThreadPoolExecutor | None = None
        self._version = 0
        self.losses = 0
        self.installation: int | None = None
        self.state = KeyState()
        self.state.segments.read = self._custody.read_now
        self.state.segments.on_loss = self._lose

    @property
    def version(self) -> int:
        """Grows by one with every change; a destruction is named by the version that it made. 0 without keys."""
        return self._version

    @property
    def rolls(self) -> bool:
        """Whether a destruction also kills older copies of this store: not under a root that cannot be written."""
        return self._custody.rolls

    @property
    def is_leased(self) -> bool:
        """Whether keys may be withheld at all, so that `check` must be asked before they are used."""
        return self._blobs.remote

    def is_certain(self, version: int) -> bool:
        """Whether no node holds any more what `version` destroyed. Raises LedgerUnavailable."""
        return self._followers.have_all(version)

    def check(self) -> bool:
        """Whether keys may be used. If not they are withheld: gone from memory until the store was reached again."""
        if self._followers.may_use_keys():
            return not self.state.withheld
        if self._version:
            self._lose()
        return False

    def _lose(self) -> None:
        """Until the newest state is taken over."""
        self._version = 0
        self.losses += 1
        self.state.withhold()

    # ------------------------------------------------------------------------------------------------- open and close

    def look(self) -> KeysFacts:
        """Before `open`, and without making or changing anything. Raises KeystoreLost for what is no root."""
        return self._custody.look()

    def open(self, *, create: bool = True, installation: int | None = None) -> None:
        """Open, and finish a roll that was cut short. Raises KeystoreLost, LedgerCorrupt, LedgerUnavailable.

        create: make an empty one where there is none, of that installation; otherwise that raises NothingThere.
        Whatever it raises, nothing stays open.
        """

        def load() -> Found:
            if self._custody.version() is not None:
                return self._custody.read()
            if not create:
                raise NothingThere(f"there is no key store at {self._blobs.place}")
            return self._custody.create({} if installation is None else {INSTALLATION: installation})

        self._open(load, create=create)

    def open_with(
        self, keys: KeyState, installation: int | None = None, *, beside: Mapping[str, int] | None = None
    ) -> None:
        """Open a store that is empty and give it these keys, under a fresh root where the slot can be written.

        beside: further marks of the store that they come from. If another store has its root in the same slot, it is
        dead after this. Raises KeystoreTaken, and as `open`.
        """
        marks = dict(beside or {}) | ({} if installation is None else {INSTALLATION: installation})
        self._open(partial(self._custody.fill, keys, marks), create=True)

    def _open(self, load: Callable[[], Found], *, create: bool) -> None:
        try:
            with slot_errors():
                self._blobs.open(create=create)
            with self._custody.alone():
                found = self._custody.raise_layout(load())
                self._custody.clear_up(found.state)
                self._settle(found)
            self.installation = self._blobs.marks().get(INSTALLATION)
        except BaseException:
            self.close()
            raise

    def check_alone(self) -> None:
        """Once the ledger is open too: that it does not lie in the same place. Raises a LedgerError."""
        self._blobs.check_alone()

    def close(self) -> None:
        """Let go of the store, after the change under way. Again is harmless."""
        with self._custody.waiting():
            self._followers.leave()
            self._blobs.close()
            if self._watch is not None:
                self._watch.shutdown(wait=False)
                self._watch = None

    def join(self, marks: Mapping[str, int]) -> None:
        """Have these marks in common with the ledger from now on; waits for the place. Raises LedgerUnavailable, also
        where the store has been lost meanwhile: nothing is begun in its place.
        """
        with self._custody.alone():
            if INSTALLATION not in marks and INSTALLATION not in self._blobs.marks():
                raise LedgerUnavailable("key store: it holds no installation")
            self._blobs.set_marks(marks)
        self.installation = marks.get(INSTALLATION, self.installation)

    # -------------------------------------------------------------------------------------------------------- changes

    def update(self, change: Callable[[KeyState], T], *, destroys: bool) -> T:
        """Apply `change` to the newest state and make it durable; `state` shows it when this returns.

        destroys: something must never be opened again, by any copy: roll the root. If `change` raises, nothing
        happened. If the old root cannot be dropped at the end, the change stands and the error is raised all the same:
        the next use of the store drops it.
        """
        with self._custody.alone():
            result, found = self._custody.change(change, destroys)
            self._take_over(found)
            self._custody.drop_other_roots(found.root)
        return result

    async def update_apart(self, change: Callable[[KeyState], T], *, destroys: bool) -> T:
        """As `update`, waiting for store and root slot in a thread while the loop goes on with the state before."""

        def work() -> tuple[T, Found, LedgerError | None]:
            changed: tuple[T, Found] | None = None
            try:
                with self._custody.alone():
                    changed = self._custody.change(change, destroys)
                    self._custody.drop_other_roots(changed[1].root)
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
        if self._custody.busy:
            return False
        changed = self._custody.is_ahead_of(self._version)
        if changed:
            with self._custody.alone():
                self._settle(self._custody.read())
        else:
            self._followers.attend(self._version)
        return changed

    async def follow(self) -> bool:
        """As `refresh`; a store on a network is waited for in a thread."""
        if not self._blobs.remote:
            return self.refresh()
        async with self._following:  # what one of two had looked at might be old by then
            found = await self._apart(self._look)
            if found is None or found.version <= self._version:
                return False
            had_keys = self.check()
            if had_keys:  # old keys must be out of memory before this is announced
                self._take_over(found)
            await self._apart(partial(self._followers.attend, found.version))
            if not had_keys:
                self._take_over(found)
            return True

    async def _apart(self, work: Callable[[], T]) -> T:
        """In a thread that does nothing else: a lease must not end because others are busy."""
        self._watch = self._watch or ThreadPoolExecutor(1, "keys")
        return await asyncio.get_running_loop().run_in_executor(self._watch, work)

    def _look(self) -> Found | None:
        """In a thread: the stored state if it is another one; otherwise the lease is renewed."""
        if self._custody.busy or not self._custody.is_ahead_of(self._version):
            self._followers.attend(self._version)
            return None
        with self._custody.alone():
            found = self._custody.read()
            self._custody.drop_other_roots(found.root)
        return found

    def _settle(self, found: Found) -> None:
        """Take over, and notify the others: while `alone` there is no newer state. Then a roll may be finished."""
        had_keys = self.check()
        if had_keys:
            self._take_over(found)
        self._followers.attend(found.version)
        if not had_keys:
            self._take_over(found)
        self._custody.drop_other_roots(found.root)

    def _take_over(self, found: Found) -> None:
        """Without a lease the keys stay withheld; `follow` brings them with the next one."""
        if self._followers.may_use_keys():
            self.state.adopt(found.state)
            self._version = found.version
            self._followers.acknowledge(found.version)

    # -------------------------------------------------------------------------------------------------------- looking

    def snapshot(self, path: Path) -> int:
        """Write a copy of the sealed store, as it is now, to a new key store file; its version.

        Roots that a vault wrapped and that lie beside the blob are written to `<path>.root`. Both open until the next
        destruction. Raises LedgerUnavailable when the file exists or cannot be written.
        """
        with self._custody.alone():
            self._settle(self._custody.read())
            self._custody.copy_to(path)
        path.with_name(path.name + ".lock").unlink(missing_ok=True)
        return self._version

    def roots(self) -> Sequence[bytes]:
        """What lies in the slot, for the recovery tool."""
        with self._custody.alone():
            return self._custody.roots()

    def held_by(self) -> Sequence[int] | None:
        """Versions that the running nodes have; None where they are not counted. Raises LedgerUnavailable."""
        return self._followers.versions()
