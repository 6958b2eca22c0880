"""What a run has to reach, as people write it, and what comes of it."""

import xml.etree.ElementTree as ET

import pytest

from benchmarks.compare import compare
from benchmarks.figures import Percentiles
from benchmarks.junit import junit
from benchmarks.thresholds import threshold_of
from tests.unit.benchmarks.windows import report, result, window

OPEN = [
    window(rate_per_s=rate, answer_ms=Percentiles(5.0, 6.0, p99, 11.0, 12.0)) for rate, p99 in ((1e3, 9.0), (2e3, 14.0))
]


@pytest.mark.parametrize(
    ("text", "value", "met"),
    [
        ("answer p99 < 15ms", "14 ms", True),
        ("answer p99<10 ms", "14 ms", False),
        ("answer max <= 12ms", "12 ms", True),
        ("answer p99 < 0.02s", "14 ms", True),
        ("answer p50 < 4000us", "5 ms", False),
        ("throughput >= 4000/s", "4000 /s", True),
        ("throughput > 4000/s", "4000 /s", False),
        ("cpu < 100 us", "180 us", False),
        ("rss < 1GB", "80 MB", True),
        ("written < 10 kB", "9000 B", True),
        ("pause < 8 ms", "8 ms", False),
        ("told p99 < 1s", "not measured, or of too few", False),
        ("http: answer p50 < 6ms", "5 ms", True),
        ("webhooks: answer p50 < 6ms", "not measured", False),
    ],
)
@pytest.mark.case("loadtest-4")
def test_the_worst_rate_of_the_median_run_counts(text: str, value: str, met: bool) -> None:
    (found,) = threshold_of(text).judge([result(open=OPEN), result(target="proxy")])
    assert (found.value, found.met) == (value, met)


def test_a_percentile_of_too_few_messages_is_not_met() -> None:
    few = result(open=[window(rate_per_s=10.0, messages=999)])
    (missed,) = threshold_of("answer p99.9 < 1s").judge([few])
    (met,) = threshold_of("answer p99 < 1s").judge([few])
    assert (missed.met, met.met) == (False, True)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("fast please", "is no threshold"),
        ("answer p98 < 5ms", "is no threshold"),
        ("answer < 5ms", "needs one of p50"),
        ("cpu p99 < 5us", "has no percentile"),
        ("answer p99 < 5", "needs a unit"),
        ("answer p99 < 5MB", "needs a unit"),
        ("anger p99 < 5ms", "no figure 'anger'"),
        ("answer p99 < -5ms", "is no threshold"),
        ("answer p99 < nan ms", "is no threshold"),
    ],
)
def test_what_is_no_threshold_is_refused(text: str, what: str) -> None:
    with pytest.raises(ValueError, match=what):
        threshold_of(text)


@pytest.mark.case("loadtest-4")
def test_junit_has_a_case_for_each_demand_and_says_which_failed() -> None:
    slow = report(result(closed=[window(per_s=3000.0)] * 3))
    judged = [each for text in ("cpu < 1ms", "cpu < 1us") for each in threshold_of(text).judge(slow.results)]
    suite = ET.fromstring(junit(slow, judged, compare(report(), slow)))
    failed = [case.attrib["name"] for case in suite if case.find("failure") is not None]
    assert failed == ["cpu < 1us", "messages no worse"]
    assert (suite.attrib["tests"], suite.attrib["failures"]) == (str(len(suite)), "2")
