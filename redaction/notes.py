"""Signed notes, verifier keys and cosignatures as C2SP specifies them: a text, and lines that say who signed it.

https://c2sp.org/signed-note and https://c2sp.org/tlog-cosignature. A note is its text, an empty line, and signature
lines `— <name> <base64 of key id and signature>`. The text ends with a newline and has no empty last line of its own.
"""

import base64
import binascii
import re
from hashlib import sha256
from typing import Final

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey, MLDSA44PublicKey

SIGNATURE: Final = 1
"""Kind of key: Ed25519, over the text itself."""
COSIGNATURE: Final = 4
"""Kind of key: Ed25519, over a time and the text, by a witness."""
ML_DSA: Final = 6
"""Kind of key: ML-DSA-44, over a time and what the text says of a tree, by a witness or by the log itself."""
SEED_BYTES: Final = 32
LONGEST: Final = 100_000
"""Octets of a note that is read."""

_PUBLIC_BYTES: Final = {SIGNATURE: 32, COSIGNATURE: 32, ML_DSA: 1312}
_HASH_BYTES: Final = 32
_LINE: Final = re.compile(r"— ([^\s+]+) ([A-Za-z0-9+/]+={0,2})")
_VKEY: Final = re.compile(r"([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+={0,2})")
_CONTROL: Final = re.compile(r"[\x00-\x09\x0b-\x1f\x7f]")


class BadNote(ValueError):
    """It is no signed note, or no verifier key."""


class VerifierKey(msgspec.Struct, frozen=True):
    """Who signs, and the key that shows it. kind: `SIGNATURE`, `COSIGNATURE` or `ML_DSA`."""

    name: str
    kind: int
    public: bytes

    @property
    def key_id(self) -> bytes:
        return sha256(self.name.encode() + b"\n" + bytes((self.kind,)) + self.public).digest()[:4]

    @property
    def text(self) -> str:
        """The verifier key as people pass it on."""
        return f"{self.name}+{self.key_id.hex()}+{_base64(bytes((self.kind,)) + self.public)}"


class Signature(msgspec.Struct, frozen=True):
    """A line of a note. octets: without the key id; of a cosignature the time in seconds, and then the signature."""

    name: str
    key_id: bytes
    octets: bytes

    @property
    def line(self) -> str:
        return f"— {self.name} {_base64(self.key_id + self.octets)}\n"

    @property
    def cosigned_s(self) -> int:
        """When a witness signed, in seconds since the Unix epoch."""
        return int.from_bytes(self.octets[:8], "big")


class Note(msgspec.Struct, frozen=True):
    """text: with its last newline."""

    text: str
    signatures: tuple[Signature, ...]

    @property
    def octets(self) -> bytes:
        return "".join((self.text, "\n", *(each.line for each in self.signatures))).encode()


def read_note(octets: bytes) -> Note:
    """Raises BadNote. Nothing is verified by this."""
    try:
        whole = octets[: LONGEST + 1].decode()
    except UnicodeDecodeError:
        raise BadNote("a note is UTF-8") from None
    text, between, lines = whole.rpartition("\n\n")
    if len(octets) > LONGEST or not between or not lines.endswith("\n") or _CONTROL.search(whole):
        raise BadNote("no signed note")
    return Note(text + "\n", read_signatures(lines))


def read_signatures(lines: str) -> tuple[Signature, ...]:
    """Signature lines, each with its newline. Raises BadNote."""
    return tuple(_signature(line) for line in lines.removesuffix("\n").split("\n"))


def _signature(line: str) -> Signature:
    found = _LINE.fullmatch(line)
    octets = b"" if found is None else _octets(found[2])
    if found is None or len(octets) <= 4:
        raise BadNote("no signature line")
    return Signature(found[1], octets[:4], octets[4:])


def read_verifier_key(text: str) -> VerifierKey:
    """Raises BadNote, also for a kind that is not known."""
    found = _VKEY.fullmatch(text.strip())
    octets = b"" if found is None else _octets(found[3])
    if found is None or not octets or len(octets) - 1 != _PUBLIC_BYTES.get(octets[0]):
        raise BadNote("no verifier key")
    key = VerifierKey(found[1], octets[0], octets[1:])
    if key.key_id.hex() != found[2]:
        raise BadNote("no verifier key: its id is another")
    return key


def verifier_key(seed: bytes, name: str, kind: int = SIGNATURE) -> VerifierKey:
    """Of whoever signs with this seed, which has 32 octets."""
    if kind == ML_DSA:
        return VerifierKey(name, kind, _ml_dsa(seed).public_key().public_bytes_raw())
    return VerifierKey(name, kind, Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw())


def sign(seed: bytes, name: str, text: str) -> Signature:
    return Signature(name, verifier_key(seed, name).key_id, _signed(seed, text.encode()))


def cosign(seed: bytes, name: str, text: str, now_s: int, kind: int = COSIGNATURE) -> Signature:
    """As a witness: at this time, this was the largest tree that was seen, and it held what was seen before.

    kind: `COSIGNATURE` or `ML_DSA`, which takes the text of a checkpoint. Raises BadNote for another one.
    """
    time = now_s.to_bytes(8, "big")
    if kind == ML_DSA:
        octets = time + _ml_dsa(seed).sign(_subtree(name, text, time))
    else:
        octets = time + _signed(seed, _cosigned(text, now_s))
    return Signature(name, verifier_key(seed, name, kind).key_id, octets)


def is_signed_by(note: Note, *keys: VerifierKey) -> bool:
    """Whether one of the note's signatures is one of these keys', and right."""
    return any(verifies(key, note.text, each) for key in keys for each in note.signatures)


def verifies(key: VerifierKey, text: str, signature: Signature) -> bool:
    """Whether the signature is this key's, and right."""
    if (signature.name, signature.key_id) != (key.name, key.key_id):
        return False
    octets, said = signature.octets, text.encode()
    try:
        if key.kind == ML_DSA:
            MLDSA44PublicKey.from_public_bytes(key.public).verify(octets[8:], _subtree(key.name, text, octets[:8]))
            return True
        if key.kind == COSIGNATURE:
            octets, said = octets[8:], _cosigned(text, signature.cosigned_s)
        Ed25519PublicKey.from_public_bytes(key.public).verify(octets, said)
    except (InvalidSignature, ValueError):
        return False
    return True


def _signed(seed: bytes, octets: bytes) -> bytes:
    return Ed25519PrivateKey.from_private_bytes(seed).sign(octets)


def _ml_dsa(seed: bytes) -> MLDSA44PrivateKey:
    """A key of its own of the same seed: two algorithms never share one."""
    return MLDSA44PrivateKey.from_seed_bytes(sha256(b"ml-dsa-44\n" + seed).digest())


def _cosigned(text: str, now_s: int) -> bytes:
    return f"cosignature/v1\ntime {now_s}\n{text}".encode()


def _subtree(name: str, text: str, time: bytes) -> bytes:
    """What ML-DSA-44 signs of a checkpoint (tlog-cosignature, `subtree/v1`): the tree from its first entry on.

    Raises BadNote for what is no checkpoint.
    """
    origin, size, root, *_ = (*text.split("\n"), "", "")
    if not (size.isascii() and size.isdigit()) or len(octets := _octets(root)) != _HASH_BYTES:
        raise BadNote("no checkpoint")
    names = (each.encode() for each in (name, origin))
    cosigner, log = (len(each).to_bytes(1, "big") + each for each in names)
    return b"subtree/v1\n\0" + cosigner + time + log + bytes(8) + int(size).to_bytes(8, "big") + octets


def _base64(octets: bytes) -> str:
    return base64.b64encode(octets).decode("ascii")


def _octets(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        raise BadNote("no base64") from None
