"""A cluster of servers of which one hangs, or whose slots move: the others are asked as ever, and nothing dies."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from redis.crc import key_slot
from structlog.testing import capture_logs

from config.redis_address import parse_address
from gateway.ledger.contract import LedgerUnavailable
from gateway.ledger.redis.engine import RedisLedger
from gateway.ledger.redis.member import Role
from gateway.ledger.redis.server import Access, Server
from gateway.model.identifiers import message_id
from gateway.process.manual_clock import ManualClock
from tests.bounds import LIMIT_S
from tests.contract.records import NOW, a_message, accepts
from tests.integration.valkey_server import SLOTS, ValkeyCluster

DURABLE = ("--appendonly", "yes", "--appendfsync", "always")
KEYS = [
    next(f"{{{number}}}" for number in range(1_000) if key_slot(b"%d" % number) // (SLOTS // 3 + 1) == third)
    for third in range(3)
]
"""One on each server."""


@asynccontextmanager
async def served(folder: Path, timeout_s: float) -> AsyncIterator[tuple[ValkeyCluster, Server]]:
    cluster = ValkeyCluster(folder, *DURABLE)
    server = Server(Access(address=parse_address(cluster.url), timeout_s=timeout_s))
    try:
        cluster.start()
        await server.open()
        yield cluster, server
    finally:
        await server.close()
        cluster.stop()


async def eventually(server: Server, key: str) -> None:
    async with asyncio.timeout(LIMIT_S):
        while True:
            try:
                assert await server.command("GET", key) is None
                return
            except LedgerUnavailable:
                await asyncio.sleep(0.02)


@pytest.mark.case("nodes-11")
@pytest.mark.parametrize("hung", [0, 1, 2])
async def test_a_server_that_hangs_costs_its_own_slots_alone(tmp_path: Path, hung: int) -> None:
    async with served(tmp_path, 1.0) as (cluster, server):
        cluster.hang(hung)
        sound = [key for number, key in enumerate(KEYS) if number != hung]
        asking = [asyncio.ensure_future(server.command("GET", KEYS[hung])) for _ in range(50)]
        for _ in range(20):  # while those wait, and after
            assert await server.commands([("GET", key) for key in sound]) == [None, None]
            await asyncio.sleep(0.1)
        results = await asyncio.gather(*asking, return_exceptions=True)
        assert {type(each) for each in results} == {LedgerUnavailable}
        calls = await server._ask([("GET", key) for key in KEYS])
        assert [isinstance(each, Exception) for each in calls] == [number == hung for number in range(3)]
        cluster.wake(hung)
        await eventually(server, KEYS[hung])


@pytest.mark.case("nodes-11")
async def test_one_at_a_time_waits_for_a_server_that_hangs_and_others_end_at_once(tmp_path: Path) -> None:
    async with served(tmp_path, 3.0) as (cluster, server):
        cluster.hang(1)
        with pytest.raises(LedgerUnavailable):
            await server.command("GET", KEYS[1])
        asking = [asyncio.ensure_future(server.command("GET", KEYS[1])) for _ in range(10)]
        async with asyncio.timeout(LIMIT_S):
            while sum(each.done() for each in asking) < 9:
                await asyncio.sleep(0)
        assert sum(not each.done() for each in asking) == 1
        await asyncio.wait(asking)
        assert {type(each.exception()) for each in asking} == {LedgerUnavailable}
        cluster.wake(1)
        await eventually(server, KEYS[1])


@pytest.mark.case("nodes-13")
async def test_slots_that_move_are_followed_and_are_a_line(tmp_path: Path) -> None:
    async with served(tmp_path, 5.0) as (cluster, server):
        keys = [f"{{{number}}}" for number in range(40)]
        await server.commands([("SET", key, key) for key in keys])
        expected = [key.encode() for key in keys]
        asked = 0

        async def ask_on() -> None:
            nonlocal asked
            while True:
                assert await server.commands([("GET", key) for key in keys]) == expected
                asked += 1

        with capture_logs() as lines:
            asking = asyncio.ensure_future(ask_on())
            async with asyncio.timeout(LIMIT_S):
                while not asked:  # it knows where the slots are
                    await asyncio.sleep(0.01)
            for key in keys[:20]:
                slot = key_slot(key[1:-1].encode())
                source = cluster.owner(slot)
                await asyncio.to_thread(cluster.move, slot, source, (source + 1) % 3)
            before = asked
            async with asyncio.timeout(LIMIT_S):
                while asked < before + 3 or not lines:
                    await asyncio.sleep(0.01)
            asking.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asking
        assert {line["event"] for line in lines} == {"cluster_slots_moved"}


@pytest.mark.case("nodes-13")
async def test_a_key_on_its_way_is_asked_for_where_it_is(tmp_path: Path) -> None:
    """ASK: the slot is still the first server's, and this key is with the second already."""
    async with served(tmp_path, 5.0) as (cluster, server):
        clients = cluster.clients()
        names = [client.execute_command("CLUSTER", "MYID").decode() for client in clients]
        slot = key_slot(KEYS[0][1:-1].encode())
        clients[1].execute_command("CLUSTER", "SETSLOT", slot, "IMPORTING", names[0])
        clients[0].execute_command("CLUSTER", "SETSLOT", slot, "MIGRATING", names[1])
        await server.command("SET", KEYS[0], "there")
        asked = [("GET", KEYS[0]), ("GET", KEYS[1]), ("GET", KEYS[0])]
        assert await server.commands(asked) == [b"there", None, b"there"]
        assert clients[1].execute_command("CLUSTER", "COUNTKEYSINSLOT", slot) == 1
        for client in clients:
            client.close()


@pytest.mark.case("nodes-13")
async def test_a_ledger_writes_on_while_the_slots_of_its_partitions_move(tmp_path: Path) -> None:
    cluster = ValkeyCluster(tmp_path, *DURABLE)
    ledger = RedisLedger(Access(address=parse_address(cluster.url), timeout_s=5.0), ManualClock(), role=Role.ALONE)
    try:
        cluster.start()
        await ledger.open()
        messages = [a_message(id=message_id(NOW, number, bytes((number,) * 8))) for number in range(64)]
        for each in messages:
            await ledger.apply(accepts(each))
        bases = {key_slot(base[1 : base.index("}")].encode()) for base in ledger.member.layout.bases}
        for slot in sorted(bases)[:10]:
            source = cluster.owner(slot)
            await asyncio.to_thread(cluster.move, slot, source, (source + 1) % 3)
        more = [a_message(id=message_id(NOW, number, bytes((number,) * 8))) for number in range(64, 128)]
        for each in more:
            await ledger.apply(accepts(each))
        found = await ledger.messages.find_many([each.id for each in (*messages, *more)])
        assert found == [*messages, *more]
    finally:
        await ledger.close()
        cluster.stop()
