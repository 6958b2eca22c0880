"""PDUs without a message: bind, outbind, unbind, enquire_link, generic_nack, alert_notification.

(SMPP 3.4 §4.1–4.3, §4.11, §4.12)
"""

from typing import ClassVar, Final

from operators.smpp import status as st
from operators.smpp.pdu.layout import Pdu, Row
from operators.smpp.pdu.tlv import Tlvs

_BIND: Final = (
    Row("system_id", "c", 16, st.RINVSYSID),
    Row("password", "c", 9, st.RINVPASWD),
    Row("system_type", "c", 13, st.RINVSYSTYP),
    Row("interface_version", "u8"),
    Row("addr_ton", "u8"),
    Row("addr_npi", "u8"),
    Row("address_range", "c", 41),
)


class GenericNack(Pdu):
    command_id: ClassVar[int] = 0x80000000


class Bind(Pdu):
    """What the three bind requests share. `password` longer than 8 is allowed where `decode` says so."""

    layout = _BIND
    system_id: str = ""
    password: str = ""
    system_type: str = ""
    interface_version: int = 0x34
    addr_ton: int = 0
    addr_npi: int = 0
    address_range: str = ""


class BindReceiver(Bind):
    command_id: ClassVar[int] = 0x01


class BindTransmitter(Bind):
    command_id: ClassVar[int] = 0x02


class BindTransceiver(Bind):
    command_id: ClassVar[int] = 0x09


class BindResp(Pdu):
    layout = (Row("system_id", "c", 16, st.RINVSYSID),)
    has_tlvs = True
    system_id: str = ""
    tlvs: Tlvs = ()


class BindReceiverResp(BindResp):
    command_id: ClassVar[int] = 0x80000001


class BindTransmitterResp(BindResp):
    command_id: ClassVar[int] = 0x80000002


class BindTransceiverResp(BindResp):
    command_id: ClassVar[int] = 0x80000009


class Outbind(Pdu):
    command_id: ClassVar[int] = 0x0B
    layout = _BIND[:2]
    system_id: str = ""
    password: str = ""


class Unbind(Pdu):
    command_id: ClassVar[int] = 0x06


class UnbindResp(Pdu):
    command_id: ClassVar[int] = 0x80000006


class EnquireLink(Pdu):
    command_id: ClassVar[int] = 0x15


class EnquireLinkResp(Pdu):
    command_id: ClassVar[int] = 0x80000015


class AlertNotification(Pdu):
    command_id: ClassVar[int] = 0x102
    layout = (
        Row("source_addr_ton", "u8"),
        Row("source_addr_npi", "u8"),
        Row("source_addr", "c", 65, st.RINVSRCADR),
        Row("esme_addr_ton", "u8"),
        Row("esme_addr_npi", "u8"),
        Row("esme_addr", "c", 65),
    )
    has_tlvs = True
    source_addr_ton: int = 0
    source_addr_npi: int = 0
    source_addr: str = ""
    esme_addr_ton: int = 0
    esme_addr_npi: int = 0
    esme_addr: str = ""
    tlvs: Tlvs = ()
