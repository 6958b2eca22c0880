"""Dividing a limit: those who want little get it, the others get equal parts, and nothing is given twice."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.waterline import level

WANTS = st.lists(st.floats(0, 500), min_size=1, max_size=12)


@pytest.mark.parametrize(
    ("others", "expected"),
    [
        ((), 1.0),
        ((0.1,), 0.9),
        ((5.0,), 0.5),
        ((0.1, 1.0), 0.45),
        ((0.1, 1.0, 1.0), 0.3),
        ((0.1, 9.0, 1.0, 0.3), 0.225),
        ((0.0, 0.0), 1.0),
    ],
)
def test_a_limit_of_one_beside_others(others: tuple[float, ...], expected: float) -> None:
    assert level(1.0, others) == pytest.approx(expected)


@given(limit=st.floats(0.1, 1_000), others=st.lists(st.floats(0, 2_000), max_size=12))
def test_the_cap_and_what_it_leaves_to_the_others_are_the_limit(limit: float, others: list[float]) -> None:
    cap = level(limit, others)
    assert cap + sum(min(other, cap) for other in others) == pytest.approx(limit)
    assert cap >= limit / (len(others) + 1) * (1 - 1e-9)


@given(limit=st.floats(1, 1_000), wants=WANTS)
def test_what_all_take_together_is_the_limit_or_what_they_want(limit: float, wants: list[float]) -> None:
    taken = [min(each, level(limit, wants[:at] + wants[at + 1 :])) for at, each in enumerate(wants)]
    assert sum(taken) == pytest.approx(min(limit, sum(wants)))
    most = max(taken)
    for want, took in zip(wants, taken, strict=True):  # max-min: who has less than the most has what it wants
        assert took == pytest.approx(want) or took == pytest.approx(most)
