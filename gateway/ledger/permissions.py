"""What people permitted and forbade, as a ledger keeps it: rows of one shape, each found by a keyed token.

A row is a consent or a suppression. What its word and its details say is its owner's (`gateway.consent`); the ledger
knows whether a row stands in the way of messages, when it was said and when it ends.

Two rules make writes that come twice, late or from two nodes harmless. A row gives way to what was said later, and at
one time a refusal wins. A refusal without an end does not give way to one that ends.
"""

import enum
from typing import Annotated, Final

import msgspec
from msgspec import Meta

MAX_WORD: Final = 80
"""Characters of a word."""
MAX_DETAILS: Final = 1_000
"""Octets of details."""
EVER_MS: Final = 2**52
"""Later than anything was said."""
_NUMBER: Final = 2**31 - 1


class PermissionKind(enum.IntEnum):
    """Which of the two a row is. Tokens of the two kinds are made under different peppers."""

    CONSENT = 0
    SUPPRESSION = 1


class PermissionName(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What rows are found by: a customer's rows of one kind about one person."""

    kind: PermissionKind
    customer: Annotated[int, Meta(ge=0, le=_NUMBER)]
    token: Annotated[bytes, Meta(min_length=8, max_length=16)]

    def __repr__(self) -> str:
        return f"PermissionName({self.kind.name}, {self.customer})"


class Permission(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A row. word: what it is about, one row of each. stands_in_the_way: messages that it is about are not sent.
    changed_ms: when it was said. ends_ms: when it is forgotten; 0: never. details: as its owner packs them.
    number: ascends over all rows, and changes with every write of the row; given by the ledger.
    """

    name: PermissionName
    word: Annotated[str, Meta(min_length=1, max_length=MAX_WORD)]
    stands_in_the_way: bool
    changed_ms: int
    ends_ms: int
    details: Annotated[bytes, Meta(max_length=MAX_DETAILS)] = b""
    number: int = 0

    def __repr__(self) -> str:
        return f"Permission({self.name.kind.name}, {self.name.customer})"


class PermissionVerb(enum.IntEnum):
    """What a write does. PUT: store the row. LIFT: take away rows that were said before `changed_ms`. PROLONG: let the
    row end at `ends_ms`, where it ends at all and that is later.
    """

    PUT = 0
    LIFT = 1
    PROLONG = 2


class PermissionWrite(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One write; make it with `put`, `lift` or `prolong`."""

    verb: PermissionVerb
    row: Permission


def put(row: Permission) -> PermissionWrite:
    """Store a row, unless the rules above keep what stands."""
    return PermissionWrite(PermissionVerb.PUT, row)


def lift(name: PermissionName, word: str, before_ms: int) -> PermissionWrite:
    """Take away the row of that word if it was said before then."""
    return PermissionWrite(PermissionVerb.LIFT, Permission(name, word, False, before_ms, 0))


def prolong(row: Permission, ends_ms: int) -> PermissionWrite:
    """Let this row end later."""
    return PermissionWrite(
        PermissionVerb.PROLONG, Permission(row.name, row.word, row.stands_in_the_way, row.changed_ms, ends_ms)
    )
