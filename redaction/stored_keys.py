"""Single keys, in memory and as they lie in the sealed state. Types alone: `keys` keeps them."""

import msgspec

from redaction.primitives.pure import Ready
from redaction.puncture import PuncturableKey
from redaction.retention import RetentionTag
from redaction.sealed import SealContext, Sealed


class Key(msgspec.Struct, frozen=True, gc=False):
    value: bytes
    created_ms: int


class Period(msgspec.Struct, frozen=True):
    key: PuncturableKey
    created_ms: int


class KeyFamilies(msgspec.Struct, frozen=True):
    """All keys: of periods, of customers, and peppers by epoch."""

    periods: dict[tuple[RetentionTag, int], Period]
    customers: dict[int, Key]
    peppers: dict[tuple[int, str], dict[int, Key]]

    def __repr__(self) -> str:
        return "KeyFamilies(•••)"


class Fresh(msgspec.Struct, frozen=True, gc=False):
    """The key of one field that was sealed a moment ago, for whoever opens that very object."""

    sealed: Sealed
    context: SealContext
    ready: Ready

    def __repr__(self) -> str:
        return "Fresh(•••)"


class KeyAge(msgspec.Struct, frozen=True, kw_only=True):
    """What status pages show of a key. family: "period", "customer" or "pepper"; name: which one, never its bytes."""

    family: str
    name: str
    created_ms: int


class StoredPeriod(msgspec.Struct, frozen=True, array_like=True):
    tag: RetentionTag
    period: int
    key: bytes
    created_ms: int


class StoredCustomer(msgspec.Struct, frozen=True, array_like=True):
    customer: int
    key: bytes
    created_ms: int


class StoredPepper(msgspec.Struct, frozen=True, array_like=True):
    customer: int
    purpose: str
    epoch: int
    key: bytes
    created_ms: int


class StoredState(msgspec.Struct, frozen=True, array_like=True):
    version: int
    periods: list[StoredPeriod]
    customers: list[StoredCustomer]
    peppers: list[StoredPepper]
