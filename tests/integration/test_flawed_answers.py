"""Operators and customers whose PDUs break the standard: the status decides, and no message is sent again for it.

The operator is a script of raw octets, the customer's peer a raw socket; the node between them is whole.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from gateway.model.message import Message, Status
from operators.smpp import pdu as p
from operators.smpp import status as st
from tests.bounds import LIMIT_S
from tests.integration.smpp_stage import Front, Peer, running_front, submit
from tests.scripted_smsc import ScriptedSmsc, scripted_smsc

HEAD = "80000004 00000000 seq"
ODD = {
    "one octet behind the id": ("00000015 80000004 00000000 seq 52313100 00", "R11"),
    "four octets behind the id": (f'len {HEAD} "R1" 00 00000000', "R1"),
    "an id without its end": (f'len {HEAD} "R1"', "R1"),
    "an id of 65": (f'len {HEAD} "{"R" * 65}" 00', "R" * 65),
    "an id of 70": (f'len {HEAD} "{"R" * 70}" 00', "R" * 70),
    "an id of 300 without its end": (f'len {HEAD} "{"R" * 300}"', "R" * 70),
    "a TLV cut short": (f'len {HEAD} "R1" 00 14000004 61', "R1"),
    "a TLV without its length": (f'len {HEAD} "R1" 00 1400', "R1"),
    "sound TLVs": (f'len {HEAD} "R1" 00 14000001 61', "R1"),
    "an id that is not ASCII": (f"len {HEAD} 52e9803100", "R\xe9\x801"),
    "no body": (f"00000010 {HEAD}", ""),
    "an empty id": (f"len {HEAD} 00", ""),
}


def receipt(identifier: str, state: str = "DELIVRD", tail: str = "") -> str:
    """A deliver_sm in the words of a script."""
    text = f"id:{identifier} sub:001 dlvrd:001 submit date:2601010800 done date:2601010801 stat:{state} err:000 text:"
    octets = text.encode("latin-1")[:255]
    message = f"{len(octets):02x} {octets.hex()}"
    return f'len 00000005 00000000 own 00 0101 "966512345678" 00 0500 "INTERKEY" 00 04 {"00" * 8} {message} {tail}'


@asynccontextmanager
async def between(folder: Path, script: str) -> AsyncIterator[tuple[Front, ScriptedSmsc]]:
    async with scripted_smsc(script) as smsc, running_front(folder, smsc.port) as front:
        yield front, smsc


async def reached(front: Front, message_id: str, status: Status) -> Message:
    async with asyncio.timeout(LIMIT_S):
        while (record := await front.record(message_id)).status is not status:
            await asyncio.sleep(0.01)
    return record


async def until(claim: Callable[[], object]) -> None:
    async with asyncio.timeout(LIMIT_S):
        while not claim():
            await asyncio.sleep(0.01)


@pytest.mark.case("smpp-1")
@pytest.mark.smpp("S-05")
@pytest.mark.parametrize("oddity", ODD)
async def test_a_flawed_answer_of_success_is_one_submission_and_its_receipt_finds_it(
    tmp_path: Path, oddity: str
) -> None:
    answer, identifier = ODD[oddity]
    usual = 'on submit_sm: len 80000004 00000000 seq "second" 00'
    async with between(tmp_path, f"on submit_sm: {answer}\n{usual}") as (front, smsc):
        peer = await front.peer(await front.account())
        first = (await peer.ask(submit(b"first"))).message_id
        await reached(front, first, Status.SUBMITTED)
        if identifier:
            smsc.send(receipt(identifier))
            await smsc.until(lambda: smsc.count("deliver_sm_resp"))
            assert [each.status for each in smsc.taken if each.command == "deliver_sm_resp"] == [st.OK]
            await reached(front, first, Status.DELIVERED)
        second = (await peer.ask(submit(b"second"))).message_id
        await reached(front, second, Status.SUBMITTED)
        assert [each.body[-6:] for each in smsc.taken if each.command == "submit_sm"] == [b"\x05first", b"second"]
        assert (await front.record(first)).attempts == 1
        assert smsc.connections == 1


@pytest.mark.case("smpp-1")
async def test_flawed_answers_are_counted_and_logged_once_for_each_kind(tmp_path: Path) -> None:
    tail, cut = f'len {HEAD} "R1" 00 00', f'len {HEAD} "R2"'
    script = f"on submit_sm: {tail}\non submit_sm: {tail}\non submit_sm: {cut}"
    with capture_logs() as lines:
        async with between(tmp_path, script) as (front, smsc):
            peer = await front.peer(await front.account())
            for _ in range(4):
                told = (await peer.ask(submit())).message_id
                await reached(front, told, Status.SUBMITTED)
            assert smsc.count("submit_sm") == 4
            assert b'gateway_flawed_total{operator="north"} 4.0' in front.node.fronts.exposition.render()
    told_lines = [line for line in lines if line["event"] == "flawed_pdu"]
    assert told_lines == [
        {"event": "flawed_pdu", "log_level": "warning", "operator": "north", "code": "submit_sm_resp", "reason": reason}
        for reason in ("tail", "cut")
    ]


@pytest.mark.case("smpp-2")
@pytest.mark.parametrize(
    "body",
    ['"smsc-of-the-north1" 00', '"smsc"', '"smsc" 00 00', '"smsc" 00 0210 0001'],
    ids=["long", "no end", "one octet more", "a TLV cut short"],
)
async def test_a_flawed_answer_to_a_bind_binds(tmp_path: Path, body: str) -> None:
    script = f"on bind_transceiver: len 80000009 00000000 seq {body}"
    async with between(tmp_path, script) as (front, smsc):
        peer = await front.peer(await front.account())
        told = (await peer.ask(submit())).message_id
        await reached(front, told, Status.SUBMITTED)
        assert smsc.count("bind_transceiver") == 1


@pytest.mark.case("smpp-3")
@pytest.mark.parametrize("tail", ["00", "000000", "1400 0009 6162"])
async def test_a_receipt_with_a_damaged_tail_has_its_effect(tmp_path: Path, tail: str) -> None:
    async with between(tmp_path, "") as (front, smsc):
        peer = await front.peer(await front.account())
        told = (await peer.ask(submit())).message_id
        await reached(front, told, Status.SUBMITTED)
        smsc.send(receipt("R1", tail=tail))
        await reached(front, told, Status.DELIVERED)
        await smsc.until(lambda: smsc.count("deliver_sm_resp"))
        assert [each.status for each in smsc.taken if each.command == "deliver_sm_resp"] == [st.OK]


@pytest.mark.case("smpp-4")
async def test_a_receipt_beside_an_empty_payload_has_its_effect(tmp_path: Path) -> None:
    async with between(tmp_path, "") as (front, smsc):
        peer = await front.peer(await front.account())
        told = (await peer.ask(submit())).message_id
        await reached(front, told, Status.SUBMITTED)
        smsc.send(receipt("R1", tail="0424 0000"))
        await reached(front, told, Status.DELIVERED)


async def test_a_refusal_with_a_flawed_body_is_a_refusal(tmp_path: Path) -> None:
    script = 'on submit_sm: len 80000004 0000000b seq "no end"'
    async with between(tmp_path, script) as (front, smsc):
        peer = await front.peer(await front.account())
        told = (await peer.ask(submit())).message_id
        record = await reached(front, told, Status.REJECTED)
        assert (record.error, smsc.count("submit_sm")) == ("0000000b", 1)


# ------------------------------------------------------------------------------------------------------- customers


@pytest.mark.case("smpp-5")
@pytest.mark.parametrize("body", [b"", b"x", b"\0\0", b"\0\x14\0\0\4a", b"R" * 70 + b"\0"])
async def test_a_flawed_acknowledgement_of_a_customer_ends_the_delivery(tmp_path: Path, body: bytes) -> None:
    async with between(tmp_path, "") as (front, smsc):
        peer = await front.peer(await front.account(), acknowledge=lambda _: None)
        told = (await peer.ask(submit(registered_delivery=1))).message_id
        await reached(front, told, Status.SUBMITTED)
        smsc.send(receipt("R1"))
        (deliver,) = await peer.receipts(1)
        odd = p.HEADER.pack(16 + len(body), p.DeliverSmResp.command_id, st.OK, deliver.sequence_number) + body
        raw(peer, odd)
        await until(lambda: front.node.road.telling.told == 1 and not front.node.road.telling.in_memory())
        assert len(peer.got) == 1
        assert front.node.fronts.smpp_server.flaws.total == (0 if body in (b"", b"\0") else 1)


@pytest.mark.case("smpp-3")
@pytest.mark.case("smpp-4")
@pytest.mark.parametrize("tail", [b"\0", b"\0\0\0", b"\x14\0\0\x09ab", b"\x04\x24\0\0"])
async def test_a_submission_with_a_damaged_tail_is_taken(tmp_path: Path, tail: bytes) -> None:
    async with between(tmp_path, "") as (front, smsc):
        peer = await front.peer(await front.account())
        body = p.encode(submit(b"hello"))[16:] + tail
        raw(peer, p.HEADER.pack(16 + len(body), p.SubmitSm.command_id, 0, 77) + body)
        await smsc.until(lambda: smsc.count("submit_sm"))
        assert smsc.taken[-1].body.endswith(b"\x05hello")


def raw(peer: Peer, octets: bytes) -> None:
    transport = peer.connection._transport
    assert transport is not None
    transport.write(octets)
