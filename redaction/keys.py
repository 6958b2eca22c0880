"""Every key of the gateway: what exists, and what was destroyed.

`KeyState` is a plain value that its owner changes; a destroyed key is gone for the next call already. It knows nothing
of files, roots in slots or clocks, nor of the form in which it rests (`redaction.keys_at_rest`). Four families live
here (PRIVACY.md, key scheme):

- period keys, one puncturable key per retention tag and period;
- customer keys, one per customer; customer 0 is the platform itself;
- secrets for search that were sealed to the custodian (`redaction.handed_over`), which nothing here opens;
- peppers, one per customer, purpose and epoch, for pseudonyms and keyed digests. Most are derived: lasting ones from
  the customer's key, those whose epochs turn from it and a secret of the epoch, which all customers share. So the state
  grows with time or with customers, and not with both.

`layout` says in which form it rests. A state of the first layout derives no peppers, for nodes of the version before
could not follow; everything else is the same.
"""

from collections.abc import Iterable
from hashlib import blake2s
from typing import Final

from redaction.custodian import PublicKey
from redaction.customer_keys import LASTING_EPOCH as LASTING_EPOCH
from redaction.customer_keys import LAYOUT, CustomerKeys
from redaction.customer_keys import PEOPLE as PEOPLE
from redaction.customer_keys import PEPPER_PURPOSES as PEPPER_PURPOSES
from redaction.customer_keys import PLATFORM as PLATFORM
from redaction.customer_keys import SIGN_IN_DAYS as SIGN_IN_DAYS
from redaction.customer_keys import Random as Random
from redaction.epoch_secrets import EPOCHS_A_GROUP, SEARCH
from redaction.errors import KeyDestroyed, alone
from redaction.fresh_keys import FreshKeys
from redaction.handed_over import CUSTODIAN, HANDED, HandedOver
from redaction.locked_cache import LockedCache
from redaction.primitives import forget
from redaction.puncture import PuncturableKey, Punctured
from redaction.retention import RetentionTag
from redaction.segments import Segments
from redaction.stored_keys import KeyFamilies, Period

ROOT_BYTES: Final = 32

Place = tuple[RetentionTag, int, int]
"""A leaf of a period: its tag, its number, and the leaf."""

CACHED_LEAVES: Final = 8_192
"""About 1.5 MB, 256 KB of it locked; a message's fields, and its opening soon after, share one leaf."""


class KeyState(CustomerKeys):
    """All keys. Look-ups raise `KeyDestroyed` for what is not there, or `KeysWithheld` after `withhold`; nothing is
    ever made by looking it up.
    """

    __slots__ = ("_leaves", "_periods", "deletable", "fresh", "groups", "handed", "segments")

    def __init__(
        self, families: KeyFamilies | None = None, segments: Segments | None = None, layout: int = LAYOUT
    ) -> None:
        """segments: where what lies sealed is opened. The rest is for `redaction.keys_at_rest`: groups: places of those
        that rest in segments, as they were read. deletable: ids of segments that nobody needs after the next change.
        """
        said = families or KeyFamilies()
        super().__init__(said, layout)
        self._periods = said.periods
        self._leaves: LockedCache[tuple[RetentionTag, int, int]] = LockedCache(CACHED_LEAVES)
        self.fresh = FreshKeys()
        self.handed = HandedOver()
        self.segments = segments or Segments()
        self.groups: dict[tuple[str, int], bytes] = {}
        self.deletable: list[bytes] = []

    def __repr__(self) -> str:
        return f"KeyState({len(self._periods)} periods, {len(self._customers)} customers)"

    @property
    def families(self) -> KeyFamilies:
        """The keys themselves, for whoever stores them, or tries what copies would open."""
        return KeyFamilies(self._periods, self._customers, self._peppers, self._secrets, self._retired)

    def adopt(self, other: "KeyState") -> None:
        """Become what `other` is; it must not be used any more. Whoever holds this object sees the change at once."""
        self._periods = other._periods
        self._customers = other._customers
        self._peppers = other._peppers
        self._secrets = other._secrets
        self._retired = other._retired
        self._forget_derived()
        self.layout, self.groups, self.touched = other.layout, other.groups, other.touched
        self.deletable, self.handed = other.deletable, other.handed
        other.segments.replace(self.segments, other.places())
        self.segments = other.segments
        self._withheld = False

    def places(self) -> set[bytes]:
        """Of every segment that the state names."""
        parts = {part.place for it in self._periods.values() for part in it.key.parts if part.place}
        return parts | set(self.groups.values())

    def raise_layout(self) -> None:
        """Rest in the present layout from the next sealing on; nodes of the version before cannot read that."""
        self.layout = LAYOUT
        for customer in self._customers.keys() | {customer for customer, _ in self._peppers}:
            self._touch(customer)

    def withhold(self) -> None:
        """Let go of every key until the next `adopt`. What is looked up meanwhile is not taken for destroyed."""
        self.adopt(KeyState())
        self._withheld = True

    # What the custodian has

    def set_custodian(self, custodian: PublicKey, now_ms: int) -> None:
        """Secrets are sealed to this key from now on."""
        self.handed.set_custodian(custodian, now_ms)
        self.touched.add((CUSTODIAN, 0))

    def hand_over(self, tag: str, epoch: int, random: Random, *, now_ms: int) -> None:
        """Seal a secret for search to the custodian, and destroy it here. Raises NoCustodianKey."""
        self.handed.hand_over(tag, epoch, self._secrets[SEARCH, tag, epoch], random, now_ms)
        self.drop_secret(SEARCH, epoch, tag)
        self.touched |= {(CUSTODIAN, 0), (HANDED, epoch // EPOCHS_A_GROUP)}

    def drop_handed(self, tag: str, epoch: int) -> bool:
        """Make the pseudonyms of an epoch meaningless to the custodian, too; true if its secret was there."""
        self.touched |= {(CUSTODIAN, 0), (HANDED, epoch // EPOCHS_A_GROUP)}
        return self.handed.drop(tag, epoch)

    # Derived keys

    def forget_derived(self) -> None:
        """Let go of what was derived from keys, for it is derived again."""
        self._forget_derived()

    def _forget_derived(self) -> None:
        """What came from keys goes before them."""
        super()._forget_derived()
        self._leaves.clear()
        self.fresh.clear()
        forget()

    # Period keys

    def ensure_period(self, tag: RetentionTag, period: int, random: Random, *, now_ms: int = 0) -> bool:
        """Make the key of a period unless it is there; true when made, and then the state needs storing *first*."""
        if (tag, period) in self._periods:
            return False
        self._periods[tag, period] = Period(PuncturableKey.create(random, self.segments), now_ms)
        return True

    def drop_period(self, tag: RetentionTag, period: int) -> bool:
        """Destroy everything sealed in a period; true if its key was there."""
        self._forget_derived()
        entry = self._periods.pop((tag, period), None)
        if entry is None:
            return False
        for part in entry.key.parts:
            if part.place:
                self.segments.leave(part.place)
        return True

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
        self._leaves.put(name, key)
        return key

    def puncture(self, tag: RetentionTag, period: int, leaf: int) -> bool:
        """Destroy one subject's content in one period; true unless that was done before or the period is gone."""
        entry = self._periods.get((tag, period))
        if entry is None or entry.key.is_punctured(leaf):
            return False
        self._forget_derived()
        entry.key.puncture(leaf)
        return True

    def forget(self, places: Iterable[Place]) -> int:
        """Destroy what was sealed under these leaves; how many there still were."""
        return sum(self.puncture(*place) for place in places)

    def usable_leaf(self, tag: RetentionTag, period: int, leaf: int) -> int:
        """The leaf under which a subject's next message is sealed: its own, or the first one left of its succession.

        Who was forgotten may write again, or ask for a one-time code, before the period ends.
        """
        entry = self._periods.get((tag, period))
        while entry is not None and entry.key.is_punctured(leaf):
            leaf = _successor(leaf)
        return leaf


def _successor(leaf: int) -> int:
    """Another of the 2^40 leaves, always the same. It need not be secret: leaves stand in clear in what is sealed."""
    digest = blake2s(leaf.to_bytes(5, "big"), digest_size=5, person=b"cgw leaf").digest()
    return int.from_bytes(digest, "big")
