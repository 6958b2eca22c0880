"""Settings that reload, as those who run a gateway do it: the verb, the signal, and what a reload would do."""

import asyncio
import json
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.tools.trial_site import Stage, StageFailed, staged
from tests.acceptance.client import customer_of, until
from tests.acceptance.test_workers import (
    WORKERS,
    logged,
    metrics_port,
    said_last,
    send_by_new_connections,
    stores,
    until_bound,
)
from tests.bounds import LIMIT_S
from tests.verbs import QuickStage, run_verb

__all__ = ["stores"]


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with staged(QuickStage(tmp_path / "stage", smsc=("--receipt-delay", "0.05"))) as prepared:
        yield prepared


@pytest.fixture
def workers(stores: None, tmp_path: Path) -> Iterator[Stage]:
    with staged(QuickStage(tmp_path / "stage", serve=("--workers", str(WORKERS)))) as prepared:
        yield prepared


def rewrite(stage: Stage, old: str, new: str) -> None:
    file = stage.folder / "gateway.toml"
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


def verb(stage: Stage, *words: str) -> "subprocess.CompletedProcess[str]":
    return run_verb(words, stage._environ)


def answer(stage: Stage, *words: str) -> tuple[int, Any]:
    done = verb(stage, *words, "--json")
    return done.returncode, json.loads(done.stdout)


def test_the_verb_has_a_running_gateway_take_over_what_changed(stage: Stage) -> None:
    rewrite(stage, "window = 256", "window = 7")
    rewrite(stage, 'level = "debug"', 'level = "warning"')
    code, looked = answer(stage, "check", "--diff")
    assert code == 0
    assert [(each["setting"], each["reload"]) for each in looked["changes"]] == [
        ("log.level", "live"),
        ("operators[simulator].window", "live"),
    ]
    assert not logged(stage, "setting_changed")
    code, done = answer(stage, "reload")
    (process,) = done["processes"]
    assert (code, done["applied"], process["state"]) == (0, True, "applied")
    assert [each["setting"] for each in process["changes"]] == ["log.level", "operators[simulator].window"]
    assert answer(stage, "reload")[1]["processes"][0]["changes"] == []
    assert verb(stage, "check", "--diff").stdout.splitlines()[1:] == ["none"], "beside that there is no custodian"
    assert not logged(stage, "setting_changed"), "the log's level is above it now"


def test_what_needs_a_restart_is_named_with_exit_code_1_and_nothing_changes(stage: Stage) -> None:
    rewrite(stage, "[http]\nport = 0", "[http]\nport = 1")
    rewrite(stage, "window = 256", "window = 7")
    done = verb(stage, "reload")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "http.port: changed, which needs a restart; nothing was taken over [restart_needed]" in done.stderr
    code, looked = answer(stage, "check", "--diff")
    assert code == 1
    assert [(each["setting"], each["reload"]) for each in looked["changes"]] == [
        ("http.port", "restart"),
        ("operators[simulator].window", "live"),
    ]
    with pytest.raises(StageFailed, match="restart_needed"):
        stage.command("reload")
    assert not logged(stage, "setting_changed")
    assert [each["setting"] for each in logged(stage, "reload_refused")] == ["http.port"] * 2


async def test_a_wrong_file_names_line_and_key_and_the_gateway_goes_on(stage: Stage) -> None:
    rewrite(stage, "window = 256", "window = 0")
    line = 1 + (stage.folder / "gateway.toml").read_text("utf-8").split("window = 0")[0].count("\n")
    done = await asyncio.to_thread(verb, stage, "reload")
    assert done.returncode == 1
    assert f"gateway.toml:{line}: operators[0].window: expected a whole number from 1 to 10000" in done.stderr
    stage.gateway.send_signal(signal.SIGHUP)
    async with asyncio.timeout(LIMIT_S):
        await until(lambda: bool(logged(stage, "reload_failed")))
    (refused,) = logged(stage, "reload_refused")
    assert (refused["line"], refused["setting"], refused["code"]) == (line, "operators[0].window", "out_of_range")
    async with customer_of(stage) as customer:
        await customer.reach(await customer.send("Still there"), "delivered")


def test_signals_in_the_middle_of_a_stop_and_of_each_other_are_harmless(stage: Stage) -> None:
    rewrite(stage, "window = 256", "window = 7")
    for number in (signal.SIGHUP, signal.SIGHUP, signal.SIGTERM, signal.SIGHUP):
        stage.gateway.send_signal(number)
    assert stage.gateway.wait(LIMIT_S) == 0
    assert not logged(stage, "unexpected_error")


async def test_all_workers_take_over_what_changed_or_none_does(workers: Stage) -> None:
    port = await metrics_port(workers)
    await until_bound(port)
    rewrite(workers, "window = 256", "window = 7")
    workers.gateway.send_signal(signal.SIGHUP)  # of the supervisor
    async with asyncio.timeout(LIMIT_S):
        await until(lambda: len(logged(workers, "settings_taken_over")) == WORKERS)
    assert {each["worker"] for each in logged(workers, "setting_changed")} == {1, 2}
    async with customer_of(workers) as customer:
        sent = await send_by_new_connections(customer, workers, 20)
        await customer.reach_all(sent, "delivered")
    rewrite(workers, "[http]\nport = 0", '[http]\nport = 0\nhost = "::1"')
    refused = json.loads((await asyncio.to_thread(verb, workers, "reload", "--json")).stdout)
    assert not refused["applied"]
    assert [each["state"] for each in refused["processes"]] == ["refused"] * WORKERS
    assert len(logged(workers, "settings_taken_over")) == WORKERS
    assert await asyncio.to_thread(workers.stop_gateway) == 0, said_last(workers)


async def test_a_signal_while_it_starts_is_carried_out_once_it_has(stage: Stage) -> None:
    assert await asyncio.to_thread(stage.stop_gateway) == 0
    with stage.log.open("ab") as file:
        stage.gateway = stage._spawn("serve", stderr=file)
    async with asyncio.timeout(LIMIT_S):
        await until(lambda: handles_hang_up(stage.gateway.pid))
        stage.gateway.send_signal(signal.SIGHUP)
        await until(lambda: bool(logged(stage, "reloaded")))
    assert len(logged(stage, "started")) == 2


def handles_hang_up(pid: int) -> bool:
    """Whether the process has said what SIGHUP does, which would end it otherwise."""
    words = [line.split() for line in Path(f"/proc/{pid}/status").read_text("ascii").splitlines()]
    caught = next(int(line[1], 16) for line in words if line[0] == "SigCgt:")
    return bool(caught >> (signal.SIGHUP - 1) & 1)


def test_without_a_gateway_there_is_nothing_to_reload(stage: Stage) -> None:
    assert stage.stop_gateway() == 0
    done = verb(stage, "reload")
    assert (done.returncode, done.stderr.strip()) == (1, "connect-gateway: no node runs on this ledger [no_node]")
