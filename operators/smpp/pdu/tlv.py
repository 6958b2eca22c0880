"""Optional parameters (SMPP 3.4 §5.3, and those of 5.0 that are in use): their names, and the octets of a row of them.

A TLV is (tag, octets), in the order of the wire. The value is never interpreted here and an unknown tag is kept as it
is (S-08): a receiver ignores what it does not know, and what it does know it reads where it needs it.
"""

import struct
from typing import Final

from operators.smpp.pdu.layout import EncodeError
from redaction.errors import alone

Tlv = tuple[int, bytes]
Tlvs = tuple[Tlv, ...]

NAMES: Final[dict[int, str]] = {
    0x0005: "dest_addr_subunit",
    0x0006: "dest_network_type",
    0x0007: "dest_bearer_type",
    0x0008: "dest_telematics_id",
    0x000D: "source_addr_subunit",
    0x000E: "source_network_type",
    0x000F: "source_bearer_type",
    0x0010: "source_telematics_id",
    0x0017: "qos_time_to_live",
    0x0019: "payload_type",
    0x001D: "additional_status_info_text",
    0x001E: "receipted_message_id",
    0x0030: "ms_msg_wait_facilities",
    0x0201: "privacy_indicator",
    0x0202: "source_subaddress",
    0x0203: "dest_subaddress",
    0x0204: "user_message_reference",
    0x0205: "user_response_code",
    0x020A: "source_port",
    0x020B: "destination_port",
    0x020C: "sar_msg_ref_num",
    0x020D: "language_indicator",
    0x020E: "sar_total_segments",
    0x020F: "sar_segment_seqnum",
    0x0210: "sc_interface_version",
    0x0302: "callback_num_pres_ind",
    0x0303: "callback_num_atag",
    0x0304: "number_of_messages",
    0x0381: "callback_num",
    0x0420: "dpf_result",
    0x0421: "set_dpf",
    0x0422: "ms_availability_status",
    0x0423: "network_error_code",
    0x0424: "message_payload",
    0x0425: "delivery_failure_reason",
    0x0426: "more_messages_to_send",
    0x0427: "message_state",
    0x0501: "ussd_service_op",
    0x1201: "display_time",
    0x1203: "sms_signal",
    0x1204: "ms_validity",
    0x130C: "alert_on_message_delivery",
    0x1380: "its_reply_type",
    0x1383: "its_session_info",
    # SMPP 5.0 §4.8.4
    0x0428: "congestion_state",
    0x060B: "billing_identification",
    0x060D: "source_network_id",
    0x060E: "dest_network_id",
    0x060F: "source_node_id",
    0x0610: "dest_node_id",
    0x0611: "dest_addr_np_resolution",
    0x0612: "dest_addr_np_information",
    0x0613: "dest_addr_np_country",
}
"""Every tag of 3.4 and the ones of 5.0 that do not belong to broadcasting."""

TAGS: Final[dict[str, int]] = {name: tag for tag, name in NAMES.items()}

TAG_QOS_TIME_TO_LIVE: Final = 0x0017
TAG_RECEIPTED_MESSAGE_ID: Final = 0x001E
TAG_PRIVACY_INDICATOR: Final = 0x0201
TAG_USER_MESSAGE_REFERENCE: Final = 0x0204
TAG_SOURCE_PORT: Final = 0x020A
TAG_DESTINATION_PORT: Final = 0x020B
TAG_SAR_MSG_REF_NUM: Final = 0x020C
TAG_SAR_TOTAL_SEGMENTS: Final = 0x020E
TAG_SAR_SEGMENT_SEQNUM: Final = 0x020F
TAG_SC_INTERFACE_VERSION: Final = 0x0210
TAG_NETWORK_ERROR_CODE: Final = 0x0423
TAG_MESSAGE_PAYLOAD: Final = 0x0424
TAG_MORE_MESSAGES_TO_SEND: Final = 0x0426
TAG_MESSAGE_STATE: Final = 0x0427
TAG_CONGESTION_STATE: Final = 0x0428

_HEAD: Final = struct.Struct(">HH")
_pack_head: Final = _HEAD.pack
_unpack_head: Final = _HEAD.unpack_from


def name_of(tag: int) -> str:
    """`message_payload`, or `0x1400` for a tag that the standard does not name."""
    return NAMES.get(tag, f"0x{tag:04X}")


def find(tlvs: Tlvs, tag: int) -> bytes | None:
    """The value of the last TLV with this tag; None when there is none."""
    found = None
    for each, value in tlvs:
        if each == tag:
            found = value
    return found


def encode_tlvs(tlvs: Tlvs) -> bytes:
    """Raises EncodeError for a tag or a length over 16 bits."""
    try:
        return b"".join([_pack_head(tag, len(value)) + value for tag, value in tlvs])
    except struct.error:
        raise alone(EncodeError("tlvs")) from None


def decode_tlvs(frame: bytes, at: int, end: int) -> tuple[Tlvs, int]:
    """The TLVs in frame[at:end], raw and in order (S-08), and where they end: before `end` when what stands there is
    none, or is longer than what is left.
    """
    found: list[Tlv] = []
    while at + 4 <= end:
        tag, length = _unpack_head(frame, at)
        behind = at + 4 + length
        if behind > end:
            break
        found.append((tag, frame[at + 4 : behind]))
        at = behind
    return tuple(found), at
