"""The keys of customers and what pseudonyms and digests are made under: the part of the key state that messages of all
periods share.

A pepper is a customer's own, or derived: a lasting one from the customer's key, one whose epochs turn from it and from
a secret of the epoch that all customers share. So the state grows with time or with customers, and not with both. In
the first layout peppers are customers' own, for nodes of the version before could not follow.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from redaction.epoch_secrets import KEY_BYTES, EpochSecrets, check_purpose
from redaction.epoch_secrets import PEPPER_PURPOSES as PEPPER_PURPOSES
from redaction.epoch_secrets import Random as Random
from redaction.errors import KeyDestroyed, KeysWithheld, SealError
from redaction.locked_cache import LockedCache
from redaction.primitives import hmac_sha256
from redaction.retired_keys import Retired, part_of, retired
from redaction.stored_keys import Key, KeyFamilies

PLATFORM: Final = 0
"""The customer id under which the platform's own keys stand."""
PEOPLE: Final = 1 << 63
"""From here on numbers are those of people, each of whom has a key as a customer has one: sealed data about a person
who leaves is destroyed with it.
"""
SIGN_IN_DAYS: Final = PEOPLE | 1 << 62
"""From here on they are those of days: what people signed in from on one day is sealed under its key as well, which is
destroyed a week later.
"""

LASTING_PURPOSES: Final = ("credential", "idempotency")
"""Their peppers begin with `LASTING_EPOCH`. That of credentials serves until it is rotated and no key is under it; that
of idempotency keys until they turn.
"""
LASTING_EPOCH: Final = 0

LAYOUT: Final = 4
"""The present one; earlier ones are read, and written while nodes of an earlier version share the store."""
DERIVED_SINCE: Final = 2
"""The layout from which peppers may be derived."""
TURNING_SINCE: Final = 3
"""The layout from which peppers of idempotency keys turn."""
SEARCH_SINCE: Final = 4
"""The layout from which secrets for search are those of a tag and six hours, and may lie sealed to a custodian."""
CUSTOMERS: Final = "customers"
"""A kind of groups, each of which rests in a segment of its own: some customers."""
CUSTOMER_GROUPS: Final = 64

CACHED_PEPPERS: Final = 8_192


class CustomerKeys(EpochSecrets):
    """Customers and peppers, and what the peppers of epochs are derived from."""

    __slots__ = (
        "_customers",
        "_peppers",
        "_retired",
        "_turned",
        "_withheld",
        "layout",
    )

    def __init__(self, said: KeyFamilies, layout: int) -> None:
        super().__init__(said.secrets)
        self._customers = said.customers
        self._peppers = said.peppers
        self._retired = said.retired
        self._turned: LockedCache[tuple[int, str, str, int]] = LockedCache(CACHED_PEPPERS)
        self._withheld = False
        self.layout = layout

    @property
    def withheld(self) -> bool:
        """Whether keys are missing for now, and not destroyed."""
        return self._withheld

    def _absent(self, factor: str) -> SealError:
        return KeysWithheld() if self._withheld else KeyDestroyed(factor)

    def _forget_derived(self) -> None:
        """What came from keys goes before them."""
        super()._forget_derived()
        self._turned.clear()

    def _touch(self, customer: int) -> None:
        self.touched.add((CUSTOMERS, customer % CUSTOMER_GROUPS))

    # Customer keys

    def ensure_customer(self, customer: int, random: Random, *, now_ms: int = 0) -> bool:
        """Make a customer's key, and with it its lasting peppers, unless it is there; true when made.

        What peppers need whose epochs turn (search and so on) is the caller's to make, with `ensure_secret`, or
        `ensure_pepper` in the first layout.
        """
        if customer in self._customers:
            return False
        self._customers[customer] = Key(random(KEY_BYTES), now_ms)
        self._touch(customer)
        for purpose in LASTING_PURPOSES:  # which only the first layout must store
            self.ensure_pepper(customer, purpose, LASTING_EPOCH, random, now_ms=now_ms)
        return True

    def drop_customer(self, customer: int) -> bool:
        """Destroy all that is sealed for a customer, and its pseudonyms with it; true if its key was there."""
        self._forget_derived()
        self._touch(customer)
        for purpose in PEPPER_PURPOSES:
            self._peppers.pop((customer, purpose), None)
        self._retired.pop(customer, None)
        return self._customers.pop(customer, None) is not None

    def customers(self) -> list[int]:
        """The customers whose keys live, in order."""
        return sorted(self._customers)

    def customer_key(self, customer: int) -> bytes:
        key = self._customers.get(customer)
        if key is None:
            raise self._absent("customer")
        return key.value

    # Keys that were replaced

    def rotate_customer(self, customer: int, random: Random, *, now_ms: int) -> None:
        """Give a customer another key; the one of before opens what it sealed, until `set_retired` says otherwise.

        now_ms: when; it counts as made after every key that is there, whatever the clocks of other nodes say.
        """
        key = self._customers.get(customer)
        if key is None:
            raise self._absent("customer")
        now_ms = max([now_ms, *(each.created_ms for each in self._secrets.values())])
        self._retired.setdefault(customer, []).append(retired(key.value, key.created_ms, now_ms))
        self._customers[customer] = Key(random(KEY_BYTES), now_ms)
        self._forget_derived()
        self._touch(customer)

    def retired(self) -> Mapping[int, Sequence[Retired]]:
        """By customer, the keys that were replaced, the oldest first."""
        return self._retired

    def former_keys(self, customer: int) -> list[bytes]:
        """Those of them that something may be sealed under still, the newest first."""
        return [each.value for each in reversed(self._retired.get(customer, ())) if each.value]

    def set_retired(self, customer: int, generations: list[Retired]) -> None:
        self._forget_derived()
        self._touch(customer)
        if generations:
            self._retired[customer] = generations
        else:
            self._retired.pop(customer, None)

    # Peppers

    def ensure_pepper(self, customer: int, purpose: str, epoch: int, random: Random, *, now_ms: int = 0) -> bool:
        """Make a pepper unless it is there; true when made. Raises `ValueError` for an unknown purpose."""
        check_purpose(purpose)
        if self._has_pepper(customer, purpose, epoch):
            return False
        self._peppers.setdefault((customer, purpose), {})[epoch] = Key(random(KEY_BYTES), now_ms)
        self._touch(customer)
        return True

    def drop_epoch(self, customer: int, purpose: str, epoch: int) -> bool:
        """Make the pseudonyms of an epoch meaningless; true if it had a pepper of the customer's own."""
        self._touch(customer)
        return self._peppers.get((customer, purpose), {}).pop(epoch, None) is not None

    def pepper(self, customer: int, purpose: str, epoch: int, tag: str = "") -> bytes:
        """tag: of the epoch's secret, where it serves one tag alone."""
        name = (customer, purpose, tag, epoch)
        found = self._turned.get(name)
        return self._pepper(name) if found is None else found

    def _pepper(self, name: tuple[int, str, str, int]) -> bytes:
        customer, purpose, tag, epoch = name
        if not tag:
            own = self._peppers.get((customer, purpose), {}).get(epoch)
            if own is not None:
                return own.value
        secret = self._secrets.get((purpose, tag, epoch))
        key = self._customers.get(customer)
        if key is None or not (secret or self._has_lasting(purpose, epoch)):
            raise self._absent("pepper")
        pepper = self._part(customer, purpose, 0 if secret is None else secret.created_ms)
        if secret is not None:
            pepper = derived_pepper(secret.value, pepper, purpose)
        self._turned.put(name, pepper)
        return pepper

    def tagged_peppers(self, customer: int, purpose: str) -> list[bytes]:
        """Of every tag and epoch that has a secret, the oldest epoch first. They are not kept at hand."""
        if customer not in self._customers:
            return []
        secrets = [self._secrets[purpose, tag, epoch] for tag, epoch in self.tagged(purpose)]
        made = [self._part(customer, purpose, each.created_ms) for each in secrets]
        return [derived_pepper(each.value, part, purpose) for each, part in zip(secrets, made, strict=True)]

    def _part(self, customer: int, purpose: str, made_ms: int) -> bytes:
        """Of the key that the customer had then: what was named by a pepper keeps its name."""
        for each in self._retired.get(customer, ()):
            if made_ms <= each.retired_ms and purpose in each.parts:
                return each.parts[purpose]
        return part_of(self._customers[customer].value, purpose)

    def _has_lasting(self, purpose: str, epoch: int) -> bool:
        """Whether the customer's key gives this pepper by itself."""
        return self.layout >= DERIVED_SINCE and epoch == LASTING_EPOCH and purpose in LASTING_PURPOSES

    def _has_pepper(self, customer: int, purpose: str, epoch: int) -> bool:
        if epoch in self._peppers.get((customer, purpose), ()):
            return True
        is_derived = (purpose, "", epoch) in self._secrets or self._has_lasting(purpose, epoch)
        return is_derived and customer in self._customers

    def epochs(self, customer: int, purpose: str) -> list[int]:
        """The live epochs that serve every tag, oldest first. New pseudonyms use the last one."""
        found = set(self.own_epochs(customer, purpose))
        if customer in self._customers:
            found |= {epoch for purposed, tag, epoch in self._secrets if purposed == purpose and not tag}
            if self._has_lasting(purpose, LASTING_EPOCH):
                found.add(LASTING_EPOCH)
        return sorted(found)

    def own_epochs(self, customer: int, purpose: str) -> list[int]:
        """Those whose pepper is the customer's own, oldest first."""
        return sorted(self._peppers.get((customer, purpose), ()))

    def own_keys(self, customer: int, purpose: str) -> Mapping[int, Key]:
        """Peppers that are the customer's own, by epoch, with the times that they were made for."""
        return self._peppers.get((customer, purpose), {})


def derived_pepper(secret: bytes, part: bytes, purpose: str) -> bytes:
    """A customer's pepper of an epoch. secret: of the epoch. part: of the customer's key, for this purpose."""
    return hmac_sha256(secret, part + purpose.encode())
