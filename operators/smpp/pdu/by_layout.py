"""The codec that follows the layouts: every PDU, any dialect of brokenness. The hot path has another and falls back.

A response is always read, whatever its body holds, because its status is the answer; of a request the mandatory part
must be readable (S-05).
"""

from typing import Any

from operators.smpp.pdu.flaw import Flaw
from operators.smpp.pdu.layout import (
    HEADER,
    HEADER_OCTETS,
    RESPONSE,
    Breach,
    Pdu,
    PduError,
    cut_string,
    read_field,
    write_field,
)
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


def read_by_layout(
    kind: type[Pdu], frame: bytes, status: int, sequence_number: int, *, long_password: bool = False, cut: bool = False
) -> tuple[Pdu, Flaw | None]:
    """The PDU, and what was wrong with it.

    cut: strings of a request that are over their maximum, or have no end, are cut as those of a response are (S-09).
    Raises PduError for a request whose mandatory part cannot be read.
    """
    fields: dict[str, Any] = {}
    at, end, flaw = HEADER_OCTETS, len(frame), None
    if at < end or not kind.command_id & RESPONSE:  # S-10: a response may have no body at all
        try:
            at, flaw = _read_fields(kind, frame, fields, long_password, cut or bool(kind.command_id & RESPONSE))
        except Breach as breach:
            if not kind.command_id & RESPONSE:
                raise alone(PduError(breach.status, kind.command_id, sequence_number)) from None
            at, flaw = end, Flaw.SHORT
    if kind.has_tlvs:
        fields["tlvs"], at = decode_tlvs(frame, at, end)
    if flaw is None and at < end:
        flaw = Flaw.TAIL
    if flaw is None and kind.gives_id and not status and not fields.get("message_id"):
        flaw = Flaw.NO_ID
    return kind(sequence_number, status, **fields), flaw


def _read_fields(
    kind: type[Pdu], frame: bytes, fields: dict[str, Any], long_password: bool, cut: bool
) -> tuple[int, Flaw | None]:
    """Where the fields end, and whether one was cut; `fields` has those that were read, also when Breach is raised."""
    at, flaw = HEADER_OCTETS, None
    for row in kind.layout:
        limit = LONG_PASSWORD if long_password and row.name == "password" else row.limit
        try:
            fields[row.name], at = read_field(frame, at, row, limit)
        except Breach:
            if not cut or row.kind != "c" or at >= len(frame):
                raise
            fields[row.name], at = cut_string(frame, at, limit)
            flaw = Flaw.CUT
    return at, flaw
