"""How a simulated SMSC writes ids and receipts."""

import time
from collections.abc import Callable
from typing import Final

import msgspec

from operators.base import ReceiptState
from operators.simulator.faults import IdForm, ReceiptForm
from operators.smpp import pdu as p


class Receipt(msgspec.Struct, gc=False):
    """A receipt under way. submitted: its date as the text has it."""

    message_id: str
    submit: p.SubmitSm
    state: ReceiptState
    submitted: bytes
    tries: int = 0


class Dates:
    """`YYMMDDhhmm` in UTC, worked out once a minute."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._minute = -1
        self._date = b""

    def now(self) -> bytes:
        minute = int(self._clock() // 60)
        if minute != self._minute:
            self._minute = minute
            self._date = time.strftime("%y%m%d%H%M", time.gmtime(minute * 60)).encode()
        return self._date


def write_id(number: int, form: IdForm) -> str:
    """A message id as some SMSC would write it."""
    if form == "hex":
        return f"{number:x}"
    if form == "decimal":
        return str(number)
    if form == "hex_padded":
        return f"{number:016x}"
    digits = f"{number:032x}"
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def deliver_sm(receipt: Receipt, form: ReceiptForm, done: bytes) -> p.DeliverSm:
    """The receipt as a PDU, from the recipient to the sender."""
    submit = receipt.submit
    return p.DeliverSm(
        source_addr_ton=submit.dest_addr_ton,
        source_addr_npi=submit.dest_addr_npi,
        source_addr=submit.destination_addr,
        dest_addr_ton=submit.source_addr_ton,
        dest_addr_npi=submit.source_addr_npi,
        destination_addr=submit.source_addr,
        esm_class=0x04,
        short_message=b"" if form == "tlv" else _receipt_text(receipt, done),
        tlvs=() if form == "text" else _receipt_tlvs(receipt),
    )


def _receipt_text(receipt: Receipt, done: bytes) -> bytes:
    """SMPP 3.4 Appendix B, with the first 20 octets of a message in the default alphabet."""
    submit = receipt.submit
    readable = submit.data_coding == 0 and not submit.esm_class & 0x40
    return _TEXTS[receipt.state] % (
        receipt.message_id.encode(),
        receipt.submitted,
        done,
        submit.short_message[:20] if readable else b"",
    )


def _receipt_tlvs(receipt: Receipt) -> p.Tlvs:
    return (
        (p.TAG_RECEIPTED_MESSAGE_ID, receipt.message_id.encode() + b"\0"),
        (p.TAG_MESSAGE_STATE, bytes((receipt.state.value,))),
    )


_TEXTS: Final = {
    ReceiptState.DELIVERED: b"id:%b sub:001 dlvrd:001 submit date:%b done date:%b stat:DELIVRD err:000 text:%b",
    ReceiptState.UNDELIVERABLE: b"id:%b sub:001 dlvrd:000 submit date:%b done date:%b stat:UNDELIV err:001 text:%b",
}
