"""The key state as versions before layout 2 wrote it: one value, as a whole.

It is read so that no store is lost, and written while nodes of such a version share the store.
"""

from typing import Final

import msgspec

from redaction.errors import Tampered, UnknownVersion
from redaction.keys import KeyState
from redaction.puncture import PuncturableKey
from redaction.stored_keys import (
    Key,
    KeyFamilies,
    Period,
    StoredCustomer,
    StoredPepper,
    StoredPeriod,
    StoredState,
)

FIRST: Final = 1


def to_bytes(state: KeyState) -> bytes:
    """The state in clear, for whoever seals it. What this layout cannot hold is left out."""
    families = state.families
    return msgspec.msgpack.encode(
        StoredState(
            FIRST,
            [StoredPeriod(*name, it.key.to_bytes(), it.created_ms) for name, it in sorted(families.periods.items())],
            [StoredCustomer(name, it.value, it.created_ms) for name, it in sorted(families.customers.items())],
            flat_peppers(families.peppers),
        )
    )


def from_bytes(data: bytes) -> KeyState:
    """What `to_bytes` wrote. Raises `UnknownVersion`, or `Tampered` for what is no key state."""
    try:
        stored = msgspec.msgpack.decode(data, type=StoredState)
        if stored.version != FIRST:
            raise UnknownVersion("key state of another version")
        return _state(stored)
    except (msgspec.DecodeError, ValueError):
        raise Tampered("not a key state") from None


def flat_peppers(peppers: dict[tuple[int, str], dict[int, Key]]) -> list[StoredPepper]:
    """In order."""
    return [
        StoredPepper(*name, epoch, key.value, key.created_ms)
        for name, epochs in sorted(peppers.items())
        for epoch, key in sorted(epochs.items())
    ]


def _state(stored: StoredState) -> KeyState:
    families = KeyFamilies()
    for pepper in stored.peppers:
        epochs = families.peppers.setdefault((pepper.customer, pepper.purpose), {})
        epochs[pepper.epoch] = Key(pepper.key, pepper.created_ms)
    for customer in stored.customers:
        families.customers[customer.customer] = Key(customer.key, customer.created_ms)
    state = KeyState(families, layout=FIRST)
    for it in stored.periods:
        tree = PuncturableKey.from_bytes(it.key, state.segments)
        families.periods[it.tag, it.period] = Period(tree, it.created_ms)
    return state
