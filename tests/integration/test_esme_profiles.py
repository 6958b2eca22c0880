"""What an account's profile, and the version of its bind, change at the wire; and what no profile changes."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from gateway.accounts.customers import CustomerSettings, NumberSettings
from gateway.accounts.esme_profile import EsmeProfile
from operators.smpp import gsm7
from operators.smpp import pdu as p
from operators.smpp import status as st
from operators.smpp.coding import decode_parts
from operators.smpp.udh import split_udh
from tests.bounds import LIMIT_S
from tests.integration.smpp_stage import Peer, Stage, running_gateway, submit

V33: dict[str, Any] = {"interface_version": 0x33}
OWNER = CustomerSettings(senders={"INTERKEY": ()}, numbers={"1234": NumberSettings()})
TEXTS = {
    "gsm7": "This is a long answer. " * 20,
    "extension": "€{}[]" * 80,
    "arabic": "جواب طويل جدا " * 30,
    "emoji": "🙂" * 150,
}


def written(text: str, **fields: Any) -> p.DeliverSm:
    """By a person, in a message_payload."""
    octets = text.encode("utf-16-be")
    base: dict[str, Any] = {"source_addr_ton": 1, "source_addr": "966512345678", "destination_addr": "1234"}
    return p.DeliverSm(**(base | fields), data_coding=8, tlvs=((p.TAG_MESSAGE_PAYLOAD, octets),))


def joined(parts: list[p.DeliverSm]) -> str:
    """What a phone or an ESME reads in parts with headers."""
    split = [split_udh(each.short_message, each.esm_class) for each in parts]
    places = [udh.concat for udh, _ in split]
    assert [each and each.sequence for each in places] == list(range(1, len(parts) + 1))
    assert len({each and (each.reference, each.total) for each in places}) == 1
    assert all(len(each.short_message) <= 160 for each in parts)
    text = decode_parts(split, parts[0].data_coding).text
    assert text is not None
    return text


# ------------------------------------------------------------------------------------------------ messages from people


@pytest.mark.case("smpp-9")
@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
async def test_a_bind_of_3_3_gets_a_long_message_from_a_person_in_parts(tmp_path: Path, text: str) -> None:
    async with running_gateway(tmp_path, customer=OWNER) as stage:
        peer = await stage.peer(await stage.account(), p.BindReceiver, **V33)
        await stage.writes(written(text))
        await peer.until(lambda: peer.got and joined_so_far(peer.got))
        assert joined(peer.got) == text
        assert all(not each.tlvs for each in peer.got)


def joined_so_far(parts: list[p.DeliverSm]) -> bool:
    concat = split_udh(parts[0].short_message, parts[0].esm_class)[0].concat
    return concat is not None and len(parts) == concat.total


@pytest.mark.case("smpp-9")
async def test_parts_that_an_old_bind_does_not_take_go_whole_to_the_next(tmp_path: Path) -> None:
    async with running_gateway(tmp_path, customer=OWNER) as stage:
        account = await stage.account()
        old = await stage.peer(account, p.BindReceiver, acknowledge=lambda _: None, **V33)
        await stage.writes(written(TEXTS["arabic"]))
        await old.receipts(1)
        new = await stage.peer(account, p.BindReceiver)
        old.close()
        (whole,) = await new.receipts(1)
        assert dict(whole.tlvs)[p.TAG_MESSAGE_PAYLOAD].decode("utf-16-be") == TEXTS["arabic"]


@pytest.mark.case("smpp-9")
async def test_every_part_comes_again_until_the_last_is_taken(tmp_path: Path) -> None:
    """A refusal of one part puts the message off, and it comes again as a whole."""
    refused: list[int] = []

    def refuse_second(pdu: p.DeliverSm) -> int:
        concat = split_udh(pdu.short_message, pdu.esm_class)[0].concat
        assert concat is not None
        if concat.sequence == 2 and not refused:
            refused.append(1)
            return st.RMSGQFUL
        return st.OK

    async with running_gateway(tmp_path, customer=OWNER) as stage:
        peer = await stage.peer(await stage.account(), p.BindReceiver, acknowledge=refuse_second, **V33)
        await stage.writes(written("a" * 300))
        await peer.receipts(4)
        assert joined(peer.got[2:]) == "a" * 300


async def test_a_profile_has_parts_with_sar_or_a_header(tmp_path: Path) -> None:
    async with running_gateway(tmp_path, customer=OWNER) as stage:
        peer = await stage.peer(await account(stage, long_incoming="sar"), p.BindReceiver)
        await stage.writes(written("a" * 300))
        first, second = await peer.receipts(2)
        assert (first.esm_class, first.short_message + second.short_message) == (0, b"a" * 300)
        assert [dict(each.tlvs)[p.TAG_SAR_SEGMENT_SEQNUM] for each in (first, second)] == [b"\1", b"\2"]
        await set_profile(stage, long_incoming="udh")
        await stage.writes(written("b" * 161))
        await peer.receipts(4)
        assert joined(peer.got[2:]) == "b" * 161


@pytest.mark.parametrize(("alphabet", "octets"), [("latin1", b"\xa3 5"), ("gsm_unpacked", b"\x01 5"), ("ascii", None)])
async def test_what_a_person_wrote_comes_in_the_alphabet_of_the_account(
    tmp_path: Path, alphabet: str, octets: bytes | None
) -> None:
    async with running_gateway(tmp_path, customer=OWNER) as stage:
        peer = await stage.peer(await account(stage, alphabet=alphabet), p.BindReceiver)
        await stage.writes(written("£ 5"))
        (told,) = await peer.receipts(1)
        expected = (8, "£ 5".encode("utf-16-be")) if octets is None else (0, octets)
        assert (told.data_coding, told.short_message) == expected


@pytest.mark.case("smpp-21")
@pytest.mark.parametrize(
    ("source", "ton", "told"),
    [("90001", 3, (3, 0)), ("90001", 0, (3, 0)), ("966512345678", 1, (1, 1)), ("BANK", 5, (5, 0))],
)
async def test_who_wrote_is_told_with_the_type_of_its_address(
    tmp_path: Path, source: str, ton: int, told: tuple[int, int]
) -> None:
    async with running_gateway(tmp_path, customer=OWNER) as stage:
        peer = await stage.peer(await stage.account(), p.BindReceiver)
        await stage.writes(written("hello", source_addr=source, source_addr_ton=ton))
        (pdu,) = await peer.receipts(1)
        assert (pdu.source_addr, (pdu.source_addr_ton, pdu.source_addr_npi)) == (source, told)


# --------------------------------------------------------------------------------------------------- ids and receipts


async def account(stage: Stage, system_id: str = "bank", **profile: Any) -> tuple[str, str]:
    return await stage.account(system_id, profile=EsmeProfile(**profile))


async def set_profile(stage: Stage, **profile: Any) -> None:
    """The bind that stands goes on with it."""
    await stage.accounts.set_esme_profile("bank", [f"{name}={value}" for name, value in profile.items()])
    await stage.node.stores.directory.refresh()


@pytest.mark.case("smpp-21")
async def test_a_bind_of_3_3_is_told_ids_of_eight_digits_and_asks_by_them(tmp_path: Path) -> None:
    async with running_gateway(tmp_path) as stage:
        peer = await stage.peer(await stage.account(), **V33)
        ids = [(await peer.ask(submit(registered_delivery=1))).message_id for _ in range(5)]
        assert all(len(each) == 8 for each in ids)
        assert len(set(ids)) == 5
        told = await peer.receipts(5)
        assert {each.short_message.split(b" ")[0] for each in told} == {b"id:" + each.encode() for each in ids}
        answer = await peer.ask(p.QuerySm(message_id=ids[2]))
        assert (answer.status, answer.message_id, answer.message_state) == (st.OK, ids[2], 2)
        waiting = (await peer.ask(submit(schedule_delivery_time="000000010000000R"))).message_id
        assert (await peer.ask(p.CancelSm(message_id=waiting))).status == st.OK
        assert (await peer.ask(p.QuerySm(message_id=waiting))).message_state == 4
        assert (await peer.ask(p.QuerySm(message_id="00000000"))).status == st.RINVMSGID


async def test_a_profile_has_decimal_ids(tmp_path: Path) -> None:
    async with running_gateway(tmp_path) as stage:
        peer = await stage.peer(await account(stage, message_ids="decimal"))
        told_id = (await peer.ask(submit(registered_delivery=1))).message_id
        assert told_id.isdigit()
        (told,) = await peer.receipts(1)
        assert told.short_message.startswith(b"id:" + told_id.encode() + b" ")
        assert dict(told.tlvs)[p.TAG_RECEIPTED_MESSAGE_ID] == told_id.encode() + b"\0"
        assert (await peer.ask(p.QuerySm(message_id=told_id))).message_state == 2
        assert (await peer.ask(p.QuerySm(message_id="9" * 39))).status == st.RINVMSGID


@pytest.mark.case("smpp-16")
async def test_receipts_come_by_data_sm_in_local_time_with_the_reference_of_the_message(tmp_path: Path) -> None:
    async with running_gateway(tmp_path) as stage:
        there = await account(stage, receipts_by="data_sm", utc_offset_min=180)
        peer = await stage.peer(there)
        reference = ((p.TAG_USER_MESSAGE_REFERENCE, b"\x01\x02"),)
        told_id = (await peer.ask(submit(registered_delivery=1, tlvs=reference))).message_id
        (told,) = await peer.receipts(1)
        assert isinstance(told, p.DataSm)
        assert (told.esm_class, told.source_addr, told.destination_addr) == (4, "966512345678", "INTERKEY")
        tlvs = dict(told.tlvs)
        assert tlvs[p.TAG_MESSAGE_PAYLOAD].startswith(b"id:" + told_id.encode())
        assert tlvs[p.TAG_USER_MESSAGE_REFERENCE] == b"\x01\x02"
        utc = await plain_receipt(stage)
        here = tlvs[p.TAG_MESSAGE_PAYLOAD].split(b"submit date:")[1][:10]
        assert (int(here[6:8]) - int(utc[6:8])) % 24 == 3
        peer.close()
        old = await stage.peer(there, **V33)
        await old.ask(submit(registered_delivery=1))
        (told,) = await old.receipts(1)
        assert isinstance(told, p.DeliverSm)


async def plain_receipt(stage: Stage) -> bytes:
    """The submit date that an account without a profile is told."""
    other = await stage.peer(await stage.account("plain"))
    await other.ask(submit(registered_delivery=1))
    (told,) = await other.receipts(1)
    return bytes(told.short_message.split(b"submit date:")[1][:10])


async def test_a_receipt_that_is_refused_for_longer_than_the_account_wants_is_given_up(tmp_path: Path) -> None:
    async with running_gateway(tmp_path) as stage:
        there = await account(stage, receipt_retry_s=1)
        peer = await stage.peer(there, acknowledge=lambda _: st.RX_T_APPN)
        await peer.ask(submit(registered_delivery=1))
        telling = stage.node.road.telling
        await peer.until(lambda: len(peer.got) >= 1)
        async with asyncio.timeout(LIMIT_S):
            while not telling.dropped:
                await asyncio.sleep(0.01)
        assert await stage.node.stores.ledger.outbox.size() == 0


async def test_a_profile_bounds_the_binds_of_each_kind(tmp_path: Path) -> None:
    async with running_gateway(tmp_path) as stage:
        there = await account(stage, max_receivers=1, max_transceivers=0)
        assert (await stage.peer(there, p.BindReceiver)).bound
        assert (await stage.peer(there, p.BindReceiver)).refused == st.RBINDFAIL
        assert (await stage.peer(there, p.BindTransceiver)).refused == st.RBINDFAIL
        assert (await stage.peer(there, p.BindTransmitter)).bound


# ------------------------------------------------------------------------------------------------------ submissions


@pytest.mark.parametrize("alphabet", ["latin1", "gsm_packed", "ascii"])
async def test_data_coding_0_is_read_in_the_alphabet_of_the_account(tmp_path: Path, alphabet: str) -> None:
    text = "plain @ text" if alphabet == "ascii" else "Ä @ è"
    septets = gsm7.DEFAULT.encode(text)
    assert septets is not None
    octets = gsm7.pack(septets, 0) if alphabet == "gsm_packed" else text.encode("latin-1")
    header = bytes.fromhex("050003210201")
    tail = gsm7.pack(septets, 1) if alphabet == "gsm_packed" else octets
    async with running_gateway(tmp_path) as stage:
        peer = await stage.peer(await account(stage, alphabet=alphabet))
        await peer.ask(submit(octets))
        await peer.ask(submit(header + tail, esm_class=0x40))
        whole, part = await stage.arrived(2)
        assert (whole.data_coding, whole.short_message) == (0, septets)
        assert (part.data_coding, part.short_message) == (0, header + septets)


FIELDS: list[tuple[dict[str, Any], int]] = [
    ({"replace_if_present_flag": 1}, 0x54),
    ({"sm_default_msg_id": 7}, 0x63),
    ({"protocol_id": 0x40}, 0x400),
    ({"protocol_id": 0x41}, 0x400),
    ({"protocol_id": 0x7F}, 0x400),
    ({"esm_class": 0x80}, 0x43),
    ({"tlvs": ((p.TAG_QOS_TIME_TO_LIVE, b"\0\0\0\0"),)}, st.RINVEXPIRY),
    ({"tlvs": ((p.TAG_QOS_TIME_TO_LIVE, b"\1"),)}, 0xC4),
    ({"tlvs": ((p.TAG_DESTINATION_PORT, b"\1"),)}, 0xC4),
]


@pytest.mark.case("smpp-16")
@pytest.mark.parametrize(("fields", "status"), FIELDS)
async def test_a_field_that_is_not_done_here_is_refused_with_its_own_status(
    tmp_path: Path, fields: dict[str, Any], status: int
) -> None:
    async with running_gateway(tmp_path) as stage:
        peer = await stage.peer(await stage.account())
        assert (await peer.ask(submit(**fields))).status == status
        assert (await peer.ask(submit())).status == st.OK


@pytest.mark.case("smpp-16")
async def test_what_a_profile_lets_through_reaches_the_operator(tmp_path: Path) -> None:
    async with running_gateway(tmp_path) as stage:
        plain = await stage.peer(await stage.account("plain"))
        await plain.ask(submit(protocol_id=0x3F, priority_flag=2))
        (sent,) = await stage.arrived(1)
        assert (sent.protocol_id, sent.priority_flag, sent.esm_class) == (0, 0, 0)
        there = await account(
            stage, protocol_ids=(0x40, 0x41), priority=True, reply_path=True, replace_if_present="ignore"
        )
        peer = await stage.peer(there)
        marks: dict[str, Any] = {
            "protocol_id": 0x41,
            "priority_flag": 3,
            "esm_class": 0x80,
            "replace_if_present_flag": 1,
        }
        told = await peer.ask(submit(registered_delivery=1, **marks))
        await peer.receipts(1)
        sent = (await stage.arrived(2))[1]
        assert (sent.protocol_id, sent.priority_flag, sent.esm_class) == (0x41, 3, 0x80)
        record = await stage.record(told.message_id)
        assert record.disclosure & (1 << 8 | 1 << 10) == 1 << 8 | 1 << 10
        assert (await peer.ask(submit(protocol_id=0x7F))).status == 0x400


PORTS = ((p.TAG_SOURCE_PORT, b"\x00\x00"), (p.TAG_DESTINATION_PORT, b"\x0b\x84"))
SAR = (
    (p.TAG_SAR_MSG_REF_NUM, b"\0\7"),
    (p.TAG_SAR_TOTAL_SEGMENTS, b"\2"),
    (p.TAG_SAR_SEGMENT_SEQNUM, b"\1"),
)


@pytest.mark.case("smpp-16")
@pytest.mark.parametrize(
    ("fields", "header"),
    [
        ({"tlvs": PORTS}, "0605040b840000"),
        ({"tlvs": PORTS[1:]}, "0605040b840000"),
        ({"tlvs": (*SAR, *PORTS)}, "0b0003070201" + "05040b840000"),
        ({"tlvs": PORTS, "esm_class": 0x40, "short_message": bytes.fromhex("050003210201") + b"data"},
         "0b0003210201" + "05040b840000"),
    ],
)  # fmt: skip
async def test_ports_become_the_header_that_phones_read(tmp_path: Path, fields: dict[str, Any], header: str) -> None:
    plain: dict[str, Any] = {"short_message": b"data", "data_coding": 4}
    async with running_gateway(tmp_path) as stage:
        peer = await stage.peer(await stage.account())
        assert (await peer.ask(submit(**(plain | fields)))).status == st.OK
        (sent,) = await stage.arrived(1)
        assert (sent.esm_class, sent.data_coding) == (0x40, 4)
        assert sent.short_message == bytes.fromhex(header) + b"data"


@pytest.mark.case("smpp-16")
async def test_qos_time_to_live_is_the_validity_of_a_message_that_names_none(tmp_path: Path) -> None:
    async with running_gateway(tmp_path) as stage:
        peer = await stage.peer(await stage.account())
        live = ((p.TAG_QOS_TIME_TO_LIVE, (600).to_bytes(4, "big")),)
        both = [submit(tlvs=live), submit(tlvs=live, validity_period="000000001000000R")]
        records = [await stage.record((await peer.ask(each)).message_id) for each in both]
        assert [each.expires_ms - each.accepted_ms for each in records] == [600_000, 600_000]


async def test_a_validity_that_is_too_long_is_cut_where_the_profile_says_so(tmp_path: Path) -> None:
    long: dict[str, Any] = {"validity_period": "000030000000000R"}
    async with running_gateway(tmp_path) as stage:
        strict = await stage.peer(await stage.account("strict"))
        assert (await strict.ask(submit(**long))).status == st.RINVEXPIRY
        peer = await stage.peer(await account(stage, clamp_validity=True))
        record = await stage.record((await peer.ask(submit(**long))).message_id)
        assert record.expires_ms - record.accepted_ms == 172_800_000


async def test_a_used_up_quota_is_told_as_the_profile_says(tmp_path: Path) -> None:
    async with running_gateway(tmp_path) as stage:
        there = await stage.account(daily_quota=1, profile=EsmeProfile(quota_status=0x45))
        peer = await stage.peer(there)
        assert (await peer.ask(submit())).status == st.OK
        assert (await peer.ask(submit())).status == 0x45


@pytest.mark.case("smpp-18")
@pytest.mark.parametrize(
    ("ton", "written_as", "meant"),
    [
        (0, "971501234567", "971501234567"),
        (2, "971501234567", "971501234567"),
        (2, "0512345678", "966512345678"),
        (0, "512345678", "966512345678"),
        (0, "00971501234567", "971501234567"),
        (0, "+971501234567", "971501234567"),
        (1, "0512345678", "966512345678"),
        (1, "00971501234567", "971501234567"),
        (1, "971501234567", "971501234567"),
        (0, "447911123456", "447911123456"),
    ],
)
async def test_a_number_is_read_nationally_and_then_internationally(
    tmp_path: Path, ton: int, written_as: str, meant: str
) -> None:
    async with running_gateway(tmp_path) as stage:
        peer = await stage.peer(await stage.account())
        assert (await peer.ask(submit(to=written_as, dest_addr_ton=ton))).status == st.OK
        (sent,) = await stage.arrived(1)
        assert (sent.dest_addr_ton, sent.destination_addr) == (1, meant)


@pytest.mark.case("smpp-18")
@pytest.mark.parametrize("to", ["12", "999999999999", "0971501234567", "abc", ""])
async def test_what_is_no_number_either_way_is_refused(tmp_path: Path, to: str) -> None:
    async with running_gateway(tmp_path) as stage:
        peer = await stage.peer(await stage.account())
        assert (await peer.ask(submit(to=to, dest_addr_ton=0))).status == st.RINVDSTADR


# ---------------------------------------------------------------------------------------------- what may be asked


@pytest.mark.case("smpp-21")
async def test_who_asks_of_a_message_names_its_sender_or_nobody(tmp_path: Path) -> None:
    async with running_gateway(tmp_path) as stage:
        peer = await stage.peer(await stage.account())
        waiting = (await peer.ask(submit(registered_delivery=1, schedule_delivery_time="000000010000000R"))).message_id
        for kind in (p.QuerySm, p.CancelSm):
            assert (await peer.ask(kind(message_id=waiting, source_addr="OTHER"))).status == st.RINVSRCADR
            assert (await peer.ask(kind(message_id=""))).status == st.RINVMSGID
        assert (await peer.ask(p.ReplaceSm(message_id=""))).status == st.RINVMSGID
        assert (await peer.ask(p.QuerySm(message_id=waiting, source_addr="INTERKEY"))).message_state == 1
        assert (await peer.ask(p.QuerySm(message_id=waiting))).status == st.OK
        assert (await peer.ask(p.CancelSm(message_id=waiting, source_addr="INTERKEY"))).status == st.OK


@pytest.mark.case("smpp-21")
async def test_a_sent_message_still_knows_its_sender(tmp_path: Path) -> None:
    async with running_gateway(tmp_path) as stage:
        peer = await stage.peer(await stage.account())
        told_id = (await peer.ask(submit(registered_delivery=1))).message_id
        await peer.receipts(1)
        assert (await peer.ask(p.QuerySm(message_id=told_id, source_addr="OTHER"))).status == st.RINVSRCADR
        assert (await peer.ask(p.QuerySm(message_id=told_id, source_addr="INTERKEY"))).message_state == 2


BEHIND = b"\0\0\x34\0\0\0"


@pytest.mark.case("smpp-21")
@pytest.mark.parametrize("body", [b"", b"bank", b"a" * 16 + b"\0pw" + BEHIND, b"bank\0" + b"p" * 80 + BEHIND])
@pytest.mark.parametrize("kind", [p.BindTransmitter, p.BindReceiver, p.BindTransceiver])
async def test_a_bind_that_cannot_be_read_is_refused_counted_and_closed(
    tmp_path: Path, kind: type[p.Bind], body: bytes
) -> None:
    async with running_gateway(tmp_path) as stage:
        peer = await Peer(stage.port).connect()
        stage.peers.append(peer)
        head = p.HEADER.pack(p.HEADER_OCTETS + len(body), kind.command_id, 0, 7)
        transport = peer.connection._transport
        assert transport is not None
        transport.write(head + body)
        await peer.until(lambda: peer.ended)
        assert stage.node.fronts.smpp_server.denied["unreadable"] == 1


@pytest.mark.case("smpp-21")
@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (p.Outbind, b"smsc\0pw\0"),
        (p.Outbind, b""),
        (p.AlertNotification, b"\1\1966512345678\0\1\1INTERKEY\0"),
        (p.AlertNotification, b"\1"),
    ],
)
async def test_what_nobody_answers_is_not_answered(tmp_path: Path, kind: type[p.Pdu], body: bytes) -> None:
    async with running_gateway(tmp_path) as stage:
        peer = await stage.peer(await stage.account())
        transport = peer.connection._transport
        assert transport is not None
        transport.write(p.HEADER.pack(p.HEADER_OCTETS + len(body), kind.command_id, 0, 900) + body)
        assert (await peer.ask(submit())).status == st.OK
        assert peer.connection.session.unexpected_responses == 0


async def test_a_replacement_keeps_what_was_let_through_and_a_packed_alphabet_replaces_nothing(tmp_path: Path) -> None:
    async with running_gateway(tmp_path) as stage:
        there = await account(stage, alphabet="latin1", protocol_ids=(0x41,))
        peer = await stage.peer(there)
        later: dict[str, Any] = {"schedule_delivery_time": "000000010000000R", "protocol_id": 0x41}
        waiting = (await peer.ask(submit(b"old", **later))).message_id
        now: dict[str, Any] = {"source_addr": "INTERKEY", "schedule_delivery_time": "000000000000000R"}
        assert (await peer.ask(p.ReplaceSm(message_id=waiting, short_message=b"\xc4", **now))).status == st.OK
        (sent,) = await stage.arrived(1)
        assert (sent.protocol_id, sent.short_message) == (0x41, gsm7.DEFAULT.encode("Ä"))
        packed = await stage.peer(await account(stage, "packed", alphabet="gsm_packed"))
        waiting = (await packed.ask(submit(gsm7.pack(b"old", 0), **(later | {"protocol_id": 0})))).message_id
        assert (await packed.ask(p.ReplaceSm(message_id=waiting, short_message=b"new", **now))).status == 0x13
