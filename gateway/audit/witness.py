"""A witness: it cosigns checkpoints of logs that only ever grow (https://c2sp.org/tlog-witness). No sockets here.

Of each log it keeps the last checkpoint that it cosigned, on the disk before the answer. A log that shows it another
past gets no signature, so two audiences that trust this witness cannot be shown two logs.
"""

import os
import threading
from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Final, NamedTuple

from gateway.audit.checkpoint import NUMBER, Checkpoint, read_checkpoint, read_path
from gateway.audit.tiles import sync_folder, write_file
from gateway.audit.tree import EMPTY_ROOT, holds_tree
from redaction.notes import COSIGNATURE, ML_DSA, SEED_BYTES, BadNote, Note, VerifierKey, cosign, is_signed_by, read_note
from redaction.notes import verifier_key as key_of

SEED: Final = "witness.key"
LONGEST: Final = 64 * 1024
"""Octets of a request."""
SIZE_TYPE: Final = "text/x.tlog.size"
TEXT_TYPE: Final = "text/plain; charset=utf-8"


class Answer(NamedTuple):
    """Of HTTP."""

    status: int
    text: str = ""
    content_type: str = TEXT_TYPE


class Witness:
    """folder: of its own, with its key and what it cosigned. logs: verifier keys of those that it knows; several of a
    log whose key was replaced. ml_dsa: whether it signs with ML-DSA-44 beside Ed25519.

    keys: by which its signatures are verified, Ed25519 first.
    """

    def __init__(
        self,
        folder: Path,
        name: str,
        logs: Sequence[VerifierKey],
        now_s: Callable[[], int],
        *,
        ml_dsa: bool = False,
    ) -> None:
        self._folder = folder
        self._logs = {name: [each for each in logs if each.name == name] for name in {each.name for each in logs}}
        self._now_s = now_s
        self._turn = threading.Lock()
        self._seed = _seed(folder)
        kinds = (COSIGNATURE, ML_DSA) if ml_dsa else (COSIGNATURE,)
        self.keys: Final = tuple(key_of(self._seed, name, kind) for kind in kinds)
        self.key: Final = self.keys[0]

    def add_checkpoint(self, body: bytes) -> Answer:
        """What `POST /add-checkpoint` is answered."""
        head, _, rest = body.partition(b"\n\n")
        try:
            old, *path = head.decode("ascii").split("\n")
            word, _, number = old.partition(" ")
            note = read_note(rest)
            said, hashes = read_checkpoint(note), read_path(path)
        except (BadNote, UnicodeDecodeError):
            return Answer(400)
        if word != "old" or not NUMBER.fullmatch(number):
            return Answer(400)
        keys = self._logs.get(said.origin)
        if keys is None:
            return Answer(404)
        if not is_signed_by(note, *keys):
            return Answer(403)
        try:
            with self._turn:
                return self._compare(note, said, int(number), hashes)
        except (OSError, BadNote):  # what it saw last cannot be read, or kept: then it signs nothing
            return Answer(500)

    def _compare(self, note: Note, said: Checkpoint, old: int, path: Sequence[bytes]) -> Answer:
        before = self._last(said.origin)
        if old > said.size:
            return Answer(400)
        if old != before.size:
            return Answer(409, f"{before.size}\n", SIZE_TYPE)
        if old == said.size and said.root != before.root:
            return Answer(409, f"{before.size}\n", SIZE_TYPE)
        if not holds_tree(old, said.size, path, before.root, said.root):
            return Answer(422)
        write_file(self._place(said.origin), note.octets)
        sync_folder(self._folder)
        now_s = self._now_s()
        signatures = [cosign(self._seed, each.name, note.text, now_s, each.kind) for each in self.keys]
        return Answer(200, "".join(each.line for each in signatures))

    def _last(self, origin: str) -> Checkpoint:
        try:
            return read_checkpoint(read_note(self._place(origin).read_bytes()))
        except FileNotFoundError:
            return Checkpoint(origin, 0, EMPTY_ROOT)

    def _place(self, origin: str) -> Path:
        return self._folder / f"log-{sha256(origin.encode()).hexdigest()[:16]}"


def _seed(folder: Path) -> bytes:
    """Made at the first time. Raises OSError."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    place = folder / SEED
    try:
        descriptor = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        return bytes.fromhex(place.read_text("ascii"))
    with open(descriptor, "wb") as file:
        seed = os.urandom(SEED_BYTES)
        file.write(seed.hex().encode("ascii"))
        file.flush()
        os.fsync(descriptor)
    sync_folder(folder)
    return seed
