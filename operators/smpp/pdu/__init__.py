"""Protocol data units of SMPP 3.4 (and the 5.0 ones in use): types, layouts, and the codec between them and octets.

`layout` says what a PDU is, `control`, `messages` and `queries` are the PDUs, `tlv` their optional parameters;
`by_layout` reads and writes them all, and `hot` the four that matter for speed. This front is what others use.

C-octet strings are `str` in Latin-1. TLVs are (tag, octets) in the order of the wire; unknown ones are kept (S-08).
`read` gives a PDU with what was wrong with it, if that voids nothing (S-05); `decode` leaves that out. Both raise
`PduError`, with the status and sequence number to answer, for what cannot be read; it has nothing of the PDU's fields.
"""

import re
from typing import Final

from operators.smpp import status as st
from operators.smpp.pdu.by_layout import encode_by_layout, read_by_layout
from operators.smpp.pdu.control import (
    AlertNotification,
    Bind,
    BindReceiver,
    BindReceiverResp,
    BindResp,
    BindTransceiver,
    BindTransceiverResp,
    BindTransmitter,
    BindTransmitterResp,
    EnquireLink,
    EnquireLinkResp,
    GenericNack,
    Outbind,
    Unbind,
    UnbindResp,
)
from operators.smpp.pdu.flaw import Flaw
from operators.smpp.pdu.hot import DECODERS, ENCODERS
from operators.smpp.pdu.layout import (
    HEADER,
    HEADER_OCTETS,
    MAX_DESTINATIONS,
    RESPONSE,
    DistributionList,
    EncodeError,
    Pdu,
    PduError,
    Row,
    SmeAddress,
    UnsuccessSme,
)
from operators.smpp.pdu.messages import (
    DataSm,
    DataSmResp,
    DeliverSm,
    DeliverSmResp,
    MessageIdResp,
    ShortMessagePdu,
    SubmitMulti,
    SubmitMultiResp,
    SubmitSm,
    SubmitSmResp,
)
from operators.smpp.pdu.queries import CancelSm, CancelSmResp, QuerySm, QuerySmResp, ReplaceSm, ReplaceSmResp
from operators.smpp.pdu.tlv import (
    TAG_CONGESTION_STATE,
    TAG_DESTINATION_PORT,
    TAG_MESSAGE_PAYLOAD,
    TAG_MESSAGE_STATE,
    TAG_MORE_MESSAGES_TO_SEND,
    TAG_NETWORK_ERROR_CODE,
    TAG_PRIVACY_INDICATOR,
    TAG_QOS_TIME_TO_LIVE,
    TAG_RECEIPTED_MESSAGE_ID,
    TAG_SAR_MSG_REF_NUM,
    TAG_SAR_SEGMENT_SEQNUM,
    TAG_SAR_TOTAL_SEGMENTS,
    TAG_SC_INTERFACE_VERSION,
    TAG_SOURCE_PORT,
    TAG_USER_MESSAGE_REFERENCE,
    Tlv,
    Tlvs,
    find,
)


def _concrete(kind: type[Pdu]) -> list[type[Pdu]]:
    below = [each for child in kind.__subclasses__() for each in _concrete(child)]
    return [*([kind] if kind.command_id else []), *below]


TYPES: Final[dict[int, type[Pdu]]] = {kind.command_id: kind for kind in _concrete(Pdu)}
"""Every PDU that can be read, by command_id."""


def encode(pdu: Pdu) -> bytes:
    """The PDU's octets. Raises EncodeError when a field is too long, or has characters that its place cannot carry."""
    hot = ENCODERS.get(type(pdu))
    return encode_by_layout(pdu) if hot is None else hot(pdu)


def decode(frame: bytes, *, long_password: bool = False, cut: bool = False) -> Pdu:
    """One PDU from one whole frame, header included; as `read`."""
    _, command_id, status, sequence_number = HEADER.unpack_from(frame)
    hot = DECODERS.get(command_id)
    pdu = None if hot is None else hot(frame, status, sequence_number)
    return read(frame, long_password=long_password, cut=cut)[0] if pdu is None else pdu


def read(frame: bytes, *, long_password: bool = False, cut: bool = False) -> tuple[Pdu, Flaw | None]:
    """One PDU, and what was wrong with it.

    long_password: allow up to 64 characters (some peers do). cut: cut the strings of a request that break their rule,
    instead of refusing it (S-09); those of a response are cut always. Raises PduError: for an unknown command,
    or for a request whose mandatory part cannot be read.
    """
    _, command_id, status, sequence_number = HEADER.unpack_from(frame)
    kind = TYPES.get(command_id)
    if kind is None:
        raise PduError(st.RINVCMDID, command_id, sequence_number)
    return read_by_layout(kind, frame, status, sequence_number, long_password=long_password, cut=cut)


def name_of(command_id: int) -> str:
    """`submit_sm_resp`; the command must be one of `TYPES`."""
    return _NAMES[command_id]


_NAMES: Final = {
    command_id: re.sub("(?<=[a-z])(?=[A-Z])", "_", kind.__name__).lower() for command_id, kind in TYPES.items()
}


WithText = ShortMessagePdu | SubmitMulti | DataSm
"""PDUs whose text may be in message_payload."""


def user_data(pdu: WithText) -> bytes:
    """The octets of the message: message_payload if there is one, which wins over short_message (S-11).

    An empty one is none (S-08).
    """
    payload = find(pdu.tlvs, TAG_MESSAGE_PAYLOAD) if pdu.tlvs else None
    if payload:
        return payload
    return b"" if isinstance(pdu, DataSm) else pdu.short_message


def has_two_texts(pdu: Pdu) -> bool:
    """short_message and message_payload both hold something, which the standard forbids (§5.3.2.32, S-11)."""
    if not isinstance(pdu, ShortMessagePdu | SubmitMulti) or not pdu.tlvs or not pdu.short_message:
        return False
    return bool(find(pdu.tlvs, TAG_MESSAGE_PAYLOAD))


__all__ = [
    "DECODERS",
    "HEADER",
    "HEADER_OCTETS",
    "MAX_DESTINATIONS",
    "RESPONSE",
    "TAG_CONGESTION_STATE",
    "TAG_DESTINATION_PORT",
    "TAG_MESSAGE_PAYLOAD",
    "TAG_MESSAGE_STATE",
    "TAG_MORE_MESSAGES_TO_SEND",
    "TAG_NETWORK_ERROR_CODE",
    "TAG_PRIVACY_INDICATOR",
    "TAG_QOS_TIME_TO_LIVE",
    "TAG_RECEIPTED_MESSAGE_ID",
    "TAG_SAR_MSG_REF_NUM",
    "TAG_SAR_SEGMENT_SEQNUM",
    "TAG_SAR_TOTAL_SEGMENTS",
    "TAG_SC_INTERFACE_VERSION",
    "TAG_SOURCE_PORT",
    "TAG_USER_MESSAGE_REFERENCE",
    "TYPES",
    "AlertNotification",
    "Bind",
    "BindReceiver",
    "BindReceiverResp",
    "BindResp",
    "BindTransceiver",
    "BindTransceiverResp",
    "BindTransmitter",
    "BindTransmitterResp",
    "CancelSm",
    "CancelSmResp",
    "DataSm",
    "DataSmResp",
    "DeliverSm",
    "DeliverSmResp",
    "DistributionList",
    "EncodeError",
    "EnquireLink",
    "EnquireLinkResp",
    "Flaw",
    "GenericNack",
    "MessageIdResp",
    "Outbind",
    "Pdu",
    "PduError",
    "QuerySm",
    "QuerySmResp",
    "ReplaceSm",
    "ReplaceSmResp",
    "Row",
    "ShortMessagePdu",
    "SmeAddress",
    "SubmitMulti",
    "SubmitMultiResp",
    "SubmitSm",
    "SubmitSmResp",
    "Tlv",
    "Tlvs",
    "Unbind",
    "UnbindResp",
    "UnsuccessSme",
    "decode",
    "encode",
    "find",
    "has_two_texts",
    "name_of",
    "read",
    "user_data",
]
