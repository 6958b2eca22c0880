"""What stands on the terminal."""

import pytest
from rich.console import Console

from benchmarks.compare import compare
from benchmarks.figures import Report
from benchmarks.tables import number, ratios, show, show_moves
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
