"""What one `apply` does to the file: rows for statements, and what came of them. Types alone, none of an operation.

A plan holds plain values only, so that it may be made in one process and executed in another: `batch` makes it and
reads the outcome, `executing` executes it.
"""

import msgspec

from gateway.ledger.sqlite.forms import (
    AnyRow,
    ChangeRow,
    DigestRow,
    EarlierRow,
    EventKind,
    EventRow,
    FreshRow,
    LinkRow,
    ReplaceRow,
    UsageRow,
)

Uses = tuple[tuple[int, int, int], ...]
"""The places in `Plan.usage` of cells that an operation counts in, and its messages and segments."""


class Claim(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A message that is stored if its digest stands for nothing else yet, and none of the `earlier` ones does."""

    digest: DigestRow
    message: bytes
    row: AnyRow
    earlier: list[EarlierRow]
    uses: Uses = ()


class Write(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One UPDATE. drop: forget the sealed body. uses: see `Plan.usage`."""

    drop: bool
    row: ChangeRow
    uses: Uses = ()


class Event(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A row of the outbox, if what it depends on was done. kind: of one that is no status.

    write, claim: the number of the write, or of the claim, that it depends on; None for none.
    """

    row: EventRow
    kind: EventKind | None = None
    write: int | None = None
    claim: int | None = None


class Plan(msgspec.Struct, array_like=True, gc=False):
    """events: in the order of their delivery. mixed: whether any is of another kind. told: first and last of
    runs of seqs. now_ms: for digests. usage: sums over all operations; what is not done is taken off again.
    over_binds: most of it is about messages that came over SMPP.
    """

    now_ms: int
    fresh: list[FreshRow] = []
    others: list[AnyRow] = []
    claims: list[Claim] = []
    writes: list[Write] = []
    links: list[LinkRow] = []
    events: list[Event] = []
    replacements: list[ReplaceRow] = []
    later: list[tuple[int, int, int]] = []
    told: list[tuple[int, int]] = []
    counts: list[tuple[str, int, int]] = []
    usage: list[UsageRow] = []
    mixed: bool = False
    over_binds: bool = False


class Outcome(msgspec.Struct, array_like=True, gc=False):
    """What a plan did. standing: for each claim the message that its digest stands for. undone: numbers of writes that
    changed no row. replaced: for each replacement. first_seq: of the first event that was stored.
    """

    standing: list[bytes]
    undone: list[int]
    replaced: list[bool]
    first_seq: int
