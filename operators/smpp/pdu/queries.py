"""PDUs about a message that was submitted before: query_sm, cancel_sm, replace_sm (SMPP 3.4 §4.8–4.10)."""

from typing import ClassVar

from operators.smpp.pdu.layout import Pdu, Row
from operators.smpp.pdu.messages import DESTINATION, MESSAGE_ID, SERVICE_TYPE, SHORT_MESSAGE, SOURCE, TIMES


class QuerySm(Pdu):
    command_id: ClassVar[int] = 0x03
    layout = (MESSAGE_ID, *SOURCE)
    message_id: str = ""
    source_addr_ton: int = 0
    source_addr_npi: int = 0
    source_addr: str = ""


class QuerySmResp(Pdu):
    command_id: ClassVar[int] = 0x80000003
    layout = (MESSAGE_ID, Row("final_date", "c", 17), Row("message_state", "u8"), Row("error_code", "u8"))
    message_id: str = ""
    final_date: str = ""
    message_state: int = 0
    error_code: int = 0


class CancelSm(Pdu):
    command_id: ClassVar[int] = 0x08
    layout = (SERVICE_TYPE, MESSAGE_ID, *SOURCE, *DESTINATION)
    service_type: str = ""
    message_id: str = ""
    source_addr_ton: int = 0
    source_addr_npi: int = 0
    source_addr: str = ""
    dest_addr_ton: int = 0
    dest_addr_npi: int = 0
    destination_addr: str = ""


class CancelSmResp(Pdu):
    command_id: ClassVar[int] = 0x80000008


class ReplaceSm(Pdu):
    command_id: ClassVar[int] = 0x07
    layout = (
        MESSAGE_ID,
        *SOURCE,
        *TIMES,
        Row("registered_delivery", "u8"),
        Row("sm_default_msg_id", "u8"),
        SHORT_MESSAGE,
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
    command_id: ClassVar[int] = 0x80000007
