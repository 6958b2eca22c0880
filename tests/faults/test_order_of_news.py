"""Two events of each message, told by several nodes, some of which die or sleep between the one and the other.

Every message is submitted and, a while later, delivered; its receipt comes to any node, and the node that has it when
it is submitted is often not the one that has it when it ends. The endpoint is slow, refuses a share of requests, and
writes down each event as it comes. At least once: an event may come again, which is counted. In order: no event comes
for the first time after a newer one of its message, or before an older one was taken.
"""

import asyncio
import random
from pathlib import Path
from typing import Any

import pytest

from operators.simulator import Faults
from tests.faults.binds import Binds
from tests.faults.nodes import LEASE_S, Node, Scene, scene
from tests.faults.scribe import Scribe
from tests.integration.valkey_server import Valkey

WINDOW = 64
APART_S = 1.0
"""Between the two events of a message."""


async def kill(play: Scene, victim: Node) -> None:
    """And another comes instead."""
    await asyncio.to_thread(victim.kill)
    await play.start(1)


async def pause(_play: Scene, victim: Node) -> None:
    """Until others have its work."""
    victim.pause()
    await asyncio.sleep(LEASE_S + 1)
    victim.wake()


async def relieve(play: Scene, victim: Node) -> None:
    """Another comes, and takes over in order."""
    await play.start(1)
    await asyncio.to_thread(victim.stop)


async def trouble(play: Scene, rounds: int, seed: int) -> None:
    generator = random.Random(seed)
    for number in range(rounds):
        await play.traffic.answers(generator.randrange(30, 150))
        await (kill, pause, relieve)[number % 3](play, generator.choice(play.cluster.serving()))
    await play.traffic.answers(50)


async def in_trouble(folder: Path, server: Valkey, rounds: int, seed: int, *wishes: str) -> dict[str, Any]:
    """The figures, once everything is told; every promise is kept."""
    hook = Scribe(refuses=0.05, slowest_s=0.1, seed=seed)
    async with scene(folder, server.url, hook=hook, wishes=("--submitted", *wishes)) as play:
        play.smsc.faults = Faults(answer_delay_s=0.01, receipt_delay_s=APART_S)
        await play.start(3)
        play.traffic.start()
        await trouble(play, rounds, seed)
        figures = await play.settle(limit_s=60) | {"refused by the endpoint": hook.refused, "rounds": rounds}
        print(figures)
        play.assert_nothing_lost(figures, twice_at_most=rounds * WINDOW)
        assert figures["told"] == {"submitted": figures["accepted"], "delivered": figures["accepted"]}
        assert not hook.late
        assert not hook.early
    return figures


@pytest.mark.slow
async def test_binds_at_several_nodes_hear_of_each_message_in_order(tmp_path: Path, server: Valkey) -> None:
    async with scene(tmp_path / "stage", server.url) as play:
        play.smsc.faults = Faults(answer_delay_s=0.01, receipt_delay_s=APART_S)
        await play.start(3)
        made = await asyncio.to_thread(play.cluster.command, "esme", "add", play.cluster.customer, "bank")
        binds = Binds(play.cluster, ("bank", made["password"]))
        binds.start(3)
        for victim, happens in zip(range(3), (kill, pause, relieve), strict=True):
            await binds.answers(100)
            await happens(play, play.cluster.nodes[victim])
        await binds.answers(100)
        figures = await binds.settle(limit_s=60)
        print(figures)
        assert figures["notifications"] == figures["receipts"] == figures["taken"]
        assert not binds.late


async def test_events_of_a_message_come_in_order_while_nodes_die_and_sleep(tmp_path: Path, server: Valkey) -> None:
    await in_trouble(tmp_path / "stage", server, 2, 1)


@pytest.mark.slow
@pytest.mark.parametrize("wishes", [(), ("--batch", "20")], ids=["alone", "in batches"])
async def test_events_come_in_order_through_many_deaths(
    tmp_path: Path, server: Valkey, wishes: tuple[str, ...]
) -> None:
    await in_trouble(tmp_path / "stage", server, 12, 2, *wishes)
