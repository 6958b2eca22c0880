"""News in the words of SMPP, read back by the parser that reads operators' receipts."""

from typing import Final

import msgspec
import pytest

from gateway.accounts.esme_profile import EsmeProfile
from gateway.model.message import Message, OutboxEvent, Part, Status
from gateway.model.submission import ReturnPath
from gateway.smpp_server.incoming import incoming
from gateway.smpp_server.reasons import OURS, UNNAMED, reason
from gateway.smpp_server.wording import STATES, query_response, receipt
from gateway.vault.vault import Received
from operators.base import MoMessage, ReceiptState
from operators.smpp import pdu as p
from operators.smpp.coding import DefaultAlphabet
from operators.smpp.incoming import Incoming, IncomingSettings
from operators.smpp.receipt import canonical_id, parse_receipt
from redaction.personal import MessageText, Msisdn, Purpose
from tests.unit.gateway.stage import a_message

PATH = ReturnPath(5, 0, "INTERKEY", 1, 1, "966500000078")
AT = 1_800_000_060_000


def told(status: Status, message: Message, path: ReturnPath | None = PATH) -> p.DeliverSm:
    """The receipt as its reader sees it."""
    words = receipt(event(status), message, path)
    octets = words.body + words.tlvs
    pdu = p.decode(p.HEADER.pack(p.HEADER_OCTETS + len(octets), p.DeliverSm.command_id, 0, 1) + octets)
    assert isinstance(pdu, p.DeliverSm)
    assert p.encode(pdu)[p.HEADER_OCTETS :] == octets
    return pdu


def event(status: Status) -> OutboxEvent:
    return OutboxEvent(customer=1, message=bytes(16), status=status, at_ms=AT, next_ms=AT, esme=3)


@pytest.mark.smpp("S-42")
@pytest.mark.parametrize("status", [each for each in STATES if each not in (Status.ACCEPTED, Status.QUEUED)])
def test_text_and_tlvs_say_the_same(status: Status) -> None:
    pdu = told(status, a_message(status=status))
    by_text = parse_receipt(pdu.short_message, (), pdu.esm_class)
    by_tlvs = parse_receipt(b"", pdu.tlvs, pdu.esm_class)
    assert by_text is not None
    assert by_tlvs is not None
    assert by_text.state is by_tlvs.state is STATES[status]
    assert by_text.candidates == by_tlvs.candidates == (canonical_id(a_message().id.hex()),)
    assert by_text.intermediate is by_tlvs.intermediate is (status is Status.SUBMITTED)


def test_the_text_is_that_of_appendix_b_with_dates_in_utc() -> None:
    message = a_message(segments=2, parts=bytes(2), error="034")
    text = told(Status.UNDELIVERED, message).short_message.decode()
    assert text == (
        f"id:{message.id.hex()} sub:002 dlvrd:000 submit date:2701150800 done date:2701150801 "
        "stat:UNDELIV err:034 text:"
    )


@pytest.mark.case("smpp-13")
@pytest.mark.case("smpp-14")
@pytest.mark.parametrize(
    ("status", "error", "text", "number"),
    [
        (Status.UNDELIVERED, "034", "034", 34),
        (Status.UNDELIVERED, "300", "300", 300),
        (Status.UNDELIVERED, "1000", "1000", 1000),
        (Status.UNDELIVERED, "65535", "65535", 0xFFFF),
        (Status.UNDELIVERED, "99999", "99999", 0xFFFF),
        (Status.UNDELIVERED, "0x0B", "011", 11),
        (Status.UNDELIVERED, "E12", "E12", 999),
        (Status.UNDELIVERED, "E1", "0E1", 999),
        (Status.UNDELIVERED, "0", "999", 999),
        (Status.UNDELIVERED, "000", "999", 999),
        (Status.UNDELIVERED, None, "999", 999),
        (Status.UNDELIVERED, "what is this?", "999", 999),
        (Status.REJECTED, "0000000b", "011", 11),
        (Status.REJECTED, "00000400", "1024", 1024),
        (Status.EXPIRED, "expired_here", "901", 901),
        (Status.EXPIRED, None, "920", 920),
        (Status.FAILED, "outcome_unknown", "902", 902),
        (Status.CANCELLED, None, "921", 921),
        (Status.UNKNOWN, None, "923", 923),
        (Status.DELIVERED, None, "000", 0),
        (Status.DELIVERED, "000", "000", 0),
        (Status.SUBMITTED, "timeout", "000", 0),
    ],
)
def test_the_reason_of_a_failure_is_told_and_never_000(
    status: Status, error: str | None, text: str, number: int
) -> None:
    pdu = told(status, a_message(status=status, error=error))
    assert f" err:{text} text:" in pdu.short_message.decode()
    assert dict(pdu.tlvs).get(p.TAG_NETWORK_ERROR_CODE) == (bytes((3, number >> 8, number & 0xFF)) if number else None)


def test_every_reason_that_a_failure_can_have_is_told_under_its_own_number() -> None:
    numbers = [reason(error, Status.FAILED).number for error in OURS]
    assert len(set(numbers)) == len(OURS)
    assert all(900 <= number < UNNAMED for number in numbers)


@pytest.mark.case("smpp-14")
def test_what_the_operator_deleted_is_told_as_deleted() -> None:
    deleted = a_message(status=Status.UNDELIVERED, segments=2, parts=bytes((Part.DELIVERED, Part.DELETED)))
    pdu = told(Status.UNDELIVERED, deleted)
    assert b" stat:DELETED " in pdu.short_message
    assert dict(pdu.tlvs)[p.TAG_MESSAGE_STATE] == bytes((ReceiptState.DELETED.value,))
    assert query_response(p.QuerySm(), deleted).message_state == ReceiptState.DELETED.value


def test_a_receipt_goes_back_where_the_message_came_from_under_the_id_that_was_told() -> None:
    one_of_many = ReturnPath(5, 0, "INTERKEY", 1, 1, "966500000078", b"\7" * 16)
    pdu = told(Status.DELIVERED, a_message(), one_of_many)
    assert (pdu.source_addr_ton, pdu.source_addr) == (1, "966500000078")
    assert (pdu.dest_addr_ton, pdu.destination_addr) == (5, "INTERKEY")
    assert dict(pdu.tlvs)[p.TAG_RECEIPTED_MESSAGE_ID] == b"07" * 16 + b"\0"


@pytest.mark.policy("P-21")
def test_once_addresses_are_forgotten_the_id_speaks_alone() -> None:
    pdu = told(Status.DELIVERED, a_message(), None)
    assert (pdu.source_addr, pdu.destination_addr) == ("", "")
    assert dict(pdu.tlvs)[p.TAG_RECEIPTED_MESSAGE_ID][:-1].decode() == a_message().id.hex()


def test_an_address_that_no_deliver_sm_can_hold_is_not_told() -> None:
    with pytest.raises(p.EncodeError) as caught:
        told(Status.DELIVERED, a_message(), ReturnPath(5, 0, "INTERKEY", 1, 1, "9" * 21))
    assert "9" not in str(caught.value)


@pytest.mark.smpp("S-49")
def test_what_a_person_wrote_goes_in_the_alphabet_that_carries_it() -> None:
    def pdu(text: str, encoding: str) -> p.DeliverSm:
        received = Received(source=Msisdn("966500000078", 966), destination="1234", text=MessageText(text))
        (whole,) = incoming(a_message(encoding=encoding, status=Status.RECEIVED), received).now
        assert isinstance(whole, p.DeliverSm)
        return whole

    assert (pdu("yes {1}", "gsm7").data_coding, pdu("yes {1}", "gsm7").short_message) == (0, b"yes \x1b\x281\x1b\x29")
    assert pdu("نعم", "ucs2").short_message == "نعم".encode("utf-16-be")
    assert (pdu("\x00\xff", "binary").data_coding, pdu("\x00\xff", "binary").short_message) == (4, b"\x00\xff")
    long = pdu("ن" * 200, "ucs2")
    assert (long.short_message, len(dict(long.tlvs)[p.TAG_MESSAGE_PAYLOAD])) == (b"", 400)


PORTS: Final = bytes.fromhex("0605040b8423f0")


@pytest.mark.parametrize("alphabet", ["gsm_unpacked", "gsm_packed", "latin1", "ascii"])
@pytest.mark.parametrize("long_incoming", ["payload", "udh", "sar"])
@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("yes {1}", "gsm7"),
        ("héllo", "gsm7"),
        ("نعم", "ucs2"),
        ("\x01\xff", "binary"),
        ("{" + "ab" * 180, "gsm7"),
        ("😀" * 150, "ucs2"),
        ("\x01\xff" * 170, "binary"),
    ],
)
def test_ports_reach_every_bind_with_every_part(alphabet: str, long_incoming: str, text: str, encoding: str) -> None:
    profile = msgspec.convert({"alphabet": alphabet, "long_incoming": long_incoming}, EsmeProfile)
    received = Received(source=Msisdn("966500000078", 966), destination="1234", text=MessageText(text), header=PORTS)
    forms = incoming(a_message(encoding=encoding, status=Status.RECEIVED), received, profile)
    for form in (forms.now, forms.old):
        reader = Incoming(IncomingSettings(operator="", wait_s=10, default_alphabet=DefaultAlphabet(alphabet)), b"salt")
        read = [reader.take(each, "handle", 0) for each in form if isinstance(each, p.DeliverSm)][-1]
        assert isinstance(read, MoMessage)
        assert (read.text.reveal(Purpose.ACCEPT), read.header, read.missing) == (text, PORTS, ())


def test_a_header_that_leaves_no_room_for_a_part_is_left_out() -> None:
    received = Received(
        source=Msisdn("966500000078", 966), destination="1234", text=MessageText("a" * 200), header=b"\x86" + bytes(134)
    )
    forms = incoming(a_message(status=Status.RECEIVED), received, EsmeProfile(long_incoming="udh"))
    assert len(forms.now) == 2


def test_a_query_is_answered_with_the_state_and_when_it_was_reached() -> None:
    asked = p.QuerySm(message_id="as asked", sequence_number=9)
    answer = query_response(asked, a_message(status=Status.DELIVERED, final_ms=AT))
    assert (answer.sequence_number, answer.message_id, answer.message_state) == (
        9,
        "as asked",
        ReceiptState.DELIVERED.value,
    )
    assert answer.final_date == "270115080100000+"
