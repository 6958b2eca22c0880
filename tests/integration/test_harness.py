"""The load-test harness itself, small: real processes, every message followed, and a lost one noticed."""

from pathlib import Path

import pytest

from benchmarks.bench import Bench, Plan, standing
from benchmarks.binds import SETTINGS, Binds
from benchmarks.crowd import idling
from benchmarks.engines import engine
from benchmarks.figures import Window
from benchmarks.targets import GatewayTarget, ProxyTarget
from benchmarks.truth import Wrong


def watch(_name: str, _messages: int, _submitted: int, _recorded: int) -> None:
    """Nobody looks on."""


def has_figures(window: Window, target: str) -> bool:
    return window.per_s > 0 and window.answer_ms.p99 > 0 and target in window.cpu_us and "generator" in window.busy


def test_the_gateway_passes_every_message_and_tells_of_it_once(tmp_path: Path) -> None:
    target = GatewayTarget(tmp_path, engine("sqlite"))
    with standing(Bench(target, Plan(told=True, mix="mixed"), watch, tmp_path / "run")) as bench:
        closed = bench.window(60)
        opened = bench.window(40, 200.0)
        assert bench.check() == 100
    assert has_figures(closed, "gateway")
    assert opened.told_ms is not None
    assert opened.seconds > 0.15  # the clock, not the gateway, sets the pace


def test_binds_of_a_customer_are_told_of_every_message_once(tmp_path: Path) -> None:
    target = GatewayTarget(tmp_path, engine("sqlite"), settings=SETTINGS)
    with standing(Bench(target, Plan(binds=Binds(count=2, window=10)), watch, tmp_path / "run")) as bench:
        closed = bench.window(60)
        opened = bench.window(40, 200.0)
        assert bench.check() == 100
        idle = {"accounts": [{**target.add_account(3, 10, "idle"), "binds": 3}]}
        with idling({"port": target.stage.smpp_port, **idle}) as binds, idling(kept(target, 2)) as connections:
            assert (binds["count"], connections["count"]) == (3, 2)
        idle["accounts"][0]["binds"] = 4
        with pytest.raises(Wrong), idling({"port": target.stage.smpp_port, **idle}):
            pass
    assert has_figures(closed, "gateway")
    assert closed.told_ms is not None
    assert opened.seconds > 0.15


def kept(target: GatewayTarget, connections: int) -> dict[str, object]:
    return {"port": target.port, "connections": connections, "key": target.secret}


def test_the_bare_proxy_is_held_to_the_same_truth(tmp_path: Path) -> None:
    with standing(Bench(ProxyTarget(), Plan(), watch, tmp_path / "run")) as bench:
        window = bench.window(50)
        assert has_figures(window, "proxy")
        assert bench.check() == 50
        bench.first += 1  # as if one more had been sent
        with pytest.raises(Wrong, match="50 of 51 messages reached the operator"):
            bench.check()
