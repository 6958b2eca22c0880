"""Messages from people in the words of SMPP: whole, or in parts, as an account's profile and its bind's version ask.

Whatever was acknowledged to an operator has a form for every bind: one that knows no TLVs gets what is too long for
short_message in parts with a user data header (S-15, S-49). Elements of its header that say more than which part it
is, such as ports, stand in each of them. Pure.
"""

from typing import Final

from gateway.accounts.esme_profile import USUAL, EsmeProfile
from gateway.model.identifiers import concat_reference
from gateway.model.message import Message
from gateway.smpp_server.words import Forms
from gateway.vault.vault import Received
from operators.smpp import pdu as p
from operators.smpp.coding import DefaultAlphabet, Encoding
from operators.smpp.segments import ConcatMode, EncodedSegment, PlanOptions, encode_behind, encode_segments, plan
from redaction.personal import Purpose

_SHORT: Final = 254
_ADDRESS: Final = 20
_SHORT_CODE: Final = 8
_INTERNATIONAL, _NETWORK_SPECIFIC, _ALPHANUMERIC, _ISDN = 1, 3, 5, 1
_MODES: Final = {"payload": ConcatMode.PAYLOAD, "udh": ConcatMode.UDH8, "sar": ConcatMode.SAR}


def incoming(message: Message, received: Received, profile: EsmeProfile = USUAL) -> Forms:
    """A message from a person, however many parts it came in; what is longer than one SMS as the profile says."""
    mode = _MODES[profile.long_incoming]
    now = _segments(message, received, mode, profile)
    old = now
    if mode is ConcatMode.SAR or any(len(each.short_message) > _SHORT for each in now):
        old = _segments(message, received, ConcatMode.UDH8, profile)
    return Forms(
        now=tuple(_pdu(received, each) for each in now),
        old=tuple(_pdu(received, each) for each in old),
    )


def _sound(text: str) -> str:
    """Without halves of surrogate pairs, whose other half was in a part that never came."""
    if text.isascii():
        return text
    return text.encode("utf-16-be", "surrogatepass").decode("utf-16-be", "replace")


def _segments(message: Message, received: Received, mode: ConcatMode, profile: EsmeProfile) -> list[EncodedSegment]:
    text, reference = _sound(received.text.reveal(Purpose.INFORM_CUSTOMER)), concat_reference(message.id)
    alphabet = DefaultAlphabet(profile.alphabet)
    is_binary = message.encoding == Encoding.BINARY
    planned = plan(text, PlanOptions(concat=mode, default_alphabet=alphabet, binary=is_binary))
    if received.header:
        return encode_behind(
            received.header, text, planned, concat=mode, reference=reference, default_alphabet=alphabet
        )
    return encode_segments(text, planned, concat=mode, reference=reference, default_alphabet=alphabet)


def _pdu(received: Received, segment: EncodedSegment) -> p.DeliverSm:
    ton, npi, source = _source(received)
    octets = segment.short_message
    fits = len(octets) <= _SHORT
    return p.DeliverSm(
        source_addr_ton=ton,
        source_addr_npi=npi,
        source_addr=source,
        destination_addr=received.destination[:_ADDRESS],
        esm_class=segment.esm_class,
        data_coding=segment.data_coding,
        short_message=octets if fits else b"",
        tlvs=(*_sar(segment), *(() if fits else ((p.TAG_MESSAGE_PAYLOAD, octets),))),
    )


def _source(received: Received) -> tuple[int, int, str]:
    """TON, NPI and address of who wrote: a number, a short code or a name; what is too long for a deliver_sm is cut."""
    source = received.source.reveal(Purpose.INFORM_CUSTOMER)[:_ADDRESS]
    digits = source.removeprefix("+")
    if not (digits.isascii() and digits.isdigit()):
        return _ALPHANUMERIC, 0, source
    if len(digits) <= _SHORT_CODE and not received.source.country:
        return _NETWORK_SPECIFIC, 0, digits
    return _INTERNATIONAL, _ISDN, digits


def _sar(segment: EncodedSegment) -> p.Tlvs:
    if segment.sar is None:
        return ()
    reference, total, sequence = segment.sar
    return (
        (p.TAG_SAR_MSG_REF_NUM, reference.to_bytes(2, "big")),
        (p.TAG_SAR_TOTAL_SEGMENTS, bytes((total,))),
        (p.TAG_SAR_SEGMENT_SEQNUM, bytes((sequence,))),
    )
