"""Every key of the gateway: what exists, and what was destroyed.

`KeyState` is a plain value that its owner changes; a destroyed key is gone for the next call already. It knows nothing
of files, roots in slots or clocks, nor of the form in which it rests (`redaction.keys_at_rest`). Three families live
here (PRIVACY.md, key scheme):

- period keys, one puncturable key per retention tag and period;
- customer keys, one per customer; customer 0 is the platform itself;
- peppers, one per customer, purpose and epoch, for pseudonyms and keyed digests.
"""

from collections.abc import Callable
from hashlib import blake2s
from typing import Final

from redaction.errors import KeyDestroyed, KeysWithheld, SealError, alone
from redaction.fresh_keys import FreshKeys
from redaction.primitives import forget
from redaction.puncture import PuncturableKey, Punctured
from redaction.retention import RetentionTag
from redaction.stored_keys import Key, KeyFamilies, Period

Random = Callable[[int], bytes]
"""A source of that many unpredictable bytes: `os.urandom`, or a fixed one in tests."""

PLATFORM: Final = 0
"""The customer id under which the platform's own keys stand."""

PEPPER_PURPOSES: Final = frozenset(
    {"search", "suppress", "rate", "statistics", "credential", "idempotency", "correlation"}
)
LASTING_PURPOSES: Final = ("credential", "idempotency")
"""Their peppers have one epoch, `LASTING_EPOCH`: what is digested must compare equal for as long as it lives."""
LASTING_EPOCH: Final = 0

KEY_BYTES: Final = 32
ROOT_BYTES: Final = 32

CACHED_LEAVES: Final = 8_192
"""About 2 MB; a message's fields, and its opening soon after, share one leaf."""


class KeyState:
    """All keys. Look-ups raise `KeyDestroyed` for what is not there, or `KeysWithheld` after `withhold`; nothing is
    ever made by looking it up.
    """

    __slots__ = ("_customers", "_leaves", "_peppers", "_periods", "_withheld", "fresh")

    def __init__(self, families: KeyFamilies | None = None) -> None:
        said = families or KeyFamilies({}, {}, {})
        self._periods = said.periods
        self._customers = said.customers
        self._peppers = said.peppers
        self._leaves: dict[tuple[RetentionTag, int, int], bytes] = {}
        self.fresh = FreshKeys()
        self._withheld = False

    def __repr__(self) -> str:
        return f"KeyState({len(self._periods)} periods, {len(self._customers)} customers)"

    @property
    def families(self) -> KeyFamilies:
        """The keys themselves, for whoever stores them, or tries what copies would open."""
        return KeyFamilies(self._periods, self._customers, self._peppers)

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

    def _forget_derived(self) -> None:
        """What came from keys goes before them."""
        self._leaves.clear()
        self.fresh.clear()
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

    def has_period(self, tag: RetentionTag, period: int) -> bool:
        return (tag, period) in self._periods

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


def _successor(leaf: int) -> int:
    """Another of the 2^40 leaves, always the same. It need not be secret: leaves stand in clear in what is sealed."""
    digest = blake2s(leaf.to_bytes(5, "big"), digest_size=5, person=b"cgw leaf").digest()
    return int.from_bytes(digest, "big")
