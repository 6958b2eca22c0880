"""How one operator speaks SMPP: from our messages to its PDUs, and from its PDUs to our events. Pure."""

from collections.abc import Container, Mapping
from typing import Final

import msgspec

from config.operators import ReceiptWords, SmppOperatorSettings
from operators.base import (
    Accepted,
    DeferReason,
    Deferred,
    DeliveryReceipt,
    MtMessage,
    Query,
    ReceiptState,
    Refused,
    SubmitResult,
)
from operators.smpp import pdu as p
from operators.smpp import status as st
from operators.smpp.address import (
    Address,
    AddressSettings,
    TimeFormatError,
    absolute_time,
    destination_address,
    parse_time,
    relative_time,
    source_address,
)
from operators.smpp.coding import DefaultAlphabet, encode_octets
from operators.smpp.incoming import Incoming, IncomingSettings
from operators.smpp.manner import FLASH, Manner
from operators.smpp.national import Language
from operators.smpp.receipt import IdFormat, Receipt, ReceiptSettings, canonical_id, parse_receipt
from operators.smpp.segments import (
    ConcatMode,
    EncodedSegment,
    PlanOptions,
    encode_part,
    encode_segments,
    encode_short,
    plan,
)
from operators.smpp.session import TLVS_SINCE
from redaction.personal import Purpose

_STATES: Final = {state.value: state for state in ReceiptState}
_RECEIPT: Final = 0x01
_INTERMEDIATE: Final = 0x10
"""Bits of registered_delivery (SMPP 3.4 §5.2.17, S-31)."""
_REPLY_PATH: Final = 0x80
_MODES: Final = {"default": 0, "datagram": 1, "forward": 2, "store_and_forward": 3}
"""Messaging modes in esm_class (SMPP 3.4 §5.2.12)."""
_NO_SOURCE: Final = Address(0, 0, "")
"""Where the egress contract lets no source out (P-16); the SMSC puts its own (SMPP 3.4 §5.2.8)."""


class Dialect:
    """What the settings of an operator say about its PDUs.

    reasons: of the statuses that put a segment off; any other one refuses it, a generic_nack only if it is `permanent`.
    registered_delivery: where a receipt is
    wanted. offset_quarters: quarter hours ahead of UTC in which absolute times are written; None writes relative ones.
    manner: see there.
    """

    def __init__(
        self,
        *,
        addresses: AddressSettings,
        plan_options: PlanOptions,
        receipts: ReceiptSettings,
        reasons: Mapping[int, DeferReason],
        permanent: Container[int],
        registered_delivery: int,
        offset_quarters: int | None,
        manner: Manner,
    ) -> None:
        self.addresses: Final = addresses
        self.plan_options: Final = plan_options
        self.receipts: Final = receipts
        self.reasons: Final = reasons
        self.permanent: Final = permanent
        self.registered_delivery: Final = registered_delivery
        self.offset_quarters: Final = offset_quarters
        self.manner: Final = manner

    def segments(self, message: MtMessage) -> list[EncodedSegment]:
        """The segments to send, all of them. Raises operators.smpp.coding.EncodingError."""
        text = message.text.reveal(Purpose.DELIVER)
        options = self.plan_options
        if message.data_coding is not None:
            part = encode_part(
                encode_octets(text),
                message.data_coding,
                message.header,
                concat=options.concat,
                default_alphabet=options.default_alphabet,
            )
            return [part]
        if message.flash and options.latin1:  # there is no flash in Latin-1
            options = msgspec.structs.replace(options, latin1=False)
        short = encode_short(text, options, flash=message.flash)
        if short is not None:
            return [short]
        return encode_segments(
            text,
            plan(text, options),
            concat=options.concat,
            reference=_reference(message, options.concat),
            default_alphabet=options.default_alphabet,
            flash=message.flash,
        )

    def submit_sm(
        self, message: MtMessage, segment: EncodedSegment, now_ms: int, *, follows: bool = False
    ) -> p.SubmitSm:
        """One segment's PDU. follows: another one of its message. Raises operators.smpp.address.AddressError."""
        manner = self.manner
        source = _NO_SOURCE if message.source == "" else source_address(message.source, self.addresses)
        destination = destination_address(message.destination, self.addresses)
        return p.SubmitSm(
            service_type=manner.service_type,
            source_addr_ton=source.ton,
            source_addr_npi=source.npi,
            source_addr=source.addr,
            dest_addr_ton=destination.ton,
            dest_addr_npi=destination.npi,
            destination_addr=destination.addr,
            esm_class=segment.esm_class | manner.mode | (_REPLY_PATH if message.reply_path else 0),
            protocol_id=manner.protocol_id if message.protocol_id is None else message.protocol_id,
            priority_flag=manner.priority if message.priority is None else message.priority,
            validity_period=self._time(message.validity_s, now_ms),
            registered_delivery=self.registered_delivery if message.receipt else 0,
            data_coding=manner.flash if segment.data_coding == FLASH and message.flash else segment.data_coding,
            short_message=b"" if segment.payload else segment.short_message,
            tlvs=self._tlvs(segment, follows=follows),
        )

    def _tlvs(self, segment: EncodedSegment, *, follows: bool) -> p.Tlvs:
        tlvs = (*_carriers(segment), *self.manner.tlvs)
        if self.manner.more:
            tlvs = (*tlvs, (p.TAG_MORE_MESSAGES_TO_SEND, b"\1" if follows else b"\0"))
        return tlvs

    def _time(self, seconds: int | None, now_ms: int) -> str:
        """So long from now, as this SMSC reads it (S-32)."""
        if seconds is None:
            return ""
        if self.offset_quarters is None:
            return relative_time(seconds)
        return absolute_time(now_ms + 1000 * seconds, self.offset_quarters)

    def result(self, response: p.Pdu) -> SubmitResult:
        """What a submit_sm_resp (or a generic_nack) says (S-33, S-34)."""
        status = response.status
        if status == st.OK and isinstance(response, p.SubmitSmResp):
            return Accepted(canonical_id(response.message_id, self.receipts))
        reason = self.reasons.get(status)
        if reason is None and isinstance(response, p.GenericNack) and status not in self.permanent:
            reason = DeferReason.TRANSIENT
        if reason is not None:
            return Deferred(reason, status, 0.0)
        return Refused(status)

    def receipt(self, deliver: p.DeliverSm | p.DataSm) -> Receipt | None:
        """The receipt in a deliver_sm or data_sm, or None when it is a message from a person."""
        if type(deliver) is p.DeliverSm and not deliver.tlvs:
            return parse_receipt(deliver.short_message, (), deliver.esm_class, self.receipts)
        return parse_receipt(p.user_data(deliver), deliver.tlvs, deliver.esm_class, self.receipts)

    def incoming(self, settings: SmppOperatorSettings, salt: bytes) -> Incoming:
        """Where messages from people are put together."""
        return Incoming(
            IncomingSettings(
                operator=settings.name,
                wait_s=settings.mo_wait_s,
                default_alphabet=self.plan_options.default_alphabet,
            ),
            salt,
        )

    def query_sm(self, asked: Query) -> p.QuerySm:
        """Raises operators.smpp.address.AddressError."""
        source = _NO_SOURCE if asked.source == "" else source_address(asked.source, self.addresses)
        return p.QuerySm(
            message_id=asked.operator_message_id,
            source_addr_ton=source.ton,
            source_addr_npi=source.npi,
            source_addr=source.addr,
        )

    def queried(self, operator: str, asked: Query, answer: p.Pdu, now_ms: int) -> tuple[DeliveryReceipt, ...]:
        """What a query_sm_resp says of the segment; nothing when the SMSC cannot say."""
        if answer.status != st.OK or not isinstance(answer, p.QuerySmResp):
            return ()
        state = _STATES.get(answer.message_state)
        if state is None:
            return ()
        error = str(answer.error_code) if answer.error_code else None
        try:
            done_ms = parse_time(answer.final_date, now_ms)
        except TimeFormatError:
            done_ms = None
        return (DeliveryReceipt(operator, (asked.operator_message_id,), state, error, done_ms, None),)


def dialect(settings: SmppOperatorSettings) -> Dialect:
    return Dialect(
        addresses=AddressSettings(
            short_code_ton=settings.short_code_ton,
            short_code_npi=settings.short_code_npi,
            alphanumeric_ton=settings.alphanumeric_ton,
            alphanumeric_npi=settings.alphanumeric_npi,
            international_ton=settings.international_ton,
            international_npi=settings.international_npi,
            destination_ton=settings.destination_ton,
            destination_npi=settings.destination_npi,
        ),
        plan_options=PlanOptions(
            concat=ConcatMode(settings.concatenation),
            default_alphabet=DefaultAlphabet(settings.default_alphabet),
            languages=tuple(Language[name.upper()] for name in settings.languages),
            latin1=settings.latin1,
        ),
        receipts=ReceiptSettings(
            id_format=IdFormat(settings.receipt_id),
            recognise_by_text=settings.receipts_by_text,
            utc_offset_min=settings.utc_offset_min,
            words=_words(settings.receipt_words),
            one_for_all=settings.long_receipts == "one",
        ),
        reasons=_reasons(settings),
        permanent=frozenset(settings.permanent_statuses),
        registered_delivery=_RECEIPT | _INTERMEDIATE if settings.intermediate_receipts else _RECEIPT,
        offset_quarters=settings.utc_offset_min // 15 if settings.time_format == "absolute" else None,
        manner=_manner(settings),
    )


def _words(said: ReceiptWords) -> dict[bytes, ReceiptState]:
    """In capitals, as texts are compared."""
    by_state = {
        ReceiptState.DELIVERED: said.delivered,
        ReceiptState.UNDELIVERABLE: said.undeliverable,
        ReceiptState.EXPIRED: said.expired,
        ReceiptState.DELETED: said.deleted,
        ReceiptState.REJECTED: said.rejected,
        ReceiptState.UNKNOWN: said.unknown,
        ReceiptState.ENROUTE: said.enroute,
    }
    return {word.upper().encode("ascii"): state for state, words in by_state.items() for word in words}


def _reasons(settings: SmppOperatorSettings) -> dict[int, DeferReason]:
    return {
        **dict.fromkeys(set(settings.transient_statuses) - set(settings.permanent_statuses), DeferReason.TRANSIENT),
        **dict.fromkeys(settings.queue_full_statuses, DeferReason.QUEUE_FULL),
        **dict.fromkeys(settings.throttled_statuses, DeferReason.THROTTLED),
    }


def _manner(settings: SmppOperatorSettings) -> Manner:
    knows_tlvs = settings.interface_version >= TLVS_SINCE
    tlvs = [(int(each[:6], 16), bytes.fromhex(each[7:])) for each in settings.tlvs]
    if settings.privacy_indicator is not None:
        tlvs.append((p.TAG_PRIVACY_INDICATOR, bytes((settings.privacy_indicator,))))
    return Manner(
        service_type=settings.service_type,
        mode=_MODES[settings.esm_class_mode],
        protocol_id=settings.protocol_id,
        priority=settings.priority,
        flash=int(settings.flash_coding, 16),
        tlvs=tuple(tlvs) if knows_tlvs else (),
        more=settings.more_messages_to_send and knows_tlvs,
    )


def _reference(message: MtMessage, concat: ConcatMode) -> int:
    short = message.short_ref if concat is ConcatMode.UDH8 else None
    return message.concat_ref if short is None else short


def _carriers(segment: EncodedSegment) -> p.Tlvs:
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
