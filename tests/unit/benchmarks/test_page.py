"""The report is one file that is well formed, fetches nothing, and shows the figures it was given."""

import re
import xml.etree.ElementTree as ET
from itertools import pairwise

import msgspec
import pytest

from benchmarks import charts
from benchmarks.compare import compare
from benchmarks.figures import Threshold
from benchmarks.page import page, speeds
from benchmarks.stages import ORDER
from tests.unit.benchmarks.windows import report, result, window

RATES = [window(rate_per_s=rate) for rate in (1000.0, 1000.0, 2000.0)]


def drawings(html: str) -> list[ET.Element]:
    return [ET.fromstring(found) for found in re.findall(r"<svg.*?</svg>", html, re.DOTALL)]


def test_a_full_report_has_its_drawings_and_figures() -> None:
    full = result(open=RATES, stages={"parse": 0.6, "seal": 0.4}, notes=["a note"])
    html = page(report(full), compare(report(full), report(full)))
    assert len(drawings(html)) == 3
    for text in (
        "4,000<small>4,000–4,000</small>",
        "Answer against rate",
        "60.0%",
        "a note",
        "noise",
        "3000 messages checked",
    ):
        assert text in html


def test_nothing_is_fetched_from_anywhere() -> None:
    html = page(report(result(open=RATES)))
    assert not re.search(r"https?://|<script|<link|@import|url\(", html)


def test_both_light_and_dark_are_told_of() -> None:
    assert "prefers-color-scheme: dark" in page(report())


def test_a_report_without_open_loops_and_stages_leaves_them_out() -> None:
    html = page(report())
    assert "Latency in open loops" not in html
    assert "CPU goes" not in html


def test_words_are_escaped() -> None:
    html = page(report(result(notes=["a < b & c"])))
    assert "a &lt; b &amp; c" in html
    drawn = charts.bars("<title>", [charts.Bar("a & b", 1.0, "1 < 2")])
    assert [each.text for each in drawings(drawn)[0].iter("text")] == ["a & b", "1 < 2"]


def test_a_bar_is_as_long_as_its_value() -> None:
    drawing = drawings(charts.bars("cost", [charts.Bar("a", 100.0, "100"), charts.Bar("b", 25.0, "25", quiet=True)]))[0]
    long, short = (float(each.attrib["width"]) for each in drawing.iter("rect"))
    assert short == pytest.approx(long / 4, abs=0.2)


def test_shares_fill_the_row_and_keep_their_colours() -> None:
    rows = {"one": {"parse": 0.5, "commit": 0.5}, "two": {"commit": 1.0}}
    drawing = drawings(charts.shares("stages", rows, ORDER))[0]
    parts = [each for each in drawing.iter("rect") if each.find("title") is not None and each.attrib["width"] != "0.0"]
    colours = [each.attrib["class"] for each in parts]
    assert colours == ["c0", "c3", "c3"]
    assert float(parts[2].attrib["width"]) == pytest.approx(2 * float(parts[1].attrib["width"]), abs=2.0)


def test_a_line_rises_with_its_values() -> None:
    line = charts.Series("p99", [(0.0, 0.0), (10.0, 20.0)], 0)
    drawing = drawings(charts.lines("latency", "rate", "ms", [line]))[0]
    found = drawing.find("polyline")
    assert found is not None
    first, last = (tuple(map(float, pair.split(","))) for pair in found.attrib["points"].split())
    assert last[0] > first[0]
    assert last[1] < first[1]


def test_names_of_lines_that_end_together_neither_touch_nor_leave_the_drawing() -> None:
    flat = [charts.Series(f"p{at}", [(0.0, 0.1), (10.0, 0.1)], at) for at in range(4)]
    tall = charts.Series("high", [(0.0, 0.0), (10.0, 100.0)], 0)
    drawing = drawings(charts.lines("latency", "rate", "ms", [*flat, tall]))[0]
    heights = sorted(float(each.attrib["y"]) for each in drawing.iter("text") if each.attrib["class"] == "name")
    axis = max(float(each.attrib["y1"]) for each in drawing.iter("line"))
    assert all(later - earlier >= 13.9 for earlier, later in pairwise(heights))
    assert heights[-1] <= axis


@pytest.mark.parametrize(
    ("high", "expected"), [(4.0, [0, 1, 2, 3, 4]), (950.0, [0, 500, 1000]), (0.07, [0, 0.02, 0.04, 0.06, 0.08])]
)
def test_ticks_are_round_and_reach_the_top(high: float, expected: list[float]) -> None:
    assert charts.ticks(high) == pytest.approx(expected)


def test_no_values_still_have_an_axis() -> None:
    assert charts.ticks(0.0) == [0.0, 1.0]


def test_speeds_are_between_samples() -> None:
    assert speeds([(-0.1, 0), (0.0, 0), (0.5, 1000), (1.0, 3000)]) == [(0.5, 2000.0), (1.0, 4000.0)]


def test_a_run_that_was_over_at_once_says_why_its_course_is_not_drawn() -> None:
    html = page(report(result(closed=[window(timeline=[(0.1, 0, 0)])])))
    assert "over before its course was looked at twice" in html


@pytest.mark.case("loadtest-8")
def test_verdicts_machine_and_build_stand_before_all_figures() -> None:
    thresholds = [
        Threshold(result="http", text="cpu < 1us", value="180 us", met=False),
        Threshold(result="http", text="rss < 1GB", value="80 MB", met=True),
    ]
    full = msgspec.structs.replace(report(result(build="compiled")), thresholds=thresholds)
    slow = msgspec.structs.replace(full, results=[result(build="compiled", closed=[window(per_s=10.0)] * 3)])
    html = page(slow, compare(full, slow))
    before, _, after = html.partition("<h2>")
    assert "compiled" in before
    assert re.findall(r'<li class="(met|missed)">', before) == ["met", "missed", "met", "missed"]
    assert '<td class="worse">worse</td>' in after


@pytest.mark.case("loadtest-8")
def test_the_tail_has_a_curve_with_what_was_wanted_and_a_soak_its_course() -> None:
    curve = [(share, 10.0 / (1 - share)) for share in (0.0, 0.5, 0.9, 0.99, 0.999)]
    course = [(second, 100, 5.0 + second) for second in range(10)]
    memory = [(float(second), 80.0 + second) for second in range(10)]
    soak = window(rate_per_s=100.0, seconds=10.0, curve=[*curve, (1.0, 9e4)], course=course, memory=memory)
    wanted = [Threshold(result=result().name, text="answer p99 < 100ms", value="9 ms", met=True, limit_ms=100.0)]
    html = page(msgspec.structs.replace(report(result(open=[soak])), thresholds=wanted))
    captions = re.findall(r"<figcaption>(.*?):", html)
    assert captions == ["Answers by percentile", "Rate", "p99 of each second&#x27;s answers", "Memory"]
    assert 'class="target"' in html
    assert "99.9 %" in html


@pytest.mark.case("loadtest-8")
def test_each_power_of_ten_is_as_far_from_the_next() -> None:
    axis = charts.Decades(0.1, 1000.0, 200.0, -200.0)
    assert [axis.at(each) for each in axis.powers()] == [200.0, 150.0, 100.0, 50.0, 0.0]


@pytest.mark.case("loadtest-8")
def test_a_lone_result_has_no_bars_and_names_have_room_on_a_telephone() -> None:
    assert "closed loop, median" not in page(report())
    long = "a name that would not stand beside its bar at any width " * 2
    drawn = drawings(charts.bars("cost", [charts.Bar(long, 1.0, "1")]))[0]
    name = next(each for each in drawn.iter("text") if each.attrib["class"] == "row")
    bar = next(drawn.iter("rect"))
    assert (name.attrib["x"], float(name.attrib["y"]) < float(bar.attrib["y"])) == ("0", True)
    assert "@media (max-width: 600px)" in page(report())
