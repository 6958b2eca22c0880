"""Commits are waited for on the loop while the disk is quick, and not otherwise."""

from gateway.ledger.sqlite.commit_place import Pace


def after(pace: Pace, *seconds: float, now: float = 100.0) -> Pace:
    for each in seconds:
        pace.took(each, now)
    return pace


def test_a_quick_disk_is_waited_for() -> None:
    assert after(Pace(0.0015), *[0.0005] * 1_000).is_quick(100.0)


def test_one_slow_commit_among_quick_ones_is_forgiven() -> None:
    assert after(Pace(0.0015), *[0.0005] * 100, 0.010).is_quick(100.0)


def test_a_slow_disk_is_left_to_the_thread_and_tried_again() -> None:
    pace = after(Pace(0.0015), *[0.0005] * 100, *[0.005] * 20)
    assert not pace.is_quick(100.1)
    assert pace.is_quick(105.0)


def test_it_is_left_again_after_few_commits() -> None:
    pace = after(Pace(0.0015), *[0.005] * 20)
    assert not after(pace, 0.005, 0.005, 0.005, now=105.0).is_quick(105.1)


def test_a_disk_that_hung_is_left_at_once() -> None:
    assert not after(Pace(0.0015), *[0.0005] * 100, 1.0).is_quick(100.1)


def test_no_limit_means_never() -> None:
    assert not Pace(0.0).is_quick(1e9)
