"""`connect-gateway serve --workers`: processes that look like one gateway from outside."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import redis

from gateway.http_api.facades.twilio.sids import account_sid
from gateway.process.hosts import machine_of
from gateway.tools.trial_site import Stage, staged
from operators.smpp import pdu as p
from operators.smpp import status as st
from tests.acceptance.client import Customer, customer_of, message, until
from tests.bounds import LIMIT_S
from tests.integration.key_places import PERSISTENT
from tests.integration.smpp_stage import Peer
from tests.integration.valkey_server import valkey
from tests.verbs import QuickStage

SETTINGS = "CONNECT_GATEWAY__"
BINDS, WORKERS = 3, 2
LIMIT = 20


@pytest.fixture
def stores(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A Redis for the ledger and one for the keys."""
    for name in ("ledger", "keys"):
        (tmp_path / name).mkdir()
    with valkey(tmp_path / "ledger", *PERSISTENT) as ledger, valkey(tmp_path / "keys", *PERSISTENT) as keys:
        for name, value in {
            "LEDGER__ENGINE": "redis",
            "LEDGER__REDIS__URL": ledger,
            "LEDGER__REDIS__LEASE_S": "2",
            "KEYSTORE__ENGINE": "redis",
            "KEYSTORE__REDIS__URL": keys,
            "OPERATORS__SIMULATOR__BINDS": str(BINDS),
            "SMPP_SERVER__PORT": "0",
            "HTTP__FACADES__KANNEL": "true",
            "HTTP__FACADES__TWILIO": "true",
        }.items():
            monkeypatch.setenv(SETTINGS + name, value)
        yield


@pytest.fixture
def stage(stores: None, tmp_path: Path) -> Iterator[Stage]:
    with staged(QuickStage(tmp_path / "stage", serve=("--workers", str(WORKERS)))) as prepared:
        yield prepared


def logged(stage: Stage, event: str) -> list[dict[str, object]]:
    lines = [json.loads(line) for line in stage.log.read_bytes().splitlines() if line.startswith(b"{")]
    return [each for each in lines if each["event"] == event]


def said_last(stage: Stage) -> str:
    """What matters of the log's end, for a test that fails."""
    lines = [line for line in stage.log.read_text().splitlines() if '"debug"' not in line]
    return "\n".join(lines[-25:])


async def metrics_port(stage: Stage) -> int:
    async with asyncio.timeout(LIMIT_S):
        await until(lambda: bool(logged(stage, "workers_up")))
    return int(str(logged(stage, "workers_up")[0]["metrics_port"]))


async def metrics(port: int) -> dict[str, float]:
    async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{port}/metrics") as answer:
        lines = [line for line in (await answer.text()).splitlines() if not line.startswith("#")]
    return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in lines}


async def until_bound(port: int) -> dict[str, float]:
    """Until every bind of all workers stands, and the supervisor knows it."""
    async with asyncio.timeout(LIMIT_S):
        while True:
            found = await metrics(port)
            if (found.get('gateway_binds_up{operator="simulator"}'), found["gateway_workers_up"]) == (BINDS, WORKERS):
                break
            await asyncio.sleep(0.05)
    return found


async def send_by_new_connections(customer: Customer, stage: Stage, count: int) -> list[str]:
    """Each over a connection of its own, for the system to spread."""
    found = []
    for number in range(count):
        headers = {"Authorization": f"Bearer {customer.key}", "Connection": "close"}
        async with (
            aiohttp.ClientSession(headers=headers) as session,
            session.post(stage.url + "/v1/messages", json=message(f"number {number}")) as answer,
        ):
            assert answer.status == 202
            found.append(str((await answer.json())["id"]))
    return found


async def asked(stage: Stage, method: str, path: str, **more: Any) -> tuple[int, Any, str]:
    """Status, body and message id of the answer to a program, over a connection of its own."""
    async with aiohttp.ClientSession() as session, session.request(method, stage.url + path, **more) as answer:
        is_json = answer.content_type == "application/json"
        return (
            answer.status,
            await (answer.json() if is_json else answer.text()),
            answer.headers.get("X-Message-Ids", ""),
        )


async def programs_send(stage: Stage, customer: Customer) -> None:
    """One for Kannel and one for Twilio."""
    key = str(stage.command("key", "add", stage.customer, "--facade", "kannel", "--facade", "twilio")["key"])
    sms = {"username": key[:8], "password": key[8:], "to": "+966500000078", "from": "INTERKEY", "text": "by Kannel's"}
    sid = account_sid(stage.customer)
    messages, login = f"/2010-04-01/Accounts/{sid}/Messages", {"Authorization": aiohttp.encode_basic_auth(sid, key)}
    form = {"To": "+966500000078", "From": "INTERKEY", "Body": "by Twilio's"}
    known = 0
    async with asyncio.timeout(LIMIT_S):
        while known < 10 * WORKERS:  # in a row: each of them knows the key
            known = known + 1 if (await asked(stage, "GET", f"{messages}.json", headers=login))[0] == 200 else 0
    sent = [await asked(stage, "GET", "/cgi-bin/sendsms", params=sms) for _ in range(5)]
    assert {status for status, _, _ in sent} == {202}
    assert len(await customer.reach_all([each for _, _, each in sent], "delivered")) == 5
    made = [(await asked(stage, "POST", f"{messages}.json", data=form, headers=login))[1]["sid"] for _ in range(5)]
    async with asyncio.timeout(LIMIT_S):
        for each in made:
            while (await asked(stage, "GET", f"{messages}/{each}.json", headers=login))[1]["status"] != "delivered":
                await asyncio.sleep(0.05)


async def test_workers_share_the_work_and_look_like_one(stage: Stage) -> None:
    port = await metrics_port(stage)
    await until_bound(port)
    async with customer_of(stage) as customer:
        sent = await send_by_new_connections(customer, stage, 40)
        records = await customer.reach_all(sent, "delivered")
    assert len(records) == 40
    found = await metrics(port)
    assert found["gateway_accepted_total"] == 40
    assert found['gateway_outcomes_total{status="delivered"}'] == 40
    assert found["gateway_final_seconds_count"] == 40
    assert found["gateway_workers_up"] == WORKERS
    processes = [name for name in found if name.startswith("gateway_process_resident_bytes")]
    assert len(processes) == WORKERS + 1
    assert {each["worker"] for each in logged(stage, "started")} == {1, 2}
    async with customer_of(stage) as customer:
        await programs_send(stage, customer)
    assert await asyncio.to_thread(stage.stop_gateway) == 0, said_last(stage)
    assert len(logged(stage, "stopped")) == WORKERS


async def test_a_killed_worker_comes_back_and_no_acknowledged_message_is_lost(stage: Stage) -> None:
    port = await metrics_port(stage)
    await until_bound(port)
    async with customer_of(stage) as customer:
        sent = await send_by_new_connections(customer, stage, 30)
        os.kill(_children(stage.gateway.pid)[0], signal.SIGKILL)
        async with asyncio.timeout(LIMIT_S):
            while (await metrics(port))["gateway_worker_restarts_total"] < 1:
                await asyncio.sleep(0.05)
        records = await customer.reach_all(sent)
        assert {each["status"] for each in records} == {"delivered"}
        found = await until_bound(port)
        assert found["gateway_workers_up"] == WORKERS
        (again,) = await send_by_new_connections(customer, stage, 1)
        await customer.reach(again, "delivered")
    assert await asyncio.to_thread(stage.stop_gateway) == 0, said_last(stage)


async def test_binds_of_one_customer_are_with_several_workers_and_share_its_throughput(stage: Stage) -> None:
    port = await metrics_port(stage)
    await until_bound(port)
    words = ("esme", "add", stage.customer, "bank", "--throughput", "1", "--binds", "16")
    account = ("bank", str((await asyncio.to_thread(stage.command, *words))["password"]))
    peers = [await _bound(stage, account) for _ in range(8)]
    submit = p.SubmitSm(
        source_addr="INTERKEY",
        source_addr_ton=5,
        dest_addr_ton=1,
        dest_addr_npi=1,
        destination_addr="966512345678",
        registered_delivery=1,
        short_message=b"over many binds",
    )
    before = time.monotonic()
    answers = [answer for _ in range(2) for answer in await asyncio.gather(*(peer.ask(submit) for peer in peers))]
    taken = [answer.message_id for answer in answers if not answer.status]
    assert 1 <= len(taken) <= 1 + (time.monotonic() - before) + 1
    assert {answer.status for answer in answers} == {0, st.RTHROTTLED}
    receipts: list[object] = []
    async with asyncio.timeout(LIMIT_S):
        while len(receipts) < len(taken):
            receipts = [each for peer in peers for each in peer.got]
            await asyncio.sleep(0.05)
    assert len(receipts) == len(taken)
    for peer in peers:
        peer.close()


async def test_a_limit_holds_over_two_machines_of_two_workers(stage: Stage) -> None:
    first, ports = stage.url, [await metrics_port(stage)]
    await until_bound(ports[0])
    await asyncio.to_thread(stage.start_gateway)
    async with asyncio.timeout(LIMIT_S):
        await until(lambda: int(str(logged(stage, "workers_up")[-1]["metrics_port"])) != ports[0])
    ports.append(int(str(logged(stage, "workers_up")[-1]["metrics_port"])))
    words = ("key", "add", stage.customer, "--throughput", str(LIMIT))
    key = str((await asyncio.to_thread(stage.command, *words))["key"])
    with redis.Redis.from_url(os.environ[SETTINGS + "LEDGER__REDIS__URL"]) as server:
        names: Any = server.zrange("{cg}:nodes", 0, -1)
    assert (len(set(names)), len(set(map(machine_of, names)))) == (2 * WORKERS, 2)
    answers: list[int] = []
    crowd = [asyncio.create_task(_keep_sending(url, key, answers)) for url in (first, stage.url) for _ in range(6)]
    async with asyncio.timeout(LIMIT_S):
        while not all([(await metrics(port))["gateway_limits_parted"] for port in ports]):
            await asyncio.sleep(0.05)
        settled = answers.count(202) + 3 * LIMIT  # the bursts are over by then
        await until(lambda: answers.count(202) >= settled)
        before, offered, began = answers.count(202), len(answers), time.monotonic()
        await until(lambda: answers.count(202) >= before + 5 * LIMIT)
    accepted, allowed = answers.count(202) - before, LIMIT * (time.monotonic() - began)
    asked = min(allowed, len(answers) - offered)  # fewer than are allowed, where the machine is busy
    for each in crowd:
        each.cancel()
    assert 0.6 * asked <= accepted <= 1.25 * allowed + LIMIT / 2
    assert set(answers) == {202, 429}


async def _keep_sending(url: str, key: str, answers: list[int]) -> None:
    """Over a connection of its own, that some worker has, once that has heard of the key."""
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {key}"}) as session:
        while True:
            async with session.post(url + "/v1/messages", json=message("over many machines")) as answer:
                if answer.status != 401:
                    answers.append(answer.status)
            await asyncio.sleep(0.05)


async def _bound(stage: Stage, account: tuple[str, str]) -> Peer:
    """A bind, once the worker that got the connection has heard of the account."""
    async with asyncio.timeout(LIMIT_S):
        while True:
            peer = await Peer(stage.smpp_port).bind(account)
            if peer.bound is not None:
                return peer
            peer.close()
            await asyncio.sleep(0.1)


async def test_workers_end_with_a_killed_supervisor(stage: Stage) -> None:
    await until_bound(await metrics_port(stage))
    workers = _children(stage.gateway.pid)
    assert len(workers) == WORKERS
    stage.kill_gateway()
    async with asyncio.timeout(LIMIT_S):
        await until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in workers))


def test_workers_on_a_file_are_refused_in_one_line(tmp_path: Path) -> None:
    stage = QuickStage(tmp_path, smsc_port=1)
    (tmp_path / "gateway.toml").write_text("")
    assert _said(stage, "2") == (
        "connect-gateway: workers share a ledger, and a file has one node: set ledger.engine to redis "
        "[workers_impossible]"
    )


def test_more_workers_than_binds_are_refused_in_one_line(stores: None, tmp_path: Path) -> None:
    with staged(QuickStage(tmp_path / "stage", smsc_port=1)) as stage:
        said = _said(stage, "4")
    wanted = "operator simulator: 4 workers need at least as many binds, and it has 3 [workers_impossible]"
    assert said == f"connect-gateway: {wanted}"


def test_a_port_of_the_metrics_that_is_taken_is_said_in_one_line(stores: None, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, staged(QuickStage(tmp_path / "stage", smsc_port=1)) as stage:
        stage._environ[f"{SETTINGS}METRICS__PORT"] = str(taken.getsockname()[1])
        said = _said(stage, "2")
    assert said.endswith("address already in use [address_in_use]")
    assert "Traceback" not in said


def test_keys_on_the_ledgers_server_are_refused_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with valkey(tmp_path, *PERSISTENT) as url:
        monkeypatch.setenv(f"{SETTINGS}LEDGER__ENGINE", "redis")
        monkeypatch.setenv(f"{SETTINGS}LEDGER__REDIS__URL", url)
        monkeypatch.setenv(f"{SETTINGS}KEYSTORE__ENGINE", "redis")
        monkeypatch.setenv(f"{SETTINGS}KEYSTORE__REDIS__URL", url.replace("127.0.0.1", "localhost"))
        stage = QuickStage(tmp_path, smsc_port=1)
        (tmp_path / "gateway.toml").write_text(f'keystore.root.path = "{tmp_path}/root/root.key"')
        assert _said(stage, "1") == (
            "connect-gateway: key store: its database holds other data; give the keys a server of their own "
            "[key_server_unfit]"
        )


def _children(pid: int) -> list[int]:
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _said(stage: Stage, workers: str) -> str:
    """What `serve` says on standard error before it ends with exit code 1."""
    done = subprocess.run(
        [sys.executable, "-m", "gateway", "serve", "--workers", workers],
        env=stage._environ,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    return done.stderr.strip()
