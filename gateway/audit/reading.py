"""Entries of the log, read from its files: the newest ones, backwards, tile by tile; and one with its proof."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from gateway.audit.checkpoint import Proof, read_checkpoint
from gateway.audit.entries import read_entry
from gateway.audit.tiles import CHECKPOINT, TileReader, TilesDamaged, minimum
from gateway.audit.tree import WIDTH
from redaction.notes import read_note


class Found(msgspec.Struct, frozen=True):
    """index: of the entry in the log; None where it waits for it. entry: its fields."""

    index: int | None
    entry: dict[str, Any]


def signed_size(folder: Path) -> int:
    """How many entries were signed last; 0 where there is nothing yet. Raises BadNote."""
    try:
        return read_checkpoint(read_note((folder / CHECKPOINT).read_bytes())).size
    except FileNotFoundError:
        return 0


def proven(folder: Path, index: int) -> tuple[bytes, Proof] | None:
    """An entry, and the proof that it stands in what was signed last; None where there is none, or not any more.

    Raises TilesDamaged.
    """
    try:
        note = read_note((folder / CHECKPOINT).read_bytes())
    except FileNotFoundError:
        return None
    reader = TileReader(folder, read_checkpoint(note).size)
    entry = reader.entry(index)
    return None if entry is None else (entry, Proof(index, tuple(reader.entry_path(index)), note))


def newest(folder: Path, wanted: Callable[[dict[str, Any]], bool], count: int, most: int | None = None) -> list[Found]:
    """So many that are wanted, newest first. most: entries that are looked at; None for all.

    Raises BadEntry, TilesDamaged and BadNote.
    """
    size, rows = signed_size(folder), list[Found]()
    reader = TileReader(folder, size)
    first = max(minimum(folder), 0 if most is None else size - most)
    for number in reversed(range(first // WIDTH, -(-size // WIDTH))):
        entries = reader.bundle(number) or []
        if len(entries) < reader.width(0, number):
            raise TilesDamaged("missing entries", number * WIDTH + len(entries))
        for at, octets in reversed([*enumerate(entries, number * WIDTH)]):
            if len(rows) >= count or at < first:
                return rows
            entry = read_entry(octets)
            if wanted(entry):
                rows.append(Found(at, entry))
    return rows
