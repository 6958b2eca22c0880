"""Backoff: how waits grow, and when they begin again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from operators.backoff import Backoff


@pytest.mark.smpp("S-25")
def test_waits_double_from_one_second_to_a_minute() -> None:
    backoff = Backoff(jitter=0)
    assert [backoff.next(0) for _ in range(8)] == [1, 2, 4, 8, 16, 32, 60, 60]


@pytest.mark.smpp("S-25")
@given(st.lists(st.floats(0, 1, exclude_max=True), min_size=1, max_size=30))
def test_jitter_keeps_waits_between_the_first_and_the_limit(dice: list[float]) -> None:
    backoff = Backoff(1, 60, 2, 0.5)
    assert all(1 <= backoff.next(random) <= 60 for random in dice)


@pytest.mark.smpp("S-25")
def test_links_at_the_limit_still_come_back_apart() -> None:
    one, other = Backoff(), Backoff()
    for _ in range(20):
        first, second = one.next(0.0), other.next(0.9)
    assert second - first > 10


@pytest.mark.smpp("S-25")
@pytest.mark.parametrize("tries", range(10))
def test_a_refused_bind_waits_longer_than_a_refused_connection(tries: int) -> None:
    connection, bind = Backoff(), Backoff()
    for _ in range(tries):
        connection.next(0.5)
        bind.next(0.5)
    assert bind.next(0, refused=True) > connection.next(0.999)


@pytest.mark.smpp("S-25")
def test_a_bind_that_lasted_begins_again() -> None:
    backoff = Backoff(jitter=0, lasting_s=30)
    for _ in range(5):
        backoff.next(0)
    backoff.up(100)
    backoff.down(130)
    assert backoff.next(0) == 1


@pytest.mark.smpp("S-25")
def test_a_bind_that_did_not_last_goes_on_waiting_longer() -> None:
    backoff = Backoff(jitter=0, lasting_s=30)
    waits = []
    for n in range(4):
        backoff.up(10 * n)
        backoff.down(10 * n + 5)
        waits.append(backoff.next(0))
    assert waits == [1, 2, 4, 8]


def test_going_down_without_having_been_up_changes_nothing() -> None:
    backoff = Backoff(jitter=0)
    backoff.next(0)
    backoff.down(1000)
    assert backoff.next(0) == 2


def test_a_bind_counts_once() -> None:
    backoff = Backoff(jitter=0)
    backoff.up(0)
    backoff.down(100)
    backoff.next(0)
    backoff.down(200)
    assert backoff.next(0) == 2


def test_reset_begins_again() -> None:
    backoff = Backoff(jitter=0)
    backoff.next(0)
    backoff.reset()
    assert backoff.next(0) == 1


def test_nonsense_is_refused() -> None:
    with pytest.raises(ValueError, match="grow"):
        Backoff(10, 5)
