"""A gateway whose keys lie on a Redis: it loses touch, goes on when that is over, and its keys are looked after."""

import asyncio
import shutil
import signal
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import redis

from gateway.tools.trial_site import Stage, StageFailed, staged
from tests.acceptance.client import customer_of, message, receiver, until, until_answered, until_endpoint_known
from tests.bounds import LIMIT_S
from tests.integration.key_places import PERSISTENT
from tests.integration.valkey_server import valkey
from tests.verbs import QuickStage

VARIABLES = "CONNECT_GATEWAY__KEYSTORE__"
LEASE_S = 2.0


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[redis.Redis]:
    with valkey(tmp_path, *PERSISTENT) as url, redis.Redis.from_url(url) as client:
        monkeypatch.setenv(f"{VARIABLES}ENGINE", "redis")
        monkeypatch.setenv(f"{VARIABLES}REDIS__URL", url)
        monkeypatch.setenv(f"{VARIABLES}REDIS__LEASE_S", str(LEASE_S))
        yield client


@pytest.fixture
def stage(server: redis.Redis, tmp_path: Path) -> Iterator[Stage]:
    with staged(QuickStage(tmp_path / "stage")) as prepared:
        yield prepared


async def said(stage: Stage, *words: str) -> Any:
    return await asyncio.to_thread(stage.command, *words)


def shut_out(server: redis.Redis, *, back: bool = False) -> None:
    """Nobody may use the keys' hashes any more, or everybody again."""
    server.acl_setuser("default", enabled=True, categories=["+@all" if back else "-@hash"])


@pytest.mark.policy("P-23")
async def test_a_node_that_is_cut_off_from_its_keys_opens_and_takes_nothing_until_it_is_back(
    server: redis.Redis, stage: Stage
) -> None:
    async with customer_of(stage) as customer, receiver() as hook:
        await said(stage, "webhook", "set", stage.customer, hook.url)
        await until_endpoint_known(customer, hook)
        waiting = await customer.send("on its way when the keys are gone", schedule_at=_in(LEASE_S + 3))
        shut_out(server)
        problem = await until_answered(customer, 503, limit_s=LEASE_S + 8)
        assert problem["code"] == "keys_unavailable"
        status, problem, headers = await customer.ask("POST", "/v1/messages", json=message("refused"))
        assert (status, problem["code"], headers["Retry-After"]) == (503, "keys_unavailable", "1")
        async with aiohttp.ClientSession() as session, session.get(stage.url + "/readyz") as answer:
            assert (answer.status, (await answer.json())["checks"]["keys"]) == (503, False)
        await until(partial(_logged, stage, b"keys_withheld"))
        shut_out(server, back=True)
        await until_answered(customer, 200)
        assert (await customer.reach(waiting))["status"] == "delivered"
        await hook.until_told([waiting])
        assert b"content_destroyed" not in stage.log.read_bytes()
        assert stage.gateway.poll() is None


async def until_up_to_date(stage: Stage) -> None:
    """The node has the newest keys, and nobody holds the key store's lock, which `keys status` takes."""
    async with asyncio.timeout(LIMIT_S):
        while (await said(stage, "keys", "status"))["behind"]:
            pass


async def rotated_while_it_sleeps(stage: Stage) -> Any:
    """What `keys rotate` says. A node that was stopped while it wrote to the key store or the ledger itself is woken
    until it has let go of it, and stopped again.
    """
    for _ in range(5):
        await until_up_to_date(stage)
        stage.gateway.send_signal(signal.SIGSTOP)
        try:
            return await said(stage, "keys", "rotate")
        except StageFailed as error:
            assert "[store_unavailable]" in str(error), error
            stage.gateway.send_signal(signal.SIGCONT)
    raise AssertionError("the node held a lock whenever it was stopped")


@pytest.mark.policy("P-23")
async def test_a_node_that_slept_through_a_destruction_wakes_without_the_keys(stage: Stage) -> None:
    async with customer_of(stage) as customer:
        await customer.send("before")
        try:
            rotated = await rotated_while_it_sleeps(stage)
            async with asyncio.timeout(LEASE_S + 20):
                while (await said(stage, "keys", "status"))["nodes"]:
                    pass
        finally:
            stage.gateway.send_signal(signal.SIGCONT)
        await until_answered(customer, 200)
        await until(partial(_logged, stage, b"keys_returned"))
        status = await said(stage, "keys", "status")
        assert (status["version"], status["nodes"], status["behind"]) == (rotated["version"], 1, 0)
        await customer.send("after")


async def test_keys_are_looked_after_beside_a_running_node(stage: Stage, tmp_path: Path) -> None:
    async with customer_of(stage) as customer:
        await customer.send("worth keeping", reference="order 7")
    await until_up_to_date(stage)  # it made keys as it started
    status = await said(stage, "keys", "status")
    assert (status["root"], status["rolls"], status["nodes"]) == ("file", True, 1)
    copies = tmp_path / "copies"
    copies.mkdir()
    await said(stage, "keys", "snapshot", str(copies / "keys.db"))
    with pytest.raises(StageFailed, match="beside the data"):
        await said(stage, "keys", "snapshot", str(stage.ledger.parent / "keys.db"))
    assert await asyncio.to_thread(stage.stop_gateway) == 0
    assert (await said(stage, "keys", "status"))["nodes"] == 0
    for file in stage.ledger.parent.glob("ledger.db*"):
        shutil.copy(file, copies)
    words = ("keys", "recover", "--data", str(copies / "ledger.db"), "--keystore", str(copies / "keys.db"))
    before = await said(stage, *words)
    assert (before["closed"], {each["opened"] for each in before["combinations"]}) == ([], {1})
    await said(stage, "keys", "rotate")
    after = await said(stage, *words)
    assert after["closed"] == [str(copies / "keys.db")]
    assert [each["opened"] for each in after["combinations"]] == [1]  # the live store with its own root


async def test_a_server_that_is_not_there_stops_the_start_with_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"{VARIABLES}ENGINE", "redis")
    monkeypatch.setenv(f"{VARIABLES}REDIS__URL", "redis://127.0.0.1:1")
    with pytest.raises(StageFailed) as told:
        await asyncio.to_thread(QuickStage(tmp_path / "stage", smsc_port=1).prepare)
    wanted = "key store: its server does not answer (ConnectionError) [store_unavailable]"
    assert str(told.value) == f"connect-gateway: {wanted}"


def _in(seconds: float) -> str:
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()


def _logged(stage: Stage, event: bytes) -> bool:
    return event in stage.log.read_bytes()
