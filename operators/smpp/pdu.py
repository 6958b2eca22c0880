"""Protocol data units of SMPP 3.4 (and the 5.0 ones in use): types, layouts, and the codec between them and octets.

Layouts are data: one row per field, in the order of the standard, with its limit and the status that answers a breach
(S-09). The PDUs of the hot path (submit_sm, deliver_sm and their responses) have hand-written codecs over precompiled
structs that do the same as their layouts; a test holds the two together.

C-octet strings are `str` in Latin-1. TLVs are (tag, octets) in the order of the wire; unknown ones are kept (S-08).
`decode` raises `PduError` with the status and sequence number to answer; it never repeats what was in the PDU.
"""

import struct
from collections.abc import Callable
from typing import Any, ClassVar, Final

import msgspec

from operators.smpp import status as st

HEADER: Final = struct.Struct(">IIII")
HEADER_OCTETS: Final = 16
RESPONSE: Final = 0x80000000

Tlv = tuple[int, bytes]
Tlvs = tuple[Tlv, ...]

TAG_SAR_MSG_REF_NUM: Final = 0x020C
TAG_SAR_TOTAL_SEGMENTS: Final = 0x020E
TAG_SAR_SEGMENT_SEQNUM: Final = 0x020F
TAG_SC_INTERFACE_VERSION: Final = 0x0210
TAG_MESSAGE_PAYLOAD: Final = 0x0424
TAG_RECEIPTED_MESSAGE_ID: Final = 0x001E
TAG_MESSAGE_STATE: Final = 0x0427


class PduError(Exception):
    """A PDU that does not parse. status: what to answer; command_id, sequence_number: whom."""

    def __init__(self, status: int, command_id: int, sequence_number: int) -> None:
        super().__init__(st.name_of(status))
        self.status = status
        self.command_id = command_id
        self.sequence_number = sequence_number


class Row(msgspec.Struct, frozen=True):
    """A field of a layout. kind: "u8", "c" (C-octet string, `limit` includes the terminator) or "sm" (length and
    octets). fault: the status for a breach of the limit.
    """

    name: str
    kind: str
    limit: int = 0
    fault: int = st.RINVPARLEN


_C, _U8 = "c", "u8"
_BIND: Final = (
    Row("system_id", _C, 16, st.RINVSYSID),
    Row("password", _C, 9, st.RINVPASWD),
    Row("system_type", _C, 13, st.RINVSYSTYP),
    Row("interface_version", _U8),
    Row("addr_ton", _U8),
    Row("addr_npi", _U8),
    Row("address_range", _C, 41),
)
_SOURCE: Final = (Row("source_addr_ton", _U8), Row("source_addr_npi", _U8), Row("source_addr", _C, 21, st.RINVSRCADR))
_DEST: Final = (Row("dest_addr_ton", _U8), Row("dest_addr_npi", _U8), Row("destination_addr", _C, 21, st.RINVDSTADR))
_MESSAGE_ID: Final = Row("message_id", _C, 65, st.RINVMSGID)
_SHORT_MESSAGE: Final = (
    Row("service_type", _C, 6, st.RINVSERTYP),
    *_SOURCE,
    *_DEST,
    Row("esm_class", _U8),
    Row("protocol_id", _U8),
    Row("priority_flag", _U8),
    Row("schedule_delivery_time", _C, 17, 0x61),
    Row("validity_period", _C, 17, 0x62),
    Row("registered_delivery", _U8),
    Row("replace_if_present_flag", _U8),
    Row("data_coding", _U8),
    Row("sm_default_msg_id", _U8),
    Row("short_message", "sm", 255, st.RINVMSGLEN),
)


class Pdu(msgspec.Struct, kw_only=True, gc=False):
    """What every PDU has. A response's `status` may be any number, known or not (S-07)."""

    command_id: ClassVar[int] = 0
    layout: ClassVar[tuple[Row, ...]] = ()
    has_tlvs: ClassVar[bool] = False

    sequence_number: int = 0
    status: int = 0

    def __repr__(self) -> str:
        """Name and sequence number only: fields of a PDU are personal."""
        return f"{type(self).__name__}(sequence_number={self.sequence_number}, status={self.status:#x})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """As `__repr__`, for pretty printers."""
        return [("sequence_number", self.sequence_number), ("status", self.status)]


class GenericNack(Pdu):
    command_id = 0x80000000


class Bind(Pdu):
    """What the three bind requests share. `password` longer than 8 is allowed where `decode` is told so."""

    layout = _BIND
    system_id: str = ""
    password: str = ""
    system_type: str = ""
    interface_version: int = 0x34
    addr_ton: int = 0
    addr_npi: int = 0
    address_range: str = ""


class BindReceiver(Bind):
    command_id = 0x01


class BindTransmitter(Bind):
    command_id = 0x02


class BindTransceiver(Bind):
    command_id = 0x09


class BindResp(Pdu):
    layout = (Row("system_id", _C, 16, st.RINVSYSID),)
    has_tlvs = True
    system_id: str = ""
    tlvs: Tlvs = ()


class BindReceiverResp(BindResp):
    command_id = 0x80000001


class BindTransmitterResp(BindResp):
    command_id = 0x80000002


class BindTransceiverResp(BindResp):
    command_id = 0x80000009


class Outbind(Pdu):
    command_id = 0x0B
    layout = _BIND[:2]
    system_id: str = ""
    password: str = ""


class Unbind(Pdu):
    command_id = 0x06


class UnbindResp(Pdu):
    command_id = 0x80000006


class EnquireLink(Pdu):
    command_id = 0x15


class EnquireLinkResp(Pdu):
    command_id = 0x80000015


class ShortMessagePdu(Pdu):
    """What submit_sm and deliver_sm share (§4.4.1, §4.6.1)."""

    layout = _SHORT_MESSAGE
    has_tlvs = True
    service_type: str = ""
    source_addr_ton: int = 0
    source_addr_npi: int = 0
    source_addr: str = ""
    dest_addr_ton: int = 0
    dest_addr_npi: int = 0
    destination_addr: str = ""
    esm_class: int = 0
    protocol_id: int = 0
    priority_flag: int = 0
    schedule_delivery_time: str = ""
    validity_period: str = ""
    registered_delivery: int = 0
    replace_if_present_flag: int = 0
    data_coding: int = 0
    sm_default_msg_id: int = 0
    short_message: bytes = b""
    tlvs: Tlvs = ()


class SubmitSm(ShortMessagePdu):
    command_id = 0x04


class DeliverSm(ShortMessagePdu):
    command_id = 0x05


class SubmitSmResp(Pdu):
    command_id = 0x80000004
    layout = (_MESSAGE_ID,)
    has_tlvs = True
    message_id: str = ""
    tlvs: Tlvs = ()


class DeliverSmResp(Pdu):
    command_id = 0x80000005
    layout = (_MESSAGE_ID,)
    has_tlvs = True
    message_id: str = ""
    tlvs: Tlvs = ()


class DataSm(Pdu):
    command_id = 0x103
    layout = (
        Row("service_type", _C, 6, st.RINVSERTYP),
        Row("source_addr_ton", _U8),
        Row("source_addr_npi", _U8),
        Row("source_addr", _C, 65, st.RINVSRCADR),
        Row("dest_addr_ton", _U8),
        Row("dest_addr_npi", _U8),
        Row("destination_addr", _C, 65, st.RINVDSTADR),
        Row("esm_class", _U8),
        Row("registered_delivery", _U8),
        Row("data_coding", _U8),
    )
    has_tlvs = True
    service_type: str = ""
    source_addr_ton: int = 0
    source_addr_npi: int = 0
    source_addr: str = ""
    dest_addr_ton: int = 0
    dest_addr_npi: int = 0
    destination_addr: str = ""
    esm_class: int = 0
    registered_delivery: int = 0
    data_coding: int = 0
    tlvs: Tlvs = ()


class DataSmResp(SubmitSmResp):
    command_id = 0x80000103


class QuerySm(Pdu):
    command_id = 0x03
    layout = (_MESSAGE_ID, *_SOURCE)
    message_id: str = ""
    source_addr_ton: int = 0
    source_addr_npi: int = 0
    source_addr: str = ""


class QuerySmResp(Pdu):
    command_id = 0x80000003
    layout = (_MESSAGE_ID, Row("final_date", _C, 17), Row("message_state", _U8), Row("error_code", _U8))
    message_id: str = ""
    final_date: str = ""
    message_state: int = 0
    error_code: int = 0


class CancelSm(Pdu):
    command_id = 0x08
    layout = (Row("service_type", _C, 6, st.RINVSERTYP), _MESSAGE_ID, *_SOURCE, *_DEST)
    service_type: str = ""
    message_id: str = ""
    source_addr_ton: int = 0
    source_addr_npi: int = 0
    source_addr: str = ""
    dest_addr_ton: int = 0
    dest_addr_npi: int = 0
    destination_addr: str = ""


class CancelSmResp(Pdu):
    command_id = 0x80000008


class ReplaceSm(Pdu):
    command_id = 0x07
    layout = (
        _MESSAGE_ID,
        *_SOURCE,
        Row("schedule_delivery_time", _C, 17, 0x61),
        Row("validity_period", _C, 17, 0x62),
        Row("registered_delivery", _U8),
        Row("sm_default_msg_id", _U8),
        Row("short_message", "sm", 255, st.RINVMSGLEN),
    )
    message_id: str = ""
    source_addr_ton: int = 0
    source_addr_npi: int = 0
    source_addr: str = ""
    schedule_delivery_time: str = ""
    validity_period: str = ""
    registered_delivery: int = 0
    sm_default_msg_id: int = 0
    short_message: bytes = b""


class ReplaceSmResp(Pdu):
    command_id = 0x80000007


class AlertNotification(Pdu):
    command_id = 0x102
    layout = (
        Row("source_addr_ton", _U8),
        Row("source_addr_npi", _U8),
        Row("source_addr", _C, 65, st.RINVSRCADR),
        Row("esme_addr_ton", _U8),
        Row("esme_addr_npi", _U8),
        Row("esme_addr", _C, 65),
    )
    has_tlvs = True
    source_addr_ton: int = 0
    source_addr_npi: int = 0
    source_addr: str = ""
    esme_addr_ton: int = 0
    esme_addr_npi: int = 0
    esme_addr: str = ""
    tlvs: Tlvs = ()


def _concrete(kind: type[Pdu]) -> list[type[Pdu]]:
    below = [each for child in kind.__subclasses__() for each in _concrete(child)]
    return [*([kind] if kind.command_id else []), *below]


TYPES: Final[dict[int, type[Pdu]]] = {kind.command_id: kind for kind in _concrete(Pdu)}
"""Every PDU that can be read, by command_id."""


# ------------------------------------------------------------------------------------------------- by layout


class EncodeError(ValueError):
    """A field does not fit its place in the PDU; names the field, never the value."""


def encode(pdu: Pdu) -> bytes:
    """The PDU's octets. Raises EncodeError when a field is too long, or has characters that its place cannot carry."""
    hot = _HOT_ENCODERS.get(pdu.command_id)
    if hot is not None:
        return hot(pdu)
    return _encode_by_layout(pdu)


def _encode_by_layout(pdu: Pdu) -> bytes:
    body = bytearray()
    if not (pdu.status and pdu.command_id & RESPONSE):  # S-10: an error needs no body
        for row in pdu.layout:
            body += _field(row, getattr(pdu, row.name))
        if pdu.has_tlvs:
            body += encode_tlvs(getattr(pdu, "tlvs"))  # noqa: B009  not every Pdu has it
    header = HEADER.pack(HEADER_OCTETS + len(body), pdu.command_id, pdu.status, pdu.sequence_number)
    return header + bytes(body)


def _field(row: Row, value: Any) -> bytes:
    if row.kind == _U8:
        if not 0 <= value <= 255:
            raise EncodeError(row.name)
        return bytes((value,))
    octets = value if row.kind == "sm" else _latin1(value)
    if octets is None or len(octets) > row.limit - (row.kind == _C):
        raise EncodeError(row.name)
    return bytes((len(octets),)) + octets if row.kind == "sm" else octets + b"\0"


def _latin1(text: str) -> bytes | None:
    """The octets of a C-octet string, or None. No error leaves here, because Python's own carries the text."""
    try:
        octets = text.encode("latin-1")
    except UnicodeEncodeError:
        return None
    return None if 0 in octets else octets


def encode_tlvs(tlvs: Tlvs) -> bytes:
    """Raises EncodeError for a tag or a length over 16 bits."""
    if any(tag >> 16 or len(value) >> 16 for tag, value in tlvs):
        raise EncodeError("tlvs")
    return b"".join([_TLV.pack(tag, len(value)) + value for tag, value in tlvs])


_TLV = struct.Struct(">HH")


def decode(frame: bytes, *, long_password: bool = False) -> Pdu:
    """One PDU from one whole frame, header included.

    long_password: allow up to 64 characters (some peers do). Raises PduError.
    """
    _, command_id, status, sequence_number = HEADER.unpack_from(frame)
    hot = _HOT_DECODERS.get(command_id)
    if hot is not None:
        return hot(frame, status, sequence_number)
    kind = TYPES.get(command_id)
    if kind is None:
        raise PduError(st.RINVCMDID, command_id, sequence_number)
    return _decode_by_layout(kind, frame, status, sequence_number, long_password)


def _decode_by_layout(
    kind: type[Pdu], frame: bytes, status: int, sequence_number: int, long_password: bool = False
) -> Pdu:
    fields: dict[str, Any] = {}
    at, end = HEADER_OCTETS, len(frame)
    if at == end and kind.command_id & RESPONSE:  # S-10: a response may have no body at all
        return kind(sequence_number=sequence_number, status=status)
    try:
        for row in kind.layout:
            wide = long_password and row.name == "password"
            fields[row.name], at = _take(frame, at, row, 65 if wide else row.limit)
        if kind.has_tlvs:
            fields["tlvs"] = decode_tlvs(frame, at, end)
    except _Breach as breach:
        if status and kind.command_id & RESPONSE:  # the outcome is known, whatever follows it
            return kind(sequence_number=sequence_number, status=status)
        raise PduError(breach.status, kind.command_id, sequence_number) from None
    return kind(sequence_number=sequence_number, status=status, **fields)


class _Breach(Exception):
    def __init__(self, status: int) -> None:
        self.status = status


def _take(frame: bytes, at: int, row: Row, limit: int) -> tuple[Any, int]:
    if row.kind == _C:
        end = frame.find(0, at, at + limit)
        if end < 0:
            raise _Breach(row.fault)
        return frame[at:end].decode("latin-1"), end + 1
    if at >= len(frame):
        raise _Breach(row.fault if row.kind == "sm" else st.RINVMSGLEN)
    first = frame[at]
    if row.kind == _U8:
        return first, at + 1
    if at + 1 + first > len(frame):
        raise _Breach(st.RINVMSGLEN)
    return frame[at + 1 : at + 1 + first], at + 1 + first


def decode_tlvs(frame: bytes, at: int, end: int) -> Tlvs:
    """The TLVs in frame[at:end], raw and in order (S-08)."""
    if at >= end:
        return ()
    found: list[Tlv] = []
    while at < end:
        if at + 4 > end:
            raise _Breach(st.RINVOPTPARSTREAM)
        tag, length = _TLV.unpack_from(frame, at)
        at += 4
        if at + length > end:
            raise _Breach(st.RINVOPTPARSTREAM)
        found.append((tag, frame[at : at + length]))
        at += length
    return tuple(found)


# --------------------------------------------------------------------------------------------- the hot path

_TAIL = struct.Struct(">BBBBB")  # registered_delivery, replace_if_present_flag, data_coding, default id, sm_length
_HEAD: Final = "%s\0%c%c%s\0%c%c%s\0%c%c%c%s\0%s\0%c%c%c%c%c"
"""All of a short message before its octets, as Latin-1 characters."""


def _encode_short_message(pdu: Any) -> bytes:
    octets = _short_message_octets(pdu)
    return _encode_by_layout(pdu) if octets is None else octets  # which names the field that does not fit


def _short_message_octets(pdu: Any) -> bytes | None:
    service, source, destination = pdu.service_type, pdu.source_addr, pdu.destination_addr
    schedule, validity = pdu.schedule_delivery_time, pdu.validity_period
    message: bytes = pdu.short_message
    if len(message) > 255 or len(source) > 20 or len(destination) > 20 or len(service) > 5:
        return None
    if len(schedule) > 16 or len(validity) > 16 or "\0" in f"{service}{source}{destination}{schedule}{validity}":
        return None
    try:
        head: bytes = (
            _HEAD
            % (
                service,
                pdu.source_addr_ton,
                pdu.source_addr_npi,
                source,
                pdu.dest_addr_ton,
                pdu.dest_addr_npi,
                destination,
                pdu.esm_class,
                pdu.protocol_id,
                pdu.priority_flag,
                schedule,
                validity,
                pdu.registered_delivery,
                pdu.replace_if_present_flag,
                pdu.data_coding,
                pdu.sm_default_msg_id,
                len(message),
            )
        ).encode("latin-1")
    except (UnicodeEncodeError, OverflowError):
        return None
    tlvs = encode_tlvs(pdu.tlvs) if pdu.tlvs else b""
    length = HEADER_OCTETS + len(head) + len(message) + len(tlvs)
    return HEADER.pack(length, pdu.command_id, pdu.status, pdu.sequence_number) + head + message + tlvs


def _short_message_decoder(kind: type[ShortMessagePdu]) -> Callable[[bytes, int, int], Pdu]:
    def decode_short_message(frame: bytes, status: int, sequence_number: int) -> Pdu:
        text = frame[:_HEAD_OCTETS].decode("latin-1")
        try:
            service_end = text.index("\0", 16, 22)
            source_end = text.index("\0", service_end + 3, service_end + 24)
            dest_end = text.index("\0", source_end + 3, source_end + 24)
            schedule_end = text.index("\0", dest_end + 4, dest_end + 21)
            validity_end = text.index("\0", schedule_end + 1, schedule_end + 18)
            registered, replace, coding, default, length = _TAIL.unpack_from(frame, validity_end + 1)
            start = validity_end + 6
            tlvs = decode_tlvs(frame, start + length, len(frame)) if start + length < len(frame) else ()
        except (ValueError, struct.error, _Breach):
            return _decode_by_layout(kind, frame, status, sequence_number)  # finds the field, or forgives
        if start + length > len(frame):
            raise PduError(st.RINVMSGLEN, kind.command_id, sequence_number)
        return kind(
            text[16:service_end],
            frame[service_end + 1],
            frame[service_end + 2],
            text[service_end + 3 : source_end],
            frame[source_end + 1],
            frame[source_end + 2],
            text[source_end + 3 : dest_end],
            frame[dest_end + 1],
            frame[dest_end + 2],
            frame[dest_end + 3],
            text[dest_end + 4 : schedule_end],
            text[schedule_end + 1 : validity_end],
            registered,
            replace,
            coding,
            default,
            frame[start : start + length],
            tlvs,
            sequence_number=sequence_number,
            status=status,
        )

    return decode_short_message


_HEAD_OCTETS: Final = 16 + 6 + 2 + 21 + 2 + 21 + 3 + 17 + 17
"""No C-octet string of a short message ends behind this octet."""


def _encode_message_id(pdu: Any) -> bytes:
    message_id = pdu.message_id
    if pdu.tlvs or len(message_id) > 64 or not message_id.isascii() or "\0" in message_id:
        return _encode_by_layout(pdu)
    body = b"" if pdu.status else message_id.encode() + b"\0"
    return HEADER.pack(HEADER_OCTETS + len(body), pdu.command_id, pdu.status, pdu.sequence_number) + body


def _message_id_decoder(kind: type[SubmitSmResp] | type[DeliverSmResp]) -> Callable[[bytes, int, int], Pdu]:
    def decode_message_id(frame: bytes, status: int, sequence_number: int) -> Pdu:
        if frame.find(0, 16, 81) != len(frame) - 1:
            return _decode_by_layout(kind, frame, status, sequence_number)
        return kind(sequence_number=sequence_number, status=status, message_id=frame[16:-1].decode("latin-1"))

    return decode_message_id


_HOT_ENCODERS: Final[dict[int, Callable[[Any], bytes]]] = {
    SubmitSm.command_id: _encode_short_message,
    DeliverSm.command_id: _encode_short_message,
    SubmitSmResp.command_id: _encode_message_id,
    DeliverSmResp.command_id: _encode_message_id,
}
_HOT_DECODERS: Final[dict[int, Callable[[bytes, int, int], Pdu]]] = {
    SubmitSm.command_id: _short_message_decoder(SubmitSm),
    DeliverSm.command_id: _short_message_decoder(DeliverSm),
    SubmitSmResp.command_id: _message_id_decoder(SubmitSmResp),
    DeliverSmResp.command_id: _message_id_decoder(DeliverSmResp),
}
