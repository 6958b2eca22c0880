"""Single keys, in memory and as they lie in the sealed state. Types alone: `keys` keeps them."""

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from redaction.locked import LockedKey
from redaction.primitives.pure import Ready
from redaction.puncture import PuncturableKey
from redaction.retention import RetentionTag
from redaction.retired_keys import Retired
from redaction.sealed import SealContext, Sealed


class Key(LockedKey):
    """created_ms: when it was made."""

    __slots__ = ("created_ms",)

    def __init__(self, value: bytes, created_ms: int) -> None:
        super().__init__(value)
        self.created_ms: Final = created_ms


class Period(msgspec.Struct, frozen=True):
    key: PuncturableKey
    created_ms: int


class KeyFamilies(msgspec.Struct, frozen=True):
    """All keys: of periods, of customers, peppers by epoch, secrets by purpose, tag and epoch, and customers' keys that
    were replaced, the oldest first.
    """

    periods: dict[tuple[RetentionTag, int], Period] = {}
    customers: dict[int, Key] = {}
    peppers: dict[tuple[int, str], dict[int, Key]] = {}
    secrets: dict[tuple[str, str, int], Key] = {}
    retired: dict[int, list[Retired]] = {}

    def __repr__(self) -> str:
        return "KeyFamilies(•••)"


class Fresh(msgspec.Struct, frozen=True, gc=False):
    """The key of one field that was sealed a moment ago, for whoever opens that very object."""

    sealed: Sealed
    context: SealContext
    ready: Ready

    def __repr__(self) -> str:
        return "Fresh(•••)"


class SealedState(msgspec.Struct, frozen=True):
    """blob: the table, sealed. segments: those that the store does not have yet, by id. deletable: ids of those that
    nobody needs any more.
    """

    blob: bytes
    segments: Mapping[bytes, bytes]
    deletable: Sequence[bytes] = ()


class KeyAge(msgspec.Struct, frozen=True, kw_only=True):
    """What status pages show of a key. name: which one, never its bytes.

    family: "period", "customer", "pepper", "secret", which peppers of an epoch are derived from, "handed", one of these
    that the custodian has, or "retired", a
    customer's key that was replaced.
    """

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


class StoredSecret(msgspec.Struct, frozen=True, array_like=True):
    """tag: empty where the secret serves all of them."""

    purpose: str
    tag: str
    epoch: int
    key: bytes
    created_ms: int


class StoredRetired(msgspec.Struct, frozen=True, array_like=True):
    customer: int
    key: bytes
    parts: dict[str, bytes]
    created_ms: int
    retired_ms: int
    settled: bool


class StoredCustomers(msgspec.Struct, frozen=True, array_like=True):
    """A segment: some of the customers. Layout 2 has no retired keys."""

    customers: list[StoredCustomer]
    peppers: list[StoredPepper]
    retired: list[StoredRetired] = []


class StoredHanded(msgspec.Struct, frozen=True, array_like=True):
    """A secret that was handed over. octets: sealed under the key of its place in a strand."""

    tag: str
    epoch: int
    strand: int
    place: int
    octets: bytes
    created_ms: int


class StoredStrand(msgspec.Struct, frozen=True, array_like=True):
    """start: the beginning, sealed to the key of that id. after: what it goes on with, empty once it has ended, and
    for whoever is to open it.
    """

    number: int
    key_id: bytes
    start: bytes
    made_ms: int
    count: int
    after: bytes

    def __repr__(self) -> str:
        return "StoredStrand(•••)"


class StoredCustodian(msgspec.Struct, frozen=True, array_like=True):
    """Whose public key it is, since when, and the strands."""

    kem: str
    octets: bytes
    since_ms: int
    strands: list[StoredStrand]


class StoredState(msgspec.Struct, frozen=True, array_like=True):
    """The first layout: everything."""

    version: int
    periods: list[StoredPeriod]
    customers: list[StoredCustomer]
    peppers: list[StoredPepper]


class StoredTree(msgspec.Struct, frozen=True, array_like=True):
    """A period in the table. root: 32 bytes, or empty once a leaf was forgotten: then the nodes lie in segments, whose
    numbers and places are `parts`.
    """

    tag: RetentionTag
    period: int
    created_ms: int
    root: bytes
    parts: bytes


class StoredGroup(msgspec.Struct, frozen=True, array_like=True):
    """A segment that is no part of a tree. kind: what lies in it; one that is not known is carried along."""

    kind: str
    number: int
    place: bytes


class StoredTable(msgspec.Struct, frozen=True, array_like=True):
    """superseded: ids of segments that the table before this one named; the next change deletes them."""

    version: int
    trees: list[StoredTree]
    groups: list[StoredGroup]
    superseded: bytes
