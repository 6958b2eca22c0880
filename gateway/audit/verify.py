"""Whether the tiles of a folder are the tree that a checkpoint says, and if not: which index is wrong, and why.

One walk over the entries, in the order of their indexes; memory does not grow with the tree. `docs/audit_verify.py`
does the same without anything of the gateway.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import msgspec

from gateway.audit.checkpoint import Checkpoint, read_checkpoint
from gateway.audit.entries import BadEntry, read_entry
from gateway.audit.tiles import TileReader, TilesDamaged, minimum
from gateway.audit.tree import WIDTH, leaf_hash, root_of
from redaction.notes import BadNote, Note, VerifierKey, is_signed_by

EVERY: Final = 64
"""Bundles after which progress is said."""


class Flaw(msgspec.Struct, frozen=True):
    """index: of the first entry that is wrong. why: `altered`, `missing`, `reordered`, `truncated`, `resigned`,
    `rolled back` or `no entry`, and what else is known of it.
    """

    index: int
    why: str

    def __str__(self) -> str:
        return f"index {self.index}: {self.why}"


def verify(
    folder: Path,
    note: Note,
    key: VerifierKey,
    *,
    older: Sequence[Note] = (),
    former: Sequence[VerifierKey] = (),
    check: Callable[[bytes], object] | None = read_entry,
    said: Callable[[int], None] = lambda index: None,
) -> Flaw | None:
    """None where everything is as it was signed.

    key: of the log. former: keys by which it was signed before, as older checkpoints may be. older: checkpoints that
    were kept elsewhere, which the tree must continue. check: of an entry's form; None for none. said: called with how
    far it is. Raises BadNote for what is no checkpoint.
    """
    signed = read_checkpoint(note)
    flaw = _check_notes(note, older, (key, *former))
    if flaw is not None:
        return flaw
    reader = TileReader(folder, signed.size)
    try:
        return _walk(reader, minimum(folder), check, said) or _compare_roots(reader, signed, older)
    except TilesDamaged as damaged:
        return Flaw(damaged.index, damaged.what)


def _check_notes(note: Note, older: Sequence[Note], keys: Sequence[VerifierKey]) -> Flaw | None:
    signed = read_checkpoint(note)
    for each in (note, *older):
        said = read_checkpoint(each)
        if said.origin != keys[0].name:
            raise BadNote("a checkpoint of another log")
        if not is_signed_by(each, *keys):
            return Flaw(said.size, "resigned by unknown key")
        if said.size > signed.size:
            return Flaw(signed.size, f"rolled back (size {signed.size} < signed {said.size})")
    return None


def _walk(
    reader: TileReader, first: int, check: Callable[[bytes], object] | None, said: Callable[[int], None]
) -> Flaw | None:
    for number in range(first // WIDTH, -(-reader.size // WIDTH)):
        start = number * WIDTH
        flaw = _check_bundle(reader, number, check)
        if flaw is None and reader.width(0, number) == WIDTH:
            flaw = _check_above(reader, number)
        if flaw is not None:
            return flaw
        if number % EVERY == 0:
            said(start)
    return None


def _check_bundle(reader: TileReader, number: int, check: Callable[[bytes], object] | None) -> Flaw | None:
    start = number * WIDTH
    entries = reader.bundle(number) or []
    leaves = [leaf_hash(each) for each in entries]
    tile = reader.tile(0, number) if entries else None
    if leaves != tile:
        return _difference(reader, number, leaves, tile)
    if check is not None:
        for at, each in enumerate(entries, start):
            try:
                check(each)
            except BadEntry as bad:
                return Flaw(at, f"no entry ({bad})")
    return None


def _difference(reader: TileReader, number: int, leaves: Sequence[bytes], tile: Sequence[bytes] | None) -> Flaw:
    start = number * WIDTH
    if not leaves or tile is None or list(leaves) == list(tile[: len(leaves)]):
        index = start + len(leaves)
        if reader.bundle(number + 1) if index < reader.size else None:
            return Flaw(index, "missing")
        return Flaw(index, f"truncated (size {index} < signed {reader.size})")
    at = next(at for at, (left, right) in enumerate(zip(leaves, tile, strict=False)) if left != right)
    if sorted(leaves) == sorted(tile):
        return Flaw(start + at, "reordered")
    following = [*tile[at + 1 :], *_next_leaves(reader, number)][: len(leaves) - at]
    if following and list(leaves[at : at + len(following)]) == following:
        return Flaw(start + at, "missing")
    return Flaw(start + at, "altered")


def _next_leaves(reader: TileReader, number: int) -> Sequence[bytes]:
    return reader.tile(0, number + 1) if (number + 1) * WIDTH < reader.size else ()


def _check_above(reader: TileReader, number: int) -> Flaw | None:
    """Every tile that ends here, against the hash of it in the tile above."""
    level, at = 0, number
    while True:
        above = reader.tile(level + 1, at // WIDTH)
        if root_of(reader.tile(level, at)) != above[at % WIDTH]:
            end = ((at + 1) << 8 * (level + 1)) - 1
            return Flaw(at << 8 * (level + 1), f"altered, here or up to index {end}")
        if at % WIDTH != WIDTH - 1:
            return None
        level, at = level + 1, at // WIDTH


def _compare_roots(reader: TileReader, signed: Checkpoint, older: Sequence[Note]) -> Flaw | None:
    """With what was signed, the smallest first: whoever changed everything up to the root has signed nothing."""
    known = 0
    for said in sorted((*map(read_checkpoint, older), signed), key=lambda each: each.size):
        if reader.root(0, said.size) != said.root:
            return Flaw(known, f"altered, here or up to index {said.size - 1}: another root was signed")
        known = said.size
    return None
