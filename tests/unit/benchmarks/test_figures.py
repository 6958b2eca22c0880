"""Percentiles by nearest rank, gaps, and figures over runs."""

import msgspec
import pytest

from benchmarks.figures import Percentiles, Report, course_of, curve_of, longest_gap, over, percentiles, value_of
from tests.unit.benchmarks.windows import report, window


def test_percentiles_are_values_that_were_measured() -> None:
    thousand = [number / 1000 for number in range(1, 1001)]
    assert percentiles(reversed(thousand)) == Percentiles(500.0, 900.0, 990.0, 999.0, 1000.0)


def test_of_few_values_the_high_percentiles_are_the_largest() -> None:
    assert percentiles([0.001, 0.003, 0.002]) == Percentiles(2.0, 3.0, 3.0, 3.0, 3.0)
    assert percentiles([0.25]) == Percentiles(250.0, 250.0, 250.0, 250.0, 250.0)


def test_one_slow_answer_in_a_hundred_is_beyond_the_99th_percentile() -> None:
    found = percentiles([0.001] * 99 + [1.0])
    assert found is not None
    assert (found.p99, found.p99_9) == (1.0, 1000.0)


def test_nothing_measured_has_no_percentiles() -> None:
    assert percentiles([]) is None


@pytest.mark.parametrize(("moments", "gap"), [([], 0.0), ([5.0], 0.0), ([1.0, 2.0, 4.5], 2.5), ([4.5, 1.0, 2.0], 2.5)])
def test_the_longest_gap_is_between_neighbours(moments: list[float], gap: float) -> None:
    assert longest_gap(moments) == gap


def test_a_figure_is_found_by_its_name() -> None:
    one = window()
    assert value_of(one, "per_s") == 4000.0
    assert value_of(one, "cpu_us.smsc") == 17.0
    assert value_of(one, "answer_ms.p99_9") == 11.0


def test_a_figure_over_runs_has_median_and_range() -> None:
    runs = [window(per_s=value) for value in (3900.0, 4500.0, 4100.0)]
    spread = over(runs, "per_s")
    assert (spread.median, spread.low, spread.high) == (4100.0, 3900.0, 4500.0)


def test_a_report_reads_back_as_it_was_written() -> None:
    written = report()
    assert msgspec.json.decode(msgspec.json.encode(written), type=Report) == written


def test_a_curve_reaches_as_far_as_there_are_messages() -> None:
    curve = curve_of([each / 1000 for each in range(1, 1001)])
    assert curve[0] == (0.0, 1.0)
    assert (0.99, 990.0) in curve
    assert curve[-2:] == [(0.999, 999.0), (1.0, 1000.0)]
    assert curve_of([]) == []


def test_a_course_has_a_second_in_which_nothing_was_answered() -> None:
    assert course_of([10.0, 10.1, 12.0], [10.2, 10.4, 12.5], began=10.0) == [(0, 2, 300.0), (1, 0, 0.0), (2, 1, 500.0)]
    assert course_of([], [], began=0.0) == []
