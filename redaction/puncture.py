"""A key that can forget: derives 2^40 leaf keys, and loses any of them for good without touching the others.

A Goldreich-Goldwasser-Micali tree: each node gives its eight children by a one-way function, fourteen levels lead from
the root to a leaf (42 bits, of which the first two are zero: the root has two children). A fresh key stores the root
alone. To puncture a leaf, the one stored node above it is replaced by the siblings along the path, at most
1 + 7 x 13 = 92 nodes of 32 bytes; nothing that remains leads to the leaf. Nothing is stored for leaves that were never
punctured.

The number of children weighs the cost of a derivation, which every message pays, against what an erasure leaves behind:
docs/decisions/0004-eight-children.md.

The one-way function is BLAKE2s over node, label and branch: it has no length extension, so a secret prefix is a PRF,
and one block is the cheapest call that hashlib offers (0.36 µs; keyed BLAKE2s 0.60, SHA-256 0.53, HMAC-SHA-256 2.1).
"""

from collections.abc import Callable, Iterator
from typing import Final, Self

from redaction.primitives import descend
from redaction.primitives.pure import LEVELS as LEVELS
from redaction.primitives.pure import PATH_BITS

INDEX_BITS: Final = 40
NODE_BYTES: Final = 32
ARITY: Final = 8

_LAST: Final = (1 << INDEX_BITS) - 1
_NAME_BYTES: Final = 6  # one byte level, five bytes prefix
_ENTRY_BYTES: Final = _NAME_BYTES + NODE_BYTES
_ROOT: Final = 0
_ROOT_NAME: Final = bytes(_NAME_BYTES)
_UPPER: Final = 5  # derived nodes of this level are cached, 8192 at most: nine hashes lead on from there, not fourteen
_UPPER_SHIFT: Final = PATH_BITS - 3 * _UPPER


class Punctured(Exception):
    """The leaf was punctured: its key cannot be derived any more."""


def _name(level: int, prefix: int) -> int:
    """Where a node sits, as one integer: its level, and the `3 * level` leading bits of the paths below it."""
    return level << INDEX_BITS | prefix


def _prefix(index: int, level: int) -> int:
    return index >> (PATH_BITS - 3 * level)


def _first_below(prefix: int, level: int) -> int:
    """The first leaf below a node."""
    return prefix << (PATH_BITS - 3 * level)


def _prefix_bits(level: int) -> int:
    """How many bits of an index lie above `level`: the root has none, its two children one."""
    return max(0, 3 * level - (PATH_BITS - INDEX_BITS))


def _check(index: int) -> None:
    if not 0 <= index <= _LAST:
        raise ValueError("a leaf index has 40 bits")


class PuncturableKey:
    """One puncturable key. Equal in what it derives to any copy of it, except for what either has forgotten."""

    __slots__ = ("_nodes", "_upper")

    def __init__(self, nodes: dict[int, bytes]) -> None:
        """Use `create` or `from_bytes`. `nodes` maps `_name` to the node's key; no node lies above another."""
        self._nodes = nodes
        self._upper: dict[int, bytes] = {}

    @classmethod
    def create(cls, random: Callable[[int], bytes]) -> Self:
        """A fresh key from `random(32)`."""
        return cls({_name(0, 0): random(NODE_BYTES)})

    def __repr__(self) -> str:
        return f"PuncturableKey({len(self._nodes)} nodes)"

    def derive(self, index: int) -> bytes:
        """The 32-byte leaf key at `index`; raises `Punctured`. Fourteen hashes, nine when the path is warm."""
        node = self._upper.get(index >> _UPPER_SHIFT)
        if node is None:
            level, node = self._covering(index)
            if level > _UPPER:
                return descend(node, index, level, LEVELS)
            node = self._upper[index >> _UPPER_SHIFT] = descend(node, index, level, _UPPER)
        return descend(node, index, _UPPER, LEVELS)

    def is_punctured(self, index: int) -> bool:
        return self._level_above(index) is None

    def puncture(self, index: int) -> None:
        """Forget the leaf at `index` for good. Again is harmless."""
        level = self._level_above(index)
        if level is None:
            return
        self._upper.pop(_prefix(index, _UPPER), None)
        node = self._nodes.pop(_name(level, _prefix(index, level)))
        for below in range(level + 1, LEVELS + 1):
            node = self._keep_siblings(node, index, below)

    def merge(self, other: "PuncturableKey") -> None:
        """Forget what `other`, a copy of this key, has forgotten. Raises `ValueError` if it is no copy."""
        self._nodes = _common(self, other) | _common(other, self)
        self._upper.clear()

    def to_bytes(self) -> bytes:
        """The nodes in order, 38 bytes each."""
        root = self._nodes.get(_ROOT)
        if root is not None:  # then there is nothing else; as good as all keys are so, and a roll writes them all
            return _ROOT_NAME + root
        return b"".join(name.to_bytes(_NAME_BYTES, "big") + self._nodes[name] for name in sorted(self._nodes))

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """What `to_bytes` wrote; raises `ValueError` on anything else."""
        if len(data) == _ENTRY_BYTES and data.startswith(_ROOT_NAME):
            return cls({_ROOT: data[_NAME_BYTES:]})
        if len(data) % _ENTRY_BYTES:
            raise ValueError("a puncturable key is a whole number of nodes")
        return cls(dict(map(_entry, _slices(data))))

    def _level_above(self, index: int) -> int | None:
        """The level of the stored node that leads to `index`, if one is left."""
        _check(index)
        nodes = self._nodes
        for level in range(LEVELS + 1):
            if level << INDEX_BITS | index >> (PATH_BITS - 3 * level) in nodes:
                return level
        return None

    def _covering(self, index: int) -> tuple[int, bytes]:
        level = self._level_above(index)
        if level is None:
            raise Punctured
        return level, self._nodes[_name(level, _prefix(index, level))]

    def _keep_siblings(self, node: bytes, index: int, level: int) -> bytes:
        """Store the children of `node` that do not lead to `index`; give back the one that does."""
        path = _prefix(index, level)
        first = path & ~7
        for child in range(first, min(first + ARITY, 1 << _prefix_bits(level))):
            if child != path:
                self._nodes[_name(level, child)] = descend(node, _first_below(child, level), level - 1, level)
        return descend(node, index, level - 1, level)

    def _node_at(self, name: int) -> bytes | None:
        """The node called `name`, stored or derived; None when nothing above it is stored."""
        level, prefix = name >> INDEX_BITS, name & _LAST
        index = _first_below(prefix, level)
        for above in range(level + 1):
            node = self._nodes.get(_name(above, _prefix(index, above)))
            if node is not None:
                return descend(node, index, above, level)
        return None


def _common(mine: PuncturableKey, theirs: PuncturableKey) -> dict[int, bytes]:
    """The nodes that `mine` stores and `theirs` still leads to."""
    common = {name: node for name, node in mine._nodes.items() if theirs._node_at(name) is not None}
    if any(theirs._node_at(name) != node for name, node in common.items()):
        raise ValueError("not copies of one key")
    return common


def _slices(data: bytes) -> Iterator[bytes]:
    return (data[at : at + _ENTRY_BYTES] for at in range(0, len(data), _ENTRY_BYTES))


def _entry(data: bytes) -> tuple[int, bytes]:
    name = int.from_bytes(data[:_NAME_BYTES], "big")
    level = name >> INDEX_BITS
    if level > LEVELS or (name & _LAST) >> _prefix_bits(level):
        raise ValueError("no such node")
    return name, data[_NAME_BYTES:]
