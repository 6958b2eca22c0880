"""Metrics of many workers read like those of one process."""

import pytest
from prometheus_client.parser import text_string_to_metric_families

from gateway.metrics.exposition import Exposition, Histogram
from gateway.workers.totals import Totals


def worker(accepted: int, *, active: float = 0, lag_s: float = 0, seconds: tuple[float, ...] = ()) -> str:
    show = Exposition()
    show.add_counters(lambda: [("gateway_accepted", "Messages", accepted)])
    show.add_gauges(
        lambda: [("gateway_active_by_operator", "In memory", {'no"rth': active}), ("gateway_lag_seconds", "Age", lag_s)]
    )
    answers = {("/a/{id}", "200"): float(accepted)}
    show.add_counters(lambda: [("gateway_http_answers_by_route_and_status", "Answers", answers)])
    histogram = Histogram("gateway_final_seconds", "Time", (1.0, 2.0))
    for each in seconds:
        histogram.observe(each)
    show.add_histogram(histogram)
    return show.render().decode()


def read(totals: Totals) -> dict[tuple[str, str], float]:
    """Values by name and the values of the labels."""
    text = totals.render({}).decode()
    return {
        (sample.name, ",".join(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_counters_and_histograms_are_added_up() -> None:
    totals = Totals()
    totals.note(1, worker(3, seconds=(0.5, 5.0)))
    totals.note(2, worker(4, seconds=(1.5,)))
    found = read(totals)
    assert found["gateway_accepted_total", ""] == found["gateway_http_answers_total", "/a/{id},200"] == 7
    buckets = [found["gateway_final_seconds_bucket", bound] for bound in ("1.0", "2.0", "+Inf")]
    assert buckets == [1, 2, 3]
    assert (found["gateway_final_seconds_count", ""], found["gateway_final_seconds_sum", ""]) == (3, 7.0)


def test_gauges_are_added_up_and_of_ages_the_oldest_counts() -> None:
    totals = Totals()
    totals.note(1, worker(0, active=3, lag_s=7))
    totals.note(2, worker(0, active=4, lag_s=5))
    found = read(totals)
    assert found["gateway_active", 'no"rth'] == 7
    assert found["gateway_lag_seconds", ""] == 7


def test_what_a_worker_had_counted_outlives_it() -> None:
    totals = Totals()
    totals.note(1, worker(3, active=3, seconds=(0.5,)))
    totals.note(2, worker(4, active=4))
    for again in range(1, 4):
        totals.retire(1)
        totals.note(1, worker(1, active=1, seconds=(0.5,)))
        found = read(totals)
        assert found["gateway_accepted_total", ""] == 3 + 4 + again
        assert found["gateway_active", 'no"rth'] == 5
        assert found["gateway_final_seconds_count", ""] == 1 + again


def test_a_silent_worker_keeps_its_counters_and_loses_its_gauges() -> None:
    totals = Totals()
    totals.note(1, worker(3, active=3))
    totals.note(2, worker(4, active=4))
    totals.miss(1)
    found = read(totals)
    assert (found["gateway_accepted_total", ""], found["gateway_active", 'no"rth']) == (7, 4)
    totals.note(1, worker(5, active=5))
    found = read(totals)
    assert (found["gateway_accepted_total", ""], found["gateway_active", 'no"rth']) == (9, 9)


def test_what_are_no_metrics_changes_nothing() -> None:
    totals = Totals()
    totals.note(1, worker(3))
    with pytest.raises(ValueError, match=r"[a-z]"):
        totals.note(1, "no { metrics")
    assert read(totals)["gateway_accepted_total", ""] == 3


def test_nothing_is_lost_of_one_workers_text() -> None:
    text = worker(3, active=2.5, lag_s=1, seconds=(0.25,))
    totals = Totals()
    totals.note(1, text)
    assert totals.render({}).decode() == text.replace(" 3.0\n", " 3\n").replace(" 1.0\n", " 1\n").replace(
        " 0.0\n", " 0\n"
    )
