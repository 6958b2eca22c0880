"""Blob, segments and root together: how the sealed key state is read, and replaced in an order that makes each step
safe to die after.

Every change is made while a lock keeps other processes away from blob and root alike. A change that *destroys* re-seals
the blob under a fresh root and destroys the old one, so that every older copy of the blob is dead:

    1. the slot holds old and new root      whoever comes next opens with the old one and drops the new
    2. the blob is sealed under the new     whoever comes next opens with the new one and drops the old
    3. the slot holds the new root only     the destruction counts from here

The blob is a table of segments, which are written with it or before it, under ids of their own, and are nothing until
it names them. Those that it names no more stay for one change, dead for whoever has no older table in memory.

Nothing here is kept in memory but whether step 3 is still to be done.
"""

import contextlib
import os
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import NamedTuple, Protocol, TypeVar

import msgspec

from gateway.keystore.file import KeyFile
from gateway.keystore.root_slot import KeystoreLost, RootSlot, replace_file
from gateway.ledger.contract import INSTALLATION, REACHED, LedgerError, LedgerUnavailable, NothingThere
from gateway.process.system_errors import system_text
from redaction.customer_keys import LAYOUT
from redaction.errors import Tampered, UnknownVersion, WrongRoot
from redaction.keys import ROOT_BYTES, KeyState, Random
from redaction.keys_at_rest import every_segment, open_state, seal_state
from redaction.segments import Segments, id_of

T = TypeVar("T")


class KeystoreTaken(LedgerError):
    """There are keys already where others should go."""


class BlobStore(Protocol):
    """Where the sealed key state lies. Errors: LedgerUnavailable, LedgerCorrupt. remote: answers over a network."""

    remote: bool

    @property
    def place(self) -> str:
        """What to call it in a line for people."""

    def open(self, *, create: bool = True) -> None:
        """create: make the place where there is none; otherwise that may raise NothingThere."""

    def check_alone(self) -> None:
        """That the place keeps keys and nothing else. Raises a LedgerError that says what is wrong."""

    def durability_fault(self) -> str | None:
        """What is set so that it may lose what it took, in words; None for nothing. Raises LedgerUnavailable."""

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

    def write(
        self,
        blob: bytes,
        version: int,
        segments: Iterable[tuple[bytes, bytes]] = (),
        deletable: Sequence[bytes] = (),
    ) -> None:
        """Replace the blob of the version before, durably. Only while `alone`.

        segments: ids and octets of those that this blob is the first to name. deletable: ids of some to delete with the
        blob before. Dying on the way leaves the blob before and all that it names.
        """

    def read_segments(self, ids: Sequence[bytes], *, hasty: bool = False) -> Sequence[bytes | None]:
        """None for one that is not there. hasty: from outside `alone`, by whoever cannot wait for long."""

    def segment_ids(self) -> Sequence[bytes]:
        """Of every segment there is, named by the blob or not."""

    def delete_segments(self, ids: Sequence[bytes]) -> None:
        """Only while `alone`."""

    def marks(self) -> Mapping[str, int]:
        """Numbers by name, about the store as a whole. They lie beside the blob, for whoever has no root."""

    def set_marks(self, marks: Mapping[str, int]) -> None:
        """All of them together, in place of what stood there. Only while `alone`."""


class Found(NamedTuple):
    """What the store holds: a state, the root that opens it, and its version."""

    state: KeyState
    root: bytes
    version: int


class KeysFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What may be seen of a key store without opening it.

    place, root_place: what to call them in a line for people. installation: which one it belongs to; None for one of an
    earlier version. has_root: something lies in the slot. root_is_given: it comes from outside and cannot be written,
    so it says nothing about a store. reached_ms: until when it was together with its ledger.
    """

    place: str
    root_place: str
    is_there: bool
    installation: int | None = None
    has_root: bool = False
    root_is_given: bool = False
    reached_ms: int | None = None


class Custody:
    """blobs: opened and closed by whoever owns it. Called while `alone`, but for `version`, `is_ahead_of`,
    `read_now` and the properties.

    may_raise: asked whether a state of an earlier layout may be written in the present one.
    unfinished: an old root could not be dropped yet; whoever reads next does it.
    """

    def __init__(
        self, blobs: BlobStore, slot: RootSlot, random: Random, may_raise: Callable[[], bool] = lambda: True
    ) -> None:
        self._blobs = blobs
        self._slot = slot
        self._random = random
        self._may_raise = may_raise
        self._one_thread = threading.Lock()
        self.unfinished = False

    def look(self) -> KeysFacts:
        """While the blobs are closed, and without making or changing anything. Raises KeystoreLost for no root."""
        try:
            with slot_errors():
                is_there, marks = self._looked_at()
                has_root = bool(self._slot.read())
        finally:
            self._blobs.close()
        return KeysFacts(
            place=self._blobs.place,
            root_place=self._slot.place,
            is_there=is_there,
            installation=marks.get(INSTALLATION) if is_there else None,
            reached_ms=marks.get(REACHED) if is_there else None,
            has_root=has_root,
            root_is_given=not self._slot.rolls,
        )

    def _looked_at(self) -> tuple[bool, Mapping[str, int]]:
        try:
            self._blobs.open(create=False)
        except NothingThere:
            return False, {}
        return self._blobs.version() is not None, self._blobs.marks()

    @property
    def rolls(self) -> bool:
        """Whether a destruction also kills older copies of the blob: not under a root that cannot be written."""
        return self._slot.rolls

    @property
    def busy(self) -> bool:
        """Whether a thread of this process is `alone` now."""
        return self._one_thread.locked()

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """One thread of one process, from its first look to its last write. Raises LedgerUnavailable."""
        with slot_errors(), self._one_thread, self._blobs.alone():
            yield

    @contextlib.contextmanager
    def waiting(self) -> Iterator[None]:
        """While no other thread of this process is `alone`, for whoever closes the blobs."""
        with self._one_thread:
            yield

    def version(self) -> int | None:
        return self._blobs.version()

    def is_ahead_of(self, version: int) -> bool:
        """Whether there is a newer state than this, or a roll to be finished."""
        return self.version() != version or self.unfinished

    def read_now(self, ids: Sequence[bytes]) -> Sequence[bytes | None]:
        """Segments, for whoever uses live keys: not `alone`, and not for long. None for those that are out of reach."""
        try:
            return self._blobs.read_segments(ids, hasty=True)
        except LedgerError:
            return [None] * len(ids)

    def read(self) -> Found:
        """What is stored. Raises KeystoreLost."""
        stored = self._blobs.read()
        if stored is None:
            raise KeystoreLost("the key store is empty")
        blob, version = stored
        for root in self._slot.read():
            with contextlib.suppress(WrongRoot), lost_when_damaged():
                return Found(open_state(blob, root, Segments(self._blobs.read_segments)), root, version)
        raise KeystoreLost("the key store does not open with the root in its slot; they do not belong together")

    def create(self, marks: Mapping[str, int]) -> Found:
        """Begin without keys, under the root in the slot or a fresh one."""
        self._blobs.set_marks(marks)
        roots = self._slot.read()
        if not roots:
            roots = (self._random(ROOT_BYTES),)
            self._slot.begin(roots[0])
        return self._write(KeyState(), roots[0], 1)

    def fill(self, state: KeyState, marks: Mapping[str, int]) -> Found:
        """Give an empty place these keys, under a fresh root where the slot can be written. Raises KeystoreTaken.

        In the order of a roll: the store from which the keys come opens until this one does.
        """
        if self._blobs.version() is not None:
            raise KeystoreTaken("the key store is not empty")
        roots = self._slot.read()
        new = self._random(ROOT_BYTES) if self._slot.rolls else roots[0]
        if self._slot.rolls:
            self._slot.write((*roots[:1], new))
        self._blobs.set_marks(marks)
        if state.layout < LAYOUT:
            state.raise_layout()
        sealed = seal_state(state, new, self._random)
        with lost_when_damaged():
            self._blobs.write(sealed.blob, 1, every_segment(state, sealed.segments))
        return self.read()

    def change(self, change: Callable[[KeyState], T], destroys: bool) -> tuple[T, Found]:
        """Steps 1 and 2: result, and what the store holds after the change, which is durable.

        A state of an earlier layout is raised with the first change that finds nobody who needs it so; the root rolls
        then, too.
        """
        state, root, version = self.read()
        raises = state.layout < LAYOUT and self._may_raise()
        if raises:
            state.raise_layout()
        with lost_when_damaged():
            result = change(state)
        rolled = (destroys or raises) and self._slot.rolls
        new = self._random(ROOT_BYTES) if rolled else root
        if rolled:
            self._slot.write((root, new))
        return result, self._write(state, new, version + 1)

    def raise_layout(self, found: Found) -> Found:
        """What the store holds when it was raised to the present layout, if nobody needs it as it is."""
        if found.state.layout == LAYOUT or not self._may_raise():
            return found
        return self.change(lambda _: None, destroys=True)[1]

    def clear_up(self, state: KeyState) -> None:
        """Delete segments that nothing names: of a change that died before its blob was written."""
        named = {id_of(each) for each in state.places()}
        stray = set(self._blobs.segment_ids()) - named - set(state.deletable)
        if stray:
            self._blobs.delete_segments(sorted(stray))

    def drop_other_roots(self, root: bytes) -> None:
        """Step 3, or the end of a roll that was cut short."""
        self.unfinished = True
        if self._slot.rolls and len(self._slot.read()) > 1:
            self._slot.write((root,))
        self._slot.clear()
        self.unfinished = False

    def roots(self) -> Sequence[bytes]:
        """What lies in the slot, for the recovery tool."""
        return self._slot.read()

    def copy_to(self, path: Path) -> None:
        """Write the sealed store, as it is now, to a new key store file, and what a vault wrapped to `<path>.root`.

        Raises LedgerUnavailable when the file exists or cannot be written.
        """
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        stored, roots = self._blobs.read(), self._blobs.read_roots()
        if roots:
            replace_file(path.with_name(path.name + ".root"), roots.encode("ascii"))
        with contextlib.closing(KeyFile(path)) as copy:
            copy.open()
            copy.set_marks(self._blobs.marks())
            if stored is not None:
                copy.write(*stored, self._stored_segments())

    def _stored_segments(self) -> Iterator[tuple[bytes, bytes]]:
        for each in self._blobs.segment_ids():
            (octets,) = self._blobs.read_segments([each])
            if octets is not None:
                yield each, octets

    def _write(self, state: KeyState, root: bytes, version: int) -> Found:
        sealed = seal_state(state, root, self._random)
        self._blobs.write(sealed.blob, version, sealed.segments.items(), sealed.deletable)
        return Found(state, root, version)


@contextlib.contextmanager
def lost_when_damaged() -> Iterator[None]:
    """What does not authenticate under its key, or is not there, may have held any key."""
    try:
        yield
    except (Tampered, UnknownVersion):
        raise KeystoreLost("the key store was changed by something else than the gateway") from None


@contextlib.contextmanager
def slot_errors() -> Iterator[None]:
    """A root slot's file may fail as well."""
    try:
        yield
    except OSError as error:
        raise LedgerUnavailable(f"key store: {system_text(error)}") from error
