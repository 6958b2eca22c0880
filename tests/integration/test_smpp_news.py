"""News to customers' binds: receipts, intermediate notifications, sharing, waiting, sending again (S-53)."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from gateway.accounts.administration import Profile
from gateway.accounts.customers import CustomerSettings, NumberSettings
from gateway.model.message import Status
from gateway.smpp_server.telling import LEAST_IN_MEMORY
from operators.base import ReceiptState
from operators.simulator import Faults
from operators.smpp import pdu as p
from operators.smpp import status as st
from operators.smpp.receipt import canonical_id, parse_receipt
from redaction.personal import MessageText
from tests.bounds import LIMIT_S
from tests.integration.smpp_stage import Stage, running_gateway, submit

QUICK = Faults()
FAILING = Faults(receipt_state_failed_rate=1.0)


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with running_gateway(tmp_path) as running:
        yield running


async def outbox(stage: Stage, count: int) -> None:
    """Until so much news waits for the accounts."""
    async with asyncio.timeout(LIMIT_S):
        while await stage.node.stores.ledger.outbox.size(1) != count:
            await asyncio.sleep(0.01)


@pytest.mark.smpp("S-42")
@pytest.mark.smpp("S-48")
async def test_a_receipt_says_the_same_in_text_and_tlvs_and_nothing_of_the_message(stage: Stage) -> None:
    peer = await stage.peer(await stage.account())
    answer = await peer.ask(submit(b"Your code is 1234", registered_delivery=1))
    (told,) = await peer.receipts(1)
    said = parse_receipt(told.short_message, told.tlvs, told.esm_class)
    assert said is not None
    assert (said.candidates[0], said.state, said.intermediate) == (
        canonical_id(answer.message_id),
        ReceiptState.DELIVERED,
        False,
    )
    assert parse_receipt(told.short_message, (), 0x04).candidates == said.candidates  # type: ignore[union-attr]
    assert (told.source_addr, told.dest_addr_ton, told.destination_addr) == ("966512345678", 5, "INTERKEY")
    assert told.short_message.endswith(b" stat:DELIVRD err:000 text:")
    assert b"1234" not in told.short_message.replace(answer.message_id.encode(), b"")
    await outbox(stage, 0)


@pytest.mark.smpp("S-31")
@pytest.mark.parametrize(
    ("registered", "faults", "expected"),
    [
        (0x00, QUICK, []),
        (0x01, FAILING, [0x04]),
        (0x02, QUICK, []),
        (0x02, FAILING, [0x04]),
        (0x03, FAILING, []),
        (0x10, QUICK, [0x20]),
        (0x11, QUICK, [0x20, 0x04]),
    ],
)
async def test_only_what_was_asked_for_is_told(
    tmp_path: Path, registered: int, faults: Faults, expected: list[int]
) -> None:
    async with running_gateway(tmp_path, faults=faults) as stage:
        peer = await stage.peer(await stage.account())
        await peer.ask(submit(registered_delivery=registered))
        await peer.ask(submit(registered_delivery=0x11))  # the last news of which comes last
        await peer.receipts(len(expected) + 2)
        await outbox(stage, 0)
        marker = 0x20, 0x04
        kinds = [each.esm_class for each in peer.got]
        for kind in marker:
            kinds.remove(kind)
        assert sorted(kinds) == sorted(expected)


@pytest.mark.smpp("S-53")
async def test_news_waits_for_a_bind_that_receives(stage: Stage) -> None:
    account = await stage.account()
    sender = await stage.peer(account, p.BindTransmitter)
    ids = [(await sender.ask(submit(registered_delivery=1))).message_id for _ in range(5)]
    await outbox(stage, 5)
    assert sender.got == []
    receiver = await stage.peer(account, p.BindReceiver)
    told = await receiver.receipts(5)
    assert sorted(dict(each.tlvs)[p.TAG_RECEIPTED_MESSAGE_ID][:-1].decode() for each in told) == sorted(ids)
    await outbox(stage, 0)


@pytest.mark.smpp("S-53")
async def test_receipts_are_shared_by_the_receiving_binds_of_the_account_alone(stage: Stage) -> None:
    account, other = await stage.account(window=20), await stage.account("other")
    silent: Any = {"acknowledge": lambda _pdu: None}
    sharing = [await stage.peer(account, p.BindReceiver, **silent) for _ in range(2)]
    stranger = await stage.peer(other)
    sender = await stage.peer(account, p.BindTransmitter)
    for _ in range(40):
        await sender.ask(submit(registered_delivery=1))
    for peer in sharing:
        await peer.receipts(20)
    assert stranger.got == []


@pytest.mark.smpp("S-53")
async def test_what_a_bind_did_not_acknowledge_goes_to_the_next_one(stage: Stage) -> None:
    account = await stage.account()
    deaf = await stage.peer(account, acknowledge=lambda _pdu: None)
    answer = await deaf.ask(submit(registered_delivery=1))
    await deaf.receipts(1)
    deaf.close()
    heir = await stage.peer(account)
    (told,) = await heir.receipts(1)
    assert answer.message_id.encode() in told.short_message
    await outbox(stage, 0)


@pytest.mark.smpp("S-53")
async def test_refused_news_comes_again_and_rejected_news_does_not(stage: Stage) -> None:
    verdicts = iter((st.RX_T_APPN, st.OK, st.RX_R_APPN))
    peer = await stage.peer(await stage.account(), acknowledge=lambda _pdu: next(verdicts))
    await peer.ask(submit(registered_delivery=1))
    first, again = await peer.receipts(2)
    assert first.short_message == again.short_message
    await peer.ask(submit(registered_delivery=1))
    await peer.receipts(3)
    await outbox(stage, 0)
    assert stage.node.road.telling.refused == 2


@pytest.mark.smpp("S-53")
async def test_many_receipts_of_an_absent_customer_are_all_told_within_its_window(stage: Stage) -> None:
    account = await stage.account(window=50)
    sender = await stage.peer(account, p.BindTransmitter)
    for _ in range(600):
        sender.send(submit(registered_delivery=1))
    await sender.until(lambda: len(sender.answers) == 600)
    await outbox(stage, 600)
    receiver = await stage.peer(account, p.BindReceiver)
    await receiver.receipts(600)
    await outbox(stage, 0)
    assert len({each.short_message for each in receiver.got}) == 600
    assert stage.node.road.telling.in_memory() == 0


@pytest.mark.smpp("S-54")
async def test_a_customer_that_does_not_acknowledge_holds_up_nobody(stage: Stage) -> None:
    deaf = await stage.peer(await stage.account("deaf", window=10), acknowledge=lambda _pdu: None)
    keen = await stage.peer(await stage.account("keen"))
    for _ in range(100):
        await deaf.ask(submit(registered_delivery=1))
    await deaf.receipts(10)
    for _ in range(20):
        await keen.ask(submit(registered_delivery=1))
    await keen.receipts(20)
    assert len(deaf.got) == 10
    assert stage.node.road.telling.in_memory() <= LEAST_IN_MEMORY + 20


@pytest.mark.smpp("S-51")
async def test_query_and_cancel_act_on_the_customers_own_messages_only(stage: Stage) -> None:
    peer = await stage.peer(await stage.account())
    waiting = (await peer.ask(submit(schedule_delivery_time="000000010000000R", registered_delivery=1))).message_id
    shown = await peer.ask(p.QuerySm(message_id=waiting))
    assert (shown.status, shown.message_state, shown.final_date) == (st.OK, ReceiptState.ENROUTE.value, "")
    assert (await peer.ask(p.CancelSm(message_id=waiting))).status == st.OK
    assert (await stage.record(waiting)).status is Status.CANCELLED
    (told,) = await peer.receipts(1)
    assert b"stat:DELETED" in told.short_message
    shown = await peer.ask(p.QuerySm(message_id=waiting))
    assert (shown.message_state, len(shown.final_date)) == (ReceiptState.DELETED.value, 16)
    assert (await peer.ask(p.CancelSm(message_id=waiting))).status == 0x11
    for foreign in ("0" * 32, "no id", "ff"):
        assert (await peer.ask(p.QuerySm(message_id=foreign))).status == st.RINVMSGID
        assert (await peer.ask(p.CancelSm(message_id=foreign))).status == st.RINVMSGID
    assert (await peer.ask(p.CancelSm(source_addr="INTERKEY"))).status == st.RINVMSGID


@pytest.mark.smpp("S-51")
async def test_another_customer_finds_nothing(stage: Stage) -> None:
    peer = await stage.peer(await stage.account())
    waiting = (await peer.ask(submit(schedule_delivery_time="000000010000000R"))).message_id
    other = await stage.accounts.add_customer(Profile(name=MessageText("Other")), CustomerSettings())
    stage.customer = other.id
    stranger = await stage.peer(await stage.account("stranger"))
    assert (await stranger.ask(p.QuerySm(message_id=waiting))).status == st.RINVMSGID
    assert (await stranger.ask(p.CancelSm(message_id=waiting))).status == st.RINVMSGID


@pytest.mark.smpp("S-49")
@pytest.mark.parametrize(
    ("text", "data_coding", "octets", "in_payload"),
    [("STOP", 0, b"STOP", False), ("إيقاف " * 30, 8, ("إيقاف " * 30).encode("utf-16-be"), True)],
)
async def test_messages_from_people_go_to_a_bind_of_the_number_s_owner(
    tmp_path: Path, text: str, data_coding: int, octets: bytes, in_payload: bool
) -> None:
    owner = CustomerSettings(senders={"INTERKEY": ()}, numbers={"1234": NumberSettings()})
    async with running_gateway(tmp_path, customer=owner) as stage:
        peer = await stage.peer(await stage.account(), p.BindReceiver)
        await stage.node.stores.directory.refresh()
        written = p.DeliverSm(
            source_addr_ton=1,
            source_addr="966512345678",
            destination_addr="1234",
            data_coding=8,
            tlvs=((p.TAG_MESSAGE_PAYLOAD, text.encode("utf-16-be")),),
        )
        async with asyncio.timeout(LIMIT_S):
            while not stage.smsc.receivers:
                await asyncio.sleep(0.01)
        link = stage.smsc.receivers[0]
        link.session.request(written, None, asyncio.get_running_loop().time())
        link.flush_soon()
        (told,) = await peer.receipts(1)
        await outbox(stage, 0)
    assert (told.esm_class, told.data_coding, told.destination_addr) == (0, data_coding, "1234")
    assert (told.source_addr, told.source_addr_ton) == ("966512345678", 1)
    assert (told.short_message, dict(told.tlvs).get(p.TAG_MESSAGE_PAYLOAD)) == (
        (b"", octets) if in_payload else (octets, None)
    )


@pytest.mark.smpp("S-51")
async def test_a_waiting_message_is_replaced_in_its_own_coding_and_a_sent_one_is_not(stage: Stage) -> None:
    peer = await stage.peer(await stage.account())
    later = {"schedule_delivery_time": "000000010000000R"}
    waiting = (await peer.ask(submit("قديم".encode("utf-16-be"), data_coding=8, **later))).message_id
    said = p.ReplaceSm(
        message_id=waiting,
        source_addr="INTERKEY",
        schedule_delivery_time="000000000000000R",
        registered_delivery=1,
        short_message="جديد".encode("utf-16-be"),
    )
    assert (
        await peer.ask(p.ReplaceSm(message_id=waiting, source_addr="OTHER", short_message=b""))
    ).status == st.RINVSRCADR
    assert (await peer.ask(said)).status == st.OK
    (sent,) = await stage.arrived(1)
    assert (sent.short_message, sent.data_coding) == ("جديد".encode("utf-16-be"), 8)
    (told,) = await peer.receipts(1)
    assert waiting.encode() in told.short_message
    assert (await peer.ask(said)).status == 0x13
    assert (await peer.ask(p.ReplaceSm(message_id="0" * 32))).status == st.RINVMSGID


@pytest.mark.smpp("S-51")
async def test_a_part_of_a_longer_message_is_not_replaced(stage: Stage) -> None:
    peer = await stage.peer(await stage.account())
    part = submit(bytes.fromhex("050003210201") + b"one", esm_class=0x40, schedule_delivery_time="000000010000000R")
    identifier = (await peer.ask(part)).message_id
    assert (await peer.ask(p.ReplaceSm(message_id=identifier, short_message=b"x"))).status == 0x13
