"""What customers submit over SMPP: text, parts, payloads, many destinations, limits; answered after the commit."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gateway.accounts.administration import Profile
from gateway.accounts.customers import CustomerSettings, EsmeSettings
from gateway.ledger.contract import LedgerUnavailable
from gateway.model.message import Status
from operators.smpp import pdu as p
from operators.smpp import status as st
from operators.smpp.address import relative_time
from operators.smpp.udh import Concat, build_udh
from redaction.personal import MessageText, Purpose
from tests.bounds import LIMIT_S
from tests.integration.smpp_stage import ARABIC, Peer, Stage, running_gateway, submit


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with running_gateway(tmp_path) as running:
        yield running


@pytest.fixture
async def peer(stage: Stage) -> Peer:
    return await stage.peer(await stage.account())


@pytest.mark.smpp("S-50")
async def test_a_submission_is_answered_with_the_id_that_the_http_api_knows(stage: Stage, peer: Peer) -> None:
    answer = await peer.ask(submit(b"Your code is 1234"))
    record = await stage.record(answer.message_id)
    assert (record.status in Status, record.key_id, record.country) == (True, -1, 966)
    (sent,) = await stage.arrived(1)
    assert (sent.destination_addr, sent.source_addr, sent.short_message) == (
        "966512345678",
        "INTERKEY",
        b"Your code is 1234",
    )


async def test_hundreds_in_one_write_are_answered_each_with_its_own_id(stage: Stage, peer: Peer) -> None:
    numbers = [peer.send(submit(b"%d" % each)) for each in range(400)]
    await peer.until(lambda: len(peer.answers) == 400)
    assert {peer.answers[number].status for number in numbers} == {st.OK}
    assert len({peer.answers[number].message_id for number in numbers}) == 400
    assert stage.node.road.journal.commits < 200
    sent = await stage.arrived(400)
    assert sorted(int(each.short_message) for each in sent) == list(range(400))


@pytest.mark.smpp("S-55")
@pytest.mark.smpp("S-11")
async def test_a_long_text_in_message_payload_is_cut_for_the_operator(stage: Stage, peer: Peer) -> None:
    octets = ARABIC.encode("utf-16-be")
    answer = await peer.ask(submit(b"", data_coding=8, tlvs=((p.TAG_MESSAGE_PAYLOAD, octets),)))
    record = await stage.record(answer.message_id)
    sent = await stage.arrived(record.segments)
    assert record.segments == 3
    assert b"".join(each.short_message[6:] for each in sent) == octets


@pytest.mark.smpp("S-55")
async def test_parts_with_a_header_go_as_they_came_each_under_its_own_id(stage: Stage) -> None:
    account = await stage.account()
    peers = [await stage.peer(account), await stage.peer(account)]
    octets = ARABIC.encode("utf-16-be")
    pieces = [octets[at : at + 133] for at in range(0, len(octets), 133)]  # inside characters
    parts = [build_udh(Concat(0x21, len(pieces), n)) + piece for n, piece in enumerate(pieces, 1)]
    ids = [
        (await peers[n % 2].ask(submit(part, data_coding=8, esm_class=0x40))).message_id for n, part in enumerate(parts)
    ]
    sent = await stage.arrived(len(parts))
    assert len(set(ids)) == len(parts)
    assert sorted(each.short_message for each in sent) == sorted(parts)
    assert {(each.esm_class, each.data_coding) for each in sent} == {(0x40, 8)}


@pytest.mark.smpp("S-55")
async def test_parts_tied_by_sar_get_the_header_that_phones_read(stage: Stage, peer: Peer) -> None:
    for number in (1, 2):
        sar = (
            (p.TAG_SAR_MSG_REF_NUM, b"\x12\x34"),
            (p.TAG_SAR_TOTAL_SEGMENTS, b"\2"),
            (p.TAG_SAR_SEGMENT_SEQNUM, bytes((number,))),
        )
        assert (await peer.ask(submit(b"x" * 153, tlvs=sar))).status == st.OK
    sent = await stage.arrived(2)
    assert sorted(each.short_message[:6] for each in sent) == [
        build_udh(Concat(0x34, 2, 1)),
        build_udh(Concat(0x34, 2, 2)),
    ]
    assert {each.tlvs for each in sent} == {()}


@pytest.mark.smpp("S-61")
async def test_octets_that_are_no_text_go_as_they_are(stage: Stage, peer: Peer) -> None:
    octets = bytes(range(140))
    assert (await peer.ask(submit(octets, data_coding=4))).status == st.OK
    (sent,) = await stage.arrived(1)
    assert (sent.short_message, sent.data_coding, sent.esm_class) == (octets, 4, 0)


async def test_flash_and_latin_1_reach_the_operator_as_what_they_mean(stage: Stage, peer: Peer) -> None:
    await peer.ask(submit("Grüße".encode("latin-1"), data_coding=3))
    await peer.ask(submit(b"now", data_coding=0xF0))
    sent = sorted(await stage.arrived(2), key=lambda each: each.data_coding)
    assert [each.data_coding for each in sent] == [0, 0x10]
    assert sent[0].short_message == b"Gr\x7e\x1ee"


@pytest.mark.smpp("S-51")
async def test_data_sm_carries_its_text_in_the_payload(stage: Stage, peer: Peer) -> None:
    data = p.DataSm(
        source_addr="INTERKEY",
        source_addr_ton=5,
        destination_addr="966512345678",
        dest_addr_ton=1,
        tlvs=((p.TAG_MESSAGE_PAYLOAD, b"by data_sm"),),
    )
    answer = await peer.ask(data)
    assert (type(answer), answer.status) == (p.DataSmResp, st.OK)
    (sent,) = await stage.arrived(1)
    assert sent.short_message == b"by data_sm"


@pytest.mark.smpp("S-51")
async def test_submit_multi_names_the_destinations_that_were_not_taken(stage: Stage, peer: Peer) -> None:
    many = p.SubmitMulti(
        source_addr="INTERKEY",
        destinations=(
            p.SmeAddress(1, 1, "966512345601"),
            p.SmeAddress(1, 1, "12"),
            p.DistributionList("friends"),
            p.SmeAddress(1, 1, "966512345602"),
        ),
        registered_delivery=1,
        short_message=b"to all",
    )
    answer = await peer.ask(many)
    assert answer.status == st.OK
    assert [(each.addr, each.error_status_code) for each in answer.unsuccess_sme] == [
        ("12", st.RINVDSTADR),
        ("friends", 0x34),
    ]
    assert sorted(each.destination_addr for each in await stage.arrived(2)) == ["966512345601", "966512345602"]
    told = await peer.receipts(2)
    assert {dict(each.tlvs)[p.TAG_RECEIPTED_MESSAGE_ID] for each in told} == {answer.message_id.encode() + b"\0"}
    assert sorted(each.source_addr for each in told) == ["966512345601", "966512345602"]


@pytest.mark.smpp("S-51")
async def test_submit_multi_with_nobody_to_take_it_is_refused(peer: Peer) -> None:
    many = p.SubmitMulti(source_addr="INTERKEY", destinations=(p.SmeAddress(1, 1, "12"),), short_message=b"x")
    assert (await peer.ask(many)).status == st.RINVDSTADR


@pytest.mark.smpp("S-52")
@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"to": "12"}, st.RINVDSTADR),
        ({"to": ""}, st.RINVDSTADR),
        ({"source_addr": "STRANGER"}, st.RINVSRCADR),
        ({"source_addr": "x"}, st.RINVSRCADR),
        ({"data_coding": 8, "text": b"odd"}, 0x104),
        ({"data_coding": 0x20}, 0x104),
        ({"data_coding": 4, "text": bytes(141)}, st.RINVMSGLEN),
        ({"text": b""}, st.RINVMSGLEN),
        ({"esm_class": 0x04}, 0x43),
        ({"esm_class": 0x40, "text": b"\xff"}, 0x43),
        ({"validity_period": "tomorrow"}, 0x62),
        ({"validity_period": relative_time(60 * 86_400)}, 0x62),
        ({"schedule_delivery_time": "000000000000000+"}, 0x61),
        ({"tlvs": ((p.TAG_MESSAGE_PAYLOAD, b"x" * 4_000),), "text": b""}, st.RINVMSGLEN),
    ],
)
async def test_what_cannot_be_sent_gets_its_own_status_and_the_session_stays(
    peer: Peer, fields: dict[str, Any], status: int
) -> None:
    assert (await peer.ask(submit(**fields))).status == status
    assert (await peer.ask(submit())).status == st.OK


async def test_a_customer_with_one_sender_need_not_name_it(stage: Stage, peer: Peer) -> None:
    assert (await peer.ask(submit(source_addr=""))).status == st.OK
    (sent,) = await stage.arrived(1)
    assert sent.source_addr == "INTERKEY"


@pytest.mark.smpp("S-32")
async def test_schedule_and_validity_are_taken_over(stage: Stage, peer: Peer) -> None:
    later = submit(schedule_delivery_time=relative_time(3_600), validity_period=relative_time(5_400))
    record = await stage.record((await peer.ask(later)).message_id)
    assert record.due_ms is not None
    assert 3_590_000 < record.due_ms - record.accepted_ms <= 3_600_000
    assert abs(record.expires_ms - record.due_ms - 1_800_000) < 10_000


@pytest.mark.smpp("S-52")
async def test_throughput_over_the_limit_is_throttled_and_the_session_stays(tmp_path: Path) -> None:
    shared = CustomerSettings(senders={"INTERKEY": ()}, throughput_per_s=3.0)
    async with running_gateway(tmp_path, customer=shared) as stage:
        peers = [await stage.peer(await stage.account(name, throughput_per_s=2.0)) for name in ("one", "two")]
        statuses = [(await peer.ask(submit())).status for peer in peers for _ in range(3)]
        assert statuses == [st.OK, st.OK, st.RTHROTTLED, st.OK, st.RTHROTTLED, st.RTHROTTLED]
        assert (await peers[0].ask(p.QuerySm(message_id="0" * 32))).status == st.RINVMSGID


@pytest.mark.smpp("S-52")
@pytest.mark.case("interfaces-3")
@pytest.mark.parametrize("limit", [b"0", b"-1", b"1e-300", b'"none"'])
async def test_a_limit_that_a_hand_stored_ends_that_customers_binds_and_the_intake_goes_on(
    stage: Stage, limit: bytes
) -> None:
    account = await stage.account()
    peer = await stage.peer(account)
    other = await stage.accounts.add_customer(
        Profile(name=MessageText("Other")), CustomerSettings(senders={"INTERKEY": ()})
    )
    _, password = await stage.accounts.add_esme(other.id, "shop", settings=EsmeSettings())
    await stage.node.stores.directory.refresh()
    shop = await stage.peer(("shop", password.reveal(Purpose.CREDENTIAL)))
    ledger = stage.node.stores.ledger
    (own,) = [each for each in await ledger.accounts.customers() if each.id == stage.customer]
    stored = b'{"senders":{"INTERKEY":[]},"throughput_per_s":' + limit + b"}"
    await ledger.accounts.save_customer(msgspec.structs.replace(own, settings=stored))
    async with asyncio.timeout(LIMIT_S):
        while not peer.ended:  # what it sends until then is answered, one way or the other
            peer.send(submit())
            assert (await shop.ask(submit())).status == st.OK
    for _ in range(3):
        assert (await shop.ask(submit())).status == st.OK
    assert stage.node.fronts.intake.waiting() == 0
    await stage.accounts.change_settings(stage.customer, lambda _: {"throughput_per_s": None})
    await stage.node.stores.directory.refresh()
    again = await stage.peer(account)
    assert (await again.ask(submit())).status == st.OK


async def test_an_unavailable_ledger_is_said_and_nothing_is_acknowledged(stage: Stage, peer: Peer) -> None:
    async def away(_batch: object) -> list[bytes | bool]:
        raise LedgerUnavailable

    whole = stage.node.stores.ledger.apply
    stage.node.stores.ledger.apply = away  # type: ignore[method-assign,assignment]  # the disk is full
    answer = await peer.ask(submit())
    assert (answer.status, answer.message_id) == (st.RMSGQFUL, "")
    stage.node.stores.ledger.apply = whole  # type: ignore[method-assign]
    assert stage.smsc.tally.submits == 0
    async with asyncio.timeout(LIMIT_S):
        while (await peer.ask(submit())).status != st.OK:
            await asyncio.sleep(0.05)  # until the journal has tried again


@pytest.mark.smpp("S-54")
async def test_a_flood_of_one_account_does_not_hold_up_another(stage: Stage) -> None:
    flooding = await stage.peer(await stage.account("flood", window=2_000))
    calm = await stage.peer(await stage.account("calm"))
    for number in range(2_000):
        flooding.send(submit(b"%d" % number))
    answer = await calm.ask(submit(b"calm"))
    assert answer.status == st.OK
    assert len(flooding.answers) < 1_500
    await flooding.until(lambda: len(flooding.answers) == 2_000)
    assert {each.status for each in flooding.answers.values()} == {st.OK}


@pytest.mark.smpp("S-19")
async def test_stopping_answers_what_it_took_and_unbinds(stage: Stage, peer: Peer) -> None:
    numbers = [peer.send(submit(b"%d" % each)) for each in range(200)]
    await peer.until(lambda: peer.answers)
    await stage.node.fronts.smpp_server.stop(5.0)
    assert peer.ended == "peer_unbound"
    answered = [peer.answers[number] for number in numbers if number in peer.answers]
    for each in answered:
        if each.status == st.OK:
            await stage.record(each.message_id)
    assert len(answered) == 200
