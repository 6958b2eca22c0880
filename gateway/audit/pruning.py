"""Deletes entries that are too old from the beginning of the log, by the rules of tlog-tiles: what is left is proved
and verified as before.
"""

import asyncio
from typing import Final

import msgspec

from gateway.audit.acts import Act
from gateway.audit.checkpoint import read_checkpoint
from gateway.audit.entries import read_entry
from gateway.audit.log import AuditLog
from gateway.audit.signing import DAY_MS
from gateway.audit.tiles import CHECKPOINT, TileReader, TilesDamaged, minimum, prune
from gateway.audit.writing import LogWriter
from gateway.model.times import rfc3339
from redaction.notes import read_note

LEAST_DAYS: Final = 180


class Pruned(msgspec.Struct, frozen=True):
    """was, first: index of the first entry before and after. files: how many were deleted."""

    was: int
    first: int
    files: int


async def prune_before(writer: LogWriter, log: AuditLog, now_ms: int, days: int, *, always: bool = False) -> Pruned:
    """Entries that are younger than so many days stay. always: whether it is written down where nothing was deleted.

    Raises TreeBusy, TilesDamaged, FileNotFoundError where there is no log yet, LedgerUnavailable and OSError.
    """
    before = rfc3339(now_ms - days * DAY_MS)
    with writer.alone():
        size, standing, index = await asyncio.to_thread(_find, writer, before)
        deleted = 0
        if index > standing or always:
            async with log.around(Act.AUDIT_PRUNE, numbers={"before": standing, "after": index}):
                if index > standing:
                    deleted = await asyncio.to_thread(prune, writer.folder, size, index)
    return Pruned(standing, index, deleted)


def _find(writer: LogWriter, before: str) -> tuple[int, int, int]:
    """Size of the tree, the first index now, and the first one of an entry of this time or later."""
    size = read_checkpoint(read_note((writer.folder / CHECKPOINT).read_bytes())).size
    standing = minimum(writer.folder)
    return size, standing, _first_since(TileReader(writer.folder, size), standing, before)


def _first_since(reader: TileReader, low: int, time: str) -> int:
    """Entries are in the order of time but for moments. Raises TilesDamaged."""
    high = reader.size
    while low < high:
        middle = (low + high) // 2
        found = reader.entry(middle)
        if found is None:
            raise TilesDamaged("missing entries", middle)
        if str(read_entry(found)["t"]) < time:
            low = middle + 1
        else:
            high = middle
    return low
