"""The sealed form in which a key state rests, and what may be said of it without its keys: ages, and a digest.

The whole state is one AES-256-GCM blob under a root. Destruction is: change the state, seal it under a *fresh* root,
destroy the old root. The header's root commitment tells a wrong root from a damaged blob.
"""

import hmac
import struct
from collections.abc import Iterable
from hashlib import sha256
from typing import Final

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from redaction.errors import Tampered, UnknownVersion, WrongRoot, alone
from redaction.keys import ROOT_BYTES, KeyState, Random
from redaction.puncture import PuncturableKey
from redaction.stored_keys import (
    Key,
    KeyAge,
    KeyFamilies,
    Period,
    StoredCustomer,
    StoredPepper,
    StoredPeriod,
    StoredState,
)

_STATE_VERSION: Final = 1
_MAGIC: Final = b"CGKS"
_HEADER: Final = struct.Struct(">4sB16s16s")
"""Magic, version, salt, root commitment; ciphertext and tag follow. The whole header is authenticated."""


def seal_state(state: KeyState, root: bytes, random: Random) -> bytes:
    """The state as a blob that only `root` (32 bytes) opens."""
    salt = random(16)
    header = _HEADER.pack(_MAGIC, _STATE_VERSION, salt, _commitment(root))
    cipher, nonce = _cipher(root, salt)
    return header + cipher.encrypt(nonce, to_bytes(state), header)


def open_state(blob: bytes, root: bytes) -> KeyState:
    """The state that `seal_state` wrote. Raises `WrongRoot`, `Tampered` or `UnknownVersion`."""
    header = blob[: _HEADER.size]
    if len(header) < _HEADER.size or not header.startswith(_MAGIC):
        raise Tampered("not a key store")
    _, version, salt, commitment = _HEADER.unpack(header)
    _check_version(version)
    if not hmac.compare_digest(commitment, _commitment(root)):
        raise WrongRoot("the key store is sealed under another root")
    cipher, nonce = _cipher(root, salt)
    try:
        return from_bytes(cipher.decrypt(nonce, blob[_HEADER.size :], header))
    except InvalidTag:
        raise alone(Tampered("the key store was changed")) from None


def state_digest(state: KeyState) -> bytes:
    """SHA-256 of the state, for destruction certificates: it shows a change and gives nothing away."""
    return sha256(to_bytes(state)).digest()


def key_ages(state: KeyState) -> list[KeyAge]:
    """Name and time of creation of every key, for status."""
    families = state.families
    periods = [_age("period", key, entry.created_ms) for key, entry in sorted(families.periods.items())]
    customers = [_age("customer", (key,), entry.created_ms) for key, entry in sorted(families.customers.items())]
    peppers = [_age("pepper", (it.customer, it.purpose, it.epoch), it.created_ms) for it in _flat_peppers(families)]
    return periods + customers + peppers


def to_bytes(state: KeyState) -> bytes:
    """The state in clear: for `seal_state` and nothing else."""
    families = state.families
    return msgspec.msgpack.encode(
        StoredState(
            _STATE_VERSION,
            [StoredPeriod(*name, it.key.to_bytes(), it.created_ms) for name, it in sorted(families.periods.items())],
            [StoredCustomer(name, it.value, it.created_ms) for name, it in sorted(families.customers.items())],
            _flat_peppers(families),
        )
    )


def from_bytes(data: bytes) -> KeyState:
    """What `to_bytes` wrote. Raises `UnknownVersion`, or `Tampered` for what is no key state."""
    try:
        stored = msgspec.msgpack.decode(data, type=StoredState)
        _check_version(stored.version)
        return KeyState(_families(stored))
    except (msgspec.DecodeError, ValueError):
        raise alone(Tampered("not a key state")) from None


def _families(stored: StoredState) -> KeyFamilies:
    peppers: dict[tuple[int, str], dict[int, Key]] = {}
    for it in stored.peppers:
        peppers.setdefault((it.customer, it.purpose), {})[it.epoch] = Key(it.key, it.created_ms)
    return KeyFamilies(
        periods={
            (it.tag, it.period): Period(PuncturableKey.from_bytes(it.key), it.created_ms) for it in stored.periods
        },
        customers={it.customer: Key(it.key, it.created_ms) for it in stored.customers},
        peppers=peppers,
    )


def _flat_peppers(families: KeyFamilies) -> list[StoredPepper]:
    return [
        StoredPepper(*name, epoch, key.value, key.created_ms)
        for name, epochs in sorted(families.peppers.items())
        for epoch, key in sorted(epochs.items())
    ]


def _age(family: str, name: Iterable[object], created_ms: int) -> KeyAge:
    return KeyAge(family=family, name="/".join(map(str, name)), created_ms=created_ms)


def _check_version(version: int) -> None:
    if version != _STATE_VERSION:
        raise UnknownVersion("key state of another version")


def _commitment(root: bytes) -> bytes:
    if len(root) != ROOT_BYTES:
        raise ValueError("a root has 32 bytes")
    return hmac.digest(root, b"connect-gateway root commitment", "sha256")[:16]


def _cipher(root: bytes, salt: bytes) -> tuple[AESGCM, bytes]:
    """The cipher and nonce of one sealing; no key serves twice, since salts do not repeat."""
    material = hmac.digest(root, b"connect-gateway key state" + salt, "sha512")
    return AESGCM(material[:32]), material[32:44]
