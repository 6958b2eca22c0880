"""A circuit: when it opens, what it lets through, when it closes."""

import pytest

from gateway.delivery.dispatch.circuit import UNLIMITED, Circuit, CircuitState

FAILURES = 20


def circuit() -> Circuit:
    return Circuit(FAILURES, probe_first_s=0.5, probe_limit_s=15)


def opened(now: float = 0.0) -> Circuit:
    it = circuit()
    assert it.stood_still(now)
    return it


def test_it_opens_after_failures_in_a_row_and_says_so_once() -> None:
    it = circuit()
    assert [it.failed(7.0) for _ in range(FAILURES + 5)].index(True) == FAILURES - 1
    assert (it.state, it.opened, it.since) == (CircuitState.OPEN, 1, 7.0)
    assert not it.failed(8.0)


def test_a_success_between_failures_keeps_it_closed() -> None:
    it = circuit()
    for _ in range(3):
        assert not any(it.failed(0.0) for _ in range(FAILURES - 1))
        assert not it.succeeded()
    assert it.is_closed
    assert it.room(0.0) == UNLIMITED


def test_standing_still_opens_it_at_once() -> None:
    it = circuit()
    assert it.stood_still(1.0)
    assert not it.stood_still(2.0)
    assert (it.opened, it.since) == (1, 1.0)


def test_an_open_one_lets_single_probes_through_ever_more_rarely() -> None:
    it, now, waits = opened(), 0.0, []
    for _ in range(8):
        start = now
        while not it.room(now):
            now += 0.25
        assert it.room(now) == 1
        it.sent(1, now)
        assert not it.room(now)
        it.failed(now)
        waits.append(now - start)
    assert waits == [0.5, 0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 15.0]


def test_what_succeeds_brings_twice_as_much_until_it_closes() -> None:
    it = opened()
    it.sent(1, 1.0)
    sent, rounds = 1, 0
    while not it.is_closed:
        closed = [it.succeeded() for _ in range(sent)]
        rounds += 1
        if any(closed):
            break
        assert it.state is CircuitState.HALF_OPEN
        sent = it.room(1.0)
        it.sent(sent, 1.0)
    assert it.is_closed
    assert rounds == 5  # 1, 2, 4, 8, and five of 16
    assert it.room(1.0) == UNLIMITED


def test_a_failure_on_the_way_back_opens_it_again_with_short_pauses_and_counts_no_second_opening() -> None:
    it = opened()
    for now in (1.0, 2.0, 4.0):
        it.sent(1, now)
        it.failed(now)
    it.sent(1, 10.0)
    it.succeeded()
    assert not it.failed(10.0)
    assert (it.state, it.opened) == (CircuitState.OPEN, 1)
    assert (it.room(10.4), it.room(10.5)) == (0, 1)


def test_a_long_message_uses_up_what_others_have_earned() -> None:
    it = opened()
    it.sent(5, 1.0)
    it.succeeded()
    assert it.room(1.0) == 2
    it.sent(5, 1.0)
    assert it.room(1.0) == 0
    it.succeeded()
    it.succeeded()
    assert it.room(1.0) == 1


def test_what_was_not_sent_after_all_may_be_sent_again() -> None:
    it = opened()
    it.sent(1, 1.0)
    it.succeeded()
    it.sent(2, 1.0)
    assert it.room(1.0) == 0
    it.came_back()
    assert it.room(1.0) == 1


@pytest.mark.parametrize("after", [Circuit.came_back, Circuit.succeeded])
def test_a_closed_one_stays_closed(after: object) -> None:
    it = circuit()
    assert callable(after)
    after(it)
    it.sent(1_000, 0.0)
    assert it.is_closed
    assert it.room(0.0) == UNLIMITED
