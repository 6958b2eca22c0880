"""Steady time is the same by C and by Python."""

from gateway.process.steady_time import steady_ms, steady_ms_by_python


def test_both_ways_to_ask_follow_each_other() -> None:
    first, between, last = steady_ms_by_python(), steady_ms(), steady_ms_by_python()
    assert 0 < first <= between <= last
