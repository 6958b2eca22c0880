"""The tree as files (https://c2sp.org/tlog-tiles): tiles of 256 hashes, bundles of the entries, and the checkpoint.

    checkpoint                          the newest signed note
    minimum                             the first index that was not pruned, when there is any
    tile/<level>/<number>[.p/<width>]   hashes
    tile/entries/<number>[.p/<width>]   entries, each after its length in two octets

A file is written beside and renamed, so it is there as a whole or not at all, and is on the disk when `flush` returns.
Copies of the folder are good for everything but writing. Whoever writes holds `lock`.
"""

import os
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

from gateway.audit.tree import EMPTY_ROOT, HASH_BYTES, WIDTH, Edge, node_hash, root_of, split, widths

ENTRIES: Final = "entries"
CHECKPOINT: Final = "checkpoint"
MINIMUM: Final = "minimum"
CACHED: Final = 64
"""Tiles in memory, of 8 KB."""


class TilesDamaged(Exception):
    """A tile that must be there is missing, or not of its length. index: the first entry that it is about."""

    def __init__(self, what: str, index: int) -> None:
        super().__init__(f"{what} at index {index:,}")
        self.what = what
        self.index = index


def tile_path(level: int | str, number: int, width: int = WIDTH) -> str:
    """level: or `ENTRIES`. width: below 256 for a tile that is not full."""
    digits = f"{number:03d}"
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    groups = [digits[at : at + 3] for at in range(0, len(digits), 3)]
    path = "/".join([*(f"x{each}" for each in groups[:-1]), groups[-1]])
    return f"tile/{level}/{path}" + (f".p/{width}" if width < WIDTH else "")


def pack_entries(entries: Iterable[bytes]) -> bytes:
    return b"".join(len(each).to_bytes(2, "big") + each for each in entries)


def unpack_entries(octets: bytes) -> list[bytes]:
    """What a bundle holds; of one that was cut off, the entries before the cut."""
    found: list[bytes] = []
    at, end = 0, len(octets)
    while at + 2 <= end:
        after = at + 2 + (octets[at] << 8 | octets[at + 1])
        if after > end:
            break
        found.append(octets[at + 2 : after])
        at = after
    return found


class TileReader:
    """Tiles of a tree of this size. Where a tile is not there as it was, a fuller one serves."""

    def __init__(self, folder: Path, size: int) -> None:
        self._folder = folder
        self.size: Final = size
        self._cached: OrderedDict[tuple[int, int], list[bytes]] = OrderedDict()

    def tile(self, level: int, number: int) -> list[bytes]:
        """Its hashes. Raises TilesDamaged, and OSError but for files that are not there."""
        found = self._cached.get((level, number))
        if found is None:
            found = self._read_tile(level, number)
            self._cached[level, number] = found
            if len(self._cached) > CACHED:
                self._cached.popitem(last=False)
        return found

    def _read_tile(self, level: int, number: int) -> list[bytes]:
        width = self.width(level, number)
        octets = self._octets(level, number, width)
        if octets is None or len(octets) < width * HASH_BYTES:
            raise TilesDamaged(f"missing tile {tile_path(level, number, width)}", number << 8 * (level + 1))
        return [octets[at : at + HASH_BYTES] for at in range(0, width * HASH_BYTES, HASH_BYTES)]

    def bundle(self, number: int) -> list[bytes] | None:
        """Entries, as many as there should be or fewer; None where there is no file."""
        width = self.width(0, number)
        octets = self._octets(ENTRIES, number, width)
        return None if octets is None else unpack_entries(octets)[:width]

    def width(self, level: int, number: int) -> int:
        """How many hashes the tile has in a tree of this size."""
        return min(WIDTH, (self.size >> 8 * level) - number * WIDTH)

    def _octets(self, level: int | str, number: int, width: int) -> bytes | None:
        for each in (width, WIDTH) if width < WIDTH else (WIDTH,):
            try:
                return (self._folder / tile_path(level, number, each)).read_bytes()
            except (FileNotFoundError, NotADirectoryError):
                continue
        return None

    def edge(self) -> Edge:
        """Raises as `tile`."""
        rows = [
            self.tile(level, (self.size >> 8 * level) // WIDTH) if width else []
            for level, width in enumerate(widths(self.size))
        ]
        return Edge(self.size, rows)

    def root(self, start: int, end: int) -> bytes:
        """Of the entries from start to before end, where start is a multiple of a power of two that holds them."""
        count = end - start
        if count == 0:
            return EMPTY_ROOT
        level, low, high = 0, start, end
        while low % WIDTH == 0 and high % WIDTH == 0:
            level, low, high = level + 1, low // WIDTH, high // WIDTH
        if low // WIDTH == (high - 1) // WIDTH:
            tile = self.tile(level, low // WIDTH)
            return root_of(tile[low % WIDTH : (high - 1) % WIDTH + 1])
        middle = start + split(count)
        return node_hash(self.root(start, middle), self.root(middle, end))

    def entry_path(self, index: int) -> list[bytes]:
        """Of the proof that the entry stands there."""
        path: list[bytes] = []
        start, end = 0, self.size
        while end - start > 1:
            middle = start + split(end - start)
            if index < middle:
                path.append(self.root(middle, end))
                end = middle
            else:
                path.append(self.root(start, middle))
                start = middle
        return path[::-1]

    def tree_path(self, old: int) -> list[bytes]:
        """Of the proof that the tree begins with that of size `old`."""
        if old == 0:
            return []
        path: list[bytes] = []
        start, end, is_left = 0, self.size, True
        while old != end:
            middle = start + split(end - start)
            if old <= middle:
                path.append(self.root(middle, end))
                end = middle
            else:
                path.append(self.root(start, middle))
                start, is_left = middle, False
        if not is_left:
            path.append(self.root(start, end))
        return path[::-1]

    def entry(self, index: int) -> bytes | None:
        bundle = self.bundle(index // WIDTH) if 0 <= index < self.size else None
        at = index % WIDTH
        return bundle[at] if bundle is not None and at < len(bundle) else None

    def entries(self, start: int = 0) -> Iterator[tuple[int, bytes]]:
        """With their indexes. Raises TilesDamaged."""
        for number in range(start // WIDTH, -(-self.size // WIDTH)):
            bundle = self.bundle(number)
            if bundle is None or len(bundle) < self.width(0, number):
                raise TilesDamaged("missing entries", number * WIDTH + len(bundle or ()))
            for at, each in enumerate(bundle, number * WIDTH):
                if at >= start:
                    yield at, each


class TileWriter:
    """Adds to a tree that ends as `edge` says. Nothing that is on the disk below its size is changed."""

    def __init__(self, folder: Path, edge: Edge, bundle: Sequence[bytes] = ()) -> None:
        """bundle: entries that do not fill one yet."""
        self._folder = folder
        self.edge: Final = edge
        self._bundle = list(bundle)
        self._touched: set[Path] = set()
        self._filled: list[Path] = []

    def add(self, entries: Iterable[tuple[bytes, bytes]]) -> None:
        """Entries with their leaf hashes."""
        for entry, leaf in entries:
            self._bundle.append(entry)
            for tile in self.edge.add(leaf):
                self._write_full(tile.level, tile.number, b"".join(tile.hashes))
            if len(self._bundle) == WIDTH:
                self._write_full(ENTRIES, self.edge.size // WIDTH - 1, pack_entries(self._bundle))
                self._bundle.clear()

    def flush(self) -> None:
        """Write what is not full, and see everything onto the disk."""
        size = self.edge.size
        for level, row in enumerate(self.edge.levels):
            if row:
                path = tile_path(level, (size >> 8 * level) // WIDTH, len(row))
                self._write(path, b"".join(row))
        if self._bundle:
            self._write(tile_path(ENTRIES, size // WIDTH, len(self._bundle)), pack_entries(self._bundle))
        for folder in sorted(self._touched):
            sync_folder(folder)
        self._touched.clear()

    def drop_partial(self) -> None:
        """Delete partial tiles whose full ones are there, after those were named by a checkpoint."""
        for each in self._filled:
            folder = each.with_name(each.name + ".p")
            if folder.is_dir():
                for partial in folder.iterdir():
                    partial.unlink()
                folder.rmdir()
        self._filled.clear()

    def _write_full(self, level: int | str, number: int, octets: bytes) -> None:
        self._filled.append(self._write(tile_path(level, number), octets))

    def _write(self, path: str, octets: bytes) -> Path:
        target = self._folder / path
        for folder in reversed(target.parents):
            if folder.is_relative_to(self._folder) and not folder.is_dir():
                folder.mkdir(mode=0o750)
                self._touched.add(folder.parent)
        write_file(target, octets)
        self._touched.add(target.parent)
        return target


def write_file(path: Path, octets: bytes) -> None:
    """As a whole, and on the disk; `sync_folder` sees its name there."""
    beside = path.with_name(path.name + ".new")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o640)
    with open(descriptor, "wb") as file:
        file.write(octets)
        file.flush()
        os.fsync(descriptor)
    beside.replace(path)


def sync_folder(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def minimum(folder: Path) -> int:
    """The first index that was not pruned."""
    try:
        return int((folder / MINIMUM).read_text(encoding="ascii"))
    except FileNotFoundError:
        return 0


def prune(folder: Path, size: int, index: int) -> int:
    """Delete bundles and full tiles that are about entries before `index` alone; how many files. `MINIMUM` comes first,
    so that whoever dies on the way goes on from there.
    """
    write_file(folder / MINIMUM, str(index).encode("ascii"))
    sync_folder(folder)
    levels: list[tuple[int | str, int]] = [(ENTRIES, WIDTH)]
    levels += [(level, WIDTH ** (level + 1)) for level in range(len(widths(size)))]
    deleted = 0
    for level, span in levels:
        for number in reversed(range(index // span)):
            path = folder / tile_path(level, number)
            if not path.exists():
                break  # pruned before, and everything before it
            path.unlink()
            deleted += 1
    return deleted
