"""The Merkle tree of RFC 6962: hashes, its right edge, and whether proofs hold. No files here.

A tree of any size is known by its right edge: at each level of tiles (256 hashes) those that do not fill a tile yet.
Entries are added there, and full tiles come out.
"""

from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Final, NamedTuple

HASH_BYTES: Final = 32
WIDTH: Final = 256
"""Hashes of a full tile."""
EMPTY_ROOT: Final = sha256(b"").digest()


def leaf_hash(entry: bytes) -> bytes:
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


def root_of(hashes: Sequence[bytes]) -> bytes:
    """Of the tree over these hashes: subtrees of one size, the last of which may be smaller."""
    if not hashes:
        return EMPTY_ROOT
    row = list(hashes)
    while len(row) > 1:
        pairs = [sha256(b"\x01" + row[at] + row[at + 1]).digest() for at in range(0, len(row) - 1, 2)]
        if len(row) % 2:
            pairs.append(row[-1])
        row = pairs
    return row[0]


class FullTile(NamedTuple):
    """level, number: as in its path."""

    level: int
    number: int
    hashes: Sequence[bytes]


class Edge:
    """The right edge of a tree. levels: of each level of tiles, the hashes that do not fill a tile yet."""

    def __init__(self, size: int = 0, levels: Iterable[Sequence[bytes]] = ()) -> None:
        self.size = size
        self.levels = [list(each) for each in levels]

    def add(self, leaf: bytes) -> list[FullTile]:
        """One more leaf; the tiles that it fills, the lowest first."""
        self.size += 1
        full: list[FullTile] = []
        level, added = 0, leaf
        while True:
            if level == len(self.levels):
                self.levels.append([])
            row = self.levels[level]
            row.append(added)
            if len(row) < WIDTH:
                return full
            full.append(FullTile(level, (self.size >> 8 * (level + 1)) - 1, tuple(row)))
            added = root_of(row)
            row.clear()
            level += 1

    def root(self) -> bytes:
        """Of the whole tree."""
        tail: list[bytes] = []
        for row in self.levels:
            if row or tail:
                tail = [root_of([*row, *tail])]
        return tail[0] if tail else EMPTY_ROOT


def widths(size: int) -> list[int]:
    """How many hashes the edge of a tree has at each level of tiles."""
    found: list[int] = []
    while size:
        found.append(size % WIDTH)
        size //= WIDTH
    return found


def split(size: int) -> int:
    """How many leaves go to the left of a tree: the largest power of two below its size, which is 2 or more."""
    return 1 << ((size - 1).bit_length() - 1)


def holds_entry(index: int, size: int, leaf: bytes, path: Sequence[bytes], root: bytes) -> bool:
    """Whether the path shows that the leaf stands there in the tree of this size and root (RFC 9162 §2.1.3.2)."""
    if not 0 <= index < size:
        return False
    at, last, found = index, size - 1, leaf
    for each in path:
        if last == 0:
            return False
        if at & 1 or at == last:
            found = node_hash(each, found)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            found = node_hash(found, each)
        at, last = at >> 1, last >> 1
    return last == 0 and found == root


def holds_tree(old: int, size: int, path: Sequence[bytes], old_root: bytes, root: bytes) -> bool:
    """Whether the path shows that the tree begins with the old one (RFC 9162 §2.1.4.2)."""
    if old in (0, size):
        return not path and old_root == (EMPTY_ROOT if old == 0 else root)
    if not 0 < old < size or not path:
        return False
    hashes = list(path) if old & (old - 1) else [old_root, *path]
    at, last = old - 1, size - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    before = after = hashes[0]
    for each in hashes[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            before, after = node_hash(each, before), node_hash(each, after)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            after = node_hash(after, each)
        at, last = at >> 1, last >> 1
    return last == 0 and before == old_root and after == root
