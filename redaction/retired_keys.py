"""Keys of customers that were replaced, as long as something needs them.

What is sealed about messages names no generation of its customer's key, and cannot be sealed anew: nobody may open it
for that. So a key that was replaced opens what it sealed until the last of that is dead. Peppers are derived from it
for epochs whose secrets were made before; for them its parts stay, which open nothing.
"""

from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from redaction.primitives import hmac_sha256

LATE_MS: Final = 3_600_000
"""How long after a key was replaced a node may still seal with it, at most."""
NEVER_MS: Final = 2**62
PARTS: Final = ("search", "idempotency", "rate", "join", "consent", "suppress")
"""Purposes whose peppers are derived from a customer's key and a secret."""


class Retired(msgspec.Struct, frozen=True, gc=False):
    """value: the key, or empty once nothing is sealed under it. parts: for peppers, by purpose. settled: what is kept
    of the customer's account is sealed under the key after it.
    """

    value: bytes
    parts: dict[str, bytes]
    created_ms: int
    retired_ms: int
    settled: bool = False

    def __repr__(self) -> str:
        return f"Retired({self.retired_ms})"


def part_of(key: bytes, purpose: str) -> bytes:
    """What a customer's key gives for the peppers of a purpose."""
    return hmac_sha256(key, b"connect-gateway pepper " + purpose.encode())


def retired(key: bytes, created_ms: int, now_ms: int) -> Retired:
    return Retired(key, {purpose: part_of(key, purpose) for purpose in PARTS}, created_ms, now_ms)


def still_needed(
    generations: Sequence[Retired], periods_ms: Iterable[int], secrets_ms: Iterable[tuple[str, int]]
) -> list[Retired]:
    """What is left of a customer's earlier keys. periods_ms: when the living ones were made. secrets_ms: of each living
    secret its purpose, and when it was made.
    """
    first_period_ms = min(periods_ms, default=None)
    first_ms: dict[str, int] = {}
    for purpose, made_ms in secrets_ms:
        first_ms[purpose] = min(made_ms, first_ms.get(purpose, made_ms))
    left: list[Retired] = []
    for each in generations:
        is_dead = first_period_ms is None or first_period_ms > each.retired_ms + LATE_MS
        value = b"" if each.settled and is_dead else each.value
        parts = {name: part for name, part in each.parts.items() if first_ms.get(name, NEVER_MS) <= each.retired_ms}
        if value or parts:
            left.append(msgspec.structs.replace(each, value=value, parts=parts))
    return left
