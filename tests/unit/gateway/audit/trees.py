"""Trees of small entries on a disk, for tests."""

from pathlib import Path

from gateway.audit.checkpoint import Checkpoint
from gateway.audit.tiles import CHECKPOINT, TileReader, TileWriter, write_file
from gateway.audit.tree import WIDTH, Edge, leaf_hash
from redaction.notes import Note, sign, verifier_key

SEED = bytes(range(32))
ORIGIN = "gateway.example/audit/0011223344556677"
KEY = verifier_key(SEED, ORIGIN)


def entry_at(index: int) -> bytes:
    return f"entry {index}".encode()


def grow(folder: Path, size: int, *, before: int = 0) -> TileReader:
    """The tree with entries `before` to `size` added to what is there."""
    reader = TileReader(folder, before)
    bundle = reader.bundle(before // WIDTH) or [] if before % WIDTH else []
    writer = TileWriter(folder, reader.edge() if before else Edge(), bundle)
    entries = [entry_at(at) for at in range(before, size)]
    writer.add((each, leaf_hash(each)) for each in entries)
    writer.flush()
    return TileReader(folder, size)


def checkpoint(reader: TileReader, folder: Path | None = None, *, seed: bytes = SEED, size: int | None = None) -> Note:
    """Signed, and kept in the folder if there is one. size: the whole tree's if not given."""
    size = reader.size if size is None else size
    text = Checkpoint(ORIGIN, size, reader.root(0, size)).text
    note = Note(text, (sign(seed, ORIGIN, text),))
    if folder is not None:
        write_file(folder / CHECKPOINT, note.octets)
    return note
