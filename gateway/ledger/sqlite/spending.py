"""What prepaid customers have spent: the statements of one transaction."""

import sqlite3
from collections.abc import Sequence

from gateway.ledger.contract import Reservation, Reserving
from gateway.ledger.sqlite.schema import SQL


def reserve(cursor: sqlite3.Cursor, asked: Sequence[Reserving]) -> list[int | None]:
    """Inside the caller's transaction."""
    return [_reserve(cursor, each) for each in asked]


def _reserve(cursor: sqlite3.Cursor, asked: Reserving) -> int | None:
    """What was reserved for the message before stands."""
    want = asked.reservation
    row = cursor.execute(SQL["spent"], (want.customer,)).fetchone()
    spent = 0 if row is None else int(row[0])
    if cursor.execute(SQL["reservation_of"], (want.message,)).fetchone() is not None:
        return spent
    if spent + want.micro > asked.most:
        return None
    cursor.execute(SQL["spend"], (want.customer, want.micro))
    cursor.execute(SQL["reserve"], (want.message, want.customer, want.micro))
    return spent + want.micro


def settle(cursor: sqlite3.Cursor, paid: Sequence[bytes], given_back: Sequence[bytes]) -> None:
    """Inside the caller's transaction."""
    cursor.executemany(SQL["forget_reservation"], [(each,) for each in paid])
    for each in given_back:
        for customer, micro in cursor.execute(SQL["take_reservation"], (each,)).fetchall():
            cursor.execute(SQL["spend"], (customer, -micro))


def put(cursor: sqlite3.Cursor, customer: int, micro: int, reserved: Sequence[Reservation]) -> None:
    """Inside the caller's transaction."""
    cursor.execute(SQL["put_spending"], (customer, micro))
    cursor.executemany(SQL["put_reservation"], [(each.message, each.customer, each.micro) for each in reserved])
