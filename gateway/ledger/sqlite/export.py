"""A SQLite ledger from end to end: what it holds, for a copy on another engine."""

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Final

from gateway.ledger.codes import CLASS_CODE, STATUS_CODE
from gateway.ledger.contract import Exported, PendingEntry, Traffic, Used
from gateway.ledger.sqlite.forms import MESSAGE_COLUMNS, PARTS
from gateway.ledger.sqlite.rows import event_from, message_in
from gateway.ledger.statements import named_statements
from gateway.model.message import OutboxEvent

SQL: Final[Mapping[str, str]] = named_statements("gateway.ledger.sqlite", "export.sql", PARTS)


def messages(
    reader: sqlite3.Connection, cursor: bytes | None, now_ms: int, limit: int
) -> tuple[Sequence[Exported], bytes | None]:
    """In order of id."""
    rows = reader.execute(SQL["messages"], (cursor or b"", now_ms, limit)).fetchall()
    found = [Exported(message_in(row), *_digest(row[MESSAGE_COLUMNS:])) for row in rows]
    return found, found[-1].message.id if len(rows) == limit else None


def events(reader: sqlite3.Connection, cursor: bytes | None, limit: int) -> tuple[Sequence[OutboxEvent], bytes | None]:
    """In order of seq."""
    after = 0 if cursor is None else int.from_bytes(cursor, "big")
    found = [event_from(row) for row in reader.execute(SQL["events"], (after, limit)).fetchall()]
    return found, found[-1].seq.to_bytes(8, "big") if len(found) == limit else None


def kinds(reader: sqlite3.Connection) -> Sequence[str]:
    return [row[0] for row in reader.execute(SQL["kinds"]).fetchall()]


def last_entry(reader: sqlite3.Connection) -> int:
    return int(reader.execute(SQL["last_entry"]).fetchone()[0])


def put_entries(cursor: sqlite3.Cursor, entries: Sequence[PendingEntry], last: int) -> None:
    cursor.executemany(SQL["put_entry"], [(each.number, each.octets) for each in entries])
    cursor.execute(SQL["put_last_entry"], (last,))


def add_traffic(cursor: sqlite3.Cursor, rows: Sequence[Traffic]) -> None:
    cursor.executemany(
        SQL["add_traffic"],
        [
            (
                each.day,
                each.customer,
                each.operator,
                each.country,
                CLASS_CODE[each.message_class],
                STATUS_CODE[each.status],
                each.messages,
                each.segments,
            )
            for each in rows
        ],
    )


def add_usage(cursor: sqlite3.Cursor, rows: Sequence[Used]) -> None:
    cursor.executemany(
        SQL["add_usage"],
        [
            (
                each.customer,
                each.hour,
                CLASS_CODE[each.message_class],
                each.country,
                STATUS_CODE[each.status],
                each.operator,
                each.messages,
                each.segments,
            )
            for each in rows
        ],
    )


def _digest(columns: Sequence[bytes | int | None]) -> tuple[bytes | None, int]:
    digest, until_ms = columns
    return (digest, until_ms) if isinstance(digest, bytes) and isinstance(until_ms, int) else (None, 0)
