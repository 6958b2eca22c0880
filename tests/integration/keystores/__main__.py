"""How `layout_*` were made, each by the last version that wrote that layout: `python -m tests.integration.keystores`.

With the present version it makes a store of the present layout.
"""

import os
import sys
from collections.abc import Callable
from hashlib import shake_256
from itertools import count
from pathlib import Path

import msgspec

from gateway.keystore.root_slot import FileRootSlot
from gateway.keystore.store import Keystore
from gateway.process.clock import SystemClock
from redaction.customer_keys import LAYOUT
from redaction.errors import KeyDestroyed
from redaction.keys import KeyState
from redaction.retention import OTP, PROMOTIONAL, TRANSACTIONAL, RetentionTag

INSTALLATION = 0x1234_5678_9ABC_DEF0
CUSTOMERS = (0, 7, 8, 2**40)
PERIODS = ((OTP, 500_000), (OTP, 500_001), (TRANSACTIONAL, 20_833), (PROMOTIONAL, 20_833))
PUNCTURED = {
    (OTP, 500_000): [0, 5, 2**40 - 1],
    (TRANSACTIONAL, 20_833): [each * 999_999_937 % 2**40 for each in range(40)],
}
ASKED = (0, 1, 5, 6, 999_999_937, 2**39, 2**40 - 1)


def fill(state: KeyState) -> None:
    """Keys that are always the same."""
    numbers = count()

    def random(size: int) -> bytes:
        return shake_256(next(numbers).to_bytes(8, "big")).digest(size)

    for customer in CUSTOMERS:
        state.ensure_customer(customer, random, now_ms=1_700_000_000_000)
        for epoch in (218, 219, 220):
            state.ensure_pepper(customer, "search", epoch, random, now_ms=1_710_000_000_000)
    state.ensure_pepper(7, "suppress", 0, random, now_ms=1_720_000_000_000)
    if state.layout > 1:
        for epoch in (221, 222):
            state.ensure_secret("search", epoch, random, now_ms=1_725_000_000_000)
    for tag, period in PERIODS:
        state.ensure_period(tag, period, random, now_ms=1_730_000_000_000)


def puncture(state: KeyState) -> None:
    for (tag, period), leaves in PUNCTURED.items():
        for leaf in leaves:
            state.puncture(tag, period, leaf)


def leaf_or_none(state: KeyState, tag: RetentionTag, period: int, leaf: int) -> str | None:
    try:
        return state.leaf_key(tag, period, leaf).hex()
    except KeyDestroyed:
        return None


def answers(state: KeyState) -> dict[str, object]:
    """What a key state says, under names that say what was asked."""

    def peppers(look_up: Callable[[int, str], list[int]]) -> dict[str, str]:
        return {
            f"{customer}/{purpose}/{epoch}": state.pepper(customer, purpose, epoch).hex()
            for customer in state.customers()
            for purpose in ("search", "suppress", "credential", "idempotency")
            for epoch in look_up(customer, purpose)
        }

    return {
        "customers": {str(each): state.customer_key(each).hex() for each in state.customers()},
        "peppers": peppers(state.epochs),
        "leaves": {
            f"{tag}/{period}/{leaf}": leaf_or_none(state, tag, period, leaf)
            for tag, period in state.periods()
            for leaf in ASKED
        },
    }


def main(folder: Path) -> None:
    name = f"layout_{LAYOUT}"
    store = Keystore(folder / f"{name}.db", FileRootSlot(folder / f"{name}.root"), SystemClock())
    store.open(installation=INSTALLATION)
    store.update(fill, destroys=False)
    store.update(puncture, destroys=True)
    said = msgspec.json.format(msgspec.json.encode(answers(store.state)))
    (folder / f"{name}.json").write_bytes(said + b"\n")
    store.close()
    os.unlink(folder / f"{name}.db.lock")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
