"""Sound PDUs to begin with, one of each kind and more of those that matter, and receipts as SMSCs write them."""

from typing import Any, Final

from operators.smpp import pdu as p

TEXT: Final = (
    b"id:0123456789 sub:001 dlvrd:001 submit date:2601010000 done date:2601010001 stat:DELIVRD err:000 text:hello"
)
RECEIPTS: Final = (
    TEXT,
    b"id:c449ab9744f47b6af1879e49e75e4f40 SUB:001 DLVRD:000 SUBMIT DATE:260101000000 DONE DATE:260101000059 "
    b"STAT:UNDELIV ERR:05C TEXT:",
    b"stat:FAILED id:7 err:",
    b"id:00000000000000000042 done date:2601010001 stat:2",
)
TLVS: Final = (
    (p.TAG_RECEIPTED_MESSAGE_ID, b"0123456789\0"),
    (p.TAG_MESSAGE_STATE, b"\2"),
    (p.TAG_NETWORK_ERROR_CODE, b"\3\0\5"),
    (0x1400, b"vendor"),
)
PAYLOAD: Final = ((p.TAG_MESSAGE_PAYLOAD, b"long " * 60), (p.TAG_SAR_MSG_REF_NUM, b"\0\1"))
ADDRESSES: Final[dict[str, Any]] = {
    "source_addr_ton": 5,
    "source_addr": "INTERKEY",
    "dest_addr_ton": 1,
    "dest_addr_npi": 1,
    "destination_addr": "15550000000",
}
PDUS: Final[tuple[p.Pdu, ...]] = (
    p.SubmitSm(1, **ADDRESSES, registered_delivery=1, short_message=b"hello"),
    p.SubmitSm(2, **ADDRESSES, esm_class=0x40, data_coding=8, short_message=b"\5\0\3\1\2\1" + b"\6\x43" * 60),
    p.SubmitSm(3, **ADDRESSES, validity_period="000000000500000R", tlvs=PAYLOAD),
    p.SubmitSm(4, service_type="CMT", schedule_delivery_time="260101000000000+", short_message=b"x" * 255),
    *(p.DeliverSm(5, **ADDRESSES, esm_class=4, short_message=each) for each in RECEIPTS),
    p.DeliverSm(6, **ADDRESSES, esm_class=4, tlvs=TLVS),
    p.DeliverSm(7, **ADDRESSES, data_coding=8, short_message="مرحبا".encode("utf-16-be")),
    p.SubmitSmResp(2, message_id="0123456789abcdef"),
    p.SubmitSmResp(3, 0x58),
    p.SubmitSmResp(4, message_id="c449ab97-44f4-7b6a-f187-9e49e75e4f40", tlvs=TLVS),
    p.DeliverSmResp(1),
    p.DataSm(8, tlvs=PAYLOAD),
    p.DataSmResp(2, message_id="1"),
    p.SubmitMulti(9, destinations=(p.SmeAddress(1, 1, "15550000000"), p.DistributionList("all")), short_message=b"x"),
    p.SubmitMultiResp(2, message_id="1", unsuccess_sme=(p.UnsuccessSme(1, 1, "15550000000", 0x0B),)),
    p.QuerySm(10, message_id="1"),
    p.QuerySmResp(2, message_id="1", final_date="260101000000000+", message_state=2),
    p.CancelSm(11, message_id="1", destination_addr="15550000000"),
    p.CancelSmResp(2),
    p.ReplaceSm(12, message_id="1", short_message=b"new"),
    p.ReplaceSmResp(2),
    p.BindTransceiver(13, system_id="customer", password="secret", system_type="x"),
    p.BindTransmitter(14, system_id="customer", password="secret", address_range="^1555"),
    p.BindReceiver(15, system_id="customer", interface_version=0x33),
    p.BindTransceiverResp(1, system_id="smsc", tlvs=((p.TAG_SC_INTERFACE_VERSION, b"\x34"),)),
    p.BindTransmitterResp(1, system_id="smsc"),
    p.BindReceiverResp(1, 0x0E),
    p.Outbind(16, system_id="smsc", password="secret"),
    p.Unbind(17),
    p.UnbindResp(1),
    p.EnquireLink(18),
    p.EnquireLinkResp(1),
    p.AlertNotification(19, source_addr="1", esme_addr="2", tlvs=((0x0422, b"\0"),)),
    p.GenericNack(1, 3),
)
FRAMES: Final = tuple(map(p.encode, PDUS))
