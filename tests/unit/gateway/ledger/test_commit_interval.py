"""Whether commits may wait for company."""

from collections.abc import Callable

import pytest

from gateway.ledger.commit_interval import LONGEST_S, TRIAL_S, Patience

WAIT_S = 0.004
STEP_S = 0.001


class Traffic:
    """What comes in, with and without waiting, and what is made of it."""

    def __init__(self, patience: Patience) -> None:
        self.patience = patience
        self.now_s = 0.0
        self.operations = 0.0

    def waiting(self, per_s: Callable[[bool], float], seconds: float) -> float:
        """Share of the next seconds in which commits keep apart."""
        waited, steps = 0, round(seconds / STEP_S)
        for _ in range(steps):
            waits = self.patience.interval_s(self.now_s, round(self.operations)) > 0
            self.operations += per_s(waits) * STEP_S
            self.now_s += STEP_S
            waited += waits
        return waited / steps


@pytest.fixture
def traffic() -> Traffic:
    return Traffic(Patience(WAIT_S))


def as_it_falls_due(_waits: bool) -> float:
    """Of senders who do not notice."""
    return 12_000


def when_answered(waits: bool) -> float:
    """Of senders who send again when they are answered."""
    return 3_000 if waits else 9_000


def test_senders_who_do_not_notice_are_waited_for_nearly_always(traffic: Traffic) -> None:
    assert traffic.waiting(as_it_falls_due, 10) > 0.9


def test_senders_who_wait_for_answers_are_hardly_ever_kept_waiting(traffic: Traffic) -> None:
    traffic.waiting(when_answered, 1)
    assert traffic.waiting(when_answered, 10) < 0.1


@pytest.mark.parametrize("gain", [0.9, 1.0, 1.1, 1.15])
def test_a_little_more_is_not_worth_it(traffic: Traffic, gain: float) -> None:
    assert traffic.waiting(lambda waits: 9_000 if waits else 9_000 * gain, 10) > 0.9


@pytest.mark.parametrize(("before", "after"), [(as_it_falls_due, when_answered), (when_answered, as_it_falls_due)])
def test_other_senders_are_noticed_soon(
    traffic: Traffic, before: Callable[[bool], float], after: Callable[[bool], float]
) -> None:
    traffic.waiting(before, 10)
    traffic.waiting(after, 2 * (LONGEST_S + TRIAL_S) + STEP_S)
    share = traffic.waiting(after, 10)
    assert share < 0.1 if after is when_answered else share > 0.9


def test_silence_is_not_taken_for_little_traffic(traffic: Traffic) -> None:
    for _ in range(10):  # bursts: whichever way their commits are made, silence follows
        assert traffic.waiting(lambda waits: 32 / STEP_S, STEP_S) == 1
        traffic.now_s += 10


def test_no_interval_is_none_ever() -> None:
    assert Traffic(Patience(0)).waiting(as_it_falls_due, 3) == 0
