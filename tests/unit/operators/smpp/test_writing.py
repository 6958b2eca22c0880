"""The short way to write a submit_sm says what the long way says."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.operators import SmppOperatorSettings
from operators.base import MtMessage
from operators.smpp import pdu as p
from operators.smpp.address import AddressError
from operators.smpp.dialect import dialect
from operators.smpp.writing import KEPT, Writer
from redaction.personal import MessageText, Msisdn

NOW_MS = 1_800_000_000_000
TO = Msisdn("966512345678", 966)


def settings(**changes: Any) -> SmppOperatorSettings:
    base: dict[str, Any] = {"name": "stc", "host": "127.0.0.1", "port": 2775, "system_id": "gw", "password": "x"}
    return SmppOperatorSettings(**(base | changes))


def message(text: str = "Hello", **changes: Any) -> MtMessage:
    base: dict[str, Any] = {"token": 1, "source": "INTERKEY", "destination": TO, "text": MessageText(text)}
    return MtMessage(**(base | changes))


SPOKEN = dialect(settings())
WRITER = Writer(SPOKEN)


def both(said: MtMessage, writer: Writer = WRITER, spoken: Any = SPOKEN) -> list[tuple[bytes | None, bytes]]:
    """For each segment the short way's octets and the long way's, without their headers."""
    return [
        (writer.body(said, each, NOW_MS), p.encode(spoken.submit_sm(said, each, NOW_MS))[p.HEADER_OCTETS :])
        for each in spoken.segments(said)
    ]


@given(
    st.builds(
        message,
        st.text(st.sampled_from("aé€م ^"), max_size=200),
        source=st.sampled_from(["INTERKEY", "1234", "+966500000000", ""]),
        validity_s=st.sampled_from([None, 60, 86_400]),
        receipt=st.booleans(),
        flash=st.booleans(),
    )
)
def test_both_ways_write_the_same(said: MtMessage) -> None:
    for short, long in both(said):
        assert short == long


@pytest.mark.parametrize(
    "changes",
    [
        {"service_type": "VMA"},
        {"tlvs": ("0x1401=6162",), "privacy_indicator": 2},
        {"protocol_id": 0x40, "priority": 2, "esm_class_mode": "datagram"},
        {"destination_ton": 2, "alphanumeric_npi": 1, "international_ton": 0},
        {"flash_coding": "0xF0"},
        {"tlvs": ("0x1401=6162",), "interface_version": 0x33},
    ],
)
@pytest.mark.parametrize("source", ["INTERKEY", "1234", "966500000000", ""])
def test_both_ways_write_the_same_whatever_the_operator_wants(changes: dict[str, Any], source: str) -> None:
    spoken = dialect(settings(**changes))
    writer = Writer(spoken)
    for said in (message(source=source), message("x" * 200, source=source, flash=True), message(source=source)):
        for short, long in both(said, writer, spoken):
            assert short == long


@pytest.mark.parametrize(
    ("said", "changes"),
    [
        (message(protocol_id=1), {}),
        (message(priority=1), {}),
        (message(reply_path=True), {}),
        (message(), {"more_messages_to_send": True}),
        (message(source=TO), {}),
        (message(destination=Msisdn("9" * 21, 966)), {}),
        (message("x" * 400), {"concatenation": "sar"}),
        (message("x" * 400), {"concatenation": "payload"}),
        (message(validity_s=60), {"time_format": "absolute"}),
    ],
)
def test_what_is_not_usual_goes_the_long_way(said: MtMessage, changes: dict[str, Any]) -> None:
    spoken = dialect(settings(**changes))
    writer = Writer(spoken)
    assert [writer.body(said, each, NOW_MS) for each in spoken.segments(said)] == [None] * len(spoken.segments(said))


def test_a_sender_that_no_operator_takes_is_refused_as_ever() -> None:
    with pytest.raises(AddressError):
        both(message(source="a name of many letters"))


def test_the_tables_stay_small() -> None:
    writer = Writer(SPOKEN)
    for number in range(KEPT + 10):
        ((short, long),) = both(message(source=f"S{number}", validity_s=number), writer)
        assert short == long
    assert len(writer._fronts) <= KEPT
    assert len(writer._middles) <= KEPT
