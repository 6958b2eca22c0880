"""What a signed note says of a tree (https://c2sp.org/tlog-checkpoint), and a proof that an entry stands in it
(https://c2sp.org/tlog-proof).
"""

import base64
import binascii
import re
from collections.abc import Sequence
from typing import Final

import msgspec

from gateway.audit.tree import HASH_BYTES, holds_entry, leaf_hash
from redaction.notes import BadNote, Note, read_note

PROOF: Final = "c2sp.org/tlog-proof@v1"
LONGEST_PATH: Final = 63
"""Hashes of a proof."""

NUMBER: Final = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)
"""Of entries, as texts have it."""


class Checkpoint(msgspec.Struct, frozen=True):
    """origin: the name of the log. root: of the tree of this size."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        """Of the note that says it."""
        return f"{self.origin}\n{self.size}\n{write_hash(self.root)}\n"


class Proof(msgspec.Struct, frozen=True):
    """That an entry stands at an index. path: from the leaf's sibling to the root's child."""

    index: int
    path: tuple[bytes, ...]
    note: Note

    @property
    def text(self) -> str:
        lines = (PROOF, f"index {self.index}", *map(write_hash, self.path), "")
        return "\n".join(lines) + "\n" + self.note.octets.decode()

    def holds(self, entry: bytes) -> bool:
        """Whether it shows this of the entry, if the note is signed by who should. Raises BadNote."""
        said = read_checkpoint(self.note)
        return holds_entry(self.index, said.size, leaf_hash(entry), self.path, said.root)


def read_checkpoint(note: Note) -> Checkpoint:
    """Raises BadNote."""
    lines = note.text.split("\n")
    if len(lines) < 4 or not lines[0] or not NUMBER.fullmatch(lines[1]):
        raise BadNote("no checkpoint")
    return Checkpoint(lines[0], int(lines[1]), read_hash(lines[2]))


def read_proof(octets: bytes) -> Proof:
    """Raises BadNote. Nothing is verified by this."""
    head, between, rest = octets.partition(b"\n\n")
    try:
        lines = head.decode("ascii").split("\n")
    except UnicodeDecodeError:
        raise BadNote("no proof") from None
    if lines[0] != PROOF or not between:
        raise BadNote("no proof")
    at = 2 if lines[1:] and lines[1].startswith("extra ") else 1
    word, _, number = lines[at].partition(" ") if at < len(lines) else ("", "", "")
    if word != "index" or not NUMBER.fullmatch(number):
        raise BadNote("no proof")
    return Proof(int(number), read_path(lines[at + 1 :]), read_note(rest))


def read_path(lines: Sequence[str]) -> tuple[bytes, ...]:
    """Hashes of a proof. Raises BadNote."""
    if len(lines) > LONGEST_PATH:
        raise BadNote("a proof has 63 hashes at most")
    return tuple(map(read_hash, lines))


def read_hash(text: str) -> bytes:
    """Raises BadNote."""
    try:
        octets = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        octets = b""
    if len(octets) != HASH_BYTES:
        raise BadNote("no hash")
    return octets


def write_hash(octets: bytes) -> str:
    return base64.b64encode(octets).decode("ascii")
