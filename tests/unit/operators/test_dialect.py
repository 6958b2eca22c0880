"""What an operator's settings make of our messages and of its answers."""

from typing import Any

import pytest

from config.operators import PERMANENT_STATUSES, TRANSIENT_STATUSES, SmppOperatorSettings
from operators.base import Accepted, DeferReason, Deferred, MtMessage, ReceiptState, Refused, SubmitResult
from operators.smpp import pdu as p
from operators.smpp.coding import EncodingError
from operators.smpp.dialect import Dialect, dialect
from redaction.personal import MessageText, Msisdn

LONG = "x" * 400
NOON_MS = 1_800_000_000_000


def speaking(**settings: Any) -> Dialect:
    return dialect(SmppOperatorSettings(name="stc", **settings))


def a_message(text: str = "hello", **changes: Any) -> MtMessage:
    fields: dict[str, Any] = {
        "token": None,
        "source": "INTERKEY",
        "destination": Msisdn("966500000078", 966),
        "text": MessageText(text),
    }
    return MtMessage(**(fields | changes))


def pdus(spoken: Dialect, message: MtMessage) -> list[p.SubmitSm]:
    return [spoken.submit_sm(message, segment, NOON_MS) for segment in spoken.segments(message)]


@pytest.mark.smpp("S-30")
@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("INTERKEY", (5, 0, "INTERKEY")),
        (Msisdn("966500000001", 966), (1, 1, "966500000001")),
        ("12345", (6, 9, "12345")),
        ("", (0, 0, "")),
    ],
)
def test_the_source_has_the_type_of_what_it_is(source: str | Msisdn, expected: tuple[int, int, str]) -> None:
    (sent,) = pdus(speaking(short_code_ton=6, short_code_npi=9), a_message(source=source))
    assert (sent.source_addr_ton, sent.source_addr_npi, sent.source_addr) == expected


@pytest.mark.smpp("S-30")
def test_the_destination_is_an_international_number() -> None:
    (sent,) = pdus(speaking(), a_message())
    assert (sent.dest_addr_ton, sent.dest_addr_npi, sent.destination_addr) == (1, 1, "966500000078")


@pytest.mark.smpp("S-31")
@pytest.mark.parametrize(
    ("receipt", "intermediate", "registered"),
    [(True, False, 0x01), (False, False, 0), (True, True, 0x11), (False, True, 0)],
)
def test_a_receipt_is_asked_for_where_it_is_wanted(receipt: bool, intermediate: bool, registered: int) -> None:
    (sent,) = pdus(speaking(intermediate_receipts=intermediate), a_message(receipt=receipt))
    assert sent.registered_delivery == registered


@pytest.mark.smpp("S-32")
@pytest.mark.parametrize(
    ("offset_min", "period"), [(0, "270115081000000+"), (180, "270115111000012+"), (-345, "270115022500023-")]
)
def test_validity_is_an_absolute_time_of_the_smscs_own_clock_where_it_wants_one(offset_min: int, period: str) -> None:
    (sent,) = pdus(speaking(time_format="absolute", utc_offset_min=offset_min), a_message(validity_s=600))
    assert sent.validity_period == period


@pytest.mark.smpp("S-62")
def test_a_national_alphabet_is_used_where_it_saves_segments_and_the_operator_takes_it() -> None:
    text = "ığş" * 40
    assert len(pdus(speaking(), a_message(text))) == 2
    (sent,) = pdus(speaking(languages=("turkish",)), a_message(text))
    assert (sent.data_coding, sent.esm_class) == (0, 0x40)
    assert sent.short_message[:4] == bytes((3, 0x25, 1, 1))


@pytest.mark.smpp("S-61")
@pytest.mark.parametrize(("flash", "data_coding"), [(False, 3), (True, 0x18)])
def test_latin_1_is_used_where_it_saves_segments_and_the_operator_takes_it(flash: bool, data_coding: int) -> None:
    sent = pdus(speaking(latin1=True), a_message("ê" * 100, flash=flash))
    assert {each.data_coding for each in sent} == {data_coding}
    assert flash or sent[0].short_message == "ê".encode("latin-1") * 100


@pytest.mark.smpp("S-32")
def test_dates_in_receipts_are_those_of_the_smscs_own_clock() -> None:
    deliver = p.DeliverSm(esm_class=4, short_message=TEXT)
    utc, riyadh = (speaking(utc_offset_min=minutes).receipt(deliver) for minutes in (0, 180))
    assert utc is not None
    assert riyadh is not None
    assert utc.done_at_ms is not None
    assert utc.done_at_ms - (riyadh.done_at_ms or 0) == 3 * 3600 * 1000


@pytest.mark.smpp("S-44")
def test_the_relation_of_the_ids_is_a_setting() -> None:
    deliver = p.DeliverSm(esm_class=4, short_message=TEXT.replace(b"id:1", b"id:26"))
    receipt = speaking(receipt_id="hex_to_decimal").receipt(deliver)
    assert receipt is not None
    assert receipt.candidates == ("1a",)


@pytest.mark.parametrize(("validity_s", "period"), [(None, ""), (600, "000000001000000R")])
def test_validity_is_a_relative_time_or_left_to_the_operator(validity_s: int | None, period: str) -> None:
    (sent,) = pdus(speaking(), a_message(validity_s=validity_s))
    assert sent.validity_period == period


@pytest.mark.smpp("S-38")
@pytest.mark.parametrize(("concatenation", "header"), [("udh8", "050003cd03"), ("udh16", "060804abcd03")])
def test_long_messages_are_joined_by_a_header(concatenation: str, header: str) -> None:
    sent = pdus(speaking(concatenation=concatenation), a_message(LONG, concat_ref=0xABCD))
    assert [each.short_message[: len(header) // 2 + 1].hex() for each in sent] == [
        f"{header}{number:02x}" for number in (1, 2, 3)
    ]
    assert all(each.esm_class & 0x40 for each in sent)


@pytest.mark.smpp("S-39")
def test_long_messages_are_joined_by_parameters() -> None:
    sent = pdus(speaking(concatenation="sar"), a_message(LONG, concat_ref=0xABCD))
    assert [each.tlvs for each in sent] == [
        (
            (p.TAG_SAR_MSG_REF_NUM, b"\xab\xcd"),
            (p.TAG_SAR_TOTAL_SEGMENTS, b"\3"),
            (p.TAG_SAR_SEGMENT_SEQNUM, bytes((number,))),
        )
        for number in (1, 2, 3)
    ]


@pytest.mark.smpp("S-39")
def test_a_payload_carries_a_long_message_whole() -> None:
    (sent,) = pdus(speaking(concatenation="payload"), a_message(LONG))
    assert sent.short_message == b""
    assert sent.tlvs == ((p.TAG_MESSAGE_PAYLOAD, LONG.encode()),)


def test_octets_are_sent_as_they_are() -> None:
    (sent,) = pdus(speaking(), a_message("\x00\xff", data_coding=4))
    assert (sent.short_message, sent.data_coding) == (b"\x00\xff", 4)


def test_what_is_no_octet_is_refused_where_octets_are_sent() -> None:
    with pytest.raises(EncodingError):
        speaking().segments(a_message("س", data_coding=4))


# ------------------------------------------------------------------------------------------------------------- answers


def answer(status: int, **settings: Any) -> SubmitResult:
    return speaking(**settings).result(p.SubmitSmResp(status=status, message_id="1"))


def test_an_accepted_segment_has_its_canonical_id() -> None:
    assert speaking(receipt_id="as_is").result(p.SubmitSmResp(message_id="00Ab")) == Accepted("00Ab")


@pytest.mark.smpp("S-33")
@pytest.mark.parametrize(("status", "reason"), [(0x58, DeferReason.THROTTLED), (0x14, DeferReason.QUEUE_FULL)])
def test_throttling_puts_off_whatever_the_lists_say(status: int, reason: DeferReason) -> None:
    assert answer(status, permanent_statuses=(status,)) == Deferred(reason, status, 0.0)


@pytest.mark.smpp("S-33")
def test_other_statuses_may_mean_the_same_to_an_operator() -> None:
    assert answer(0x400, throttled_statuses=(0x400,)) == Deferred(DeferReason.THROTTLED, 0x400, 0.0)
    assert answer(0x401, queue_full_statuses=(0x401,)) == Deferred(DeferReason.QUEUE_FULL, 0x401, 0.0)
    assert answer(0x58, throttled_statuses=()) == Refused(0x58)


@pytest.mark.smpp("S-34")
@pytest.mark.parametrize("status", TRANSIENT_STATUSES)
def test_a_transient_status_puts_off(status: int) -> None:
    assert answer(status) == Deferred(DeferReason.TRANSIENT, status, 0.0)


@pytest.mark.smpp("S-34")
@pytest.mark.parametrize("status", [*PERMANENT_STATUSES, 0x400])
def test_a_permanent_status_and_an_unknown_one_refuse(status: int) -> None:
    assert answer(status) == Refused(status)


@pytest.mark.smpp("S-34")
def test_the_lists_are_the_operators_own() -> None:
    assert answer(0x400, transient_statuses=(0x400,)) == Deferred(DeferReason.TRANSIENT, 0x400, 0.0)
    assert answer(0x08, permanent_statuses=(0x08,)) == Refused(0x08)


@pytest.mark.parametrize("status", [0x00, 0x1234])
def test_a_generic_nack_puts_off(status: int) -> None:
    assert speaking().result(p.GenericNack(status=status)) == Deferred(DeferReason.TRANSIENT, status, 0.0)


# ------------------------------------------------------------------------------------------------------------ receipts

TEXT = b"id:1 sub:001 dlvrd:001 submit date:2701150800 done date:2701150801 stat:DELIVRD err:000 text:"


@pytest.mark.smpp("S-41")
@pytest.mark.parametrize(("esm_class", "by_text", "found"), [(4, False, True), (0, False, False), (0, True, True)])
def test_a_receipt_is_known_by_its_flag_or_where_told_so_by_its_text(
    esm_class: int, by_text: bool, found: bool
) -> None:
    deliver = p.DeliverSm(esm_class=esm_class, short_message=TEXT)
    receipt = speaking(receipts_by_text=by_text).receipt(deliver)
    assert (receipt is not None) is found
    assert receipt is None or receipt.state is ReceiptState.DELIVERED


@pytest.mark.smpp("S-41")
def test_a_message_from_a_person_is_no_receipt() -> None:
    assert speaking(receipts_by_text=True).receipt(p.DeliverSm(short_message=b"hello")) is None


@pytest.mark.case("smpp-21")
@pytest.mark.parametrize("status", [0x02, 0x03, 0x0B])
def test_a_generic_nack_with_a_permanent_status_refuses(status: int) -> None:
    assert speaking().result(p.GenericNack(status=status)) == Refused(status)
