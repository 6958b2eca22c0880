"""What was last signed, kept in the key store: the place that whoever restores or rebuilds the log does not have.

It is the one decision about what is in the log: entries on the disk beyond it are not there yet, and what it names must
be on the disk. It lies in the key store's marks, as numbers.
"""

from collections.abc import Mapping
from typing import Final

import msgspec

from gateway.audit.tree import EMPTY_ROOT

_SIZE: Final = "audit_size"
_THROUGH: Final = "audit_through"
_LOG: Final = "audit_log"
_ROOT: Final = tuple(f"audit_root_{part}" for part in range(4))
_PART: Final = 8


class Anchor(msgspec.Struct, frozen=True):
    """size, root: of the tree. through: number of the newest pending entry that is in it. log: which of the
    installation's logs it is; another is begun where the folder of one was lost.
    """

    size: int = 0
    root: bytes = EMPTY_ROOT
    through: int = 0
    log: int = 1

    def marks(self) -> dict[str, int]:
        """None for a log that was never signed."""
        if self == Anchor():
            return {}
        parts = (self.root[at * _PART : (at + 1) * _PART] for at in range(len(_ROOT)))
        root = {name: int.from_bytes(part, "big", signed=True) for name, part in zip(_ROOT, parts, strict=True)}
        return {_SIZE: self.size, _THROUGH: self.through, _LOG: self.log} | root


def read_anchor(marks: Mapping[str, int]) -> Anchor:
    """Of the marks of a key store."""
    if _SIZE not in marks:
        return Anchor()
    root = b"".join(marks[name].to_bytes(_PART, "big", signed=True) for name in _ROOT)
    return Anchor(marks[_SIZE], root, marks[_THROUGH], marks[_LOG])


def anchor_marks(marks: Mapping[str, int]) -> dict[str, int]:
    """Those of a key store that must go along where the keys go."""
    return read_anchor(marks).marks()
