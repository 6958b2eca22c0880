"""PDUs to octets and back, and what happens to those that do not fit or do not parse."""

import contextlib
import traceback
from collections.abc import Callable

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from smpplib import command_codes, consts

from operators.smpp import pdu as p
from operators.smpp import status
from operators.smpp.pdu import layout, tlv
from operators.smpp.pdu.by_layout import encode_by_layout

SECRET = "5550100\N{CYRILLIC CAPITAL LETTER ZHE}77"
C_STRINGS = [
    pytest.param(kind, row, id=f"{kind.__name__}-{row.name}")
    for kind in p.TYPES.values()
    for row in kind.layout
    if row.kind == "c"
]
OCTETS = [
    pytest.param(kind, row, id=f"{kind.__name__}-{row.name}")
    for kind in p.TYPES.values()
    for row in kind.layout
    if row.kind == "u8"
]

TAKE_TLVS = [kind for kind in p.TYPES.values() if kind.has_tlvs]
REQUESTS = [kind for kind in p.TYPES.values() if not kind.command_id & p.RESPONSE]
RESPONSES = [kind for kind in p.TYPES.values() if kind.command_id & p.RESPONSE]
HOT: list[type[p.Pdu]] = [p.SubmitSm, p.DeliverSm, p.SubmitSmResp, p.DeliverSmResp]


def frame(command_id: int, body: bytes, sequence: int = 7, command_status: int = 0) -> bytes:
    return p.HEADER.pack(16 + len(body), command_id, command_status, sequence) + body


OCTET = st.integers(0, 255)
ADDRESS = st.text(st.characters(min_codepoint=1, max_codepoint=255), max_size=20)
DESTINATIONS = st.lists(
    st.builds(p.SmeAddress, OCTET, OCTET, ADDRESS) | st.builds(p.DistributionList, ADDRESS), min_size=1, max_size=254
).map(tuple)
UNSUCCESSFUL = st.lists(st.builds(p.UnsuccessSme, OCTET, OCTET, ADDRESS, st.integers(0, 0xFFFFFFFF)), max_size=255).map(
    tuple
)
ONE = (p.SmeAddress(1, 1, "15550000000"),)


def built(kind: type[p.Pdu], **fields: object) -> p.Pdu:
    """The least of its kind, with these fields."""
    if kind is p.SubmitMulti:
        fields = {"destinations": ONE} | fields
    return kind(**fields)  # type: ignore[arg-type]


def least(row: p.Row) -> bytes:
    """The fewest octets that a field can be."""
    return b"\1\2\0" if row.kind == "dests" else b"\0"


def values(kind: type[p.Pdu]) -> st.SearchStrategy[p.Pdu]:
    fields: dict[str, st.SearchStrategy[object]] = {"sequence_number": st.integers(0, 0xFFFFFFFF)}
    for row in kind.layout:
        if row.kind == "u8":
            fields[row.name] = st.integers(0, 255)
        elif row.kind == "c":
            fields[row.name] = st.text(st.characters(min_codepoint=1, max_codepoint=255), max_size=row.limit - 1)
        elif row.kind == "sm":
            fields[row.name] = st.binary(max_size=255)
        else:
            fields[row.name] = DESTINATIONS if row.kind == "dests" else UNSUCCESSFUL
    if kind.has_tlvs:
        fields["tlvs"] = st.lists(st.tuples(st.integers(0, 0xFFFF), st.binary(max_size=40)), max_size=4).map(tuple)
    return st.builds(kind, **fields)


# ---------------------------------------------------------------------------------------------------- writing


@given(st.sampled_from(list(p.TYPES.values())).flatmap(values))
def test_what_is_written_is_read_again(pdu: p.Pdu) -> None:
    assert p.decode(p.encode(pdu)) == pdu


@given(st.sampled_from(HOT).flatmap(values))
def test_hand_written_encoders_do_as_their_layouts(pdu: p.Pdu) -> None:
    assert p.encode(pdu) == encode_by_layout(pdu)


@st.composite
def bent(draw: st.DrawFn) -> bytes:
    """A PDU of the hot path with a few octets changed, cut off or put in; its command_length does not lie."""
    body = bytearray(p.encode(draw(st.sampled_from(HOT).flatmap(values)))[16:])
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, len(body)))
        body[at : at + draw(st.integers(0, 3))] = draw(st.binary(max_size=30))
    kind = draw(st.sampled_from(HOT))
    return frame(kind.command_id, bytes(body), 7, draw(st.sampled_from([0, 0, status.RTHROTTLED, 0x400])))


@given(bent())
@settings(max_examples=1_000)
def test_hand_written_decoders_do_as_their_layouts(octets: bytes) -> None:
    assert verdict(p.decode, octets) == verdict(by_layout, octets)


@given(bent())
@settings(max_examples=1_000)
def test_hand_written_decoders_leave_whatever_has_a_flaw_to_the_layouts(octets: bytes) -> None:
    _, command_id, command_status, sequence = p.HEADER.unpack_from(octets)
    if p.DECODERS[command_id](octets, command_status, sequence) is not None:
        assert p.read(octets)[1] is None


def by_layout(octets: bytes) -> p.Pdu:
    return p.read(octets)[0]


def verdict(decode: Callable[[bytes], p.Pdu], octets: bytes) -> object:
    try:
        return decode(octets)
    except p.PduError as error:
        return error.status, error.command_id, error.sequence_number


@pytest.mark.parametrize("kind", HOT)
def test_a_hot_pdu_cut_anywhere_is_read_as_its_layout_says(kind: type[p.Pdu]) -> None:
    fields = {row.name: "abc" if row.kind == "c" else b"abc" if row.kind == "sm" else 5 for row in kind.layout}
    whole = p.encode(built(kind, **fields, tlvs=((0x1400, b"x"),)))
    for end in range(16, len(whole) + 1):
        assert verdict(p.decode, whole[:end]) == verdict(by_layout, whole[:end])


@pytest.mark.parametrize(("kind", "row"), C_STRINGS)
@pytest.mark.parametrize("value", ["1\0" + "2", "\0", SECRET[-3:], "\N{CYRILLIC CAPITAL LETTER ZHE}"])
def test_a_character_that_does_not_fit_is_an_error_that_names_the_field(
    kind: type[p.Pdu], row: p.Row, value: str
) -> None:
    with pytest.raises(p.EncodeError) as caught:
        p.encode(built(kind, **{row.name: value}))
    assert str(caught.value) == row.name


@pytest.mark.parametrize(("kind", "row"), C_STRINGS)
def test_a_string_that_is_too_long_is_an_error_that_names_the_field(kind: type[p.Pdu], row: p.Row) -> None:
    p.encode(built(kind, **{row.name: "x" * (row.limit - 1)}))
    with pytest.raises(p.EncodeError, match=f"^{row.name}$"):
        p.encode(built(kind, **{row.name: "x" * row.limit}))


@pytest.mark.parametrize(("kind", "row"), OCTETS)
@pytest.mark.parametrize("value", [-1, 256, 0x110000])
def test_a_number_over_an_octet_is_an_error_that_names_the_field(kind: type[p.Pdu], row: p.Row, value: int) -> None:
    with pytest.raises(p.EncodeError, match=f"^{row.name}$"):
        p.encode(built(kind, **{row.name: value}))


@pytest.mark.parametrize("tlv", [(0x10000, b""), (1, bytes(0x10000))])
def test_a_tlv_over_16_bits_is_an_error(tlv: p.Tlv) -> None:
    with pytest.raises(p.EncodeError, match=r"^tlvs$"):
        p.encode(p.SubmitSm(tlvs=(tlv,)))


def test_no_error_of_encoding_carries_the_value() -> None:
    with pytest.raises(p.EncodeError) as caught:
        p.encode(p.SubmitSm(destination_addr=SECRET))
    assert caught.value.__context__ is None
    assert "5550100" not in "".join(traceback.format_exception(caught.value))


# ---------------------------------------------------------------------------------------------------- privacy


@pytest.mark.parametrize("kind", p.TYPES.values(), ids=lambda kind: kind.__name__)
def test_no_way_of_printing_shows_the_fields(kind: type[p.Pdu]) -> None:
    text = {row.name: "5550100" for row in kind.layout if row.kind == "c" and row.limit > 8}
    pdu = kind(sequence_number=3, **text)  # type: ignore[arg-type]
    assert "5550100" not in repr(pdu) + str(pdu) + repr(list(pdu.__rich_repr__()))
    assert list(pdu.__rich_repr__()) == [("sequence_number", 3), ("status", 0)]


# ---------------------------------------------------------------------------------------------------- reading


@pytest.mark.smpp("S-04")
def test_an_unknown_command_is_told_with_its_sequence_number() -> None:
    with pytest.raises(p.PduError) as caught:
        p.decode(frame(0x00000777, b"anything", 0xFFFFFFFF))
    assert (caught.value.status, caught.value.sequence_number) == (status.RINVCMDID, 0xFFFFFFFF)


@pytest.mark.smpp("S-05")
@given(st.sampled_from(REQUESTS), st.binary(max_size=120), st.integers(0, 0xFFFFFFFF), st.booleans())
def test_any_body_of_a_request_is_read_or_refused_with_its_sequence_number(
    kind: type[p.Pdu], body: bytes, sequence: int, cut: bool
) -> None:
    with contextlib.suppress(p.PduError):
        assert p.decode(frame(kind.command_id, body, sequence), cut=cut).sequence_number == sequence
        return
    with pytest.raises(p.PduError) as caught:
        p.decode(frame(kind.command_id, body, sequence), cut=cut)
    assert (caught.value.command_id, caught.value.sequence_number) == (kind.command_id, sequence)
    assert caught.value.status


@pytest.mark.case("smpp-1")
@pytest.mark.smpp("S-05")
@given(
    st.sampled_from(RESPONSES), st.binary(max_size=120), st.integers(0, 0xFFFFFFFF), st.sampled_from([0, 0x58, 0x400])
)
def test_a_response_has_its_status_whatever_its_body_holds(
    kind: type[p.Pdu], body: bytes, sequence: int, command_status: int
) -> None:
    pdu = p.decode(frame(kind.command_id, body, sequence, command_status))
    assert (type(pdu), pdu.sequence_number, pdu.status) == (kind, sequence, command_status)


@pytest.mark.case("smpp-1")
@pytest.mark.smpp("S-05")
@pytest.mark.parametrize("kind", [p.SubmitSmResp, p.DataSmResp, p.DeliverSmResp])
@pytest.mark.parametrize(
    ("body", "message_id", "flaw"),
    [
        (b"R1\0\0", "R1", p.Flaw.TAIL),
        (b"R1\0\0\0\0", "R1", p.Flaw.TAIL),
        (b"R1\0x", "R1", p.Flaw.TAIL),
        (b"R1\0\x14\0\0\x04a", "R1", p.Flaw.TAIL),
        (b"R1", "R1", p.Flaw.CUT),
        (b"R" * 64 + b"\0", "R" * 64, None),
        (b"R" * 65 + b"\0", "R" * 64, p.Flaw.CUT),
        (b"R" * 70 + b"\0", "R" * 64, p.Flaw.CUT),
        (b"R" * 300, "R" * 64, p.Flaw.CUT),
        (b"R" * 70 + b"\0\x14\0\0\1a", "R" * 64, p.Flaw.CUT),
        (b"R\xe9\x801\0", "R\xe9\x801", None),
    ],
)
def test_of_an_id_what_can_be_read_is_kept(kind: type[p.Pdu], body: bytes, message_id: str, flaw: p.Flaw) -> None:
    octets = frame(kind.command_id, body)
    pdu, found = p.read(octets)
    assert isinstance(pdu, p.MessageIdResp)
    assert (pdu.message_id, pdu.status, found) == (message_id, status.OK, flaw)
    assert p.decode(octets) == pdu


@pytest.mark.case("smpp-1")
@pytest.mark.parametrize(
    ("kind", "flaw"),
    [(p.SubmitSmResp, p.Flaw.NO_ID), (p.DataSmResp, p.Flaw.NO_ID), (p.DeliverSmResp, None), (p.CancelSmResp, None)],
)
def test_a_success_without_the_id_that_it_should_have_is_noted(kind: type[p.Pdu], flaw: p.Flaw | None) -> None:
    assert p.read(frame(kind.command_id, b"")) == (kind(7), flaw)
    assert p.read(frame(kind.command_id, b"", command_status=status.RSYSERR)) == (kind(7, status.RSYSERR), None)


@pytest.mark.case("smpp-1")
def test_sound_tlvs_before_a_bad_one_are_kept() -> None:
    pdu, flaw = p.read(frame(p.SubmitSmResp.command_id, b"R1\0" + b"\x14\0\0\1a" + b"\x14\1\0\4b"))
    assert (pdu, flaw) == (p.SubmitSmResp(7, 0, "R1", ((0x1400, b"a"),)), p.Flaw.TAIL)


@pytest.mark.case("smpp-2")
@pytest.mark.parametrize("kind", [p.BindTransmitterResp, p.BindReceiverResp, p.BindTransceiverResp])
@pytest.mark.parametrize(
    ("body", "system_id", "flaw"),
    [
        (b"s" * 19 + b"\0", "s" * 15, p.Flaw.CUT),
        (b"s" * 19 + b"\0\2\x10\0\1\x34", "s" * 15, p.Flaw.CUT),
        (b"smsc", "smsc", p.Flaw.CUT),
        (b"smsc\0\0", "smsc", p.Flaw.TAIL),
        (b"", "", None),
    ],
)
def test_a_flawed_answer_to_a_bind_is_still_a_success(
    kind: type[p.BindResp], body: bytes, system_id: str, flaw: p.Flaw | None
) -> None:
    pdu, found = p.read(frame(kind.command_id, body))
    assert isinstance(pdu, kind)
    assert (pdu.status, pdu.system_id, found) == (status.OK, system_id, flaw)
    assert pdu.tlvs == (((p.TAG_SC_INTERFACE_VERSION, b"\x34"),) if b"\x34" in body else ())


@pytest.mark.case("smpp-1")
@pytest.mark.parametrize("kind", [p.EnquireLinkResp, p.UnbindResp, p.GenericNack, p.CancelSmResp, p.ReplaceSmResp])
def test_an_answer_without_fields_may_have_a_body(kind: type[p.Pdu]) -> None:
    assert p.read(frame(kind.command_id, b"\0junk")) == (kind(7), p.Flaw.TAIL)


@pytest.mark.case("smpp-1")
@pytest.mark.parametrize(
    ("body", "fields", "flaw"),
    [
        (b"R1\0" + b"260115081500000+\0" + b"\2\0", ("R1", "260115081500000+", 2, 0), None),
        (b"R" * 70 + b"\0" + b"\0" + b"\2\7", ("R" * 64, "", 2, 7), p.Flaw.CUT),
        (b"R1\0" + b"2" * 30 + b"\0" + b"\2\7", ("R1", "2" * 16, 2, 7), p.Flaw.CUT),
        (b"R1\0\0\2", ("R1", "", 2, 0), p.Flaw.SHORT),
        (b"R1\0\0", ("R1", "", 0, 0), p.Flaw.SHORT),
        (b"R1", ("R1", "", 0, 0), p.Flaw.SHORT),
        (b"R1\0\0\2\7\0", ("R1", "", 2, 7), p.Flaw.TAIL),
    ],
)
def test_of_an_answer_to_a_question_what_can_be_read_is_kept(
    body: bytes, fields: tuple[str, str, int, int], flaw: p.Flaw | None
) -> None:
    assert p.read(frame(p.QuerySmResp.command_id, body)) == (p.QuerySmResp(7, 0, *fields), flaw)


# Requests


@pytest.mark.case("smpp-3")
@pytest.mark.smpp("S-05")
@pytest.mark.parametrize("tail", [b"\0", b"\0\0\0", b"\x14\0\0\x09ab", b"\x14\0\xff\xff"])
@pytest.mark.parametrize("kind", [p.DeliverSm, p.SubmitSm, p.DataSm, p.SubmitMulti])
@pytest.mark.parametrize("cut", [True, False])
def test_what_stands_behind_a_sound_message_is_dropped(kind: type[p.Pdu], tail: bytes, cut: bool) -> None:
    sound = built(kind, sequence_number=7, tlvs=((p.TAG_MESSAGE_PAYLOAD, b"hello"),))
    octets = frame(kind.command_id, p.encode(sound)[16:] + tail)
    assert p.read(octets, cut=cut) == (sound, p.Flaw.TAIL)
    assert p.decode(octets, cut=cut) == sound


@pytest.mark.case("smpp-3")
@pytest.mark.smpp("S-09")
@pytest.mark.parametrize(
    ("fields", "kept"),
    [
        (b"SERVICE_LONG\0" + b"\1\1" + b"9" * 12 + b"\0", ("SERVI", "9" * 12)),
        (b"\0" + b"\1\1" + b"9" * 25 + b"\0", ("", "9" * 20)),
    ],
)
def test_a_string_of_an_operator_over_its_maximum_is_cut(fields: bytes, kept: tuple[str, str]) -> None:
    octets = frame(p.DeliverSm.command_id, fields + b"\1\1" + b"90909\0" + b"\4" + bytes(8) + b"\5hello")
    pdu, flaw = p.read(octets, cut=True)
    assert isinstance(pdu, p.DeliverSm)
    assert (pdu.service_type, pdu.source_addr) == kept
    assert (pdu.destination_addr, pdu.esm_class, pdu.short_message, flaw) == ("90909", 4, b"hello", p.Flaw.CUT)
    with pytest.raises(p.PduError):
        p.read(octets)


@pytest.mark.case("smpp-3")
@pytest.mark.parametrize("body", [b"", b"no end", b"\0\1\1" + b"9" * 300, b"\0\1\1" + b"966500000078\0\1"])
def test_a_request_that_cannot_be_read_up_to_its_message_is_refused(body: bytes) -> None:
    with pytest.raises(p.PduError):
        p.read(frame(p.DeliverSm.command_id, body), cut=True)


@pytest.mark.smpp("S-06")
@pytest.mark.parametrize("sequence", [0, 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF])
def test_any_sequence_number_of_a_peer_is_kept(sequence: int) -> None:
    assert p.decode(frame(p.EnquireLink.command_id, b"", sequence)).sequence_number == sequence


@pytest.mark.smpp("S-07")
@pytest.mark.parametrize("number", [0x400, 0x4FF, 0x110, 0xFFFFFFFF])
def test_a_status_outside_the_list_is_a_number(number: int) -> None:
    assert p.decode(frame(p.SubmitSmResp.command_id, b"", command_status=number)).status == number
    assert status.name_of(number) == f"0x{number:08X}"


@pytest.mark.smpp("S-08")
def test_unknown_tlvs_are_kept_in_order() -> None:
    tlvs = ((0x1400, b"a"), (0x0428, b""), (0x1400, b"b"))
    pdu = p.decode(p.encode(p.DeliverSm(tlvs=tlvs)))
    assert isinstance(pdu, p.DeliverSm)
    assert pdu.tlvs == tlvs


@pytest.mark.smpp("S-08")
@pytest.mark.parametrize("tail", [b"\x14", b"\x14\x00\x00", b"\x14\x00\x00\x01", b"\x14\x00\xff\xffab"])
@pytest.mark.parametrize("kind", TAKE_TLVS)
def test_a_tlv_longer_than_its_pdu_is_dropped(kind: type[p.Pdu], tail: bytes) -> None:
    """Until now it was refused; a peer's mistake behind the message must not cost the customer the message (S-05)."""
    sound = built(kind, sequence_number=7, tlvs=((0x1400, b"a"),))
    assert p.read(frame(kind.command_id, p.encode(sound)[16:] + tail)) == (sound, p.Flaw.TAIL)


@pytest.mark.smpp("S-09")
@pytest.mark.parametrize(("kind", "row"), [each for each in C_STRINGS if each.values[0] in REQUESTS])
@pytest.mark.parametrize("terminator", [b"", b"\0"])
def test_a_string_of_a_request_without_end_or_over_its_maximum_gets_the_status_of_its_field(
    kind: type[p.Pdu], row: p.Row, terminator: bytes
) -> None:
    before = b"".join(map(least, kind.layout[: kind.layout.index(row)]))
    with pytest.raises(p.PduError) as caught:
        p.decode(frame(kind.command_id, before + b"x" * row.limit + terminator))
    assert caught.value.status == row.fault


@pytest.mark.smpp("S-09")
def test_a_long_password_may_be_allowed() -> None:
    body = b"me\0" + b"p" * 20 + b"\0\0\x34\0\0\0"
    with pytest.raises(p.PduError):
        p.decode(frame(p.BindTransceiver.command_id, body))
    bind = p.decode(frame(p.BindTransceiver.command_id, body), long_password=True)
    assert isinstance(bind, p.BindTransceiver)
    assert len(bind.password) == 20


@pytest.mark.smpp("S-10")
@pytest.mark.parametrize("command_status", [0, status.RSYSERR])
@pytest.mark.parametrize("kind", [kind for kind in p.TYPES.values() if kind.command_id & p.RESPONSE])
def test_a_response_may_have_no_body(kind: type[p.Pdu], command_status: int) -> None:
    assert p.decode(frame(kind.command_id, b"", 9, command_status)) == kind(sequence_number=9, status=command_status)


@pytest.mark.smpp("S-10")
def test_a_refusal_with_a_broken_body_is_still_a_refusal() -> None:
    response = p.decode(frame(p.SubmitSmResp.command_id, b"no end", 9, status.RTHROTTLED))
    assert response == p.SubmitSmResp(sequence_number=9, status=status.RTHROTTLED, message_id="no end")


@pytest.mark.smpp("S-11")
def test_a_message_of_255_octets_is_read() -> None:
    pdu = p.decode(p.encode(p.SubmitSm(short_message=b"x" * 255)))
    assert isinstance(pdu, p.SubmitSm)
    assert pdu.short_message == b"x" * 255


@pytest.mark.smpp("S-11")
@pytest.mark.parametrize("kind", [p.SubmitSm, p.SubmitMulti, p.DeliverSm, p.ReplaceSm])
def test_a_message_shorter_than_its_length_is_refused(kind: type[p.Pdu]) -> None:
    body = p.encode(built(kind, short_message=b"x" * 9))[16:-1]
    with pytest.raises(p.PduError) as caught:
        p.decode(frame(kind.command_id, body))
    assert caught.value.status == status.RINVMSGLEN


def test_commands_have_the_names_that_the_standard_gives_them() -> None:
    for command_id in p.TYPES:
        assert command_codes.get_command_name(command_id) == p.name_of(command_id)


def test_every_pdu_can_be_copied_with_other_fields() -> None:
    assert msgspec.structs.replace(p.SubmitSm(source_addr="1"), tlvs=()).source_addr == "1"


# ------------------------------------------------------------------------------------------------- submit_multi


MULTI = p.SubmitMulti.command_id


@pytest.mark.smpp("S-51")
@pytest.mark.parametrize(
    ("destinations", "fault"),
    [
        (b"\0", status.RINVNUMDESTS),
        (b"\xff" + b"\1\1\1" + b"1\0", status.RINVNUMDESTS),
        (b"\1\3" + b"1\0", status.RINVDESTFLAG),
        (b"\1\1\1\1" + b"1" * 21 + b"\0", status.RINVDSTADR),
        (b"\1\2" + b"l" * 21 + b"\0", status.RINVDLNAME),
        (b"\2\2" + b"list\0", status.RINVDESTFLAG),  # the second one is what comes next: esm_class 0
    ],
)
def test_bad_destinations_of_a_submit_multi_get_their_own_statuses(destinations: bytes, fault: int) -> None:
    with pytest.raises(p.PduError) as caught:
        p.decode(frame(MULTI, bytes(4) + destinations + bytes(10)))
    assert caught.value.status == fault


@pytest.mark.smpp("S-51")
@pytest.mark.parametrize(
    "destinations",
    [(), ONE * 255, (p.SmeAddress(1, 1, "1" * 21),), (p.SmeAddress(256, 1, "1"),), (p.DistributionList("\0"),)],
)
def test_destinations_that_do_not_fit_are_an_error(destinations: object) -> None:
    with pytest.raises(p.EncodeError, match=r"^destinations$"):
        p.encode(built(p.SubmitMulti, destinations=destinations))


@pytest.mark.smpp("S-51")
@pytest.mark.parametrize("refused", [(1, 1, "1" * 21, 0), (-1, 1, "1", 0), (1, 1, "1", 1 << 32)])
def test_an_unsuccessful_destination_that_does_not_fit_is_an_error(refused: tuple[int, int, str, int]) -> None:
    with pytest.raises(p.EncodeError, match=r"^unsuccess_sme$"):
        p.encode(p.SubmitMultiResp(unsuccess_sme=(p.UnsuccessSme(*refused),)))


@pytest.mark.smpp("S-51")
def test_an_answer_of_submit_multi_is_as_the_standard_draws_it() -> None:
    body = b"7f\0" + b"\1" + b"\1\1" + b"15550000000\0" + b"\0\0\0\x0b"
    assert p.decode(frame(p.SubmitMultiResp.command_id, body)) == p.SubmitMultiResp(
        7, 0, "7f", (p.UnsuccessSme(1, 1, "15550000000", status.RINVDSTADR),)
    )


def test_no_address_of_a_submit_multi_is_printed() -> None:
    parts = (p.SmeAddress(1, 1, "5550100"), p.DistributionList("5550100"), p.UnsuccessSme(1, 1, "5550100", 8))
    assert "5550100" not in repr(parts)


# --------------------------------------------------------------------------------------------- TLVs and two texts


@pytest.mark.smpp("S-08")
def test_tlvs_have_the_names_that_smpplib_gives_them() -> None:
    theirs = dict(consts.OPTIONAL_PARAMS)
    assert {name: tlv.TAGS.get(name) for name in theirs} == theirs
    assert tlv.name_of(0x0424) == "message_payload"
    assert tlv.name_of(0x1400) == "0x1400"


@pytest.mark.case("smpp-4")
@pytest.mark.smpp("S-08")
@pytest.mark.parametrize("kind", [p.SubmitSm, p.DeliverSm, p.SubmitMulti])
def test_an_empty_payload_beside_a_short_message_is_none(kind: type[p.Pdu]) -> None:
    pdu = built(kind, short_message=b"STOP", tlvs=((p.TAG_MESSAGE_PAYLOAD, b""),))
    assert isinstance(pdu, p.WithText)
    assert p.user_data(pdu) == b"STOP"
    assert not p.has_two_texts(pdu)


@pytest.mark.smpp("S-11")
@pytest.mark.parametrize("kind", [p.SubmitSm, p.DeliverSm, p.SubmitMulti, p.DataSm])
def test_the_payload_wins_over_the_short_message(kind: type[p.Pdu]) -> None:
    payload = ((p.TAG_MESSAGE_PAYLOAD, b"long"),)
    with_payload, without = built(kind, tlvs=payload), built(kind)
    assert isinstance(with_payload, p.WithText)
    assert isinstance(without, p.WithText)
    assert (p.user_data(with_payload), p.user_data(without)) == (b"long", b"")
    assert not p.has_two_texts(with_payload)
    if kind is not p.DataSm:
        both = built(kind, short_message=b"short", tlvs=payload)
        assert isinstance(both, p.WithText)
        assert p.has_two_texts(both)
        assert p.user_data(both) == b"long"


def test_layouts_name_the_fields_in_the_order_of_construction() -> None:
    for kind in p.TYPES.values():
        names = [row.name for row in kind.layout] + ["tlvs"] * kind.has_tlvs
        assert list(kind.__struct_fields__) == ["sequence_number", "status", *names]


def test_every_kind_of_field_can_be_read_and_written() -> None:
    kinds = {row.kind for kind in p.TYPES.values() for row in kind.layout}
    assert kinds == set(layout._READERS) == set(layout._WRITERS)
