"""Desired state by the verbs of the command line, on processes as they run: nodes, workers, a kill, a restart.

The tests share two nodes, and each leaves everything on; the one that kills and restarts them is the last.
"""

import asyncio
import contextlib
import functools
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import aiohttp
import pyotp
import pytest
import pytest_asyncio

from gateway.tools.trial_site import PASSWORD, Code, Stage, StageFailed
from operators.simulator import Simulator
from tests.acceptance.client import Customer, customer_of, message, until
from tests.bounds import LIMIT_S
from tests.integration.key_places import PERSISTENT
from tests.integration.valkey_server import free_port, valkey
from tests.verbs import QuickStage

SETTINGS = "CONNECT_GATEWAY__"
WORKERS = 2
NODES = ("riyadh", "jeddah")
REASON = ("--reason", "maintenance at the operator")
WORD = "a long word that nobody knows 47"
BESIDE = "+966551234567"
"""A number of an operator beside the one that is steered."""

pytestmark = pytest.mark.asyncio(loop_scope="module")


class Nodes:
    """Two nodes of some workers each on one ledger, and an SMSC in the test's own loop behind them.

    admin: the port of each node's admin API, which its workers share.
    """

    def __init__(self, stages: list[Stage], smsc: Simulator, workers: int, admin: Sequence[int]) -> None:
        self.stages = stages
        self.smsc = smsc
        self.workers = workers
        self.admin = admin

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
            await until(lambda: self.smsc.bound == len(NODES) * self.workers)

    async def accept(self, customers: list[Customer], count: int, **fields: Any) -> list[str]:
        """By all nodes, and by all their workers: each message over a connection of its own."""
        found = []
        for number in range(count):
            customer = customers[number % len(customers)]
            headers = {"Connection": "close"}
            status, body, _ = await customer.ask(
                "POST", "/v1/messages", json=message(f"number {number}", **fields), headers=headers
            )
            assert status == 202, body
            found.append(str(body["id"]))
        return found

    async def send_beside(self, customers: list[Customer]) -> None:
        """Through the operator that is not steered, to their end: what went before them to the other one is there."""
        await customers[0].reach_all(await self.accept(customers, 8, to=BESIDE), "delivered")

    async def come_round(self) -> None:
        """Once every process has read anew what is wanted, and that it takes messages, as it did before."""
        await self.verb("accepting", "on", *REASON, "--wait")


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, str]]:
    with valkeys(tmp_path_factory.mktemp("stores")) as given:
        yield given


@contextlib.contextmanager
def valkeys(folder: Path) -> Iterator[Mapping[str, str]]:
    """A Valkey for the ledger and one for the keys: what nodes on them have in their environment."""
    folders = [folder / name for name in ("ledger", "keys")]
    for each in folders:
        each.mkdir()
    with valkey(folders[0], *PERSISTENT) as ledger, valkey(folders[1], *PERSISTENT) as keys:
        given = {
            "LEDGER__ENGINE": "redis",
            "LEDGER__REDIS__URL": ledger,
            "LEDGER__REDIS__LEASE_S": "2",
            "KEYSTORE__ENGINE": "redis",
            "KEYSTORE__REDIS__URL": keys,
        }
        yield {SETTINGS + name: value for name, value in given.items()}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def nodes(stores: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Nodes]:
    async with running_nodes(tmp_path_factory.mktemp("nodes"), stores, WORKERS) as found:
        yield found


@contextlib.asynccontextmanager
async def running_nodes(folder: Path, stores: Mapping[str, str], workers: int) -> AsyncIterator[Nodes]:
    smsc, admin = Simulator(password=PASSWORD), [free_port() for _ in NODES]
    await smsc.start()
    first, second = (
        QuickStage(
            folder / name,
            smsc_port=smsc.port,
            serve=("--workers", str(workers)),
            more=_more(name, port),
            code=Code(environ={**stores, f"{SETTINGS}OPERATORS__SIMULATOR__BINDS": str(workers)}),
        )
        for name, port in zip(NODES, admin, strict=True)
    )
    try:
        await asyncio.to_thread(first.prepare)
        await asyncio.to_thread(_join, second, first, admin)
        found = Nodes([first, second], smsc, workers, admin)
        await found.all_report(len(NODES) * workers)
        await found.until_bound()
        yield found
    finally:
        for each in (first, second):
            await asyncio.to_thread(each.stop)
        await smsc.stop()


def _more(name: str, port: int) -> str:
    return f"""
[admin]
port = {port}
[node]
name = "{name}"
[[operators]]
name = "beside"
kind = "loopback"
[[routes]]
prefix = "96655"
operators = ["beside"]
"""


def _join(stage: Stage, first: Stage, admin: Sequence[int]) -> None:
    """A further node of the same installation."""
    stage.folder.mkdir(mode=0o700, parents=True)
    settings = (first.folder / "gateway.toml").read_text().replace(NODES[0], NODES[1])
    settings = settings.replace(f"port = {admin[0]}", f"port = {admin[1]}")
    root = f"{stage.folder}/root/root.key"
    settings = settings.replace(root, f"{first.folder}/root/root.key")
    (stage.folder / "gateway.toml").write_text(settings)
    stage.key, stage.customer = first.key, first.customer
    stage.start_gateway()


@contextlib.asynccontextmanager
async def customers_of(nodes: Nodes) -> AsyncIterator[list[Customer]]:
    async with customer_of(nodes.stages[0]) as first, customer_of(nodes.stages[1]) as second:
        yield [first, second]


async def test_a_paused_operator_gets_nothing_from_any_worker_of_any_node_until_it_is_resumed(nodes: Nodes) -> None:
    async with customers_of(nodes) as customers:
        sent = await nodes.accept(customers, 8)
        await customers[0].reach_all(sent, "delivered")
        before = nodes.smsc.tally.submits
        paused = await nodes.verb("operator", "pause", "simulator", *REASON, "--wait")
        held = await nodes.accept(customers, 24)
        await nodes.send_beside(customers)
        assert nodes.smsc.tally.submits == before
        rows = [each for each in await nodes.verb("operator", "show") if each["operator"] == "simulator"]
        assert {(each["node"], each["worker"]) for each in rows} == {(n, w) for n in NODES for w in (1, 2)}
        assert {(each["wanted"], each["state"], each["version"], each["applied"]) for each in rows} == {
            ("paused", "paused", paused["version"], paused["version"])
        }
        shown = await nodes.verb("operator", "show", "simulator")
        assert (shown["reason"], shown["by"]) == (REASON[1], "command_line")
        await nodes.verb("operator", "resume", "simulator", *REASON)
        await customers[0].reach_all(held, "delivered")
        assert nodes.smsc.tally.submits == before + len(held)


class Administrator:
    """Somebody who administers over the admin API of both nodes. Each request takes a connection of its own, so that
    it reaches any of the workers.
    """

    def __init__(self, nodes: Nodes, session: aiohttp.ClientSession) -> None:
        self._nodes = nodes
        self._session = session
        self.headers: dict[str, str] = {}

    async def ask(
        self, node: int, method: str, path: str, body: object = None, headers: Mapping[str, str] | None = None
    ) -> tuple[int, Any, Mapping[str, str]]:
        url = f"http://127.0.0.1:{self._nodes.admin[node]}/admin/v1{path}"
        given = {**(self.headers if headers is None else headers), "Connection": "close"}
        async with self._session.request(method, url, json=body, headers=given) as answer:
            return answer.status, await answer.json(content_type=None), answer.headers

    async def everywhere(self, path: str) -> set[int]:
        """What all workers answer: of so many connections each has some."""
        asked = [self.ask(at % len(NODES), "GET", path) for at in range(8 * len(NODES) * self._nodes.workers)]
        return {status for status, _, _ in await asyncio.gather(*asked)}

    async def sign_in(self, email: str, secret: str) -> None:
        body = {"email": email, "password": WORD, "code": pyotp.TOTP(secret).now()}
        status, told, got = await self.ask(0, "POST", "/session", body, {})
        assert status == 201, told
        self.headers = {"Cookie": got["Set-Cookie"].partition(";")[0], "X-Form-Token": told["form_token"]}

    async def steer(self, node: int, verb: str) -> None:
        """Through one worker, until all of them have applied it."""
        status, told, _ = await self.ask(node, "POST", f"/operators/simulator/{verb}", {"reason": REASON[1]})
        assert status == 202, told
        async with asyncio.timeout(LIMIT_S):
            while True:
                _, told, _ = await self.ask(1 - node, "GET", "/operators/simulator")
                applied = told["wanted"]["applied"]
                if len(applied) == len(NODES) * self._nodes.workers and all(each["current"] for each in applied):
                    return
                await asyncio.sleep(0.05)


@contextlib.asynccontextmanager
async def administrator(nodes: Nodes, folder: Path, email: str) -> AsyncIterator[Administrator]:
    """Signed in with a second factor."""
    for name, said in (("name", "Person"), ("email", email), ("password", WORD)):
        (folder / name).write_text(said, "utf-8")
    given = [word for name in ("name", "email", "password") for word in (f"--{name}", f"@{folder / name}")]
    person = (await nodes.verb("person", "add", "--role", "operations", *given))["person"]
    secret = (await nodes.verb("person", "totp", person))["secret"]
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
        found = Administrator(nodes, session)
        await found.sign_in(email, secret)
        yield found


async def test_a_session_that_began_at_one_worker_is_one_at_every_worker_of_every_node(
    nodes: Nodes, tmp_path: Path
) -> None:
    async with administrator(nodes, tmp_path, "session@example.com") as person:
        assert await person.everywhere("/session") == {200}
        assert (await person.ask(1, "DELETE", "/session"))[0] == 204
        assert await person.everywhere("/session") == {401}


async def test_failures_to_sign_in_are_counted_over_every_worker_of_every_node(nodes: Nodes) -> None:
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
        stranger = Administrator(nodes, session)
        body = {"email": "nobody@example.com", "password": "a long word that is wrong", "code": ""}
        found = [(await stranger.ask(at % len(NODES), "POST", "/session", body, {}))[0] for at in range(6)]
        assert found[: found.index(429)] == [401] * found.index(429)
        assert found.index(429) <= 5


async def test_who_steers_through_one_worker_is_obeyed_by_all_of_them(nodes: Nodes, tmp_path: Path) -> None:
    await pauses_everywhere(nodes, tmp_path, "steering@example.com")


@pytest.mark.slow
async def test_who_steers_through_one_worker_is_obeyed_by_four_on_each_of_two_nodes(
    tmp_path: Path,
) -> None:
    """The quick one is with two workers on each node."""
    with valkeys(tmp_path) as own:
        async with running_nodes(tmp_path / "nodes", own, 4) as nodes:
            await pauses_everywhere(nodes, tmp_path, "eight@example.com")


async def pauses_everywhere(nodes: Nodes, folder: Path, email: str) -> None:
    async with administrator(nodes, folder, email) as person, customers_of(nodes) as customers:
        await person.steer(0, "pause")
        before = nodes.smsc.tally.submits
        held = await nodes.accept(customers, 12 * nodes.workers)
        await nodes.send_beside(customers)
        assert nodes.smsc.tally.submits == before
        await person.steer(1, "resume")
        await customers[0].reach_all(held, "delivered")
        assert nodes.smsc.tally.submits == before + len(held)


async def test_of_two_verbs_at_once_one_is_told_of_the_conflict(nodes: Nodes) -> None:
    standing = (await nodes.verb("operator", "show", "simulator"))["version"]
    words = ("operator", "resume", "simulator", *REASON, "--if-version", str(standing))
    verb = functools.partial(Stage.command, nodes.stages[0], *words)  # a process each; forked ones take turns
    ended = await asyncio.gather(asyncio.to_thread(verb), asyncio.to_thread(verb), return_exceptions=True)
    (refused,) = (each for each in ended if isinstance(each, StageFailed))
    assert str(refused) == "connect-gateway: it was changed meanwhile; look at it again [changed_meanwhile]"
    (done,) = (each for each in ended if isinstance(each, Mapping))
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
        before = nodes.smsc.tally.submits
        held = await nodes.accept(customers, 12)
        await nodes.come_round()
        assert nodes.smsc.tally.submits == before
        await nodes.verb("dispatch", "on", *REASON)
        await customers[0].reach_all(held, "delivered")


async def test_a_node_that_is_drained_takes_nothing_and_sends_what_it_has(nodes: Nodes) -> None:
    async with customers_of(nodes) as customers:
        await nodes.verb("dispatch", "off", *REASON, "--wait")
        held = await nodes.accept(customers, 12)
        await nodes.verb("node", "drain", NODES[0], *REASON, "--wait")
        await nodes.verb("dispatch", "on", *REASON)
        await customers[1].reach_all(held, "delivered")
        status, body, _ = await customers[0].ask("POST", "/v1/messages", json=message("no"))
        assert (status, body["code"]) == (503, "paused")
        assert (await customers[0].ask("GET", "/readyz"))[0] == 503
        await customers[1].send("yes")
        drained = {each["node"]: each["draining"] for each in await nodes.verb("node", "list")}
        assert drained == {NODES[0]: True, NODES[1]: False}
        await nodes.verb("node", "resume", NODES[0], *REASON, "--wait")
        await customers[0].send("yes again")


async def test_what_was_set_while_a_node_was_gone_holds_when_it_starts_and_after_all_restart(nodes: Nodes) -> None:
    second = nodes.stages[1]
    setting = asyncio.create_task(nodes.verb("operator", "pause", "simulator", *REASON))
    await asyncio.to_thread(second.kill_gateway)
    await setting
    await asyncio.to_thread(second.start_gateway)
    async with customers_of(nodes) as customers:
        before = nodes.smsc.tally.submits
        held = await nodes.accept(customers, 12)
        await nodes.send_beside(customers)
        assert await asyncio.gather(*(asyncio.to_thread(each.stop_gateway) for each in nodes.stages)) == [0, 0]
        assert await nodes.verb("node", "list") == [] or await _only_killed(nodes)
        await asyncio.gather(*(asyncio.to_thread(each.start_gateway) for each in nodes.stages))
        await nodes.until_bound()
        await nodes.send_beside(customers)
        assert nodes.smsc.tally.submits == before
        await nodes.verb("operator", "resume", "simulator", *REASON)
        await customers[0].reach_all(held, "delivered")


async def _only_killed(nodes: Nodes) -> bool:
    """A process that was killed says nothing of it; it counts as there for a while."""
    return {each["node"] for each in await nodes.verb("node", "list")} == {NODES[1]}
