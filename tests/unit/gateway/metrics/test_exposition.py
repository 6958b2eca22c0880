"""Numbers for operations, in Prometheus text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from gateway.metrics.exposition import Exposition, Histogram, Outcome
from gateway.model.message import Status
from tests.unit.gateway.stage import a_message


def samples(exposition: Exposition) -> dict[tuple[str, tuple[str, ...]], float]:
    families = text_string_to_metric_families(exposition.render().decode())
    return {(each.name, tuple(each.labels.values())): each.value for family in families for each in family.samples}


def test_nothing_is_rendered_of_nothing() -> None:
    assert Exposition().render() == b""


def test_counters_and_gauges_are_read_when_somebody_asks() -> None:
    exposition, values = Exposition(), {"count": 1.0}
    exposition.add_counters(lambda: [("gateway_attempts", "Attempts", values["count"])])
    exposition.add_gauges(lambda: [("gateway_depth", "Depth", 5.0)])
    assert samples(exposition)["gateway_attempts_total", ()] == 1
    values["count"] = 2
    assert samples(exposition) == {("gateway_attempts_total", ()): 2, ("gateway_depth", ()): 5}


def test_values_by_label_name_their_label() -> None:
    exposition = Exposition()
    exposition.add_counters(lambda: [("gateway_final_by_status", "Final", {"delivered": 3.0, "failed": 1.0})])
    exposition.add_gauges(lambda: [("gateway_lane", "Waiting", {"stc": 2.0})])
    assert samples(exposition) == {
        ("gateway_final_total", ("delivered",)): 3,
        ("gateway_final_total", ("failed",)): 1,
        ("gateway_lane", ("stc",)): 2,
    }
    assert b'status="delivered"' in exposition.render()
    assert b'name="stc"' in exposition.render()


def test_values_by_several_labels_name_each() -> None:
    exposition = Exposition()
    counts = {("/v1/messages/{id}", "404"): 2.0, ("none", "404"): 1.0}
    exposition.add_counters(lambda: [("gateway_http_answers_by_route_and_status", "Answers", counts)])
    assert samples(exposition) == {("gateway_http_answers_total", key): value for key, value in counts.items()}
    assert b'gateway_http_answers_total{route="/v1/messages/{id}",status="404"} 2.0' in exposition.render()


@given(st.lists(st.floats(0, 1_000), max_size=50))
def test_a_histogram_counts_every_value_in_each_bucket_that_holds_it(values: list[float]) -> None:
    histogram, exposition = Histogram("wait", "Wait", (0.1, 1.0, 10.0)), Exposition()
    for value in values:
        histogram.observe(value)
    exposition.add_histogram(histogram)
    found = samples(exposition)
    for bound in (0.1, 1.0, 10.0):
        assert found["wait_bucket", (str(bound),)] == sum(value <= bound for value in values)
    assert found["wait_bucket", ("+Inf",)] == found["wait_count", ()] == len(values)
    assert found["wait_sum", ()] == pytest.approx(sum(values))


def test_an_outcome_counts_ends_by_status_and_their_time() -> None:
    outcome, message = Outcome(), a_message(status=Status.DELIVERED)
    message.final_ms = message.accepted_ms + 1_500
    outcome.final(message)
    outcome.waited(20)
    assert outcome.by_status[Status.DELIVERED] == 1
    assert sum(outcome.by_status.values()) == 1
    assert outcome.to_final.total == pytest.approx(1.5)
    assert outcome.to_submit.total == pytest.approx(0.02)


def test_every_status_is_counted_from_the_start() -> None:
    assert set(Outcome().by_status) == set(Status)


@pytest.mark.case("texts-15")
def test_the_build_and_the_process_are_shown_where_asked_for() -> None:
    shown = Exposition(of_process=True).render().decode()
    assert "gateway_build_info{build=" in shown
    assert "process_resident_memory_bytes" in shown
