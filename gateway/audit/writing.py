"""How entries get into the tree, once each: in the folder first, then signed, then acknowledged in the key store.

    1. tiles         beyond what was signed; whoever dies here leaves them to be written again
    2. anchor        in the key store, over the one that was read: from here on the entries are in the log
    3. checkpoint    in the folder; signed again where it is behind the anchor
    4. settled       in the ledger, by whoever called; what dies before is recognised by its hash

One process writes at a time, by a lock in the folder, and only over the anchor that it read. Where the folder does not
hold what the anchor says nothing is signed any more: `ForkFound`.
"""

import contextlib
import fcntl
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from gateway.audit.anchor import Anchor, read_anchor
from gateway.audit.checkpoint import Checkpoint, read_checkpoint
from gateway.audit.signing import LogSigner
from gateway.audit.tiles import CHECKPOINT, TileReader, TilesDamaged, TileWriter, sync_folder, write_file
from gateway.audit.tree import WIDTH, Edge, leaf_hash
from gateway.keystore.store import Keystore
from gateway.ledger.contract import PendingEntry
from redaction.notes import BadNote, Note, VerifierKey, is_signed_by, read_note

LOCK: Final = "lock"


class ForkFound(Exception):
    """The folder does not continue what was signed: it was restored from an older copy, changed, or is another."""


class LostRace(Exception):
    """Another process has signed meanwhile, over another folder."""


class TreeBusy(Exception):
    """Another process writes to the folder just now."""


class LogWriter:
    """The log of one installation in one folder. Its calls wait for disks and the key store: use a thread.

    origin: the log's name.
    """

    def __init__(self, folder: Path, signer: LogSigner, keystore: Keystore) -> None:
        self.folder: Final = folder
        self.signer: Final = signer
        self.origin: Final = signer.origin
        self._keystore = keystore
        self._anchor: Anchor | None = None
        self._writer: TileWriter | None = None
        self._is_new_ground = False

    @property
    def key(self) -> VerifierKey:
        """By which signatures of the log are verified. Raises a SealError where keys are withheld."""
        return self.signer.key

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Raises TreeBusy, OSError."""
        self.folder.mkdir(mode=0o750, parents=True, exist_ok=True)
        descriptor = os.open(self.folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise TreeBusy from None
            yield
        finally:
            os.close(descriptor)

    def standing(self) -> Anchor:
        """What was last signed, once the folder was seen to hold it. Raises ForkFound, LedgerUnavailable, OSError."""
        anchor = read_anchor(self._keystore.marks.all())
        if self._writer is None or anchor != self._anchor:
            self._writer = None
            self._anchor = self._look(anchor)
        assert self._anchor is not None
        return self._anchor

    def append(self, entries: Sequence[PendingEntry]) -> Note:
        """Put them into the log, but for those that are there, and sign it. While `alone`; then settle them.

        Raises ForkFound, LostRace, LedgerUnavailable, OSError, and a SealError where keys are withheld: all of them are
        put there by the next call.
        """
        before = self.standing()
        fresh = self._fresh(entries, before)
        if not fresh:
            return self._checkpoint()
        writer, self._writer = self._writer, None  # what fails on the way is begun again from the disk
        assert writer is not None
        writer.add((each.octets, leaf) for each, leaf in fresh)
        writer.flush()
        after = Anchor(writer.edge.size, writer.edge.root(), entries[-1].number, before.log)
        note = self._signed(after)
        if not self._keystore.marks.move(before.marks(), after.marks()):
            raise LostRace
        self._writer, self._anchor, self._is_new_ground = writer, after, False
        self._keep(note)
        writer.drop_partial()
        return note

    def checkpoint(self) -> Note | None:
        """The newest; None before the first entry. Raises as `standing`."""
        return self._checkpoint() if self.standing().size else None

    def keep(self, note: Note) -> None:
        """Put a note of the same tree, with more signatures, in the place of the checkpoint. While `alone`."""
        self._keep(note)

    def _checkpoint(self) -> Note:
        assert self._anchor is not None
        note = self._kept()
        if note is None or read_checkpoint(note).size < self._anchor.size:
            note = self._signed(self._anchor)
            self._keep(note)
        return note

    def begin_another(self) -> bool:
        """Give this log up, and let the next one begin empty; False when another process has signed meanwhile.

        For a folder that is lost for good: what was signed stays with those who have it. Nodes take the new log over
        when they are started again.
        """
        standing = read_anchor(self._keystore.marks.all())
        return self._keystore.marks.move(
            standing.marks(), Anchor(through=standing.through, log=standing.log + 1).marks()
        )

    # -------------------------------------------------------------------------------------------------------- looking

    def _look(self, anchor: Anchor) -> Anchor:
        """Have the edge of the tree from the disk, after it was compared with what was signed."""
        kept = self._kept()
        ahead = kept is not None and read_checkpoint(kept).size > anchor.size
        try:
            reader = TileReader(self.folder, anchor.size)
            edge = reader.edge()
            if edge.root() != anchor.root:
                raise ForkFound(f"{self._names(anchor)}, and what lies there is another tree")
            if ahead and kept is not None:
                anchor, reader, edge = self._go_ahead(anchor, read_checkpoint(kept))
            bundle = reader.bundle(edge.size // WIDTH) if edge.size % WIDTH else ()
            if bundle is None or len(bundle) != edge.size % WIDTH:
                raise TilesDamaged("missing entries", edge.size)
        except TilesDamaged as damaged:
            size = 0 if kept is None else read_checkpoint(kept).size
            raise ForkFound(f"{self._names(anchor)}, and its checkpoint is of {size:,} ({damaged})") from None
        self._writer = TileWriter(self.folder, edge, bundle)
        return anchor

    def _go_ahead(self, anchor: Anchor, kept: Checkpoint) -> tuple[Anchor, TileReader, Edge]:
        """The key store is older than the folder: what was signed since, by this key, continues what it knows."""
        reader = TileReader(self.folder, kept.size)
        edge = reader.edge()
        if edge.root() != kept.root or reader.root(0, anchor.size) != anchor.root:
            raise ForkFound(f"{self._names(anchor)}, and the checkpoint there is of another tree")
        self._is_new_ground = True
        ahead = Anchor(kept.size, kept.root, anchor.through, anchor.log)
        if not self._keystore.marks.move(anchor.marks(), ahead.marks()):
            raise LostRace
        return ahead, reader, edge

    def _names(self, anchor: Anchor) -> str:
        return f"{self.folder}: {anchor.size:,} entries were signed"

    def _fresh(self, entries: Sequence[PendingEntry], before: Anchor) -> list[tuple[PendingEntry, bytes]]:
        """Those that are not in the tree. Numbers that are below its newest were not settled, or come again because the
        ledger was restored: the tree is asked for their hashes.
        """
        leaves = [(each, leaf_hash(each.octets)) for each in entries]
        sought = {leaf for each, leaf in leaves if self._is_new_ground or each.number <= before.through}
        present = self._present(sought, before.size) if sought else frozenset()
        return [(each, leaf) for each, leaf in leaves if leaf not in present]

    def _present(self, sought: set[bytes], size: int) -> set[bytes]:
        """Those of the hashes that are leaves, looked for from the end."""
        reader, found = TileReader(self.folder, size), set[bytes]()
        for number in reversed(range(-(-size // WIDTH))):
            try:
                found |= sought.intersection(reader.tile(0, number))
            except TilesDamaged:
                break  # pruned
            if len(found) == len(sought):
                break
        return found

    # -------------------------------------------------------------------------------------------------------- signing

    def _signed(self, anchor: Anchor) -> Note:
        text = Checkpoint(self.origin, anchor.size, anchor.root).text
        return Note(text, self.signer.sign(text))

    def _kept(self) -> Note | None:
        """The checkpoint in the folder, if this log's key has signed it."""
        try:
            note = read_note((self.folder / CHECKPOINT).read_bytes())
            read_checkpoint(note)
        except (FileNotFoundError, BadNote):
            return None
        return note if is_signed_by(note, *self.signer.current) else None

    def _keep(self, note: Note) -> None:
        write_file(self.folder / CHECKPOINT, note.octets)
        sync_folder(self.folder)


def log_name(installation: int, log: int) -> str:
    """Of a log of an installation, the last part of its origin and the name of its folder."""
    return f"{installation:016x}" + (f"-{log}" if log > 1 else "")
