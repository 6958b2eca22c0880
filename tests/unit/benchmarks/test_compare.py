"""What moved beyond noise: only sets of runs whose ranges do not touch."""

import pytest

from benchmarks.compare import chance, compare, in_turns, judge
from benchmarks.figures import Result, Spread
from tests.unit.benchmarks.windows import report, result, window


def runs(*per_s: float) -> Result:
    return result(closed=[window(per_s=value) for value in per_s])


def verdict_of(before: Result, after: Result, figure: str = "messages") -> str:
    (move,) = [each for each in compare(report(before), report(after)) if each.figure == figure]
    return move.verdict


@pytest.mark.parametrize(
    ("after", "verdict"),
    [
        ((4600.0, 4700.0, 4800.0), "better"),
        ((3000.0, 3100.0, 3200.0), "worse"),
        ((4300.0, 4700.0, 4900.0), "noise"),
        ((4600.0, 4800.0), "too few runs"),
    ],
)
def test_a_verdict_needs_ranges_that_do_not_touch(after: tuple[float, ...], verdict: str) -> None:
    assert verdict_of(runs(4000.0, 4200.0, 4400.0), runs(*after)) == verdict


def test_of_cost_less_is_better() -> None:
    dear = result(closed=[window(cpu_us={"gateway": 200.0 + n}) for n in range(3)])
    cheap = result(closed=[window(cpu_us={"gateway": 150.0 + n}) for n in range(3)])
    assert verdict_of(dear, cheap, "CPU a message") == "better"
    assert verdict_of(cheap, dear, "CPU a message") == "worse"


def test_the_change_is_that_of_the_medians() -> None:
    (move, *_) = compare(report(runs(100.0, 200.0, 300.0)), report(runs(100.0, 300.0, 350.0)))
    assert move.change == pytest.approx(0.5)


def test_chance_is_that_of_all_orders_of_the_runs() -> None:
    assert chance((3, 3)) == pytest.approx(0.1)
    assert chance((5, 5)) == pytest.approx(2 / 252)


def test_touching_ranges_are_noise() -> None:
    assert judge(Spread(2.0, 1.0, 3.0), Spread(4.0, 3.0, 5.0), runs=(3, 3), up=True) == "noise"


def test_open_loops_are_compared_at_rates_that_are_near() -> None:
    at = [window(rate_per_s=2000.0)] * 3
    near = compare(report(result(open=at)), report(result(open=[window(rate_per_s=2100.0)] * 3)))
    far = compare(report(result(open=at)), report(result(open=[window(rate_per_s=3000.0)] * 3)))
    assert [each.figure for each in near if "/s" in each.figure][:2] == ["answer p50 at 2100/s", "answer p99 at 2100/s"]
    assert not [each for each in far if "/s" in each.figure]


def test_a_target_that_did_not_get_its_core_says_nothing_of_the_wall_clock() -> None:
    def held_up(per_s: float, cpu_us: float) -> Result:
        return result(closed=[window(per_s=per_s, cpu_us={"gateway": cpu_us}, busy={"gateway": 0.6})] * 3)

    for before, after in ((held_up(4000.0, 200.0), result()), (result(), held_up(9000.0, 150.0))):
        assert verdict_of(before, after) == "busy machine"
        assert verdict_of(before, after, "CPU a message") in ("better", "worse")


def test_versions_in_turns_are_compared_whatever_the_machine_did() -> None:
    other = result(target="other", closed=[window(cpu_us={"other": 100.0}, busy={"other": 0.5}, per_s=5000.0)] * 3)
    this = result(closed=[window(busy={"gateway": 0.5})] * 3)
    verdicts = {each.figure: each.verdict for each in in_turns(other, this)}
    assert (verdicts["messages"], verdicts["CPU a message"], verdicts["RSS"]) == ("worse", "worse", "noise")


def test_results_that_only_one_report_has_are_left_out() -> None:
    assert compare(report(result(scenario="batch")), report(result(scenario="http"))) == []
