"""Keys that a person has replaced: what goes on at once, what stays for what hangs on it, and when that goes.

A store is refused while a node of a version before may share it, which knows nothing of replaced keys: that is so until
its layout was raised.
"""

from collections.abc import Collection
from typing import Final

import msgspec

from gateway.keystore.layouts import check_layout
from gateway.keystore.store import Keystore
from gateway.keystore.upkeep import CREDENTIALS
from gateway.process.clock import Clock
from redaction.customer_keys import TURNING_SINCE
from redaction.keys import KeyState

CREDENTIAL: Final = "credential"
AUDIT: Final = "audit"
OVERLAP_MS: Final = 3_600_000
"""How long a pepper that no key is under stays: somebody may be making one under it just now."""


class _DoneByAnotherNode(Exception):
    """There is nothing left to destroy."""


def rotate_credentials(store: Keystore, clock: Clock) -> int:
    """Make the pepper under which credentials are kept from now on; its epoch. Raises LayoutBefore."""

    def change(state: KeyState) -> int:
        check_layout(state, TURNING_SINCE)
        epoch = state.epochs(CREDENTIALS, CREDENTIAL)[-1] + 1
        state.ensure_pepper(CREDENTIALS, CREDENTIAL, epoch, clock.random, now_ms=clock.now_ms())
        return epoch

    return store.update(change, destroys=False)


def spare_credentials(state: KeyState, used: Collection[int], now_ms: int) -> list[int]:
    """Peppers of credentials that are of no use any more. used: epochs of those that some key is under."""
    epochs = state.own_epochs(CREDENTIALS, CREDENTIAL)
    if len(epochs) < 2:
        return []
    made_ms = state.families.peppers[CREDENTIALS, CREDENTIAL][epochs[-1]].created_ms
    return [each for each in epochs[:-1] if each not in used] if now_ms >= made_ms + OVERLAP_MS else []


async def drop_credentials(store: Keystore, epochs: Collection[int]) -> int:
    """Destroy these peppers, while the loop goes on; how many there still were. Raises LedgerUnavailable."""
    return await _drop(store, CREDENTIAL, epochs)


async def _drop(store: Keystore, purpose: str, epochs: Collection[int]) -> int:
    def change(state: KeyState) -> int:
        dropped = sum(state.drop_epoch(CREDENTIALS, purpose, each) for each in epochs)
        if not dropped:
            raise _DoneByAnotherNode
        return dropped

    try:
        return await store.update_apart(change, destroys=True)
    except _DoneByAnotherNode:
        await store.follow()
        return 0


def rotate_audit(store: Keystore, clock: Clock) -> int:
    """Make the key by which the audit log is signed from now on; its epoch. Raises LayoutBefore."""

    def change(state: KeyState) -> int:
        check_layout(state, TURNING_SINCE)
        epoch = state.epochs(CREDENTIALS, AUDIT)[-1] + 1
        state.ensure_pepper(CREDENTIALS, AUDIT, epoch, clock.random, now_ms=clock.now_ms())
        return epoch

    return store.update(change, destroys=False)


async def drop_audit_keys(store: Keystore, epochs: Collection[int]) -> int:
    """As `drop_credentials`."""
    return await _drop(store, AUDIT, epochs)


def is_settled(store: Keystore, customer: int) -> bool:
    """Whether all that is kept of the customer's account is sealed under its present key."""
    return all(each.settled for each in store.state.retired().get(customer, ()))


def rotate_customer(store: Keystore, clock: Clock, customer: int) -> None:
    """Give a customer another key. Raises LayoutBefore, and KeyDestroyed where it has none."""

    def change(state: KeyState) -> None:
        check_layout(state, TURNING_SINCE)
        state.rotate_customer(customer, clock.random, now_ms=clock.now_ms())

    store.update(change, destroys=False)


def settle_customer(store: Keystore, customer: int) -> None:
    """What is kept of the customer's account is sealed anew: its former keys are for messages alone."""

    def change(state: KeyState) -> None:
        former = state.retired().get(customer, ())
        state.set_retired(customer, [msgspec.structs.replace(each, settled=True) for each in former])

    store.update(change, destroys=False)
