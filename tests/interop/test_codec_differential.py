"""Our codec against two that others wrote: what one side encodes, the other decodes to the same fields."""

from typing import Any

import pytest
import smpp34
from hypothesis import given, settings
from hypothesis import strategies as st
from smpplib import command as smpplib_command

from operators.smpp import pdu as p

OCTET = st.integers(0, 255)
SEQUENCE = st.integers(1, 0x7FFFFFFF)
MESSAGE = st.binary(max_size=254)
QUICK = settings(max_examples=60, deadline=None)


def text(limit: int) -> st.SearchStrategy[str]:
    """Printable ASCII, as long as a C-octet string of `limit` octets allows."""
    return st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), max_size=limit - 1)


NUMBERS = (
    "source_addr_ton",
    "source_addr_npi",
    "dest_addr_ton",
    "dest_addr_npi",
    "esm_class",
    "protocol_id",
    "priority_flag",
    "registered_delivery",
    "replace_if_present_flag",
    "data_coding",
    "sm_default_msg_id",
)
TEXTS = {
    "service_type": 6,
    "source_addr": 21,
    "destination_addr": 21,
    "schedule_delivery_time": 17,
    "validity_period": 17,
}
FIELDS = (*NUMBERS, *TEXTS, "short_message")
MESSAGES = st.fixed_dictionaries(
    {**dict.fromkeys(NUMBERS, OCTET), **{name: text(limit) for name, limit in TEXTS.items()}, "short_message": MESSAGE}
)
TLVS = st.lists(st.tuples(st.integers(0x1400, 0x3FFF), st.binary(max_size=30)), max_size=4).map(tuple)
BINDS = st.fixed_dictionaries(
    {"system_id": text(16), "password": text(9), "system_type": text(13), "address_range": text(41)}
    | {"interface_version": st.integers(1, 255), "addr_ton": OCTET, "addr_npi": OCTET}
)


def read_by_smpplib(name: str, frame: bytes) -> Any:
    command = smpplib_command.factory(name, sequence=0)
    command.parse(frame)
    return command


def written_by_smpplib(name: str, sequence: int, fields: dict[str, Any]) -> bytes:
    """Everything is set after construction: the constructor keeps its own sequence and interface_version."""
    command = smpplib_command.factory(name, sequence=0)
    command.sequence = sequence
    for field, value in fields.items():
        setattr(command, field, value)
    return bytes(command.generate())


def as_text(value: bytes | None) -> str:
    """smpplib leaves octets, and None where the field is empty."""
    return (value or b"").decode("ascii")


@pytest.mark.parametrize(("kind", "peer"), [(p.SubmitSm, smpp34.SubmitSm), (p.DeliverSm, smpp34.DeliverSm)])
@given(fields=MESSAGES, tlvs=TLVS, sequence=SEQUENCE)
@QUICK
def test_smpp34_writes_the_same_octets(kind: Any, peer: Any, fields: Any, tlvs: p.Tlvs, sequence: int) -> None:
    ours = p.encode(kind(sequence_number=sequence, tlvs=tlvs, **fields))
    theirs = peer(sequence_number=sequence, tlvs=[smpp34.Tlv(*tlv) for tlv in tlvs], **fields).encode()
    assert ours == bytes(theirs)


@pytest.mark.parametrize("kind", [p.SubmitSm, p.DeliverSm])
@given(fields=MESSAGES, tlvs=TLVS, sequence=SEQUENCE)
@QUICK
def test_smpp34_reads_what_we_write(kind: Any, fields: Any, tlvs: p.Tlvs, sequence: int) -> None:
    ours = kind(sequence_number=sequence, tlvs=tlvs, **fields)
    theirs: Any = smpp34.decode(p.encode(ours))
    assert {name: getattr(theirs, name) for name in FIELDS} == fields
    assert tuple((tlv.tag, bytes(tlv.value)) for tlv in theirs.tlvs) == tlvs
    assert theirs.sequence_number == sequence


@pytest.mark.parametrize(("kind", "peer"), [(p.SubmitSm, smpp34.SubmitSm), (p.DeliverSm, smpp34.DeliverSm)])
@given(fields=MESSAGES, tlvs=TLVS, sequence=SEQUENCE)
@QUICK
def test_we_read_what_smpp34_writes(kind: Any, peer: Any, fields: Any, tlvs: p.Tlvs, sequence: int) -> None:
    theirs = peer(sequence_number=sequence, tlvs=[smpp34.Tlv(*tlv) for tlv in tlvs], **fields)
    assert p.decode(bytes(theirs.encode())) == kind(sequence_number=sequence, tlvs=tlvs, **fields)


@pytest.mark.parametrize(("kind", "name"), [(p.SubmitSm, "submit_sm"), (p.DeliverSm, "deliver_sm")])
@given(fields=MESSAGES, sequence=SEQUENCE)
@QUICK
def test_smpplib_and_we_read_each_other(kind: Any, name: str, fields: Any, sequence: int) -> None:
    ours = kind(sequence_number=sequence, **fields)
    theirs = read_by_smpplib(name, p.encode(ours))
    assert {field: getattr(theirs, field) for field in NUMBERS} == {field: fields[field] for field in NUMBERS}
    assert {field: as_text(getattr(theirs, field)) for field in TEXTS} == {field: fields[field] for field in TEXTS}
    assert (theirs.short_message or b"") == fields["short_message"]
    assert p.decode(written_by_smpplib(name, sequence, fields)) == ours


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (p.BindTransmitter, "bind_transmitter"),
        (p.BindReceiver, "bind_receiver"),
        (p.BindTransceiver, "bind_transceiver"),
    ],
)
@given(fields=BINDS, sequence=SEQUENCE)
@QUICK
def test_binds_mean_the_same_to_smpplib(kind: Any, name: str, fields: Any, sequence: int) -> None:
    ours = kind(sequence_number=sequence, **fields)
    theirs = read_by_smpplib(name, p.encode(ours))
    for field, value in fields.items():
        assert (as_text(getattr(theirs, field)) if isinstance(value, str) else getattr(theirs, field)) == value
    assert p.decode(written_by_smpplib(name, sequence, fields)) == ours


@pytest.mark.parametrize(("kind", "name"), [(p.SubmitSmResp, "submit_sm_resp"), (p.DeliverSmResp, "deliver_sm_resp")])
@given(message_id=text(65), sequence=SEQUENCE)
@QUICK
def test_responses_mean_the_same_to_smpplib(kind: Any, name: str, message_id: str, sequence: int) -> None:
    ours = kind(sequence_number=sequence, message_id=message_id)
    assert as_text(read_by_smpplib(name, p.encode(ours)).message_id) == message_id
    assert p.decode(written_by_smpplib(name, sequence, {"message_id": message_id})) == ours


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (p.EnquireLink, "enquire_link"),
        (p.EnquireLinkResp, "enquire_link_resp"),
        (p.Unbind, "unbind"),
        (p.UnbindResp, "unbind_resp"),
        (p.GenericNack, "generic_nack"),
    ],
)
@given(sequence=SEQUENCE)
@QUICK
def test_bare_headers_are_the_same_octets(kind: Any, name: str, sequence: int) -> None:
    assert p.encode(kind(sequence_number=sequence)) == written_by_smpplib(name, sequence, {})
