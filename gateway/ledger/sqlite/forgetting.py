"""Forgetting in the SQLite engine: one bounded batch at a time, in statements that each do a whole batch.

3.4 µs a record in statements, in batches of 128, and 1 to 3 in writing the pages that they touch. One statement per
record in Python took three times as long. In a thread, statements and commit wait for the interpreter's lock beside a
busy loop, and commits behind them: the p99 of accepting rose twice as much.
"""

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Final

from gateway.ledger.codes import CLASSES, STATUSES
from gateway.ledger.contract import EVENT_KEPT_MS, TagDue, Traffic
from gateway.ledger.sqlite.forms import PARTS, Stored
from gateway.ledger.statements import named_statements
from gateway.ledger.usage import HOUR_MS, KEPT_HOURS
from redaction.retention import RetentionTag

SQL: Final[Mapping[str, str]] = named_statements("gateway.ledger.sqlite", "retention.sql", PARTS)

FORGETTING: Final = (
    *("count_doomed", "forget_links", "forget_many_links", "forget_events", "forget_digests", "forget_records"),
    "forget_doomed",
)
LOOKS_AT: Final = 10_000
"""Rows that are counted as due, at most."""
OLDEST_LOOKS_AT: Final = 2_000
USERS_AT_ONCE: Final = 20
LINKS_LOOKED_AT: Final = 8
"""Times as many links as rows of other kinds: there are those of 90 days, and a look at one takes 1 µs."""


def forget_content(cursor: sqlite3.Cursor, now_ms: int, limit: int) -> int:
    return cursor.execute(SQL["empty_content"], (now_ms, limit)).rowcount


def forget_records(cursor: sqlite3.Cursor, now_ms: int, limit: int) -> int:
    """Count what is about to go, then let it go, with all that hangs on it."""
    cursor.execute(SQL["make_doomed"])
    count = cursor.execute(SQL["doom"], (now_ms, limit)).rowcount
    if count:
        for name in FORGETTING:
            cursor.execute(SQL[name])
    return count


def forget_these(cursor: sqlite3.Cursor, messages: Sequence[bytes], *, counted: bool) -> int:
    """By id."""
    cursor.execute(SQL["make_doomed"])
    count = cursor.executemany(SQL["doom_one"], [(each,) for each in messages]).rowcount
    for name in FORGETTING:
        if counted or name != "count_doomed":
            cursor.execute(SQL[name])
    return count


def empty_these(cursor: sqlite3.Cursor, messages: Sequence[bytes]) -> int:
    """By id."""
    return cursor.executemany(SQL["empty_one"], [(each,) for each in messages]).rowcount


class Leftovers:
    """Rows that outlived what they belong to. Remembers where its walks round the links and the customers stand."""

    def __init__(self) -> None:
        self._walked = ("", "")
        self._customer = 0

    def forget(self, cursor: sqlite3.Cursor, now_ms: int, limit: int) -> int:
        """Looks at `limit` rows of each kind, and more links."""
        forgotten = cursor.execute(SQL["forget_expired_digests"], (now_ms, limit)).rowcount
        forgotten += cursor.execute(SQL["forget_orphan_events"], (limit, now_ms - EVENT_KEPT_MS)).rowcount
        links = limit * LINKS_LOOKED_AT
        following = cursor.execute(SQL["walk_links"], (*self._walked, links)).fetchone()
        forgotten += cursor.execute(SQL["forget_orphan_links"], (*self._walked, links)).rowcount
        self._walked = ("", "") if following is None else following
        return forgotten + self._forget_usage(cursor, now_ms // HOUR_MS - KEPT_HOURS)

    def _forget_usage(self, cursor: sqlite3.Cursor, before_hour: int) -> int:
        """Of the next customers."""
        forgotten = 0
        for _ in range(USERS_AT_ONCE):
            (customer,) = cursor.execute(SQL["next_user"], (self._customer,)).fetchone()
            self._customer = customer or 0
            if customer is None:
                break
            forgotten += cursor.execute(SQL["forget_usage"], (customer, before_hour)).rowcount
        return forgotten


def tag_due(rows: Sequence[Stored], oldest: Sequence[Stored], now_ms: int) -> list[TagDue]:
    """What `retention_due` and `oldest` found, by tag."""
    due = {row[0]: row[1:] for row in rows}
    accepted: dict[str, int] = {row[0]: row[1] for row in oldest}
    return [
        TagDue(
            tag=RetentionTag(tag),
            content=content,
            records=records,
            content_lag_ms=0 if content_until is None else now_ms - content_until,
            record_lag_ms=0 if record_until is None else now_ms - record_until,
            oldest_ms=accepted.get(tag),
        )
        for tag in sorted(due.keys() | accepted.keys())
        for content, records, content_until, record_until in (due.get(tag, (0, 0, None, None)),)
    ]


def traffic_from(row: Stored) -> Traffic:
    day, customer, operator, country, message_class, status, messages, segments = row
    return Traffic(
        day=day,
        customer=customer,
        operator=operator,
        country=country,
        message_class=CLASSES[message_class],
        status=STATUSES[status],
        messages=messages,
        segments=segments,
    )
