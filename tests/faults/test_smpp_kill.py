"""kill -9 while customers submit over SMPP: what submit_sm_resp acknowledged is stored, its receipt comes (Law 2)."""

import asyncio
import sqlite3
from pathlib import Path

import pytest

from gateway.tools.trial_site import Stage
from operators.smpp import pdu as p
from tests.bounds import LIMIT_S
from tests.faults.test_kill import Wreck
from tests.integration.smpp_stage import Peer, submit
from tests.verbs import QuickStage

KILLS = 3
BEFORE_KILL = 400


async def bound(stage: Stage, account: tuple[str, str]) -> Peer:
    """A bind; a running node hears of a new account within a second."""
    async with asyncio.timeout(LIMIT_S):
        while True:
            peer = await Peer(stage.smpp_port).bind(account)
            if peer.bound is not None:
                return peer
            peer.close()
            await asyncio.sleep(0.1)


def stored(database: sqlite3.Connection) -> set[str]:
    return {bytes(row[0]).hex() for row in database.execute("SELECT id FROM message")}


@pytest.mark.smpp("S-50")
@pytest.mark.smpp("S-53")
async def test_what_was_acknowledged_before_a_kill_is_there_and_every_receipt_is_told(tmp_path: Path) -> None:
    stage = QuickStage(
        tmp_path / "stage", more="[smpp_server]\nport = 0\nwindow = 200\n", smsc=("--receipt-delay", "0.02")
    )
    acknowledged: set[str] = set()
    told: set[str] = set()

    def note(peer: Peer) -> None:
        acknowledged.update(each.message_id for each in peer.answers.values() if each.status == 0)
        told.update(dict(each.tlvs)[p.TAG_RECEIPTED_MESSAGE_ID][:-1].decode() for each in peer.got)

    try:
        await asyncio.to_thread(stage.prepare)
        made = await asyncio.to_thread(stage.command, "esme", "add", stage.customer, "bank")
        account = (made["system_id"], made["password"])
        for kill in range(KILLS):
            peer = await bound(stage, account)
            for number in range(2 * BEFORE_KILL):
                peer.send(submit(b"%d of %d" % (number, kill), registered_delivery=1))
            await peer.until(lambda peer=peer, kill=kill: len(peer.answers) >= BEFORE_KILL - 50 * kill)  # type: ignore[misc]
            stage.gateway.kill()
            await peer.until(lambda peer=peer: peer.ended)  # type: ignore[misc]
            await asyncio.to_thread(stage.kill_gateway)
            note(peer)
            wreck = Wreck(stage, tmp_path / f"wreck{kill}")
            assert wreck.is_sound()
            assert acknowledged <= stored(wreck._database)
            await asyncio.to_thread(stage.start_gateway)
        last = await bound(stage, account)
        async with asyncio.timeout(LIMIT_S):
            while not acknowledged <= told:
                note(last)
                await asyncio.sleep(0.05)
        last.close()
    finally:
        await asyncio.to_thread(stage.stop)
    assert len(acknowledged) >= KILLS * (BEFORE_KILL - 50 * KILLS)
