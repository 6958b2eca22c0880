"""The keys of a custodian, who keeps the means of finding people in records whose content is dead.

What is sealed to its public key (HPKE, RFC 9180, with AES-256-GCM) is opened by its private key alone, which is on no
node. X25519 with ML-KEM-768 where the library has it, and X25519 alone elsewhere; a key says which of them it is.
"""

import base64
import binascii
from hashlib import sha256
from typing import Final

import msgspec
from cryptography.exceptions import InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from redaction.errors import Tampered, UnknownVersion, alone

X25519: Final = "x25519"
HYBRID: Final = "mlkem768-x25519"
ID_BYTES: Final = 8
_WORD: Final = "cgw-custodian-1"
"""What a line begins with that is a public key."""
_NONCE: Final = bytes(12)
_SEED_BYTES: Final = 64
_MLKEM_BYTES: Final = 1_184
_SHORT_BYTES: Final = 32
_SIZES: Final = {X25519: (32, 32), HYBRID: (_MLKEM_BYTES + _SHORT_BYTES, _SEED_BYTES + _SHORT_BYTES)}
"""Octets of public and private keys."""
_SUITES: Final = {
    X25519: hpke.Suite(hpke.KEM.X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM),
    HYBRID: hpke.Suite(hpke.KEM.MLKEM768_X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM),
}


class NoCustodianKey(ValueError):
    """What should be a key of a custodian is none."""


class PublicKey(msgspec.Struct, frozen=True):
    """kem: how it is used, `X25519` or `HYBRID`. Raises NoCustodianKey for octets that are no such key."""

    kem: str
    octets: bytes

    def __post_init__(self) -> None:
        if self.kem not in _SIZES or len(self.octets) != _SIZES[self.kem][0]:
            raise NoCustodianKey("this is no public key of a custodian")

    @property
    def id(self) -> bytes:
        """What it is called by: 8 octets."""
        return sha256(self.kem.encode() + b"\0" + self.octets).digest()[:ID_BYTES]

    @property
    def line(self) -> str:
        """As one line of text."""
        return f"{_WORD} {self.kem} {base64.b64encode(self.octets).decode()}"

    def seal(self, plaintext: bytes, purpose: bytes) -> bytes:
        """purpose: whoever opens must name the same. Raises NoCustodianKey."""
        try:
            return _SUITES[self.kem].encrypt(plaintext, self._usable(), info=purpose)
        except (ValueError, UnsupportedAlgorithm):
            raise alone(NoCustodianKey("this public key cannot be used")) from None

    def _usable(self) -> X25519PublicKey | hpke.MLKEM768X25519PublicKey:
        if self.kem == X25519:
            return X25519PublicKey.from_public_bytes(self.octets)
        lattice = MLKEM768PublicKey.from_public_bytes(self.octets[:_MLKEM_BYTES])
        return hpke.MLKEM768X25519PublicKey(lattice, X25519PublicKey.from_public_bytes(self.octets[_MLKEM_BYTES:]))


def public_key(line: str) -> PublicKey:
    """What `PublicKey.line` wrote. Raises NoCustodianKey."""
    word, _, rest = line.strip().partition(" ")
    kem, _, said = rest.partition(" ")
    try:
        octets = base64.b64decode(said, validate=True) if word == _WORD else b""
    except (binascii.Error, ValueError):
        octets = b""
    return PublicKey(kem, octets)


class PrivateKey(msgspec.Struct, frozen=True):
    """octets: what lies in the custodian's folder."""

    kem: str
    octets: bytes

    def __post_init__(self) -> None:
        if self.kem not in _SIZES or len(self.octets) != _SIZES[self.kem][1]:
            raise NoCustodianKey("this is no private key of a custodian")

    def __repr__(self) -> str:
        return "PrivateKey(•••)"

    def public(self) -> PublicKey:
        short = X25519PrivateKey.from_private_bytes(self.octets[-_SHORT_BYTES:]).public_key().public_bytes_raw()
        if self.kem == X25519:
            return PublicKey(X25519, short)
        lattice = MLKEM768PrivateKey.from_seed_bytes(self.octets[:_SEED_BYTES])
        return PublicKey(HYBRID, lattice.public_key().public_bytes_raw() + short)

    def open(self, sealed: bytes, purpose: bytes) -> bytes:
        """What was sealed to the public key. Raises Tampered."""
        try:
            return _SUITES[self.kem].decrypt(sealed, self._usable(), info=purpose)
        except (InvalidTag, ValueError):
            raise alone(Tampered("this was not sealed to this custodian, or was changed")) from None

    def _usable(self) -> X25519PrivateKey | hpke.MLKEM768X25519PrivateKey:
        short = X25519PrivateKey.from_private_bytes(self.octets[-_SHORT_BYTES:])
        if self.kem == X25519:
            return short
        return hpke.MLKEM768X25519PrivateKey(MLKEM768PrivateKey.from_seed_bytes(self.octets[:_SEED_BYTES]), short)


def new_private(kem: str = "") -> PrivateKey:
    """A key that nobody had before. kem: the strongest that the library has if empty. Raises UnknownVersion."""
    short = X25519PrivateKey.generate().private_bytes_raw()
    if kem == X25519:
        return PrivateKey(X25519, short)
    try:
        return PrivateKey(HYBRID, MLKEM768PrivateKey.generate().private_bytes_raw() + short)
    except UnsupportedAlgorithm:
        if kem:
            raise alone(UnknownVersion("this library has no ML-KEM")) from None
        return PrivateKey(X25519, short)


def seal_once(key: bytes, plaintext: bytes, aad: bytes) -> bytes:
    """AES-256-GCM under a key that serves for this alone."""
    return AESGCM(key).encrypt(_NONCE, plaintext, aad)


def open_once(key: bytes, sealed: bytes, aad: bytes) -> bytes:
    """What `seal_once` sealed. Raises Tampered."""
    try:
        return AESGCM(key).decrypt(_NONCE, sealed, aad)
    except InvalidTag:
        raise alone(Tampered("a sealed secret was changed")) from None
