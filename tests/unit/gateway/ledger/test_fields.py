"""The table of stored fields says of every field of a message how it is kept."""

import pytest

from gateway.ledger.fields import FIELDS, VARIES, Field, Kind, default_of, function_of
from gateway.model.message import Message
from tests.contract.records import a_message


def test_every_field_of_a_message_is_in_the_table_once() -> None:
    names = [each.name for each in FIELDS]
    assert len(names) == len(set(names))
    assert {*names} == {*Message.__struct_fields__} - {"warnings"}


def test_what_the_door_makes_alike_is_what_a_fresh_message_has() -> None:
    fresh = a_message()
    for each in FIELDS:
        assert each.door is VARIES or getattr(fresh, each.name) == each.door, each.name


def test_a_field_that_came_later_has_a_default() -> None:
    for each in FIELDS:
        if each.since > 1:
            default_of(each)
    assert default_of(Field("attempts", Kind.NUMBER)) == 0
    with pytest.raises(LookupError, match="segments"):
        default_of(Field("segments", Kind.NUMBER))


def test_a_function_is_what_its_expression_says() -> None:
    assert function_of("lambda message: (message.segments, twice(2))", {"twice": lambda n: 2 * n})(a_message()) == (
        1,
        4,
    )
