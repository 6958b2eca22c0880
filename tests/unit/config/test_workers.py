"""What workers share: an operator's limits hold for all of them together, and each can send everything."""

import math
from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.operators import (
    LoopbackOperatorSettings,
    OperatorSettings,
    OutbindSettings,
    RestCallback,
    RestOperatorSettings,
    RestSettings,
    SmppOperatorSettings,
)
from config.settings import HttpSettings, KeyServerSettings, KeystoreSettings, MetricsSettings, Settings
from config.workers import Share, obstacles, parse_share, share_of

SHARED_KEYS = KeystoreSettings(engine="redis", redis=KeyServerSettings(url="redis://127.0.0.1"))


K = TypeVar("K", SmppOperatorSettings, RestOperatorSettings)


def shares(settings: Settings, count: int) -> list[Settings]:
    return [share_of(settings, Share(number, count)) for number in range(1, count + 1)]


def parts_of(operator: K, count: int) -> list[K]:
    """The operator as each of so many workers has it."""
    found = [each.operators[0] for each in shares(Settings(operators=(operator,)), count)]
    return [each for each in found if isinstance(each, type(operator))]


@given(binds=st.integers(1, 64), data=st.data(), throughput=st.floats(0.5, 100_000))
def test_an_operators_limits_hold_for_all_workers_together(binds: int, data: st.DataObject, throughput: float) -> None:
    count = data.draw(st.integers(1, binds))
    north = SmppOperatorSettings(name="north", binds=binds, throughput_per_s=throughput)
    parts = parts_of(north, count)
    assert sum(each.binds for each in parts) == binds
    assert {each.binds for each in parts} <= {binds // count, binds // count + 1}
    assert math.isclose(math.fsum(each.throughput_per_s or 0 for each in parts), throughput)
    assert all(each.binds >= 1 and each.throughput_per_s for each in parts)


def test_throughput_goes_with_the_binds() -> None:
    north = SmppOperatorSettings(name="north", binds=3, throughput_per_s=300.0, throughput_per_bind_per_s=120.0)
    first, second = parts_of(north, 2)
    assert (first.binds, first.throughput_per_s, first.throughput_per_bind_per_s) == (2, 200.0, 120.0)
    assert (second.binds, second.throughput_per_s, second.throughput_per_bind_per_s) == (1, 100.0, 120.0)


def test_connections_over_http_are_dealt_out_too() -> None:
    web = RestOperatorSettings(name="web", rest=RestSettings(connections=5), throughput_per_s=10.0)
    parts = parts_of(web, 2)
    assert [each.rest.connections for each in parts] == [3, 2]
    assert [each.throughput_per_s for each in parts] == [6.0, 4.0]


def test_every_listener_is_on_a_shared_port() -> None:
    north = SmppOperatorSettings(name="north", outbind=OutbindSettings(port=1))
    web = RestOperatorSettings(name="web", rest=RestSettings(callback=RestCallback(port=2)))
    (one,) = shares(Settings(http=HttpSettings(port=8081)), 1)
    assert one.http.port == 8081
    assert one.http.shared_port
    assert one.smpp_server.shared_port
    assert parts_of(north, 1)[0].outbind.shared_port
    assert parts_of(web, 1)[0].rest.callback.shared_port


def test_the_supervisor_can_always_ask_a_worker_how_it_is() -> None:
    (one,) = shares(Settings(metrics=MetricsSettings(enabled=False)), 1)
    assert one.metrics.enabled


@pytest.mark.parametrize(
    ("operator", "count", "said"),
    [
        (SmppOperatorSettings(name="north", binds=1), 2, "operator north: 2 workers need at least as many binds"),
        (RestOperatorSettings(name="web", rest=RestSettings(connections=3)), 4, "rest.connections"),
    ],
)
def test_a_worker_without_a_line_to_an_operator_is_refused(operator: OperatorSettings, count: int, said: str) -> None:
    settings = Settings(operators=(operator,), keystore=SHARED_KEYS)
    (line,) = [each for each in obstacles(settings, count) if each.startswith("operator")]
    assert said in line


def test_workers_need_a_ledger_and_keys_that_can_be_shared() -> None:
    lines = list(obstacles(Settings(operators=(LoopbackOperatorSettings(name="memory"),)), 8))
    assert ["ledger.engine" in lines[0], "keystore.engine" in lines[1]] == [True, True]
    assert len(lines) == 2


def test_a_share_is_written_as_number_and_count() -> None:
    assert parse_share("2/4") == Share(2, 4)
    assert str(Share(2, 4)) == "2/4"


@pytest.mark.parametrize("text", ["", "1", "0/2", "3/2", "a/b", "1/2/3"])
def test_what_is_no_share_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"worker|unpack|literal"):
        parse_share(text)
