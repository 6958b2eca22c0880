"""Parts of long MO messages: any order, a time limit, a bound."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from operators.smpp.reassembly import Held, Incomplete, Reassembly


def gathering(limit: int = 100) -> Reassembly[str]:
    return Reassembly(wait_s=60, limit=limit)


@pytest.mark.smpp("S-49")
@given(st.permutations([1, 2, 3, 4, 5]))
def test_parts_come_in_any_order(order: list[int]) -> None:
    parts = gathering()
    answers = [parts.add("a", 7, 5, sequence, str(sequence), now=0) for sequence in order]
    assert answers[:-1] == [Held.WAITING] * 4
    assert answers[-1] == ("1", "2", "3", "4", "5")
    assert len(parts) == 0


@pytest.mark.smpp("S-49")
def test_messages_do_not_mix() -> None:
    parts = gathering()
    parts.add("a", 7, 2, 1, "a1", now=0)
    assert parts.add("b", 7, 2, 2, "b2", now=0) is Held.WAITING
    assert parts.add("a", 8, 2, 2, "c2", now=0) is Held.WAITING
    assert parts.add("a", 7, 3, 2, "d2", now=0) is Held.WAITING
    assert parts.add("a", 7, 2, 2, "a2", now=0) == ("a1", "a2")


@pytest.mark.smpp("S-47")
def test_a_part_that_comes_again_replaces_its_first_copy() -> None:
    parts = gathering()
    parts.add("a", 7, 2, 1, "first", now=0)
    assert parts.add("a", 7, 2, 1, "again", now=1) is Held.WAITING
    assert len(parts) == 1
    assert parts.add("a", 7, 2, 2, "rest", now=2) == ("again", "rest")


@pytest.mark.smpp("S-49")
def test_missing_parts_are_reported_when_time_is_over() -> None:
    parts = gathering()
    parts.add("a", 7, 4, 3, "three", now=0)
    parts.add("a", 7, 4, 1, "one", now=50)
    parts.add("b", 7, 2, 1, "later", now=50)
    assert parts.expire(59) == []
    assert parts.expire(60) == [Incomplete("a", ("one", "three"), (2, 4))]
    assert len(parts) == 1


@pytest.mark.smpp("S-49")
def test_the_number_of_waiting_parts_is_bounded() -> None:
    parts = gathering(limit=3)
    for reference in range(3):
        assert parts.add("a", reference, 3, 1, "x", now=0) is Held.WAITING
    assert parts.add("a", 9, 3, 1, "x", now=0) is Held.REFUSED
    assert parts.add("a", 0, 3, 2, "x", now=0) is Held.REFUSED
    assert len(parts) == 3


def test_the_last_part_is_taken_even_when_there_is_no_room() -> None:
    parts = gathering(limit=1)
    parts.add("a", 7, 2, 1, "one", now=0)
    assert parts.add("a", 7, 2, 2, "two", now=0) == ("one", "two")
    assert len(parts) == 0


def test_a_message_of_one_part_is_whole() -> None:
    assert gathering().add("a", 7, 1, 1, "all", now=0) == ("all",)


@pytest.mark.parametrize(("total", "sequence"), [(2, 0), (2, 3), (0, 0), (0, 1)])
def test_a_part_whose_numbers_make_no_sense_is_a_message_of_its_own(total: int, sequence: int) -> None:
    parts = gathering()
    assert parts.add("a", 7, total, sequence, "odd", now=0) == ("odd",)
    assert len(parts) == 0
