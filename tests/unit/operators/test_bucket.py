"""TokenBucket: rate, burst, giving way and coming back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from operators.bucket import TokenBucket


def test_a_full_bucket_gives_a_burst_and_then_the_rate() -> None:
    bucket = TokenBucket(10, 5, now=0)
    assert [bucket.take(1, 0) for _ in range(6)] == [True] * 5 + [False]
    assert bucket.take(1, 0.1)
    assert not bucket.take(1, 0.1)


def test_an_idle_bucket_saves_up_no_more_than_a_burst() -> None:
    bucket = TokenBucket(10, 5, now=0)
    bucket.take(5, 0)
    assert bucket.available(1000) == 5


def test_available_counts_what_may_be_taken() -> None:
    bucket = TokenBucket(10, 5, now=0)
    bucket.take(4, 0)
    assert bucket.available(0) == 1
    assert bucket.available(0.25) == 3


def test_wait_is_the_time_until_the_tokens_are_there() -> None:
    bucket = TokenBucket(10, 5, now=0)
    bucket.take(5, 0)
    assert bucket.wait_s(2, 0) == pytest.approx(0.2)
    assert bucket.wait_s(2, 0.2) == pytest.approx(0)


def test_a_message_of_more_segments_than_the_burst_goes_on_credit() -> None:
    bucket = TokenBucket(10, 5, now=0)
    assert bucket.take(15, 0)
    assert bucket.available(0) == 0
    assert not bucket.take(1, 1.0)
    assert bucket.take(1, 1.1)


def test_no_limit_is_never_empty() -> None:
    bucket = TokenBucket(None, 50, now=0)
    assert all(bucket.take(1000, 0) for _ in range(100))
    assert bucket.available(0) == 50
    assert bucket.wait_s(1000, 0) == 0
    assert bucket.rate_per_s(0) is None


def test_no_limit_still_pauses() -> None:
    bucket = TokenBucket(None, 50, now=0)
    bucket.pause(until=3)
    assert not bucket.take(1, 2.9)
    assert bucket.available(2.9) == 0
    assert bucket.wait_s(1, 1) == 2
    assert bucket.take(1, 3)


def test_no_limit_has_no_rate_to_slow_down() -> None:
    assert not TokenBucket(None, 50, now=0).slow_down(0.5, 0)


@pytest.mark.smpp("S-33")
def test_throttling_halves_the_rate_and_it_comes_back_second_by_second() -> None:
    bucket = TokenBucket(100, 10, now=0, recovery_per_s2=5)
    assert bucket.slow_down(0.5, 0)
    assert bucket.rate_per_s(0) == 50
    assert bucket.rate_per_s(4) == 70
    assert bucket.rate_per_s(60) == 100


@pytest.mark.smpp("S-33")
def test_throttling_drops_what_was_saved_up() -> None:
    bucket = TokenBucket(100, 10, now=0)
    bucket.slow_down(0.5, 0)
    assert bucket.available(0) == 0


@pytest.mark.smpp("S-33")
def test_a_window_full_of_refusals_slows_down_once() -> None:
    bucket = TokenBucket(100, 10, now=0, recovery_per_s2=0)
    assert [bucket.slow_down(0.5, 0.001 * n) for n in range(50)].count(True) == 1
    assert bucket.rate_per_s(1) == 50
    assert bucket.slow_down(0.5, 2)
    assert bucket.rate_per_s(2) == 25


def test_the_rate_never_falls_under_its_floor() -> None:
    bucket = TokenBucket(100, 10, now=0, floor_per_s=20, recovery_per_s2=0)
    for n in range(50):
        bucket.slow_down(0.5, 10 * n)
    assert bucket.rate_per_s(500) == 20


def test_a_pause_saves_nothing_up() -> None:
    bucket = TokenBucket(10, 5, now=0)
    bucket.pause(until=100)
    assert not bucket.take(1, 99)
    assert bucket.available(100) == 1


def test_a_shorter_pause_does_not_end_a_longer_one() -> None:
    bucket = TokenBucket(10, 5, now=0)
    bucket.pause(until=100)
    bucket.pause(until=50)
    assert not bucket.take(1, 60)


@pytest.mark.parametrize(("rate", "burst"), [(0, 5), (-1, 5), (10, 0)])
def test_nonsense_is_refused(rate: float, burst: int) -> None:
    with pytest.raises(ValueError, match="above zero"):
        TokenBucket(rate, burst, now=0)


@given(
    rate=st.floats(0.5, 1000),
    burst=st.integers(1, 50),
    gaps=st.lists(st.floats(0, 0.5), max_size=200),
)
def test_never_more_than_the_rate_and_one_burst(rate: float, burst: int, gaps: list[float]) -> None:
    bucket = TokenBucket(rate, burst, now=0)
    now, taken = 0.0, 0
    for gap in gaps:
        now += gap
        taken += bucket.take(1, now)
    assert taken <= burst + rate * now + 1e-6


@given(rate=st.floats(0.5, 1000), burst=st.integers(1, 50), n=st.integers(1, 80), spent=st.integers(0, 80))
def test_taking_after_the_wait_succeeds(rate: float, burst: int, n: int, spent: int) -> None:
    bucket = TokenBucket(rate, burst, now=0)
    bucket.take(spent, 0)
    assert bucket.take(n, bucket.wait_s(n, 0))


def test_another_rate_holds_at_once_in_both_directions() -> None:
    bucket = TokenBucket(10, 10, now=0)
    bucket.set_rate(2, 2, 0)
    assert bucket.available(0) == 2
    bucket.take(2, 0)
    assert bucket.wait_s(1, 0) == pytest.approx(0.5)
    bucket.set_rate(100, 100, 1)
    assert bucket.rate_per_s(1) == 100
    assert bucket.available(2) == 100


def test_a_rate_may_be_set_where_there_was_none_and_lifted_again() -> None:
    bucket = TokenBucket(None, 64, now=0)
    bucket.set_rate(4, 4, 100)
    assert bucket.available(100) == 4
    bucket.take(4, 100)
    assert bucket.available(100.5) == 2
    bucket.set_rate(None, 64, 101)
    assert (bucket.available(101), bucket.rate_per_s(101)) == (64, None)
    assert bucket.take(1_000, 101)


def test_a_pause_outlasts_another_rate() -> None:
    bucket = TokenBucket(10, 10, now=0)
    bucket.pause(5)
    bucket.set_rate(100, 100, 1)
    assert bucket.available(4) == 0
    assert bucket.available(6) > 0
    with pytest.raises(ValueError, match="above zero"):
        bucket.set_rate(0, 1, 6)
