"""How one operator speaks SMPP: from our messages to its PDUs, and from its PDUs to our events. Pure."""

from typing import Final

import msgspec

from config.operators import OperatorSettings
from operators.base import Accepted, DeferReason, Deferred, MtMessage, Refused, SubmitResult
from operators.smpp import pdu as p
from operators.smpp import status as st
from operators.smpp.address import Address, AddressSettings, destination_address, relative_time, source_address
from operators.smpp.coding import DefaultAlphabet
from operators.smpp.receipt import IdFormat, Receipt, ReceiptSettings, canonical_id, parse_receipt
from operators.smpp.segments import ConcatMode, EncodedSegment, PlanOptions, encode_segments, plan
from redaction.personal import Purpose

_NO_SOURCE: Final = Address(0, 0, "")
"""Where the egress contract lets no source out (P-16); the SMSC puts its own (SMPP 3.4 §5.2.8)."""


class Dialect(msgspec.Struct, frozen=True):
    """What the settings of an operator say about its PDUs."""

    addresses: AddressSettings
    plan_options: PlanOptions
    receipts: ReceiptSettings
    transient: frozenset[int]

    def segments(self, message: MtMessage) -> list[EncodedSegment]:
        """The segments to send, all of them. Raises operators.smpp.coding.EncodingError."""
        text = message.text.reveal(Purpose.DELIVER)
        options = self.plan_options
        if message.binary:
            options = msgspec.structs.replace(options, binary=True)
        return encode_segments(
            text,
            plan(text, options),
            concat=options.concat,
            reference=message.concat_ref,
            default_alphabet=options.default_alphabet,
            flash=message.flash,
        )

    def submit_sm(self, message: MtMessage, segment: EncodedSegment) -> p.SubmitSm:
        """One segment's PDU. Raises operators.smpp.address.AddressError."""
        source = _NO_SOURCE if message.source == "" else source_address(message.source, self.addresses)
        destination = destination_address(message.destination, self.addresses)
        return p.SubmitSm(
            source_addr_ton=source.ton,
            source_addr_npi=source.npi,
            source_addr=source.addr,
            dest_addr_ton=destination.ton,
            dest_addr_npi=destination.npi,
            destination_addr=destination.addr,
            esm_class=segment.esm_class,
            priority_flag=message.priority,
            validity_period="" if message.validity_s is None else relative_time(message.validity_s),
            registered_delivery=1 if message.receipt else 0,
            data_coding=segment.data_coding,
            short_message=b"" if segment.payload else segment.short_message,
            tlvs=_tlvs(segment),
        )

    def result(self, response: p.Pdu) -> SubmitResult:
        """What a submit_sm_resp (or a generic_nack) says (S-33, S-34)."""
        status = response.status
        if status == st.OK and isinstance(response, p.SubmitSmResp):
            return Accepted(canonical_id(response.message_id, self.receipts))
        if status == st.RTHROTTLED:
            return Deferred(DeferReason.THROTTLED, status, 0.0)
        if status == st.RMSGQFUL:
            return Deferred(DeferReason.QUEUE_FULL, status, 0.0)
        if status in self.transient or isinstance(response, p.GenericNack):
            return Deferred(DeferReason.TRANSIENT, status, 0.0)
        return Refused(status)

    def receipt(self, deliver: p.DeliverSm) -> Receipt | None:
        """The receipt in a deliver_sm, or None when it is a message from a person."""
        return parse_receipt(p.user_data(deliver), deliver.tlvs, deliver.esm_class, self.receipts)


def dialect(settings: OperatorSettings) -> Dialect:
    return Dialect(
        addresses=AddressSettings(short_code_ton=settings.short_code_ton, short_code_npi=settings.short_code_npi),
        plan_options=PlanOptions(
            concat=ConcatMode(settings.concatenation), default_alphabet=DefaultAlphabet(settings.default_alphabet)
        ),
        receipts=ReceiptSettings(id_format=IdFormat(settings.receipt_id), recognise_by_text=settings.receipts_by_text),
        transient=frozenset(settings.transient_statuses) - frozenset(settings.permanent_statuses),
    )


def _tlvs(segment: EncodedSegment) -> p.Tlvs:
    if segment.payload:
        return ((p.TAG_MESSAGE_PAYLOAD, segment.short_message),)
    if segment.sar is None:
        return ()
    reference, total, sequence = segment.sar
    return (
        (p.TAG_SAR_MSG_REF_NUM, reference.to_bytes(2, "big")),
        (p.TAG_SAR_TOTAL_SEGMENTS, bytes((total,))),
        (p.TAG_SAR_SEGMENT_SEQNUM, bytes((sequence,))),
    )
