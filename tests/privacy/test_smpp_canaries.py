"""What comes in over SMPP is nowhere on disk or in a log: texts, parts, numbers, passwords, names of strangers."""

import asyncio
from collections.abc import Mapping
from pathlib import Path

import pytest

from gateway.tools.leakscan import scan
from gateway.tools.trial_site import Stage
from operators.smpp import pdu as p
from operators.smpp.udh import Concat, build_udh
from tests.faults.test_smpp_kill import bound
from tests.integration.smpp_stage import Peer, submit
from tests.verbs import QuickStage

ARABIC = "رمز التحقق السري الخاص بمريم هو ٧٣١٩٤٤"
LATIN = "Dear Maryam Alqahtani, your file 7319441 is ready"
PART = "second part for Maryam Alqahtani 7319442"
NUMBERS = ("966537319440", "966537319441", "966537319442")
STRANGER = "stranger731944"
WRONG = "wrngpwd7"


async def play(stage: Stage) -> list[str]:
    """Bind, fail to bind, submit in every form, hear the receipts; the secrets that were made."""
    made: Mapping[str, str] = await asyncio.to_thread(stage.command, "esme", "add", stage.customer, "bank")
    for account in ((STRANGER, WRONG), ("bank", WRONG)):
        refused = await Peer(stage.smpp_port).bind(account)
        assert refused.refused is not None
    peer = await bound(stage, (made["system_id"], made["password"]))
    part = build_udh(Concat(7, 2, 2)) + PART.encode()
    for pdu in (
        submit(LATIN.encode(), NUMBERS[0], registered_delivery=0x11),
        submit(b"", NUMBERS[1], data_coding=8, registered_delivery=1, tlvs=((0x0424, ARABIC.encode("utf-16-be")),)),
        submit(part, NUMBERS[2], esm_class=0x40, registered_delivery=1),
    ):
        assert (await peer.ask(pdu)).status == 0
    assert (await peer.ask(submit(LATIN.encode(), "12345", source_addr=STRANGER))).status != 0
    await peer.receipts(4)
    waiting = submit(LATIN.encode(), NUMBERS[0], schedule_delivery_time="000000010000000R")
    identifier = (await peer.ask(waiting)).message_id
    assert (await peer.ask(p.ReplaceSm(message_id=identifier, short_message=LATIN.encode()))).status == 0
    peer.close()
    return [made["password"]]


@pytest.mark.policy("P-03")
@pytest.mark.policy("P-05")
async def test_no_file_holds_what_came_in_over_smpp(tmp_path: Path) -> None:
    stage = QuickStage(tmp_path / "stage", more="[smpp_server]\nport = 0\nrefused_bind_pause_s = 0.1\n")
    try:
        await asyncio.to_thread(stage.prepare)
        secrets = await play(stage)
    finally:
        await asyncio.to_thread(stage.stop)
    canaries = [ARABIC, LATIN, PART, *NUMBERS, STRANGER, WRONG, *secrets]
    assert b"bound" in stage.log.read_bytes()
    report = scan([stage.folder], canaries)
    assert report.leaks == ()
    assert report.clean
