"""What a scenario decides before anything runs: its rates, and what it warns of."""

import pytest

from benchmarks.meter import limiting
from benchmarks.scenarios import SCENARIOS, Options, rates_of
from tests.unit.benchmarks.windows import window

CLOSED = [window(per_s=value) for value in (3000.0, 4000.0, 9000.0)]


def test_rates_are_shares_of_the_median_capacity_lowest_first() -> None:
    assert rates_of(CLOSED, Options(shares=(0.75, 0.25))) == ([1000.0, 3000.0], [])


def test_given_rates_go_before_shares() -> None:
    assert rates_of(CLOSED, Options(rates_per_s=(500.0,), shares=(0.75,))) == ([500.0], [])


def test_rates_beyond_the_capacity_are_left_out_and_said() -> None:
    rates, notes = rates_of(CLOSED, Options(rates_per_s=(2000.0, 3900.0, 8000.0)))
    assert rates == [2000.0]
    assert notes == ["no open loop at 3900/s, 8000/s: more than 95% of its capacity"]


@pytest.mark.parametrize(
    ("share", "warned"), [(0.79, []), (0.81, ["generator used 81% of a core and may be the limit"])]
)
def test_a_busy_generator_is_warned_of_and_a_busy_gateway_is_not(share: float, warned: list[str]) -> None:
    assert list(limiting({"gateway": 0.99, "generator": share}, "gateway")) == warned


def test_every_scenario_says_what_it_is() -> None:
    assert all(each.text for each in SCENARIOS.values())
    assert all(name == each.name for name, each in SCENARIOS.items())
