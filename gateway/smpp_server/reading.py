"""What a customer's PDU asks for: a request and a form for the door, or a refusal. Pure.

Text whose coding is known is text here, and is cut and written anew for the operator. A part of a longer message (a
user data header, or sar_* TLVs) and what is no text go as they came, in one segment (S-55, docs/decisions/0005).
"""

from typing import Final

from msgspec import UNSET

from gateway.accept.raw_parts import FLASH_CODINGS, segment_of
from gateway.accept.request import MessageRequest
from gateway.accounts.customers import ApiKey
from gateway.accounts.esme_profile import EsmeProfile
from gateway.model.message import Message
from gateway.model.refusals import Refusal
from gateway.model.submission import NO_MARKS, RawPart, ReturnPath, SmppForm
from gateway.model.times import rfc3339
from gateway.smpp_server.fields import (
    REPLY_PATH,
    joined,
    marks_of,
    port_header,
    reference_of,
    sar_header,
    time_to_live,
)
from gateway.smpp_server.terms import USUAL_TERMS, Terms
from gateway.vault.vault import Content
from operators.smpp import pdu as p
from operators.smpp.address import TimeFormatError, parse_time
from operators.smpp.coding import DefaultAlphabet, decode_short_message
from operators.smpp.udh import NO_UDH, UDHI, parse_udh
from redaction.errors import alone
from redaction.personal import Purpose

Submit = p.SubmitSm | p.SubmitMulti | p.DataSm

TON_INTERNATIONAL: Final = 1
_MODE: Final = 0x03
_TRANSACTION: Final = 0x02
_TYPE: Final = 0x3C
_NOTIFY: Final = 0x1F
_SAME: Final = {("latin1", 0x00): 0x03, ("ascii", 0x00): 0x01}
"""The data_coding that says the same as an account's default alphabet."""


def read(
    submit: Submit,
    to: tuple[int, int, str],
    key: ApiKey,
    now_ms: int,
    told_id: bytes = b"",
    terms: Terms = USUAL_TERMS,
) -> tuple[MessageRequest, SmppForm]:
    """One message to one destination: TON, NPI and address. Raises Refusal.

    told_id: the id in its receipts, when it is one of many; b"" for its own.
    """
    profile, data_coding = terms.profile, submit.data_coding
    if submit.esm_class:
        _refuse_foreign_type(submit.esm_class, profile)
    marks = NO_MARKS if isinstance(submit, p.DataSm) else marks_of(submit, profile)
    part, text = _body(submit, data_coding, DefaultAlphabet(profile.alphabet))
    schedule_ms, validity_s = _times(submit, now_ms)
    notify = submit.registered_delivery & _NOTIFY
    request = MessageRequest(
        to=_number(to[0], to[2]),
        source=_source(submit, key),
        text=text,
        message_class=UNSET,
        validity=validity_s,
        schedule_at=None if schedule_ms is None else rfc3339(schedule_ms),
        flash=part is None and data_coding in FLASH_CODINGS,
    )
    return request, SmppForm(
        notify=notify,
        path=_path(submit, to, told_id, terms) if notify else None,
        part=part,
        coding=_SAME.get((profile.alphabet, data_coding), data_coding) if part is None else 0,
        marks=marks,
        clamp_validity=profile.clamp_validity,
    )


def rewrite(
    said: p.ReplaceSm, now_ms: int, message: Message, content: Content, path: ReturnPath | None
) -> tuple[MessageRequest, SmppForm]:
    """A replace_sm as a request to the same recipient, in the coding of what it replaces (§4.10.1). Raises Refusal."""
    source = content.source if isinstance(content.source, str) else content.source.reveal(Purpose.DELIVER)
    if content.data_coding is not None:
        raise Refusal("not_replaceable")  # a part of a longer message
    if said.source_addr and said.source_addr != source:
        raise Refusal("invalid_sender", "from")
    decoded = decode_short_message(said.short_message, content.coding)
    if decoded.text is None:
        raise Refusal("invalid_coding", "data_coding")
    schedule_ms, validity_s = _times(said, now_ms)
    digits = content.to.reveal(Purpose.DELIVER)
    notify = said.registered_delivery & _NOTIFY
    request = MessageRequest(
        to=f"+{digits}",
        source=source,
        text=decoded.text,
        message_class=message.message_class.value,
        validity=validity_s,
        schedule_at=None if schedule_ms is None else rfc3339(schedule_ms),
        flash=content.flash,
    )
    back = path or ReturnPath(0, 0, source, TON_INTERNATIONAL, 1, digits)
    return request, SmppForm(notify=notify, path=back if notify else None, coding=content.coding, marks=content.marks)


def destinations(submit: Submit) -> tuple[p.SmeAddress | p.DistributionList, ...]:
    """To whom; more than one only in a submit_multi."""
    if isinstance(submit, p.SubmitMulti):
        return submit.destinations
    return (p.SmeAddress(submit.dest_addr_ton, submit.dest_addr_npi, submit.destination_addr),)


def _refuse_foreign_type(esm_class: int, profile: EsmeProfile) -> None:
    """Messages of people only: no receipts, no acknowledgements, and no transaction mode (SMPP 3.4 §5.2.12); a reply
    path where the profile has it.
    """
    if esm_class & _MODE == _TRANSACTION or esm_class & _TYPE or (esm_class & REPLY_PATH and not profile.reply_path):
        raise Refusal("invalid_esm_class", "esm_class")


def _body(submit: Submit, data_coding: int, alphabet: DefaultAlphabet) -> tuple[RawPart | None, str]:
    """The part that goes as it is, and the text to judge its class by; or None and the text to send."""
    octets = p.user_data(submit)
    header = b""
    udh = NO_UDH
    if submit.esm_class & UDHI:
        udh = parse_udh(octets)
        if udh.malformed:
            raise Refusal("invalid_esm_class", "esm_class")
        header, octets = octets[: udh.length], octets[udh.length :]
        header = joined(header, port_header(submit.tlvs)) if submit.tlvs else header
    elif submit.tlvs:
        header = joined(sar_header(submit.tlvs), port_header(submit.tlvs))
    return segment_of(octets, data_coding, header, udh, alphabet)


def _source(submit: Submit, key: ApiKey) -> str:
    """The sender; a customer that has one only need not name it."""
    source = submit.source_addr
    if source:
        return source[1:] if source.startswith("+") and source[1:].isdigit() else source
    senders = key.customer.settings.senders
    return next(iter(senders)) if len(senders) == 1 else ""


def _number(ton: int, addr: str) -> str:
    """As the door reads numbers. Unknown type: a country code first, as customers write, or a national number.

    No country code begins with 0: what does is a national number, or begins with the prefix of international calls.
    """
    if ton == TON_INTERNATIONAL and not addr.startswith(("+", "0")):
        return f"+{addr}"
    if len(addr) == _SAUDI_DIGITS and addr.startswith(_SAUDI_MOBILE):
        return f"+{addr}"
    return addr


_SAUDI_MOBILE: Final = "9665"
_SAUDI_DIGITS: Final = 12


def _times(submit: Submit | p.ReplaceSm, now_ms: int) -> tuple[int | None, int | None]:
    """schedule_delivery_time in epoch milliseconds, and validity in seconds from then on (S-32)."""
    live_s = None if isinstance(submit, p.ReplaceSm) or not submit.tlvs else time_to_live(submit.tlvs)
    if isinstance(submit, p.DataSm) or not (submit.schedule_delivery_time or submit.validity_period):
        return None, live_s
    schedule_ms = _time(submit.schedule_delivery_time, now_ms, "invalid_schedule", "schedule_at")
    until_ms = _time(submit.validity_period, now_ms, "invalid_validity", "validity")
    if until_ms is None:
        return schedule_ms, live_s
    return schedule_ms, (until_ms - (schedule_ms or now_ms)) // 1000


def _time(value: str, now_ms: int, code: str, field: str) -> int | None:
    try:
        return parse_time(value, now_ms)
    except TimeFormatError:
        raise alone(Refusal(code, field)) from None


def _path(submit: Submit, to: tuple[int, int, str], told_id: bytes, terms: Terms) -> ReturnPath:
    return ReturnPath(
        submit.source_addr_ton,
        submit.source_addr_npi,
        submit.source_addr,
        *to,
        told_id,
        terms.short,
        reference_of(submit.tlvs) if submit.tlvs and terms.profile.echo_reference else None,
    )
