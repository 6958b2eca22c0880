"""Three nodes on one shared ledger, under steady traffic, while something breaks.

In each test: every message that was acknowledged reaches its end and its customer, no receipt is lost, and what comes
twice is counted. A message may be submitted twice only when it was on its way over a link or a node that was lost: at
most a window of each.
"""

import asyncio
from pathlib import Path

import aiohttp
import pytest

from config.redis_ledger import RedisSettings
from tests.bounds import LIMIT_S
from tests.faults.nodes import DURABLE, scene
from tests.faults.proxy import Proxy
from tests.integration.valkey_server import Valkey, ValkeyCluster, valkey_cluster

WINDOW = 64


@pytest.mark.slow
async def test_three_nodes_share_the_work(tmp_path: Path, server: Valkey) -> None:
    async with scene(tmp_path / "stage", server.url) as play:
        await play.start(3)
        play.traffic.start()
        await play.traffic.answers(300)
        figures = await play.settle()
        print(figures)
        play.assert_nothing_lost(figures, twice_at_most=0)
        assert figures["told twice"] == 0


async def test_three_nodes_share_the_work_on_a_cluster_of_servers(tmp_path: Path) -> None:
    with valkey_cluster(tmp_path, *DURABLE) as url:
        async with scene(tmp_path / "stage", url) as play:
            await play.start(3)
            play.traffic.start()
            await play.traffic.answers(300)
            figures = await play.settle()
            print(figures)
            play.assert_nothing_lost(figures, twice_at_most=0)
            assert figures["told twice"] == 0


@pytest.mark.parametrize("times", [1, pytest.param(3, marks=pytest.mark.slow)])
async def test_nodes_that_come_and_go_in_order_send_and_tell_nothing_twice(
    tmp_path: Path, server: Valkey, times: int
) -> None:
    async with scene(tmp_path / "stage", server.url) as play:
        await play.start(3)
        play.traffic.start()
        for number in range(times):
            await play.traffic.answers(100)
            await play.start(1)
            await play.traffic.answers(100)
            await asyncio.to_thread(play.cluster.nodes[number].stop)
        await play.traffic.answers(100)
        figures = await play.settle()
        print(figures)
        play.assert_nothing_lost(figures, twice_at_most=0)
        assert figures["told twice"] == 0
        assert [node.process.poll() for node in play.cluster.nodes] == [0] * times + [None] * 3


async def test_the_work_of_a_killed_node_is_done_by_the_others(tmp_path: Path, server: Valkey) -> None:
    await outlive_a_node(tmp_path / "stage", server, LIMIT_S)


@pytest.mark.slow
async def test_the_work_of_a_killed_node_is_done_within_ten_seconds(tmp_path: Path, server: Valkey) -> None:
    """On a machine that does nothing else."""
    await outlive_a_node(tmp_path / "stage", server, 10.0)


async def outlive_a_node(folder: Path, server: Valkey, limit_s: float) -> None:
    usual_s = RedisSettings().lease_s
    async with scene(folder, server.url, lease_s=usual_s) as play:
        await play.start(3)
        play.traffic.start()
        await play.traffic.answers(200)
        before = set(play.traffic.taken.values())
        play.cluster.nodes[0].kill()
        killed = asyncio.get_running_loop().time()
        async with asyncio.timeout(limit_s):
            for identifier in before:
                await play.traffic.final(identifier)
        took_s = asyncio.get_running_loop().time() - killed
        await play.traffic.answers(200)
        figures = await play.settle()
        print(figures, f"work of the dead node done after {took_s:.1f} s, lease {usual_s} s")
        play.assert_nothing_lost(figures, twice_at_most=WINDOW)


@pytest.mark.slow
async def test_a_node_that_was_paused_writes_nothing_over_its_successors(tmp_path: Path, server: Valkey) -> None:
    async with scene(tmp_path / "stage", server.url) as play:
        await play.start(3)
        play.traffic.start()
        await play.traffic.answers(200)
        sleeper = play.cluster.nodes[0]
        sleeper.pause()
        await asyncio.sleep(30)
        sleeper.wake()
        await play.traffic.answers(200)
        figures = await play.settle()
        print(figures)
        play.assert_nothing_lost(figures, twice_at_most=WINDOW)
        assert sleeper.said("partitions_lost")
        assert sleeper.process.poll() is None


@pytest.mark.slow
async def test_a_server_that_is_killed_and_started_again_loses_nothing(tmp_path: Path, server: Valkey) -> None:
    async with scene(tmp_path / "stage", server.url) as play:
        await play.start(3)
        play.traffic.start()
        for _ in range(3):
            await play.traffic.answers(150)
            await asyncio.to_thread(server.kill)
            await asyncio.sleep(2)
            await asyncio.to_thread(server.start)
        await play.traffic.answers(150)
        figures = await play.settle()
        print(figures)
        play.assert_nothing_lost(figures, twice_at_most=0)


@pytest.mark.slow
@pytest.mark.case("nodes-11")
@pytest.mark.parametrize("hung", [0, 1, 2])
async def test_a_cluster_of_which_a_server_hangs_kills_no_node_and_loses_nothing(tmp_path: Path, hung: int) -> None:
    servers = ValkeyCluster(tmp_path, *DURABLE)
    try:
        await asyncio.to_thread(servers.start)
        async with scene(tmp_path / "stage", servers.url) as play:
            await play.start(3)
            play.traffic.start()
            await play.traffic.answers(150)
            servers.hang(hung)
            nodes = play.cluster.nodes
            async with aiohttp.ClientSession() as session, asyncio.timeout(LIMIT_S):
                for node in nodes:
                    while (await session.get(f"{node.url}/readyz")).status != 503:
                        await asyncio.sleep(0.1)
            servers.wake(hung)
            await play.traffic.answers(150)
            figures = await play.settle()
            print(figures)
            play.assert_nothing_lost(figures, twice_at_most=WINDOW)
            assert all(node.process.poll() is None for node in nodes)
    finally:
        servers.stop()


@pytest.mark.slow
@pytest.mark.parametrize("dead", [(0,), (0, 1, 2)])
async def test_a_cluster_whose_servers_are_killed_and_started_again_loses_nothing(
    tmp_path: Path, dead: tuple[int, ...]
) -> None:
    servers = ValkeyCluster(tmp_path, *DURABLE)
    try:
        await asyncio.to_thread(servers.start)
        async with scene(tmp_path / "stage", servers.url) as play:
            await play.start(3)
            play.traffic.start()
            for _ in range(2):
                await play.traffic.answers(150)
                await asyncio.to_thread(servers.kill, *dead)
                await asyncio.sleep(3)
                await asyncio.to_thread(servers.start_again)
            await play.traffic.answers(150)
            figures = await play.settle()
            print(figures)
            play.assert_nothing_lost(figures, twice_at_most=WINDOW)
            assert all(node.process.poll() is None for node in play.cluster.nodes)
    finally:
        servers.stop()


@pytest.mark.slow
async def test_a_replica_takes_over(tmp_path: Path) -> None:
    primary, *replicas = servers = [Valkey(tmp_path / f"valkey-{number}", *DURABLE) for number in range(3)]
    sentinel = Valkey(tmp_path / "sentinel")
    try:
        primary.start()
        for each in replicas:
            each.start("--replicaof", "127.0.0.1", str(primary.port))
        sentinel_port = await asyncio.to_thread(start_sentinel, sentinel, tmp_path / "sentinel", primary.port)
        url = f"redis+sentinel://127.0.0.1:{sentinel_port}/ledger"
        async with scene(tmp_path / "stage", url, replicas=1) as play:
            await play.start(3)
            play.traffic.start()
            await play.traffic.answers(200)
            await asyncio.to_thread(primary.kill)
            await play.traffic.answers(200)
            figures = await play.settle()
            print(figures)
            play.assert_nothing_lost(figures, twice_at_most=0)
    finally:
        for each in (sentinel, *servers):
            each.kill()


def start_sentinel(sentinel: Valkey, folder: Path, primary: int) -> int:
    """Watches the primary under the name "ledger"; its port, once it knows two replicas."""
    file = folder / "sentinel.conf"
    file.write_text(
        f"port {sentinel.port}\nbind 127.0.0.1\nsentinel monitor ledger 127.0.0.1 {primary} 1\n"
        "sentinel down-after-milliseconds ledger 1500\nsentinel failover-timeout ledger 5000\n"
    )
    sentinel.start_from(file)
    return sentinel.port


@pytest.mark.slow
async def test_a_full_server_refuses_new_messages_and_loses_none(tmp_path: Path, server: Valkey) -> None:
    async with scene(tmp_path / "stage", server.url) as play:
        await play.start(3)
        play.traffic.start()
        await play.traffic.answers(200)
        server.ask("CONFIG", "SET", "maxmemory", 1_000_000)
        async with asyncio.timeout(LIMIT_S):
            while not play.traffic.refused[503]:
                await asyncio.sleep(0.1)
        await asyncio.sleep(5)
        server.ask("CONFIG", "SET", "maxmemory", 0)
        await play.traffic.answers(200)
        figures = await play.settle()
        print(figures)
        play.assert_nothing_lost(figures, twice_at_most=0)
        assert all(node.process.poll() is None for node in play.cluster.nodes)


@pytest.mark.slow
async def test_a_node_cut_off_from_the_server_stops_and_comes_back(tmp_path: Path, server: Valkey) -> None:
    proxy = Proxy(server.port)
    await proxy.start()
    try:
        async with scene(tmp_path / "stage", server.url) as play:
            await play.start(1, f"redis://127.0.0.1:{proxy.port}")
            await play.start(2)
            play.traffic.start()
            await play.traffic.answers(200)
            await proxy.cut()
            await asyncio.sleep(8)
            await proxy.start()
            await play.traffic.answers(200)
            proxy.swallow()
            await asyncio.sleep(8)
            proxy.pass_on()
            await play.traffic.answers(200)
            figures = await play.settle()
            print(figures)
            play.assert_nothing_lost(figures, twice_at_most=2 * WINDOW)
            assert all(node.process.poll() is None for node in play.cluster.nodes)
    finally:
        await proxy.stop()
