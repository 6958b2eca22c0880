"""What is demanded where there are few messages, of those who send none, and where answers take various times."""

import msgspec
import pytest

from benchmarks.crowd import Kind, State, held
from benchmarks.low import costs, held_against, held_idle
from benchmarks.truth import Wrong
from benchmarks.uneven import held as window_held
from benchmarks.uneven import per_s
from tests.unit.benchmarks.windows import result, window

ALONE = State(share=0.005, rss_mb=80.0, p99_ms=5.0)
BINDS = Kind("binds", 10_000)


def test_a_message_is_held_against_kannels_at_each_rate() -> None:
    own = result(
        closed=[], open=[window(rate_per_s=rate, cpu_us={"gateway": cost}) for rate, cost in ((50, 900), (200, 700))]
    )
    beside = {50.0: 700.0, 200.0: 400.0}
    found = held_against(costs(own), beside)
    assert [each.met for each in found] == [True, False]
    assert found[1].value == "700 µs beside 400: 1.75 times"


def test_the_median_of_the_runs_counts() -> None:
    windows = [window(rate_per_s=50.0, cpu_us={"gateway": cost}) for cost in (900.0, 5000.0, 800.0)]
    assert costs(result(closed=[], open=windows)) == {50.0: 900.0}


def test_without_kannel_nothing_is_met() -> None:
    (found,) = held_against({50.0: 100.0}, {})
    assert (found.met, found.value) == (False, "100 µs; Kannel was not measured")


@pytest.mark.parametrize(("share", "met"), [(0.005, True), (0.0051, False)])
def test_an_idle_node_may_use_half_a_percent(share: float, met: bool) -> None:
    assert held_idle(share).met is met


@pytest.mark.parametrize(
    ("changes", "met"),
    [
        ({}, [True, True, True]),
        ({"rss_mb": 481.0}, [False, True, True]),
        ({"share": 0.16}, [True, False, True]),
        ({"p99_ms": 6.1}, [True, True, False]),
    ],
)
def test_idle_customers_may_cost_so_much(changes: dict[str, float], met: list[bool]) -> None:
    beside = msgspec.structs.replace(ALONE, **({"rss_mb": 480.0, "share": 0.15, "p99_ms": 6.0} | changes))
    assert [each.met for each in held(BINDS, ALONE, beside)] == met


def test_a_window_is_as_full_as_messages_wait_in_it() -> None:
    samples = [[float(second), 100 * second, 0, 8.0 * second] for second in range(11)]
    assert window_held(samples, 10) == pytest.approx(0.8)
    with pytest.raises(Wrong, match="too short"):
        window_held(samples[:3], 10)


def test_an_uneven_operator_takes_its_places_by_the_mean_of_its_answers() -> None:
    assert round(per_s(10, 1)) == 137
    assert round(per_s(256, 1)) == 3507
