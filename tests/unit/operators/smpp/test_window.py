"""Unanswered requests: places, sequence numbers, deadlines."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from operators.smpp.window import MAX_SEQUENCE, Slot, Window, WindowFull

SUBMIT, SUBMIT_RESP, DELIVER_RESP, NACK = 0x04, 0x80000004, 0x80000005, 0x80000000


def slot(deadline: float = 10.0, *, counted: bool = True) -> Slot[str]:
    return Slot("context", SUBMIT, deadline, counted)


def opened(window: Window[str], deadline: float = 10.0, *, counted: bool = True) -> int:
    number = window.next_sequence()
    window.open(number, slot(deadline, counted=counted))
    return number


@pytest.mark.smpp("S-20")
@given(st.lists(st.tuples(st.sampled_from(["open", "own", "close", "late", "doubt", "expire"]), st.integers(0, 40))))
def test_whatever_happens_the_window_holds_at_most_its_size(steps: list[tuple[str, int]]) -> None:
    window: Window[str] = Window(3)
    for now, (step, number) in enumerate(steps):
        if step == "open" and not window.room():
            with pytest.raises(WindowFull):
                opened(window, now + 5)
        elif step in ("open", "own"):
            opened(window, now + 5, counted=step == "open")
        elif step == "close":
            window.close(number, SUBMIT_RESP)
        elif step == "late":
            window.close_late(number, SUBMIT_RESP)
        elif step == "doubt":
            window.doubt(now + 4, lambda _: True)
        else:
            window.expire(now)
        assert 0 <= len(window) <= 3
        assert window.room() == 3 - len(window)
    window.abandon()
    assert len(window) == 0


@pytest.mark.smpp("S-20")
def test_each_response_frees_one_place_in_any_order() -> None:
    window: Window[str] = Window(3)
    numbers = [opened(window) for _ in range(3)]
    for free, number in enumerate(reversed(numbers), start=1):
        assert window.close(number, SUBMIT_RESP)
        assert window.close(number, SUBMIT_RESP) is None
        assert window.room() == free


@pytest.mark.smpp("S-20")
def test_a_request_that_does_not_count_takes_no_place() -> None:
    window: Window[str] = Window(1)
    opened(window)
    number = opened(window, counted=False)
    assert window.room() == 0
    assert window.close(number, SUBMIT_RESP)
    assert window.room() == 0


@pytest.mark.smpp("S-21")
def test_a_response_of_another_kind_settles_nothing() -> None:
    window: Window[str] = Window(1)
    number = opened(window)
    assert window.close(number, DELIVER_RESP) is None
    assert window.room() == 0
    assert window.close(number, NACK)


@pytest.mark.smpp("S-06")
def test_sequence_numbers_run_round_and_pass_over_those_in_use() -> None:
    window: Window[str] = Window(10)
    assert opened(window) == 1
    window._next = MAX_SEQUENCE
    assert [opened(window) for _ in range(2)] == [MAX_SEQUENCE, 2]


@pytest.mark.smpp("S-23")
def test_a_timeout_frees_the_place_and_a_late_response_still_finds_its_request() -> None:
    window: Window[str] = Window(1)
    number = opened(window, 10.0)
    assert window.deadline() == 10.0
    assert window.expire(9.9) == []
    assert len(window.expire(10.0)) == 1
    assert window.room() == 1
    assert window.close(number, SUBMIT_RESP) is None
    assert window.close_late(number, DELIVER_RESP) is None
    assert window.close_late(number, SUBMIT_RESP)
    assert window.close_late(number, SUBMIT_RESP) is None


@pytest.mark.smpp("S-23")
def test_only_so_many_late_requests_are_remembered() -> None:
    window: Window[str] = Window(5, memory=2)
    numbers = [opened(window) for _ in range(5)]
    window.expire(10.0)
    assert [window.close_late(number) is not None for number in numbers] == [False, False, False, True, True]


@pytest.mark.smpp("S-24")
def test_everything_unanswered_is_handed_back_once() -> None:
    window: Window[str] = Window(5)
    for _ in range(4):
        opened(window)
    assert len(window.abandon()) == 4
    assert window.abandon() == []
    assert window.room() == 5
    assert window.deadline() is None


@pytest.mark.case("faults-1")
def test_only_what_is_meant_times_out_before_its_time_and_its_response_is_late() -> None:
    window: Window[str] = Window(3)
    for number, context in enumerate(("code", "other", "code"), 1):
        window.open(number, Slot(context, SUBMIT, 9.0 + number))
    assert [each.deadline for each in window.doubt(11.0, lambda each: each == "code")] == [10.0]
    assert window.doubt(11.0, lambda each: each == "code") == []
    assert window.room() == 1
    assert window.close(1, SUBMIT_RESP) is None
    assert window.close_late(1, SUBMIT_RESP)
    assert [each.context for each in window.abandon()] == ["other", "code"]
    assert window.room() == 3


@pytest.mark.case("faults-1")
def test_of_what_timed_out_early_only_so_many_are_remembered() -> None:
    window: Window[str] = Window(3, memory=1)
    numbers = [opened(window) for _ in range(3)]
    window.doubt(10.0, lambda _: True)
    assert [window.close_late(number) is not None for number in numbers] == [False, False, True]
