"""PDUs that carry messages: submit_sm, deliver_sm, data_sm, submit_multi, and their responses (SMPP 3.4 §4.4–4.7)."""

from typing import ClassVar, Final

from operators.smpp import status as st
from operators.smpp.pdu.layout import MAX_DESTINATIONS, Destinations, Pdu, Row, Unsuccessful
from operators.smpp.pdu.tlv import Tlvs

SERVICE_TYPE: Final = Row("service_type", "c", 6, st.RINVSERTYP)
SOURCE: Final = (
    Row("source_addr_ton", "u8"),
    Row("source_addr_npi", "u8"),
    Row("source_addr", "c", 21, st.RINVSRCADR),
)
DESTINATION: Final = (
    Row("dest_addr_ton", "u8"),
    Row("dest_addr_npi", "u8"),
    Row("destination_addr", "c", 21, st.RINVDSTADR),
)
MESSAGE_ID: Final = Row("message_id", "c", 65, st.RINVMSGID)
TIMES: Final = (
    Row("schedule_delivery_time", "c", 17, st.RINVSCHED),
    Row("validity_period", "c", 17, st.RINVEXPIRY),
)
SHORT_MESSAGE: Final = Row("short_message", "sm", 255, st.RINVMSGLEN)
_MESSAGE: Final = (
    Row("esm_class", "u8"),
    Row("protocol_id", "u8"),
    Row("priority_flag", "u8"),
    *TIMES,
    Row("registered_delivery", "u8"),
    Row("replace_if_present_flag", "u8"),
    Row("data_coding", "u8"),
    Row("sm_default_msg_id", "u8"),
    SHORT_MESSAGE,
)


class ShortMessagePdu(Pdu):
    """What submit_sm and deliver_sm share (§4.4.1, §4.6.1). The codec of the hot path knows the order of its fields."""

    layout = (SERVICE_TYPE, *SOURCE, *DESTINATION, *_MESSAGE)
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
    command_id: ClassVar[int] = 0x04


class DeliverSm(ShortMessagePdu):
    command_id: ClassVar[int] = 0x05


class MessageIdResp(Pdu):
    """What the responses to messages share (§4.4.2, §4.6.2, §4.7.2)."""

    layout = (MESSAGE_ID,)
    has_tlvs = True
    message_id: str = ""
    tlvs: Tlvs = ()


class SubmitSmResp(MessageIdResp):
    command_id: ClassVar[int] = 0x80000004
    gives_id = True


class DeliverSmResp(MessageIdResp):
    command_id: ClassVar[int] = 0x80000005


class DataSm(Pdu):
    """The text is in message_payload."""

    command_id: ClassVar[int] = 0x103
    layout = (
        SERVICE_TYPE,
        Row("source_addr_ton", "u8"),
        Row("source_addr_npi", "u8"),
        Row("source_addr", "c", 65, st.RINVSRCADR),
        Row("dest_addr_ton", "u8"),
        Row("dest_addr_npi", "u8"),
        Row("destination_addr", "c", 65, st.RINVDSTADR),
        Row("esm_class", "u8"),
        Row("registered_delivery", "u8"),
        Row("data_coding", "u8"),
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


class DataSmResp(MessageIdResp):
    command_id: ClassVar[int] = 0x80000103
    gives_id = True


class SubmitMulti(Pdu):
    """One message to 1..254 destinations; number_of_dests is their count (§4.5.1)."""

    command_id: ClassVar[int] = 0x21
    layout = (SERVICE_TYPE, *SOURCE, Row("destinations", "dests", MAX_DESTINATIONS, st.RINVNUMDESTS), *_MESSAGE)
    has_tlvs = True
    service_type: str = ""
    source_addr_ton: int = 0
    source_addr_npi: int = 0
    source_addr: str = ""
    destinations: Destinations = ()
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


class SubmitMultiResp(Pdu):
    """Destinations that are not in `unsuccess_sme` were taken; no_unsuccess is their count (§4.5.2)."""

    command_id: ClassVar[int] = 0x80000021
    layout = (MESSAGE_ID, Row("unsuccess_sme", "unsuccess", 255))
    has_tlvs = True
    gives_id = True
    message_id: str = ""
    unsuccess_sme: Unsuccessful = ()
    tlvs: Tlvs = ()
