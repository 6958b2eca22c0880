"""What a change of permissions does inside a transaction."""

import sqlite3
from collections.abc import Sequence

from gateway.ledger.permissions import PermissionVerb, PermissionWrite
from gateway.ledger.sqlite.keeping import keep_entries
from gateway.ledger.sqlite.schema import SQL


def change(cursor: sqlite3.Cursor, writes: Sequence[PermissionWrite], entries: Sequence[bytes]) -> list[bool]:
    """Whether each of them was done; nodes look at what they know once any row was stored or taken away."""
    number = cursor.execute(SQL["permission_number"]).fetchone()[0]
    done: list[bool] = []
    moved = False
    for number, write in enumerate(writes, number + 1):  # noqa: B020  where it went on from is of no use any more
        done.append(_write(cursor, write, number))
        moved = moved or (done[-1] and write.verb is not PermissionVerb.PROLONG)
    if writes:
        cursor.execute(SQL["permission_numbered"], (number,))
    if moved:
        cursor.execute(SQL["documents_changed"])
    keep_entries(cursor, entries)
    return done


def _write(cursor: sqlite3.Cursor, write: PermissionWrite, number: int) -> bool:
    row = write.row
    place = (row.name.kind, row.name.customer, row.name.token, row.word)
    if write.verb is PermissionVerb.PUT:
        values = (*place, row.stands_in_the_way, row.changed_ms, row.ends_ms, row.details, number)
        cursor.execute(SQL["put_permission"], values)
    elif write.verb is PermissionVerb.LIFT:
        cursor.execute(SQL["lift_permission"], (*place, row.changed_ms))
    else:
        cursor.execute(SQL["prolong_permission"], (*place, row.ends_ms))
    return cursor.rowcount > 0


def forget(cursor: sqlite3.Cursor, now_ms: int, limit: int) -> int:
    """How many ended."""
    return cursor.execute(SQL["forget_permissions"], (now_ms, limit)).rowcount
