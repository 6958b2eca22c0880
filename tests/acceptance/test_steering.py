"""Desired state by the verbs of the command line, on processes as they run: nodes, workers, a kill, a restart."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.tools.trial_site import PASSWORD, Stage
from operators.simulator import Simulator
from tests.acceptance.client import Customer, customer_of, message, until
from tests.bounds import LIMIT_S
from tests.integration.key_places import PERSISTENT
from tests.integration.valkey_server import valkey
from tests.verbs import VERBS, QuickStage

SETTINGS = "CONNECT_GATEWAY__"
WORKERS = 2
NODES = ("riyadh", "jeddah")
REASON = ("--reason", "maintenance at the operator")
QUIET_S = 0.8
"""For so long somebody looks whether nothing comes."""


class Nodes:
    """Two nodes of two workers each on one ledger, and an SMSC in the test's own loop behind them."""

    def __init__(self, stages: list[Stage], smsc: Simulator) -> None:
        self.stages = stages
        self.smsc = smsc

    async def verb(self, *words: str) -> Any:
        return await asyncio.to_thread(self.stages[0].command, *words)

    async def all_report(self, count: int) -> list[dict[str, Any]]:
        """Once so many processes are there, and current."""
        async with asyncio.timeout(LIMIT_S):
            while True:
                rows = await self.verb("node", "list")
                if len(rows) == count and all(each["current"] for each in rows):
                    return list(rows)
                await asyncio.sleep(0.05)

    async def until_bound(self) -> None:
        async with asyncio.timeout(LIMIT_S):
            await until(lambda: self.smsc.bound == len(NODES) * WORKERS)

    async def accept(self, customers: list[Customer], count: int) -> list[str]:
        """By all nodes, and by all their workers: each message over a connection of its own."""
        found = []
        for number in range(count):
            customer = customers[number % len(customers)]
            headers = {"Connection": "close"}
            status, body, _ = await customer.ask(
                "POST", "/v1/messages", json=message(f"number {number}"), headers=headers
            )
            assert status == 202, body
            found.append(str(body["id"]))
        return found


@pytest.fixture
def stores(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A Valkey for the ledger and one for the keys."""
    for name in ("ledger", "keys"):
        (tmp_path / name).mkdir()
    with valkey(tmp_path / "ledger", *PERSISTENT) as ledger, valkey(tmp_path / "keys", *PERSISTENT) as keys:
        for name, value in {
            "LEDGER__ENGINE": "redis",
            "LEDGER__REDIS__URL": ledger,
            "LEDGER__REDIS__LEASE_S": "2",
            "KEYSTORE__ENGINE": "redis",
            "KEYSTORE__REDIS__URL": keys,
            "OPERATORS__SIMULATOR__BINDS": str(WORKERS),
        }.items():
            monkeypatch.setenv(SETTINGS + name, value)
        yield


@pytest.fixture
async def smsc() -> AsyncIterator[Simulator]:
    made = Simulator(password=PASSWORD)
    await made.start()
    yield made
    await made.stop()


@pytest.fixture
async def nodes(stores: None, smsc: Simulator, tmp_path: Path) -> AsyncIterator[Nodes]:
    stages = [
        QuickStage(tmp_path / name, smsc_port=smsc.port, serve=("--workers", str(WORKERS)), more=_named(name))
        for name in NODES
    ]
    first, second = stages
    try:
        await asyncio.to_thread(first.prepare)
        await asyncio.to_thread(_join, second, first)
        found = Nodes(list(stages), smsc)
        await found.all_report(len(NODES) * WORKERS)
        await found.until_bound()
        yield found
    finally:
        for each in stages:
            await asyncio.to_thread(each.stop)


def _named(name: str) -> str:
    return f'[node]\nname = "{name}"\n'


def _join(stage: Stage, first: Stage) -> None:
    """A further node of the same installation."""
    stage.folder.mkdir(mode=0o700, parents=True)
    settings = (first.folder / "gateway.toml").read_text().replace(NODES[0], NODES[1])
    root = f"{stage.folder}/root/root.key"
    settings = settings.replace(root, f"{first.folder}/root/root.key")
    (stage.folder / "gateway.toml").write_text(settings)
    stage.key, stage.customer = first.key, first.customer
    stage.start_gateway()


async def nothing_comes(smsc: Simulator) -> None:
    before = smsc.tally.submits
    await asyncio.sleep(QUIET_S)
    assert smsc.tally.submits == before


@contextlib.asynccontextmanager
async def customers_of(nodes: Nodes) -> AsyncIterator[list[Customer]]:
    async with customer_of(nodes.stages[0]) as first, customer_of(nodes.stages[1]) as second:
        yield [first, second]


async def test_a_paused_operator_gets_nothing_from_any_worker_of_any_node_until_it_is_resumed(nodes: Nodes) -> None:
    async with customers_of(nodes) as customers:
        sent = await nodes.accept(customers, 8)
        for each in sent:
            await customers[0].reach(each, "delivered")
        paused = await nodes.verb("operator", "pause", "simulator", *REASON, "--wait")
        held = await nodes.accept(customers, 24)
        await nothing_comes(nodes.smsc)
        assert nodes.smsc.tally.submits == 8
        rows = await nodes.verb("operator", "show")
        assert {(each["node"], each["worker"]) for each in rows} == {(n, w) for n in NODES for w in (1, 2)}
        assert {(each["wanted"], each["state"], each["version"], each["applied"]) for each in rows} == {
            ("paused", "paused", paused["version"], paused["version"])
        }
        shown = await nodes.verb("operator", "show", "simulator")
        assert (shown["reason"], shown["by"]) == (REASON[1], "command_line")
        await nodes.verb("operator", "resume", "simulator", *REASON)
        for each in held:
            await customers[0].reach(each, "delivered")
        assert nodes.smsc.tally.submits == 32


async def test_what_was_set_while_a_node_was_gone_holds_when_it_starts_and_after_all_restart(nodes: Nodes) -> None:
    first, second = nodes.stages
    setting = asyncio.create_task(nodes.verb("operator", "pause", "simulator", *REASON))
    await asyncio.to_thread(second.kill_gateway)
    await setting
    await asyncio.to_thread(second.start_gateway)
    async with customers_of(nodes) as customers:
        held = await nodes.accept(customers, 12)
        await nothing_comes(nodes.smsc)
        for stage in (first, second):
            assert await asyncio.to_thread(stage.stop_gateway) == 0
        assert await nodes.verb("node", "list") == [] or await _only_killed(nodes)
        for stage in (first, second):
            await asyncio.to_thread(stage.start_gateway)
        await nodes.until_bound()
        await nothing_comes(nodes.smsc)
        assert nodes.smsc.tally.submits == 0
        await nodes.verb("operator", "resume", "simulator", *REASON)
        for each in held:
            await customers[0].reach(each, "delivered")


async def _only_killed(nodes: Nodes) -> bool:
    """A process that was killed says nothing of it; it counts as there for a while."""
    return {each["node"] for each in await nodes.verb("node", "list")} == {NODES[1]}


async def test_of_two_verbs_at_once_one_is_told_of_the_conflict(nodes: Nodes) -> None:
    environ = nodes.stages[0]._environ
    standing = (await nodes.verb("operator", "show", "simulator"))["version"]
    words = ("operator", "pause", "simulator", *REASON, "--if-version", str(standing), "--json")
    ended = [await asyncio.to_thread(VERBS.run, words, environ) for _ in range(2)]
    assert sorted(each.returncode for each in ended) == [0, 1]
    (refused,) = (each for each in ended if each.returncode)
    assert refused.stderr.strip() == ("connect-gateway: it was changed meanwhile; look at it again [changed_meanwhile]")
    (done,) = (json.loads(each.stdout) for each in ended if not each.returncode)
    assert (await nodes.verb("operator", "show", "simulator"))["version"] == done["version"]


async def test_accepting_and_sending_are_turned_off_and_on_on_every_node(nodes: Nodes) -> None:
    async with customers_of(nodes) as customers:
        await nodes.verb("accepting", "off", *REASON, "--wait")
        for customer in customers * 3:
            status, body, headers = await customer.ask("POST", "/v1/messages", json=message("no"))
            assert (status, body["code"], "Retry-After" in headers) == (503, "paused", True)
            assert (await customer.ask("GET", "/v1/messages"))[0] == 200
        await nodes.verb("dispatch", "off", *REASON, "--wait")
        await nodes.verb("accepting", "on", *REASON, "--wait")
        held = await nodes.accept(customers, 12)
        await nothing_comes(nodes.smsc)
        assert nodes.smsc.tally.submits == 0
        await nodes.verb("dispatch", "on", *REASON)
        for each in held:
            await customers[0].reach(each, "delivered")


async def test_a_node_that_is_drained_takes_nothing_and_sends_what_it_has(nodes: Nodes) -> None:
    async with customers_of(nodes) as customers:
        await nodes.verb("dispatch", "off", *REASON, "--wait")
        held = await nodes.accept(customers, 12)
        await nodes.verb("node", "drain", NODES[0], *REASON, "--wait")
        await nodes.verb("dispatch", "on", *REASON)
        for each in held:
            await customers[1].reach(each, "delivered")
        status, body, _ = await customers[0].ask("POST", "/v1/messages", json=message("no"))
        assert (status, body["code"]) == (503, "paused")
        assert (await customers[0].ask("GET", "/readyz"))[0] == 503
        await customers[1].send("yes")
        drained = {each["node"]: each["draining"] for each in await nodes.verb("node", "list")}
        assert drained == {NODES[0]: True, NODES[1]: False}
        await nodes.verb("node", "resume", NODES[0], *REASON, "--wait")
        await customers[0].send("yes again")
