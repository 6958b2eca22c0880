"""The codec that follows the layouts: every PDU, any dialect of brokenness. The hot path has another and falls back."""

from typing import Any

from operators.smpp.pdu.layout import HEADER, HEADER_OCTETS, RESPONSE, Breach, Pdu, PduError, read_field, write_field
from operators.smpp.pdu.tlv import decode_tlvs, encode_tlvs
from redaction.errors import alone

LONG_PASSWORD = 65


def encode_by_layout(pdu: Pdu) -> bytes:
    """Raises EncodeError."""
    parts = [b""]
    if not (pdu.status and pdu.command_id & RESPONSE):  # S-10: an error needs no body
        parts += [write_field(row, getattr(pdu, row.name)) for row in pdu.layout]
        if pdu.has_tlvs:
            parts.append(encode_tlvs(getattr(pdu, "tlvs")))  # noqa: B009  not every Pdu has it
    length = HEADER_OCTETS + sum(map(len, parts))
    parts[0] = HEADER.pack(length, pdu.command_id, pdu.status, pdu.sequence_number)
    return b"".join(parts)


def decode_by_layout(
    kind: type[Pdu], frame: bytes, status: int, sequence_number: int, long_password: bool = False
) -> Pdu:
    """Raises PduError, unless the PDU is a response whose outcome is known whatever its body holds."""
    fields: dict[str, Any] = {}
    at, end = HEADER_OCTETS, len(frame)
    if at == end and kind.command_id & RESPONSE:  # S-10: a response may have no body at all
        return kind(sequence_number, status)
    try:
        for row in kind.layout:
            wide = long_password and row.name == "password"
            fields[row.name], at = read_field(frame, at, row, LONG_PASSWORD if wide else row.limit)
        if kind.has_tlvs:
            fields["tlvs"] = decode_tlvs(frame, at, end)
    except Breach as breach:
        if status and kind.command_id & RESPONSE:
            return kind(sequence_number, status)
        raise alone(PduError(breach.status, kind.command_id, sequence_number)) from None
    return kind(sequence_number, status, **fields)
