"""Fields of a submission beside its text and its addresses: those that go on, and those that are refused. Pure.

What is neither passed nor refused here is listed in docs/smpp.md.
"""

from typing import Final

from gateway.accounts.esme_profile import EsmeProfile
from gateway.model.refusals import Refusal
from gateway.model.submission import NO_MARKS, Marks
from operators.smpp import pdu as p
from operators.smpp.udh import Concat, build_udh

REPLY_PATH: Final = 0x80
"""Of esm_class (SMPP 3.4 §5.2.12)."""
_PHONE_TYPES: Final = range(0x40, 0x80)
"""protocol_id that change what a phone does: silent, replacing, for the SIM (TS 23.040 §9.2.3.9)."""
_PRIORITIES: Final = range(4)
_PORTS: Final = 0x05
"""The element of a user data header that holds two ports of 16 bits (TS 23.040 §9.2.3.24.4)."""


def marks_of(submit: p.SubmitSm | p.SubmitMulti, profile: EsmeProfile) -> Marks:
    """What goes on to the operator as it came. Raises Refusal for what would change the message's meaning unsaid."""
    if submit.replace_if_present_flag and profile.replace_if_present == "refuse":
        raise Refusal("replace_unsupported", "replace_if_present_flag")
    if submit.sm_default_msg_id:
        raise Refusal("no_default_messages", "sm_default_msg_id")
    protocol_id, priority = submit.protocol_id, submit.priority_flag
    if protocol_id and protocol_id not in profile.protocol_ids:
        if protocol_id in _PHONE_TYPES:
            raise Refusal("invalid_protocol_id", "protocol_id")
        protocol_id = 0
    if priority and not (profile.priority and priority in _PRIORITIES):
        priority = 0
    reply_path = bool(submit.esm_class & REPLY_PATH)
    if not (protocol_id or priority or reply_path):
        return NO_MARKS
    return Marks(protocol_id, priority, reply_path)


def sar_header(tlvs: p.Tlvs) -> bytes:
    """sar_* as the user data header that phones read; its 8-bit reference leaves as much room as sar_* promised."""
    reference = find(tlvs, p.TAG_SAR_MSG_REF_NUM)
    total = find(tlvs, p.TAG_SAR_TOTAL_SEGMENTS)
    sequence = find(tlvs, p.TAG_SAR_SEGMENT_SEQNUM)
    if reference is None or total is None or sequence is None:
        return b""  # one of them alone is ignored (SMPP 3.4 §5.3.2.22)
    if (len(reference), len(total), len(sequence)) != (2, 1, 1) or not 1 <= sequence[0] <= total[0]:
        raise Refusal("invalid_tlv", "sar")
    if total == b"\x01":
        return b""
    return build_udh(Concat(int.from_bytes(reference, "big"), total[0], sequence[0]))


def find(tlvs: p.Tlvs, wanted: int) -> bytes | None:
    for tag, value in tlvs:
        if tag == wanted:
            return value
    return None


def port_header(tlvs: p.Tlvs) -> bytes:
    """source_port and destination_port as the user data header that phones read; a port that is not named is 0."""
    source, destination = find(tlvs, p.TAG_SOURCE_PORT), find(tlvs, p.TAG_DESTINATION_PORT)
    if source is None and destination is None:
        return b""
    source, destination = source or bytes(2), destination or bytes(2)
    if len(source) != 2 or len(destination) != 2:
        raise Refusal("invalid_tlv", "port")
    return bytes((6, _PORTS, 4)) + destination + source


def joined(first: bytes, second: bytes) -> bytes:
    """One user data header with the elements of both."""
    if not first or not second:
        return first or second
    elements = first[1:] + second[1:]
    if len(elements) > _LONGEST_HEADER:
        raise Refusal("text_too_long", "text")
    return bytes((len(elements),)) + elements


_LONGEST_HEADER: Final = 139


def reference_of(tlvs: p.Tlvs) -> int | None:
    """user_message_reference (§5.3.2.17); None for one that has not two octets, too."""
    value = find(tlvs, p.TAG_USER_MESSAGE_REFERENCE)
    return int.from_bytes(value, "big") if value is not None and len(value) == 2 else None


def time_to_live(tlvs: p.Tlvs) -> int | None:
    """qos_time_to_live, in seconds (§5.3.2.9), of a message that names no validity_period."""
    value = find(tlvs, p.TAG_QOS_TIME_TO_LIVE) if tlvs else None
    if value is None:
        return None
    if len(value) != 4:
        raise Refusal("invalid_tlv", "qos_time_to_live")
    return int.from_bytes(value, "big")
