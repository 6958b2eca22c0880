"""Rows of the hot path: what sqlite3 binds without asking, in the order of the statements."""

import sqlite3
from copy import copy

import pytest

from gateway.ledger.contract import Accept, Change
from gateway.ledger.fields import FIELDS
from gateway.ledger.sqlite import rows
from gateway.ledger.sqlite.schema import MIGRATIONS, SQL
from gateway.model.message import Message, Status
from tests.contract.records import NOW, a_message, an_event, final, submitted

EMPTY = {"content": None, "private": None, "due_ms": None}


def ended() -> Message:
    message = a_message(segments=2, parts=b"\0\0")
    submitted(message, "a", "b")
    final(message)
    return message


@pytest.mark.parametrize("message", [a_message(), a_message(**EMPTY), ended()], ids=["fresh", "empty", "ended"])
def test_rows_hold_exact_types_alone(message: Message) -> None:
    change = Change(message=message)
    made = (
        rows.fresh_row(message),
        rows.any_row(message),
        rows.change_row(change),
        rows.replace_row(message),
        rows.digest_row(Accept(message, b"d"), NOW),
        rows.event_row(an_event(message)),
    )
    assert {type(value) for row in made for value in row} <= {int, str, bytearray}


def test_a_row_has_a_value_for_each_place_of_its_statement() -> None:
    message = a_message()
    for name, row in {
        "accept_fresh": rows.fresh_row(message),
        "accept_any": rows.any_row(message),
        "change": rows.change_row(Change(message=message)),
        "replace": rows.replace_row(message),
    }.items():
        assert len(row) == SQL[name].count("?"), name


def test_columns_are_those_of_the_table_in_its_order() -> None:
    database = sqlite3.connect(":memory:")
    for version in sorted(MIGRATIONS):
        for statement in MIGRATIONS[version]:
            database.execute(statement)
    columns = [row[1] for row in database.execute("PRAGMA table_info(message)")]
    assert columns == [each.stored_as for each in FIELDS]
    database.close()


def test_a_message_is_fresh_until_anything_is_known_of_it() -> None:
    message = a_message()
    assert rows.is_fresh(message)
    changes = {"status": Status.QUEUED, "attempts": 1, "disclosure": 1, "submitted_ms": 1, "final_ms": 1, "error": "1"}
    for name, value in (changes | {"operator_ids": ("a",)}).items():
        changed = copy(message)
        setattr(changed, name, value)
        assert not rows.is_fresh(changed), name
