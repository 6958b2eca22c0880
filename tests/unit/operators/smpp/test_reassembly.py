"""Parts of long MO messages: any order, a time limit, a bound; what was finished is known again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from operators.smpp.reassembly import FINISHED_LIMIT, FINISHED_S, Gathered, Held, Reassembly


class Parts:
    """Each part says what it is; `came` keeps it at once, as a host does whose store takes everything."""

    def __init__(self, limit: int = 100) -> None:
        self.parts: Reassembly[str] = Reassembly(wait_s=60, limit=limit)

    def add(self, key: str, reference: int, total: int, sequence: int, said: str, now: float = 0) -> object:
        return self.parts.add(key, reference, total, sequence, said, said.encode(), now)

    def came(self, key: str, reference: int, total: int, sequence: int, said: str, now: float = 0) -> object:
        found = self.add(key, reference, total, sequence, said, now)
        if not isinstance(found, Gathered):
            return found
        if found.place is not None:
            self.parts.keep(found.place, now)
        return found.parts, found.missing


@pytest.mark.smpp("S-49")
@given(st.permutations([1, 2, 3, 4, 5]))
def test_parts_come_in_any_order(order: list[int]) -> None:
    parts = Parts()
    answers = [parts.came("a", 7, 5, sequence, str(sequence)) for sequence in order]
    assert answers[0] == ((str(order[0]),), tuple(n for n in range(1, 6) if n != order[0]))
    assert answers[-1] == (("1", "2", "3", "4", "5"), ())
    assert len(parts.parts) == 0


@pytest.mark.smpp("S-49")
def test_messages_do_not_mix() -> None:
    parts = Parts()
    parts.came("a", 7, 2, 1, "a1")
    assert parts.came("b", 7, 2, 2, "b2") == (("b2",), (1,))
    assert parts.came("a", 8, 2, 2, "c2") == (("c2",), (1,))
    assert parts.came("a", 7, 3, 2, "d2") == (("d2",), (1, 3))
    assert parts.came("a", 7, 2, 2, "a2") == (("a1", "a2"), ())


@pytest.mark.case("smpp-11")
@pytest.mark.smpp("S-47")
def test_a_part_that_comes_again_is_known_before_and_after_the_end() -> None:
    parts = Parts()
    parts.came("a", 7, 2, 1, "one")
    assert parts.came("a", 7, 2, 1, "one", 1) is Held.REPEATED
    parts.came("a", 7, 2, 2, "two", 2)
    for said, sequence in (("one", 1), ("two", 2)):
        assert parts.came("a", 7, 2, sequence, said, 2 + FINISHED_S - 1) is Held.REPEATED
    assert parts.came("a", 7, 2, 1, "one", 2 + FINISHED_S) == (("one",), (2,))


@pytest.mark.case("smpp-11")
def test_a_reference_may_be_used_again_for_another_text() -> None:
    parts = Parts()
    for said in ("one", "other", "third"):
        assert parts.came("a", 7, 2, 1, said) == ((said,), (2,))
        assert parts.came("a", 7, 2, 2, said) == ((said, said), ())


@pytest.mark.case("smpp-11")
def test_another_text_under_the_numbers_of_an_unfinished_one_loses_neither() -> None:
    parts = Parts()
    parts.came("a", 7, 2, 1, "one")
    assert parts.came("a", 7, 2, 1, "other", 1) == (("other",), (2,))
    (cut_short,) = parts.parts.expire(1)
    assert (cut_short.parts, cut_short.missing) == (("one",), (2,))
    assert parts.came("a", 7, 2, 2, "two", 1) == (("other", "two"), ())


@pytest.mark.case("smpp-10")
def test_a_part_that_was_not_kept_comes_again() -> None:
    parts = Parts()
    first = parts.add("a", 7, 2, 1, "one")
    assert isinstance(first, Gathered)
    assert first.place is not None
    parts.parts.withdraw(first.place)
    assert len(parts.parts) == 0
    assert parts.came("a", 7, 2, 1, "one") == (("one",), (2,))
    last = parts.add("a", 7, 2, 2, "two")
    assert isinstance(last, Gathered)
    assert last.place is not None
    parts.parts.withdraw(last.place)
    assert parts.came("a", 7, 2, 2, "two") == (("one", "two"), ())


@pytest.mark.smpp("S-49")
def test_missing_parts_are_reported_when_time_is_over() -> None:
    parts = Parts()
    parts.came("a", 7, 4, 3, "three")
    parts.came("a", 7, 4, 1, "one", 50)
    parts.came("b", 7, 2, 1, "later", 50)
    assert parts.parts.expire(59) == []
    (over,) = parts.parts.expire(60)
    assert (over.parts, over.missing) == (("one", "three"), (2, 4))
    assert len(parts.parts) == 1
    assert parts.came("a", 7, 4, 1, "one", 60) is Held.REPEATED


@pytest.mark.smpp("S-49")
def test_the_number_of_waiting_parts_is_bounded() -> None:
    parts = Parts(limit=3)
    for reference in range(3):
        parts.came("a", reference, 3, 1, "x")
    assert parts.came("a", 9, 3, 1, "x") is Held.REFUSED
    assert parts.came("a", 0, 3, 2, "x") is Held.REFUSED
    assert len(parts.parts) == 3


def test_what_is_remembered_is_bounded() -> None:
    parts = Parts()
    for reference in range(FINISHED_LIMIT + 5):
        for sequence in (1, 2):
            parts.came("a", reference, 2, sequence, "x")
    parts.parts.expire(0)
    assert parts.came("a", 4, 2, 1, "x") is not Held.REPEATED
    assert parts.came("a", 5, 2, 1, "x") is Held.REPEATED


def test_the_last_part_is_taken_even_when_there_is_no_room() -> None:
    parts = Parts(limit=1)
    parts.came("a", 7, 2, 1, "one")
    assert parts.came("a", 7, 2, 2, "two") == (("one", "two"), ())
    assert len(parts.parts) == 0


@pytest.mark.parametrize(("total", "sequence"), [(1, 1), (2, 0), (2, 3), (0, 0), (0, 1)])
def test_a_part_whose_numbers_make_no_sense_is_a_message_of_its_own(total: int, sequence: int) -> None:
    parts = Parts()
    assert parts.came("a", 7, total, sequence, "odd") == (("odd",), ())
    assert len(parts.parts) == 0
