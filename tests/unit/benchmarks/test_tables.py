"""What stands on the terminal."""

import pytest
from rich.console import Console

from benchmarks.compare import compare
from benchmarks.figures import Report
from benchmarks.tables import number, percentile, ratios, show, show_moves
from tests.unit.benchmarks.windows import report, result, window


def shown(what: Report) -> str:
    console = Console(width=200)
    with console.capture() as captured:
        show(console, what)
    return captured.get()


def test_capacity_latency_stages_and_notes_are_shown() -> None:
    text = shown(report(result(stages={"parse": 1.0}, open=[window(rate_per_s=2000.0)], notes=["busy generator"])))
    for part in ("4,000 (4,000–4,000)", "gateway 90%", "2000", "100%", "3000 messages checked", "busy generator"):
        assert part in text


def test_look_ups_are_not_called_messages() -> None:
    console = Console(width=200)
    with console.capture() as captured:
        show(console, report(result(), result(scenario="stored", one="look-up")))
    text = captured.get()
    assert text.index("messages/s") < text.index("look-ups/s")
    assert "3000 look-ups, each answered with what is stored" in text


def test_costs_of_peers_stand_beside_the_gateways() -> None:
    proxy = result(target="proxy", engine="", closed=[window(cpu_us={"proxy": 45.0})])
    assert ratios([result(), proxy, result(scenario="batch")]) == ["CPU a message, http: gateway 1.00 : proxy 0.25"]


def test_reports_that_share_nothing_say_so() -> None:
    console = Console(width=120)
    with console.capture() as captured:
        show_moves(console, compare(report(result(scenario="a")), report(result(scenario="b"))))
    assert "nothing to compare" in captured.get()


@pytest.mark.parametrize(("value", "text"), [(4123.4, "4,123"), (12.34, "12.3"), (1.234, "1.23"), (-0.5, "-0.50")])
def test_numbers_keep_three_figures(value: float, text: str) -> None:
    assert number(value) == text


@pytest.mark.case("loadtest-7")
@pytest.mark.parametrize("width", [40, 80, 100])
def test_no_figure_is_cut_on_a_narrow_terminal(width: int) -> None:
    console = Console(width=width)
    with console.capture() as captured:
        show(console, report(result(open=[window(rate_per_s=2000.0, pause_ms=12345.0)])))
    words = captured.get().split()
    assert "…" not in captured.get()
    for figure in ("4,000", "12,345", "9.00"):
        assert figure in words


@pytest.mark.case("loadtest-7")
def test_a_percentile_of_too_few_is_no_figure() -> None:
    windows = [window(messages=100)]
    assert [percentile(windows, "answer_ms", part) for part in ("p99", "p99.9", "max")] == ["9.00", "–", "12.0"]
    assert percentile(windows, "told_ms", "p99") == "–"
