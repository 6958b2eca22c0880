"""Every key of the gateway: what exists, what was destroyed, and the sealed form in which it rests.

`KeyState` is a plain value that its owner changes; a destroyed key is gone for the next call already. It knows nothing
of files, roots in slots or clocks: the key store that keeps it does. Three families live here (PRIVACY.md, key scheme):

- period keys, one puncturable key per retention tag and period;
- customer keys, one per customer; customer 0 is the platform itself;
- peppers, one per customer, purpose and epoch, for pseudonyms and keyed digests.

At rest the whole state is one AES-256-GCM blob under a root. Destruction is: change the state, seal it under a *fresh*
root, destroy the old root. The header's root commitment tells a wrong root from a damaged blob.
"""

import hmac
import struct
from collections.abc import Callable, Iterable
from hashlib import blake2s, sha256
from typing import Final, Self

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from redaction.errors import KeyDestroyed, KeysWithheld, SealError, Tampered, UnknownVersion, WrongRoot, alone
from redaction.primitives import forget
from redaction.puncture import PuncturableKey, Punctured
from redaction.retention import RetentionTag
from redaction.sealed import Sealed
from redaction.stored_keys import (
    Fresh,
    Key,
    KeyAge,
    Period,
    StoredCustomer,
    StoredPepper,
    StoredPeriod,
    StoredState,
)

__all__ = [
    "CACHED_LEAVES",
    "FRESH",
    "LASTING_EPOCH",
    "LASTING_PURPOSES",
    "PEPPER_PURPOSES",
    "PLATFORM",
    "ROOT_BYTES",
    "KeyAge",
    "KeyDestroyed",
    "KeyState",
    "KeysWithheld",
    "Random",
    "SealError",
    "Tampered",
    "UnknownVersion",
    "WrongRoot",
    "open_state",
    "seal_state",
]

Random = Callable[[int], bytes]
"""A source of that many unpredictable bytes: `os.urandom`, or a fixed one in tests."""

PLATFORM: Final = 0
"""The customer id under which the platform's own keys stand."""

PEPPER_PURPOSES: Final = frozenset({"search", "suppress", "rate", "statistics", "credential", "idempotency"})
LASTING_PURPOSES: Final = ("credential", "idempotency")
"""Their peppers have one epoch, `LASTING_EPOCH`: what is digested must compare equal for as long as it lives."""
LASTING_EPOCH: Final = 0

KEY_BYTES: Final = 32
ROOT_BYTES: Final = 32

_STATE_VERSION: Final = 1
FRESH: Final = 1_024
"""Keys of fields at hand, about 3.5 MB: more than usually are between acceptance and the first attempt."""
CACHED_LEAVES: Final = 8_192
"""About 2 MB; a message's fields, and its opening soon after, share one leaf."""


class KeyState:
    """All keys. Look-ups raise `KeyDestroyed` for what is not there, or `KeysWithheld` after `withhold`; nothing is
    ever made by looking it up.
    """

    __slots__ = ("_customers", "_fresh", "_leaves", "_peppers", "_periods", "_withheld")

    def __init__(self) -> None:
        self._periods: dict[tuple[RetentionTag, int], Period] = {}
        self._customers: dict[int, Key] = {}
        self._peppers: dict[tuple[int, str], dict[int, Key]] = {}  # by epoch
        self._leaves: dict[tuple[RetentionTag, int, int], bytes] = {}
        self._fresh: dict[bytes, Fresh] = {}
        self._withheld = False

    def __repr__(self) -> str:
        return f"KeyState({len(self._periods)} periods, {len(self._customers)} customers)"

    @classmethod
    def combined(cls, periods_of: "KeyState", customers_of: "KeyState") -> Self:
        """Period keys of one state and all else of another, for whoever tries what copies would open."""
        state = cls()
        state._periods = periods_of._periods
        state._customers = customers_of._customers
        state._peppers = customers_of._peppers
        return state

    def adopt(self, other: "KeyState") -> None:
        """Become what `other` is; it must not be used any more. Whoever holds this object sees the change at once."""
        self._periods = other._periods
        self._customers = other._customers
        self._peppers = other._peppers
        self._forget_derived()
        self._withheld = False

    def withhold(self) -> None:
        """Let go of every key until the next `adopt`. What is looked up meanwhile is not taken for destroyed."""
        self.adopt(KeyState())
        self._withheld = True

    @property
    def withheld(self) -> bool:
        """Whether keys are missing for now, and not destroyed."""
        return self._withheld

    def _absent(self, factor: str) -> SealError:
        return KeysWithheld() if self._withheld else KeyDestroyed(factor)

    # Derived keys

    def keep_fresh(self, fresh: Fresh) -> None:
        """Have the key of a field at hand for `take_fresh`, until any key is destroyed or too many others came."""
        kept = self._fresh
        kept[fresh.context.message_id] = fresh
        if len(kept) > FRESH:
            del kept[next(iter(kept))]

    def take_fresh(self, sealed: Sealed, message_id: bytes) -> Fresh | None:
        """The key of a field that was kept, if it is this object and not one that looks like it; once. Every key that
        it came from lives.
        """
        fresh = self._fresh.get(message_id)
        if fresh is None or fresh.sealed is not sealed:
            return None
        del self._fresh[message_id]
        return fresh

    def _forget_derived(self) -> None:
        """What came from keys goes before them."""
        self._leaves.clear()
        self._fresh.clear()
        forget()

    # Period keys

    def ensure_period(self, tag: RetentionTag, period: int, random: Random, *, now_ms: int = 0) -> bool:
        """Make the key of a period unless it is there; true when made, and then the state needs storing *first*."""
        if (tag, period) in self._periods:
            return False
        self._periods[tag, period] = Period(PuncturableKey.create(random), now_ms)
        return True

    def drop_period(self, tag: RetentionTag, period: int) -> bool:
        """Destroy everything sealed in a period; true if its key was there."""
        self._forget_derived()
        return self._periods.pop((tag, period), None) is not None

    def periods(self) -> list[tuple[RetentionTag, int]]:
        """The periods whose keys live, in order."""
        return sorted(self._periods)

    def leaf_key(self, tag: RetentionTag, period: int, leaf: int) -> bytes:
        """The 32-byte key of one subject in one period."""
        name = (tag, period, leaf)
        key = self._leaves.get(name)
        return self._derive(name) if key is None else key

    def _derive(self, name: tuple[RetentionTag, int, int]) -> bytes:
        tag, period, leaf = name
        entry = self._periods.get((tag, period))
        if entry is None:
            raise self._absent("period")
        try:
            key = entry.key.derive(leaf)
        except Punctured:
            raise alone(KeyDestroyed("subject")) from None
        if len(self._leaves) >= CACHED_LEAVES:
            self._leaves.clear()
        self._leaves[name] = key
        return key

    def puncture(self, tag: RetentionTag, period: int, leaf: int) -> bool:
        """Destroy one subject's content in one period; true unless that was done before or the period is gone."""
        entry = self._periods.get((tag, period))
        if entry is None or entry.key.is_punctured(leaf):
            return False
        self._forget_derived()
        entry.key.puncture(leaf)
        return True

    def forget_subject(self, leaf: int) -> int:
        """Destroy what was sealed about one subject in every live period, also since it was last forgotten.

        How many periods that were. Each call takes one more leaf of the subject's succession from each of them.
        """
        self._forget_derived()
        for (tag, period), entry in self._periods.items():
            entry.key.puncture(self.usable_leaf(tag, period, leaf))
        return len(self._periods)

    def usable_leaf(self, tag: RetentionTag, period: int, leaf: int) -> int:
        """The leaf under which a subject's next message is sealed: its own, or the first one left of its succession.

        Who was forgotten may write again, or ask for a one-time code, before the period ends.
        """
        entry = self._periods.get((tag, period))
        while entry is not None and entry.key.is_punctured(leaf):
            leaf = _successor(leaf)
        return leaf

    # Customer keys

    def ensure_customer(self, customer: int, random: Random, *, now_ms: int = 0) -> bool:
        """Make a customer's key and its lasting peppers unless the key is there; true when made.

        Peppers whose epochs turn (search and so on) are the caller's to make, with `ensure_pepper`.
        """
        if customer in self._customers:
            return False
        self._customers[customer] = Key(random(KEY_BYTES), now_ms)
        for purpose in LASTING_PURPOSES:
            self.ensure_pepper(customer, purpose, LASTING_EPOCH, random, now_ms=now_ms)
        return True

    def drop_customer(self, customer: int) -> bool:
        """Destroy all that is sealed for a customer, and its pseudonyms with it; true if its key was there."""
        self._forget_derived()
        for purpose in PEPPER_PURPOSES:
            self._peppers.pop((customer, purpose), None)
        return self._customers.pop(customer, None) is not None

    def customers(self) -> list[int]:
        """The customers whose keys live, in order."""
        return sorted(self._customers)

    def customer_key(self, customer: int) -> bytes:
        key = self._customers.get(customer)
        if key is None:
            raise self._absent("customer")
        return key.value

    # Peppers

    def ensure_pepper(self, customer: int, purpose: str, epoch: int, random: Random, *, now_ms: int = 0) -> bool:
        """Make a pepper unless it is there; true when made. Raises `ValueError` for an unknown purpose."""
        if purpose not in PEPPER_PURPOSES:
            raise ValueError("no such pepper purpose")
        epochs = self._peppers.setdefault((customer, purpose), {})
        if epoch in epochs:
            return False
        epochs[epoch] = Key(random(KEY_BYTES), now_ms)
        return True

    def drop_epoch(self, customer: int, purpose: str, epoch: int) -> bool:
        """Make the pseudonyms of an epoch meaningless; true if its pepper was there."""
        return self._peppers.get((customer, purpose), {}).pop(epoch, None) is not None

    def pepper(self, customer: int, purpose: str, epoch: int) -> bytes:
        try:
            return self._peppers[customer, purpose][epoch].value
        except KeyError:
            raise alone(self._absent("pepper")) from None

    def epochs(self, customer: int, purpose: str) -> list[int]:
        """The live epochs, oldest first. New pseudonyms use the last one."""
        return sorted(self._peppers.get((customer, purpose), ()))

    # Status and storage

    def ages(self) -> list[KeyAge]:
        """Name and time of creation of every key, for status."""
        periods = [_age("period", key, entry.created_ms) for key, entry in sorted(self._periods.items())]
        customers = [_age("customer", (key,), entry.created_ms) for key, entry in sorted(self._customers.items())]
        peppers = [_age("pepper", (it.customer, it.purpose, it.epoch), it.created_ms) for it in self._flat_peppers()]
        return periods + customers + peppers

    def digest(self) -> bytes:
        """SHA-256 of the state, for destruction certificates: it shows a change and gives nothing away."""
        return sha256(self.to_bytes()).digest()

    def to_bytes(self) -> bytes:
        """The state in clear: for `seal_state` and nothing else."""
        return msgspec.msgpack.encode(
            StoredState(
                _STATE_VERSION,
                [StoredPeriod(*name, it.key.to_bytes(), it.created_ms) for name, it in sorted(self._periods.items())],
                [StoredCustomer(name, it.value, it.created_ms) for name, it in sorted(self._customers.items())],
                self._flat_peppers(),
            )
        )

    def _flat_peppers(self) -> list[StoredPepper]:
        return [
            StoredPepper(*name, epoch, key.value, key.created_ms)
            for name, epochs in sorted(self._peppers.items())
            for epoch, key in sorted(epochs.items())
        ]

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """What `to_bytes` wrote. Raises `UnknownVersion`, or `Tampered` for what is no key state."""
        try:
            stored = msgspec.msgpack.decode(data, type=StoredState)
            _check_version(stored.version)
            return cls._restore(stored)
        except (msgspec.DecodeError, ValueError):
            raise alone(Tampered("not a key state")) from None

    @classmethod
    def _restore(cls, stored: StoredState) -> Self:
        state = cls()
        for period in stored.periods:
            key = PuncturableKey.from_bytes(period.key)
            state._periods[period.tag, period.period] = Period(key, period.created_ms)
        for it in stored.customers:
            state._customers[it.customer] = Key(it.key, it.created_ms)
        for pepper in stored.peppers:
            epochs = state._peppers.setdefault((pepper.customer, pepper.purpose), {})
            epochs[pepper.epoch] = Key(pepper.key, pepper.created_ms)
        return state


def _successor(leaf: int) -> int:
    """Another of the 2^40 leaves, always the same. It need not be secret: leaves stand in clear in what is sealed."""
    digest = blake2s(leaf.to_bytes(5, "big"), digest_size=5, person=b"cgw leaf").digest()
    return int.from_bytes(digest, "big")


def _age(family: str, name: Iterable[object], created_ms: int) -> KeyAge:
    return KeyAge(family=family, name="/".join(map(str, name)), created_ms=created_ms)


def _check_version(version: int) -> None:
    if version != _STATE_VERSION:
        raise UnknownVersion("key state of another version")


# At rest: magic, version, salt, root commitment, then ciphertext and tag. The whole header is authenticated.
_HEADER = struct.Struct(">4sB16s16s")
_MAGIC: Final = b"CGKS"


def _commitment(root: bytes) -> bytes:
    if len(root) != ROOT_BYTES:
        raise ValueError("a root has 32 bytes")
    return hmac.digest(root, b"connect-gateway root commitment", "sha256")[:16]


def _cipher(root: bytes, salt: bytes) -> tuple[AESGCM, bytes]:
    """The cipher and nonce of one sealing; no key serves twice, since salts do not repeat."""
    material = hmac.digest(root, b"connect-gateway key state" + salt, "sha512")
    return AESGCM(material[:32]), material[32:44]


def seal_state(state: KeyState, root: bytes, random: Random) -> bytes:
    """The state as a blob that only `root` (32 bytes) opens."""
    salt = random(16)
    header = _HEADER.pack(_MAGIC, _STATE_VERSION, salt, _commitment(root))
    cipher, nonce = _cipher(root, salt)
    return header + cipher.encrypt(nonce, state.to_bytes(), header)


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
        return KeyState.from_bytes(cipher.decrypt(nonce, blob[_HEADER.size :], header))
    except InvalidTag:
        raise alone(Tampered("the key store was changed")) from None
