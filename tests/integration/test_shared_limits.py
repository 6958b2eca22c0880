"""A limit that machines keep together: what they tell each other by the ledger's server, and what they accept."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import aiohttp
import msgspec
import pytest

from config.redis_address import parse_address
from gateway.ledger.contract import LedgerUnavailable
from gateway.ledger.redis.demand import KEPT_MS
from gateway.ledger.redis.engine import RedisLedger
from gateway.ledger.redis.member import Role, Terms
from gateway.ledger.redis.server import Access
from gateway.limits.gates import Gates
from gateway.node.node import Node
from gateway.process.clock import ManualClock
from gateway.process.hosts import random_name
from redaction.personal import Purpose
from tests.acceptance.client import message
from tests.bounds import LIMIT_S
from tests.integration.test_shared_nodes import Pair, two_nodes, until
from tests.integration.valkey_server import Valkey, valkey_cluster

DURABLE = ("--appendonly", "yes", "--appendfsync", "always")
LIMIT = 10

Open = Callable[..., Awaitable[RedisLedger]]


@pytest.fixture
def server(tmp_path: Path) -> Valkey:
    return Valkey(tmp_path / "valkey", *DURABLE)


@pytest.fixture
async def process(server: Valkey) -> AsyncIterator[Open]:
    """Opens ledgers as processes do. machine: where they are, each on its own unless said."""
    server.start()
    async with contextlib.AsyncExitStack() as closing:
        closing.callback(server.kill)

        async def open_one(machine: str | None = None) -> RedisLedger:
            return await opened(closing, server.url, machine)

        yield open_one


async def opened(closing: contextlib.AsyncExitStack, url: str, machine: str | None = None) -> RedisLedger:
    access = Access(address=parse_address(url), timeout_s=1.0)
    ledger = RedisLedger(access, ManualClock(), Terms(lease_s=1.0), role=Role.NODE, machine=machine)
    await ledger.open()
    closing.push_async_callback(ledger.close)
    return ledger


# -------------------------------------------------------------------------------------------------- what they tell


async def test_each_machine_hears_the_sum_of_every_other_machines_processes(process: Open) -> None:
    machine = random_name()
    one, two, other = await process(machine), await process(machine), await process()
    await one.demand.exchange({14: 2.5, -8: 1.0})
    await two.demand.exchange({14: 0.25})
    assert await other.demand.exchange({14: 7.0}) == [{14: 2.75, -8: 1.0}]
    assert await one.demand.exchange({}) == [{14: 7.0}]
    assert await two.demand.exchange({}) == [{14: 7.0}]
    assert await other.demand.exchange({}) == []
    await until(lambda: {each.leases.machines for each in (one, two, other)} == {2})


async def test_who_wants_nothing_stores_nothing(process: Open, server: Valkey) -> None:
    one = await process()
    await one.demand.exchange({})
    assert not server.ask("EXISTS", "{cg}:demand")
    await one.demand.exchange({14: 1.0})
    assert server.ask("HLEN", "{cg}:demand") == 1
    assert 0 < server.ask("PTTL", "{cg}:demand") <= KEPT_MS
    await one.demand.exchange({})
    assert not server.ask("EXISTS", "{cg}:demand")


async def test_a_dead_process_is_heard_for_seconds_and_then_taken_away(process: Open, server: Valkey) -> None:
    one = await process()
    said = msgspec.msgpack.encode({14: 5_000})

    def leave(age_ms: int) -> None:
        seconds, micros = server.ask("TIME")
        now_ms = int(seconds) * 1000 + int(micros) // 1000
        server.ask("HSET", "{cg}:demand", "f" * 32, str(now_ms - age_ms).encode() + said)

    leave(500)
    assert await one.demand.exchange({}) == [{14: 5.0}]
    leave(2_500)
    assert await one.demand.exchange({}) == []
    assert server.ask("HLEN", "{cg}:demand") == 1
    leave(KEPT_MS + 500)
    assert await one.demand.exchange({}) == []
    assert not server.ask("EXISTS", "{cg}:demand")


async def test_words_of_another_version_count_as_nothing(process: Open, server: Valkey) -> None:
    one = await process()
    seconds = int(server.ask("TIME")[0])
    server.ask("HSET", "{cg}:demand", "e" * 32, "no time", "f" * 32, f"{seconds * 1000}and so on")
    assert await one.demand.exchange({}) == [{}]
    assert server.ask("HKEYS", "{cg}:demand") == [b"f" * 32]


async def test_a_server_that_is_away_is_an_error_of_the_ledger(process: Open, server: Valkey) -> None:
    one = await process()
    server.kill()
    with pytest.raises(LedgerUnavailable):
        await one.demand.exchange({14: 1.0})
    server.start()
    await until_told(one)


async def until_told(ledger: RedisLedger) -> None:
    async with asyncio.timeout(LIMIT_S):
        while True:
            with contextlib.suppress(LedgerUnavailable):
                await ledger.demand.exchange({14: 1.0})
                return
            await asyncio.sleep(0.05)


async def test_machines_tell_each_other_by_a_cluster_of_servers(tmp_path: Path) -> None:
    with valkey_cluster(tmp_path, *DURABLE) as url:
        async with contextlib.AsyncExitStack() as closing:
            one, other = await opened(closing, url), await opened(closing, url)
            await one.demand.exchange({14: 2.0})
            assert await other.demand.exchange({15: 1.0}) == [{14: 2.0}]


# ------------------------------------------------------------------------------------------------ what they accept


class Crowd:
    """A client that asks one node for more than the limit. offered: requests; accepted: 202 answers; refused: codes of
    other answers.
    """

    def __init__(self, node: Node, secret: str, per_s: float) -> None:
        self.offered = 0
        self.accepted = 0
        self.refused: set[str] = set()
        self._url = f"http://127.0.0.1:{node.fronts.http.listener.port}/v1/messages"
        self._secret = secret
        self._pause_s = 1 / per_s

    async def run(self) -> None:
        number = 0
        async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {self._secret}"}) as session:
            while True:
                number += 1
                self.offered += 1
                async with session.post(self._url, json=message(f"number {number}")) as answer:
                    if answer.status == 202:
                        self.accepted += 1
                    else:
                        assert answer.status == 429
                        assert "Retry-After" in answer.headers
                        self.refused.add((await answer.json(content_type=None))["code"])
                await asyncio.sleep(self._pause_s)


@contextlib.asynccontextmanager
async def crowds(pair: Pair, nodes: list[Node]) -> AsyncIterator[list[Crowd]]:
    """Of each of these nodes; all with one key, that may send `LIMIT` a second."""
    secret = await pair.secret(throughput_per_s=float(LIMIT), burst=LIMIT)
    found = [Crowd(node, secret.reveal(Purpose.CREDENTIAL), 3 * LIMIT) for node in nodes]
    tasks = [asyncio.create_task(each.run()) for each in found]
    try:
        yield found
        assert not any(each.done() for each in tasks)
    finally:
        for each in tasks:
            each.cancel()
        await asyncio.wait(tasks)


def granted(node: Node) -> float:
    """What the node may give of the one limit that is in use; 0 before anything is known of it."""
    gates: Gates = node.road.admission.gates
    return sum(gates.granted_per_s(owner) for owner in gates.owners())


async def counted(found: list[Crowd], seconds: float) -> tuple[int, float, float]:
    """How many were accepted, how many the limit allows in the time that passed, and how many of these were asked for,
    which may be fewer where the machine is busy.
    """
    accepted, offered, began = (
        sum(each.accepted for each in found),
        sum(each.offered for each in found),
        time.monotonic(),
    )
    await asyncio.sleep(seconds)
    allowed = LIMIT * (time.monotonic() - began)
    accepted, offered = sum(each.accepted for each in found) - accepted, sum(each.offered for each in found) - offered
    return accepted, allowed, min(allowed, offered)


async def test_two_nodes_together_accept_what_a_key_may_send(tmp_path: Path) -> None:
    async with two_nodes(tmp_path) as pair:
        async with crowds(pair, pair.nodes) as found:
            await until(lambda: all(0 < granted(node) < 0.7 * LIMIT for node in pair.nodes))
            accepted, allowed, asked = await counted(found, 5.0)
        assert 0.6 * asked <= accepted <= 1.25 * allowed + LIMIT / 2
        assert {code for each in found for code in each.refused} == {"throughput_exceeded"}
        assert all(each.accepted for each in found)


async def test_a_node_that_alone_is_used_accepts_nearly_all_of_it(tmp_path: Path) -> None:
    async with two_nodes(tmp_path) as pair:
        async with crowds(pair, pair.nodes[:1]) as found:
            await until(lambda: bool(found[0].refused))
            accepted, allowed, asked = await counted(found, 3.0)
        assert 0.7 * asked <= accepted <= 1.1 * allowed + LIMIT / 4
        assert granted(pair.nodes[0]) == LIMIT


async def test_a_node_that_is_left_alone_gets_all_of_it_back(tmp_path: Path) -> None:
    async with two_nodes(tmp_path) as pair:
        async with crowds(pair, pair.nodes):
            await until(lambda: all(0 < granted(node) < 0.7 * LIMIT for node in pair.nodes))
        await until(lambda: all(granted(node) > 0.9 * LIMIT for node in pair.nodes))
