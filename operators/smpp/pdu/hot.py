"""The codecs of the hot path: submit_sm, deliver_sm and their responses, by structs that are compiled beforehand.

They do what `by_layout` does; a test holds the two together. Whatever is not plain and sound goes there: an encoder
calls it, a decoder gives None. So the faults and their statuses, and what is forgiven, are in one place. What is long
and repeats itself here does so because it was measured (docs/performance.md, "codec").

Writing: one struct for each combination of lengths, looked up by those lengths; that a combination is in the table
proves the limits of its five strings, the struct proves those of the numbers, and its "s" puts the terminators.
"""

import struct
from collections.abc import Callable
from typing import Any, Final

from operators.smpp.pdu.by_layout import encode_by_layout
from operators.smpp.pdu.layout import HEADER, HEADER_OCTETS, Pdu
from operators.smpp.pdu.messages import DeliverSm, DeliverSmResp, MessageIdResp, ShortMessagePdu, SubmitSm, SubmitSmResp
from operators.smpp.pdu.tlv import Tlvs, decode_tlvs, encode_tlvs

_LIMITS: Final = (5, 20, 20, 16, 16)
"""Longest service_type, source_addr, destination_addr, schedule_delivery_time, validity_period."""
_FIXED_OCTETS: Final = HEADER_OCTETS + 12
_KEPT_STRUCTS: Final = 1024
_Pack = Callable[..., bytes]


class _HeadPackers(dict[tuple[int, int, int, int, int], tuple[_Pack, int]]):
    """Packers of everything before a short message's octets, and the length of that; at most `_KEPT_STRUCTS`.

    Raises OverflowError for lengths over a limit.
    """

    def __missing__(self, lengths: tuple[int, int, int, int, int]) -> tuple[_Pack, int]:
        if any(length > limit for length, limit in zip(lengths, _LIMITS, strict=True)):
            raise OverflowError
        service, source, destination, schedule, validity = (length + 1 for length in lengths)
        layout = struct.Struct(
            f">IIII{service}sBB{source}sBB{destination}sBBB{schedule}s{validity}sBBBBB",
        )
        made = (layout.pack, layout.size)
        if len(self) < _KEPT_STRUCTS:
            self[lengths] = made
        return made


_HEADS: Final = _HeadPackers()


def _short_message_encoder(command_id: int) -> Callable[[Any], bytes]:
    def encode_short_message(pdu: Any) -> bytes:
        service, source, destination = pdu.service_type, pdu.source_addr, pdu.destination_addr
        schedule, validity, message = pdu.schedule_delivery_time, pdu.validity_period, pdu.short_message
        tlvs = encode_tlvs(pdu.tlvs) if pdu.tlvs else b""
        try:
            pack, size = _HEADS[len(service), len(source), len(destination), len(schedule), len(validity)]
            head = pack(
                size + len(message) + len(tlvs),
                command_id,
                pdu.status,
                pdu.sequence_number,
                service.encode("latin-1") if service else b"",
                pdu.source_addr_ton,
                pdu.source_addr_npi,
                source.encode("latin-1"),
                pdu.dest_addr_ton,
                pdu.dest_addr_npi,
                destination.encode("latin-1"),
                pdu.esm_class,
                pdu.protocol_id,
                pdu.priority_flag,
                schedule.encode("latin-1") if schedule else b"",
                validity.encode("latin-1") if validity else b"",
                pdu.registered_delivery,
                pdu.replace_if_present_flag,
                pdu.data_coding,
                pdu.sm_default_msg_id,
                len(message),
            )
        except (OverflowError, struct.error, UnicodeEncodeError):
            pass  # Python's own error carries the text, so that it must be over before ours is raised
        else:
            if "\0" not in f"{service}{source}{destination}{schedule}{validity}":
                return head + message + tlvs if tlvs else head + message  # type: ignore[no-any-return]
        return encode_by_layout(pdu)  # which names the field

    return encode_short_message


_LONGEST_HEAD: Final = 16 + 6 + 2 + 21 + 2 + 21 + 3 + 17 + 17
"""No C-octet string of a short message ends behind this octet."""
_TAIL = struct.Struct(">BBBBB")  # registered_delivery, replace_if_present_flag, data_coding, default id, sm_length
_UNTIMED = struct.Struct(">BBBBBBBBBB")  # esm_class, protocol_id, priority_flag, two empty strings, and the tail


Decoder = Callable[[bytes, int, int], Pdu | None]
"""(frame, status, sequence number) to the PDU, or None where it is to be read by its layout."""


def _short_message_decoder(kind: type[ShortMessagePdu]) -> Decoder:
    def decode_short_message(frame: bytes, status: int, sequence_number: int) -> Pdu | None:
        text = frame[:_LONGEST_HEAD].decode("latin-1")
        schedule = validity = ""
        try:
            service_end = text.index("\0", 16, 22) if frame[16] else 16
            source_end = text.index("\0", service_end + 3, service_end + 24)
            dest_end = text.index("\0", source_end + 3, source_end + 24)
            esm_class, protocol, priority, first, second, registered, replace, coding, default, length = (
                _UNTIMED.unpack_from(frame, dest_end + 1)
            )
            start = dest_end + 11
            if first or second:
                schedule_end = dest_end + 4
                if first:
                    schedule_end = text.index("\0", schedule_end, dest_end + 21)
                    schedule = text[dest_end + 4 : schedule_end]
                validity_end = text.index("\0", schedule_end + 1, schedule_end + 18)
                validity = text[schedule_end + 1 : validity_end]
                registered, replace, coding, default, length = _TAIL.unpack_from(frame, validity_end + 1)
                start = validity_end + 6
            end = start + length
        except (ValueError, IndexError, struct.error):
            return None
        tlvs: Tlvs = ()
        if end != len(frame):
            tlvs, read_to = decode_tlvs(frame, end, len(frame))
            if read_to != len(frame):
                return None
        return kind(
            sequence_number,
            status,
            text[16:service_end],
            frame[service_end + 1],
            frame[service_end + 2],
            text[service_end + 3 : source_end],
            frame[source_end + 1],
            frame[source_end + 2],
            text[source_end + 3 : dest_end],
            esm_class,
            protocol,
            priority,
            schedule,
            validity,
            registered,
            replace,
            coding,
            default,
            frame[start:end],
            tlvs,
        )

    return decode_short_message


def _message_id_encoder(command_id: int) -> Callable[[Any], bytes]:
    def encode_message_id(pdu: Any) -> bytes:
        message_id: str = pdu.message_id
        if pdu.status:
            return _pack_header(HEADER_OCTETS, command_id, pdu.status, pdu.sequence_number)
        if pdu.tlvs or len(message_id) > _LONGEST_ID or not message_id.isascii() or "\0" in message_id:
            return encode_by_layout(pdu)
        return _pack_header(17 + len(message_id), command_id, 0, pdu.sequence_number) + message_id.encode() + b"\0"

    return encode_message_id


_LONGEST_ID: Final = 64
_pack_header: Final = HEADER.pack


def _message_id_decoder(kind: type[MessageIdResp]) -> Decoder:
    gives_id = kind.gives_id

    def decode_message_id(frame: bytes, status: int, sequence_number: int) -> Pdu | None:
        message_id = frame[HEADER_OCTETS:-1].decode("latin-1")
        if not message_id:  # the usual deliver_sm_resp, and S-10
            has_end = len(frame) == HEADER_OCTETS or not frame[-1]
            return kind(sequence_number, status) if has_end and (status or not gives_id) else None
        if frame[-1] or len(message_id) > _LONGEST_ID or "\0" in message_id:  # no end, too long, or TLVs
            return None
        return kind(sequence_number, status, message_id)

    return decode_message_id


ENCODERS: Final[dict[type[Pdu], Callable[[Any], bytes]]] = {
    kind: _short_message_encoder(kind.command_id) for kind in (SubmitSm, DeliverSm)
} | {kind: _message_id_encoder(kind.command_id) for kind in (SubmitSmResp, DeliverSmResp)}
DECODERS: Final[dict[int, Decoder]] = {
    SubmitSm.command_id: _short_message_decoder(SubmitSm),
    DeliverSm.command_id: _short_message_decoder(DeliverSm),
    SubmitSmResp.command_id: _message_id_decoder(SubmitSmResp),
    DeliverSmResp.command_id: _message_id_decoder(DeliverSmResp),
}
