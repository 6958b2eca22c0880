"""A key that can forget: derives 2^40 leaf keys, and loses any of them for good without touching the others.

A Goldreich-Goldwasser-Micali tree: each node gives its eight children by a one-way function, fourteen levels lead from
the root to a leaf (42 bits, of which the first two are zero: the root has two children). A fresh key stores the root
alone. To puncture a leaf, the one stored node above it is replaced by the siblings along the path, at most
1 + 7 x 13 = 92 nodes of 32 bytes; nothing that remains leads to the leaf. Nothing is stored for leaves that were never
punctured.

The number of children weighs the cost of a derivation, which every message pays, against what an erasure leaves behind:
docs/decisions/0004-eight-children.md.

The stored nodes cover leaves that do not overlap, and lie in that order, in parts: one for all leaves at first, and
where a part grows too large, one for each half of its leaves. A part may lie sealed (`redaction.segments`) until one of
its leaves is asked for; one that was changed is not sealed yet.

The one-way function is BLAKE2s over node, label and branch: it has no length extension, so a secret prefix is a PRF,
and one block is the cheapest call that hashlib offers (0.36 µs; keyed BLAKE2s 0.60, SHA-256 0.53, HMAC-SHA-256 2.1).
"""

from bisect import bisect_right
from collections.abc import Callable, Iterator
from typing import Final, Self

from redaction.locked import LockedKey
from redaction.locked_cache import LockedCache
from redaction.primitives import descend
from redaction.primitives.pure import LEVELS as LEVELS
from redaction.primitives.pure import PATH_BITS
from redaction.segments import PLACE_BYTES, Segments

INDEX_BITS: Final = 40
NODE_BYTES: Final = 32
ARITY: Final = 8
PART_BYTES: Final = 128 << 10
"""A part that is larger is halved: each change seals one part anew, and the table, which has 56 bytes for each."""

_LAST: Final = (1 << INDEX_BITS) - 1
_NAME_BYTES: Final = 6  # one byte level, five bytes prefix
_ENTRY_BYTES: Final = _NAME_BYTES + NODE_BYTES
_ROOT_NAME: Final = bytes(_NAME_BYTES)
_NUMBER_BYTES: Final = 8
CACHED_UPPER: Final = 8_192
_UPPER: Final = 5  # derived nodes of this level are cached, 8192 at most: nine hashes lead on from there, not fourteen
_UPPER_SHIFT: Final = PATH_BITS - 3 * _UPPER


class Punctured(Exception):
    """The leaf was punctured: its key cannot be derived any more."""


class Part:
    """The stored nodes above some of the leaves, in their order, 38 bytes each.

    number: 1 for all leaves, 2 n and 2 n + 1 for the halves of part n. nodes: None while they lie sealed at `place`, or
    where the root is all there is; place: empty for what is not sealed.
    """

    __slots__ = ("nodes", "number", "place", "root")

    def __init__(self, number: int, nodes: bytearray | None, place: bytes, root: LockedKey | None = None) -> None:
        self.number = number
        self.nodes = nodes
        self.place = place
        self.root = root


def _start(number: int) -> int:
    """The first leaf of a part."""
    bits = number.bit_length() - 1
    return (number - (1 << bits)) << (INDEX_BITS - bits)


def _entry(level: int, prefix: int, node: bytes) -> bytes:
    """A node as it is stored; prefix: the `3 * level` leading bits of the paths below it."""
    return bytes((level,)) + prefix.to_bytes(5, "big") + node


def _first_leaf(nodes: bytearray, at: int) -> int:
    return int.from_bytes(nodes[at + 1 : at + _NAME_BYTES], "big") << (PATH_BITS - 3 * nodes[at])


def _count_until(nodes: bytearray, index: int) -> int:
    """How many nodes have a first leaf of at most `index`."""
    low, high = 0, len(nodes) // _ENTRY_BYTES
    while low < high:
        middle = (low + high) >> 1
        if _first_leaf(nodes, middle * _ENTRY_BYTES) > index:
            high = middle
        else:
            low = middle + 1
    return low


def _find(nodes: bytearray, index: int) -> int:
    """Where the one node above the leaf stands; -1 when there is none."""
    at = (_count_until(nodes, index) - 1) * _ENTRY_BYTES
    if at < 0:
        return -1
    below = PATH_BITS - 3 * nodes[at]
    return at if index >> below == _first_leaf(nodes, at) >> below else -1


def _siblings(level: int, node: bytes, index: int) -> bytearray:
    """What remains of `node` without the leaf: the siblings along the path, in the order of their leaves."""
    before, after = bytearray(), bytearray()
    for below in range(level + 1, LEVELS + 1):
        shift = PATH_BITS - 3 * below
        path = index >> shift
        right = bytearray()
        first = path & ~7
        for child in range(first, min(first + ARITY, 1 << _prefix_bits(below))):
            if child != path:
                entry = _entry(below, child, descend(node, child << shift, below - 1, below))
                if child < path:
                    before += entry
                else:
                    right += entry
        after[:0] = right
        node = descend(node, index, below - 1, below)
    before += after
    return before


def _prefix_bits(level: int) -> int:
    """How many bits of an index lie above `level`: the root has none, its two children one."""
    return max(0, 3 * level - (PATH_BITS - INDEX_BITS))


def _check(index: int) -> None:
    if not 0 <= index <= _LAST:
        raise ValueError("a leaf index has 40 bits")


class PuncturableKey:
    """One puncturable key. Equal in what it derives to any copy of it, except for what either has forgotten.

    segments: where its sealed parts are opened.
    """

    __slots__ = ("_starts", "_upper", "parts", "segments")

    def __init__(self, parts: list[Part], segments: Segments) -> None:
        """Use `create`, `from_bytes` or `from_parts`."""
        self.parts = parts
        self.segments = segments
        self._starts = [_start(each.number) for each in parts]
        self._upper: LockedCache[int] = LockedCache(CACHED_UPPER)

    @classmethod
    def create(cls, random: Callable[[int], bytes], segments: Segments | None = None) -> Self:
        """A fresh key from `random(32)`."""
        return cls.from_root(random(NODE_BYTES), segments or Segments())

    @classmethod
    def from_root(cls, root: bytes, segments: Segments) -> Self:
        """One that has forgotten nothing yet."""
        return cls([Part(1, None, b"", LockedKey(root))], segments)

    def root(self) -> bytes:
        """That from which all leaves are derived; empty once one was forgotten."""
        root = self.parts[0].root
        return b"" if root is None else root.value

    def __repr__(self) -> str:
        opened = [each for each in self.parts if not each.place]
        return f"PuncturableKey({sum(len(self._nodes(each)) for each in opened) // _ENTRY_BYTES} nodes)"

    def derive(self, index: int) -> bytes:
        """The 32-byte leaf key at `index`; raises `Punctured`, and as `Segments.open`. Fourteen hashes, nine when the
        path is warm.
        """
        node = self._upper.get(index >> _UPPER_SHIFT)
        if node is None:
            level, node = self._covering(index)
            if level > _UPPER:
                return descend(node, index, level, LEVELS)
            node = descend(node, index, level, _UPPER)
            self._upper.put(index >> _UPPER_SHIFT, node)
        return descend(node, index, _UPPER, LEVELS)

    def is_punctured(self, index: int) -> bool:
        """Raises as `Segments.open`."""
        if self.parts[0].root is not None:  # nothing was forgotten yet
            _check(index)
            return False
        return _find(self._nodes(self._part(index)), index) < 0

    def puncture(self, index: int) -> None:
        """Forget the leaf at `index` for good. Again is harmless. Raises as `Segments.open`."""
        part = self._part(index)
        nodes = self._nodes(part)
        at = _find(nodes, index)
        if at < 0:
            return
        self._upper.pop(index >> _UPPER_SHIFT)
        if part.root is not None:
            part.nodes, part.root = nodes, None
        if part.nodes is None:
            part.nodes = nodes = bytearray(nodes)
            self.segments.leave(part.place)
            part.place = b""
        level, node = nodes[at], bytes(nodes[at + _NAME_BYTES : at + _ENTRY_BYTES])
        nodes[at : at + _ENTRY_BYTES] = _siblings(level, node, index)
        if len(nodes) > PART_BYTES:
            self._halve(part)

    def to_bytes(self) -> bytes:
        """The nodes by level and prefix, 38 bytes each, as the first layout has them. Raises as `Segments.open`."""
        return b"".join(sorted(_slices(b"".join(map(self._nodes, self.parts)))))

    @classmethod
    def from_bytes(cls, data: bytes, segments: Segments | None = None) -> Self:
        """What `to_bytes` wrote; raises `ValueError` on anything else."""
        if len(data) % _ENTRY_BYTES:
            raise ValueError("a puncturable key is a whole number of nodes")
        ordered: list[bytes] = sorted(_slices(data), key=_checked)
        if len(ordered) == 1 and data.startswith(_ROOT_NAME):
            return cls.from_root(data[_NAME_BYTES:], segments or Segments())
        key = cls([Part(1, bytearray().join(ordered), b"")], segments or Segments())
        key._halve(key.parts[0])
        return key

    def outline(self) -> list[tuple[int, bytes | bytearray]]:
        """The number of each part, and its place, or its nodes where it is not sealed."""
        return [(each.number, each.place or self._nodes(each)) for each in self.parts]

    def packed_parts(self) -> bytes:
        """Number and place of every part, 56 bytes each. All must be sealed."""
        return b"".join(each.number.to_bytes(_NUMBER_BYTES, "big") + each.place for each in self.parts)

    @classmethod
    def from_parts(cls, packed: bytes, segments: Segments) -> Self:
        """What `packed_parts` wrote; raises `ValueError` on anything else."""
        step = _NUMBER_BYTES + PLACE_BYTES
        if not packed or len(packed) % step:
            raise ValueError("not the parts of a puncturable key")
        parts = [
            Part(int.from_bytes(packed[at : at + _NUMBER_BYTES], "big"), None, packed[at + _NUMBER_BYTES : at + step])
            for at in range(0, len(packed), step)
        ]
        if not all(0 < each.number < 2 << INDEX_BITS for each in parts) or _start(parts[0].number):
            raise ValueError("no such part")
        return cls(parts, segments)

    def _part(self, index: int) -> Part:
        _check(index)
        parts = self.parts
        return parts[0] if len(parts) == 1 else parts[bisect_right(self._starts, index) - 1]

    def _nodes(self, part: Part) -> bytearray:
        nodes = part.nodes
        if part.root is not None:
            return bytearray(_ROOT_NAME + part.root.value)
        return self.segments.open(part.place) if nodes is None else nodes

    def _covering(self, index: int) -> tuple[int, bytes]:
        """Level and key of the stored node that leads to `index`."""
        root = self.parts[0].root
        if root is not None:
            _check(index)
            return 0, root.value
        nodes = self._nodes(self._part(index))
        at = _find(nodes, index)
        if at < 0:
            raise Punctured
        return nodes[at], bytes(nodes[at + _NAME_BYTES : at + _ENTRY_BYTES])

    def _halve(self, part: Part) -> None:
        """Until no part is too large."""
        nodes = part.nodes
        if nodes is None or len(nodes) <= PART_BYTES:
            return
        border = _start(2 * part.number + 1)
        at = _count_until(nodes, border - 1) * _ENTRY_BYTES
        halves = [Part(2 * part.number, nodes[:at], b""), Part(2 * part.number + 1, nodes[at:], b"")]
        nodes[:] = bytes(len(nodes))
        where = self.parts.index(part)
        self.parts[where : where + 1] = halves
        self._starts[where : where + 1] = [_start(each.number) for each in halves]
        for each in halves:
            self._halve(each)


def _slices(data: bytes) -> Iterator[bytes]:
    return (data[at : at + _ENTRY_BYTES] for at in range(0, len(data), _ENTRY_BYTES))


def _checked(entry: bytes) -> int:
    """The first leaf of a node. Raises `ValueError` for one that cannot be."""
    level, prefix = entry[0], int.from_bytes(entry[1:_NAME_BYTES], "big")
    if level > LEVELS or prefix >> _prefix_bits(level):
        raise ValueError("no such node")
    return prefix << (PATH_BITS - 3 * level)
