"""What one `apply` does to the file: rows for statements, and what came of them. Nothing here knows an operation.

A plan holds plain values only, so that it may be made in one process and executed in another; `sqlite_batch` makes it
and reads the outcome. Operations of one kind run together, new messages first.

Measured per message, batches of 100: `executemany` beats statements with 8 or 64 rows of VALUES (15 µs against 17 to
20), because binding is the cost and those bind the same values. An `execute` per change costs about a microsecond more
than `executemany` and says whether the row was still open.
"""

import sqlite3
from typing import Final

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
from gateway.ledger.sqlite.schema import SQL

_PURGE_AT_LEAST: Final = 8

_CHANGE: Final = SQL["change"]
_CHANGE_AND_DROP: Final = SQL["change_and_drop"]


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


class Outcome(msgspec.Struct, array_like=True, gc=False):
    """What a plan did. standing: for each claim the message that its digest stands for. undone: numbers of writes that
    changed no row. replaced: for each replacement. first_seq: of the first event that was stored.
    """

    standing: list[bytes]
    undone: list[int]
    replaced: list[bool]
    first_seq: int


def stored_events(plan: Plan, standing: list[bytes], undone: list[int]) -> list[int]:
    """The places in `plan.events` of those whose condition was met."""
    if not undone and not plan.claims:
        return list(range(len(plan.events)))
    unwritten = set(undone)
    lost = {at for at, claim in enumerate(plan.claims) if standing[at] != claim.message}
    return [at for at, event in enumerate(plan.events) if event.write not in unwritten and event.claim not in lost]


def rows(plan: Plan) -> int:
    """How many rows it writes, roughly: about one for each operation."""
    messages = len(plan.fresh) + len(plan.others) + len(plan.claims)
    return messages + len(plan.writes) + len(plan.links) + len(plan.events)


def execute(cursor: sqlite3.Cursor, plan: Plan) -> Outcome:
    """Inside the caller's transaction."""
    if plan.fresh:
        cursor.executemany(SQL["accept_fresh"], plan.fresh)
    if plan.others:
        cursor.executemany(SQL["accept_any"], plan.others)
    standing = _claim(cursor, plan) if plan.claims else []
    undone = _write(cursor, plan.writes)
    if plan.links:
        cursor.executemany(SQL["link"], plan.links)  # an operator's id stays true of a message that has ended
    first_seq = _tell(cursor, plan, standing, undone) if plan.events else 0
    replaced = [cursor.execute(SQL["replace"], row).rowcount == 1 for row in plan.replacements]
    if plan.later:
        cursor.executemany(SQL["tell_later"], plan.later)
        cursor.executemany(SQL["followers_later"], plan.later)
    if plan.told:
        cursor.executemany(SQL["told"], plan.told)
    if plan.counts:
        cursor.executemany(SQL["count"], plan.counts)
    if plan.usage:
        cursor.executemany(SQL["use"], _usage(plan, standing, undone))
    return Outcome(standing, undone, replaced, first_seq)


def _claim(cursor: sqlite3.Cursor, plan: Plan) -> list[bytes]:
    standing = [_standing(cursor, claim) for claim in plan.claims]
    won = [claim.row for claim, found in zip(plan.claims, standing, strict=True) if found == claim.message]
    cursor.executemany(SQL["accept_any"], won)
    cursor.execute(SQL["purge_digests"], (plan.now_ms, 2 * len(standing) + _PURGE_AT_LEAST))
    return standing


def _standing(cursor: sqlite3.Cursor, claim: Claim) -> bytes:
    for row in claim.earlier:
        for (message,) in cursor.execute(SQL["find_digest"], row).fetchall():
            return bytes(message)
    return bytes(cursor.execute(SQL["claim_digest"], claim.digest).fetchall()[0][0])


def _write(cursor: sqlite3.Cursor, writes: list[Write]) -> list[int]:
    undone: list[int] = []
    for number, write in enumerate(writes):
        if cursor.execute(_CHANGE_AND_DROP if write.drop else _CHANGE, write.row).rowcount != 1:
            undone.append(number)
    return undone


def _tell(cursor: sqlite3.Cursor, plan: Plan, standing: list[bytes], undone: list[int]) -> int:
    """There is no other writer and nothing here can conflict, so the rows are numbered one after the other."""
    stored = stored_events(plan, standing, undone)
    if plan.mixed:
        for event in [plan.events[at] for at in stored]:
            name, values = ("tell", event.row) if event.kind is None else ("tell_other", (*event.row, *event.kind))
            cursor.execute(SQL[name], values)
    else:
        cursor.executemany(SQL["tell"], [plan.events[at].row for at in stored])
    (last,) = cursor.execute(SQL["last_seq"]).fetchone()
    return int(last) + 1 - len(stored)


def _usage(plan: Plan, standing: list[bytes], undone: list[int]) -> list[UsageRow]:
    """Without what was not done."""
    not_done = [plan.writes[number].uses for number in undone]
    not_done += [claim.uses for claim, found in zip(plan.claims, standing, strict=True) if found != claim.message]
    rows = plan.usage
    for at, messages, segments in (use for uses in not_done for use in uses):
        *cell, all_messages, all_segments = rows[at]
        rows[at] = (*cell, all_messages - messages, all_segments - segments)  # type: ignore[assignment]
    return rows
