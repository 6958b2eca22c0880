"""What links did lately, of totals that only grow."""

import pytest

from gateway.control.figures import figures
from gateway.control.lately import SPANS_S, STEP_S, Lately, Totals
from gateway.control.reports import LinkReport, Report
from gateway.model.answer_times import BOUNDS_MS
from gateway.process.clock import ManualClock


def test_rates_are_of_each_span_and_of_what_is_there_for_less_since_it_is_there() -> None:
    clock = ManualClock()
    lately, sent = Lately(clock.monotonic), 0
    lately.note({"a": Totals()})
    assert lately.rates("a", Totals()) == (0.0, 0.0, 0.0)
    for _ in range(int(SPANS_S[-1] / STEP_S) * 2):
        clock.advance(STEP_S)
        sent += 10
        lately.note({"a": Totals(sent=sent)})
    assert lately.rates("a", Totals(sent=sent)) == pytest.approx((2.0, 2.0, 2.0))
    clock.advance(30.0)
    one, five, _ = lately.rates("a", Totals(sent=sent))
    assert [one, five] == pytest.approx([1.0, 1.8])
    assert lately.rates("new", Totals(sent=60))[0] == pytest.approx(1.0)


def test_what_was_added_is_told_and_all_of_what_began_anew() -> None:
    clock = ManualClock()
    lately = Lately(clock.monotonic)
    lately.note({"a": Totals(sent=7, took=(1, 1), errors={"00000058": 3, "timeout": 1})})
    clock.advance(STEP_S)
    since = lately.since("a", Totals(sent=9, took=(1, 4), errors={"00000058": 5, "timeout": 1}))
    assert (since.sent, list(since.took), since.errors) == (2, [0, 3], {"00000058": 2})
    since = lately.since("a", Totals(sent=2, took=(0, 1), errors={"timeout": 1}))
    assert (since.sent, list(since.took), since.errors) == (2, [0, 0], {})
    clock.advance(SPANS_S[-1] + 1.0)
    assert lately.since("a", Totals(sent=9)).sent == 9


def test_figures_are_those_of_all_processes_also_where_a_report_lacks_some() -> None:
    took = [0] * (len(BOUNDS_MS) + 1)
    took[1] = 10
    links = [
        LinkReport(state="up", binds_up=2, binds=2, window_used=3, rates=(1.0, 2.0, 3.0), took=took, errors={"x": 1}),
        LinkReport(state="up", binds_up=1, binds=2, waiting=4, rates=(0.5, 0.5, 0.5), errors={"x": 1, "y": 3}),
        LinkReport(state="up"),
    ]
    found = figures("a", [Report(node="riyadh", operators={"a": each}) for each in links] + [Report(node="jeddah")])
    assert (found.binds_up, found.binds, found.window_used, found.waiting) == (3, 4, 3, 4)
    assert (found.sent_per_s, found.answered_within_s) == ([1.5, 2.5, 3.5], [0.01, 0.01])
    assert list(found.errors.items()) == [("y", 3), ("x", 2)]
    nothing = figures("b", [])
    assert (nothing.sent_per_s, nothing.answered_within_s, nothing.errors) == ([0, 0, 0], [None, None], {})
