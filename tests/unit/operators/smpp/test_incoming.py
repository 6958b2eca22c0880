"""Messages from people: what their octets say, and long ones put together."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from operators.base import MoMessage
from operators.smpp import pdu as p
from operators.smpp.coding import DefaultAlphabet
from operators.smpp.incoming import Incoming, IncomingSettings, PartHandle
from operators.smpp.reassembly import Held
from operators.smpp.segments import ConcatMode, PlanOptions, encode_segments, plan
from redaction.personal import Purpose

ARABIC = "السلام عليكم ورحمة الله ١٢٣ \u200fABC\u200f " * 5


def incoming(**changes: Any) -> Incoming:
    return Incoming(IncomingSettings(operator="stc", wait_s=10, **changes), b"salt", limit=4)


def deliver(octets: bytes, **fields: Any) -> p.DeliverSm:
    ends: dict[str, Any] = {"source_addr": "966500000078", "source_addr_ton": 1, "destination_addr": "90909"}
    return p.DeliverSm(short_message=octets, **(ends | fields))


def parts_of(text: str, concat: ConcatMode = ConcatMode.UDH8, languages: tuple[int, ...] = ()) -> list[p.DeliverSm]:
    """As a phone cuts it."""
    planned = plan(text, PlanOptions(concat=concat, languages=languages))
    found = []
    for segment in encode_segments(text, planned, concat=concat, reference=7):
        tlvs: list[tuple[int, bytes]] = []
        if segment.sar is not None:
            reference, total, sequence = segment.sar
            tlvs = [
                (p.TAG_SAR_MSG_REF_NUM, reference.to_bytes(2, "big")),
                (p.TAG_SAR_TOTAL_SEGMENTS, bytes((total,))),
                (p.TAG_SAR_SEGMENT_SEQNUM, bytes((sequence,))),
            ]
        fields = {"esm_class": segment.esm_class, "data_coding": segment.data_coding, "tlvs": tuple(tlvs)}
        found.append(deliver(segment.short_message, **fields))
    return found


def text_of(found: MoMessage | Held) -> str:
    assert isinstance(found, MoMessage)
    return found.text.reveal(Purpose.ACCEPT)


@pytest.mark.smpp("S-61")
@pytest.mark.parametrize(
    ("octets", "data_coding", "text", "encoding"),
    [
        (b"hello \x00\x1be", 0, "hello @€", "gsm7"),
        (b"hello", 1, "hello", "ascii"),
        ("é".encode("latin-1"), 3, "é", "latin1"),
        (b"\x00\xff", 4, "\x00\xff", "binary"),
        ("سلام".encode("utf-16-be"), 8, "سلام", "ucs2"),
        ("سلام".encode("utf-16-be"), 0x18, "سلام", "ucs2"),
        (b"\x06", 0xF5, "\x06", "binary"),
        (b"\xd8\x00", 8, "\xd8\x00", "binary"),
        (b"\x01", 0x0B, "\x01", "binary"),
    ],
)
def test_octets_are_read_by_their_data_coding(octets: bytes, data_coding: int, text: str, encoding: str) -> None:
    found = incoming().take(deliver(octets, data_coding=data_coding), "handle", 0)
    assert isinstance(found, MoMessage)
    assert (text_of(found), found.encoding, found.segments, found.missing) == (text, encoding, 1, ())
    assert (found.destination, found.international, found.handle) == ("90909", True, ("handle",))


@pytest.mark.case("smpp-17")
@pytest.mark.case("smpp-20")
@pytest.mark.parametrize(
    ("octets", "data_coding", "text", "encoding"),
    [
        ("Grüße, café".encode("latin-1"), 0, "Grüße, café", "latin1"),
        (b"caf\xe9\r\n", 0, "café\r\n", "latin1"),
        (b"caf\xe9\x01", 0, "caf\xe9\x01", "binary"),
        (b"\x80\x90", 0, "\x80\x90", "binary"),
        ("سلام".encode("utf-16"), 8, "سلام", "ucs2"),
        ("\ufeffسلام".encode("utf-16-be"), 8, "سلام", "ucs2"),
        ("\ufeffسلام".encode("utf-16-le"), 8, "سلام", "ucs2"),
    ],
)
def test_what_phones_and_gateways_write_is_read(octets: bytes, data_coding: int, text: str, encoding: str) -> None:
    found = incoming().take(deliver(octets, data_coding=data_coding), "handle", 0)
    assert isinstance(found, MoMessage)
    assert (text_of(found), found.encoding) == (text, encoding)


@pytest.mark.case("smpp-17")
@pytest.mark.parametrize(
    ("header", "kept"),
    [
        ("0605040b8423f0", "0605040b8423f0"),
        ("0b05040b8423f00003070201", "0605040b8423f0"),
        ("050003070201", ""),
        ("06080400070201", ""),
        ("03240101", ""),
        ("0470021122", "0470021122"),
    ],
)
def test_a_header_keeps_what_says_more_than_the_part(header: str, kept: str) -> None:
    found = incoming().take(deliver(bytes.fromhex(header) + b"hello", esm_class=0x40), "handle", 0)
    assert isinstance(found, MoMessage)
    assert (text_of(found), found.header.hex()) == ("hello", kept)


@pytest.mark.smpp("S-36")
def test_what_coding_0_means_is_a_setting() -> None:
    found = incoming(default_alphabet=DefaultAlphabet.LATIN1).take(deliver(b"\xe9"), "handle", 0)
    assert text_of(found) == "é"


@pytest.mark.smpp("S-11")
def test_a_payload_may_carry_the_message_and_data_sm_has_no_other_place() -> None:
    tlvs = ((p.TAG_MESSAGE_PAYLOAD, b"hello"),)
    data = p.DataSm(source_addr="966500000078", destination_addr="90909", tlvs=tlvs)
    assert text_of(incoming().take(deliver(b"", tlvs=tlvs), "handle", 0)) == "hello"
    assert text_of(incoming().take(data, "handle", 0)) == "hello"


@pytest.mark.smpp("S-49")
@pytest.mark.parametrize("concat", [ConcatMode.UDH8, ConcatMode.UDH16, ConcatMode.SAR])
@given(data=st.data())
def test_parts_in_any_order_are_one_message(concat: ConcatMode, data: st.DataObject) -> None:
    parts = list(enumerate(parts_of(ARABIC, concat)))
    assert len(parts) == 3
    gathering = incoming()
    *first, (last, final) = data.draw(st.permutations(parts))
    before = [gathering.take(part, number, 0) for number, part in first]
    found = gathering.take(final, last, 0)
    assert text_of(found) == ARABIC
    whole = [each for each in (*before, found) if isinstance(each, MoMessage)]
    assert [each.is_last for each in whole] == [False, False, True]
    assert {each.gathering for each in whole} == {1}
    handles = [each.handle for each in whole if isinstance(each.handle, PartHandle)]
    assert [each.handle for each in handles] == [*(number for number, _ in first), last]
    for each in handles:
        gathering.answered(each, 0, taken=True)
    assert len(gathering) == 0


@pytest.mark.case("smpp-4")
@pytest.mark.smpp("S-08")
def test_an_empty_payload_does_not_hide_what_a_person_wrote() -> None:
    pdu = p.DeliverSm(source_addr="966500000078", short_message=b"STOP", tlvs=((p.TAG_MESSAGE_PAYLOAD, b""),))
    assert text_of(incoming().take(pdu, None, 0)) == "STOP"


@pytest.mark.smpp("S-62")
def test_parts_in_a_national_alphabet_are_read_with_its_table() -> None:
    text = "ığş" * 80
    gathering = incoming()
    *_, found = [gathering.take(part, None, 0) for part in parts_of(text, languages=(1,))]
    assert text_of(found) == text


@pytest.mark.smpp("S-49")
def test_what_is_missing_is_told_when_time_is_over() -> None:
    gathering = incoming()
    first, _, third = parts_of(ARABIC)
    gathering.take(third, "third", 0)
    gathering.take(first, "first", 1)
    assert gathering.expire(9.9) == []
    (found,) = gathering.expire(10)
    assert (found.missing, found.segments, found.handle, found.is_last) == ((2,), 3, None, True)
    assert len(gathering) == 0


@pytest.mark.smpp("S-49")
def test_the_parts_of_two_people_do_not_mix() -> None:
    gathering = incoming()
    first, second, _ = parts_of(ARABIC)
    gathering.take(first, 1, 0)
    other = p.DeliverSm(source_addr="966500000001", destination_addr="90909", esm_class=0x40, data_coding=8)
    other.short_message = second.short_message
    assert isinstance(gathering.take(other, 2, 0), MoMessage)
    assert len(gathering) == 2


@pytest.mark.smpp("S-47")
def test_parts_are_bounded() -> None:
    gathering = incoming()
    for number in range(4):
        part = deliver(bytes((5, 0, 3, number, 2, 1)) + b"x", esm_class=0x40)
        assert isinstance(gathering.take(part, number, 0), MoMessage)
    assert gathering.take(deliver(bytes((5, 0, 3, 9, 2, 1)), esm_class=0x40), 9, 0) is Held.REFUSED


@given(st.binary(max_size=80), st.integers(0, 255), st.sampled_from([0, 0x40]))
def test_any_octets_are_a_message_or_wait(octets: bytes, data_coding: int, esm_class: int) -> None:
    found = incoming().take(deliver(octets, data_coding=data_coding, esm_class=esm_class), None, 0)
    assert isinstance(found, MoMessage | Held)


@pytest.mark.policy("P-05")
def test_nothing_of_it_is_printed() -> None:
    found = incoming().take(deliver(b"secret"), None, 0)
    assert "secret" not in repr(found)
    assert "966500000078" not in repr(found)
