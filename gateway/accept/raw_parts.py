"""Octets of one segment, from whatever side they came: a text to write anew, or a part that goes as it is.

Text whose coding is known is text here, and is cut and written anew for the operator. A part of a longer message and
what is no text go as they came, in one segment (S-55, docs/decisions/0005).
"""

import base64
import binascii
import re
from typing import Final

import msgspec
from msgspec import UNSET, UnsetType

from gateway.accept.request import MessageRequest
from gateway.model.refusals import Refusal
from gateway.model.submission import NO_FORM, RawPart, SmppForm
from operators.smpp import gsm7
from operators.smpp.coding import DefaultAlphabet, Encoding, decode_short_message, encoding_of
from operators.smpp.segments import part_fits
from operators.smpp.udh import NO_UDH, Udh, parse_udh
from redaction.errors import alone

TEXT_CODINGS: Final = frozenset({0x00, 0x01, 0x03, 0x06, 0x07, 0x08, 0x10, 0x18, 0xF0})
"""data_coding of texts that may be written anew for the operator; 0x10, 0x18 and 0xF0 show at once."""
FLASH_CODINGS: Final = frozenset({0x10, 0x18, 0xF0})
BINARY: Final = 0x04
"""The data_coding of octets of which nothing is said."""
MAX_WRITTEN: Final = 512
"""Characters of octets as a request has them: 140 octets have 280 digits."""
_HEX: Final = re.compile(r"hex:((?:[0-9A-Fa-f]{2})+)", re.ASCII)


def segment_of(
    octets: bytes,
    data_coding: int,
    header: bytes,
    udh: Udh = NO_UDH,
    alphabet: DefaultAlphabet = DefaultAlphabet.GSM_UNPACKED,
) -> tuple[RawPart | None, str]:
    """The part that goes as it is, and the text to judge its class by; or None and the text to send. Raises Refusal.

    header: the user data header before them. udh: the same, read. alphabet: what data_coding 0 stands for.
    """
    decoded = decode_short_message(octets, data_coding, alphabet, udh)
    if not header and data_coding in TEXT_CODINGS:
        if decoded.text is None:
            raise Refusal("invalid_coding", "data_coding")
        return None, decoded.text
    if alphabet is not DefaultAlphabet.GSM_UNPACKED and encoding_of(data_coding) is Encoding.GSM7:
        octets = septets(decoded.text)
    return raw_part(octets, data_coding, header), decoded.text or ""


def written_octets(request: MessageRequest) -> tuple[MessageRequest, SmppForm]:
    """A request over HTTP with its `octets` read: their text in its place, or beside it the part that goes as it is.

    One without octets is the same. Raises Refusal.
    """
    octets, header, data_coding = request.octets, request.header, request.data_coding
    if octets is UNSET:
        if header is not UNSET or data_coding is not UNSET:
            raise Refusal("text_or_octets", "octets")
        return request, NO_FORM
    if request.text:
        raise Refusal("text_or_octets", "octets")
    return _spoken(request, _read(octets, "octets"), header, BINARY if data_coding is UNSET else data_coding)


def _spoken(
    request: MessageRequest, octets: bytes, written: str | UnsetType, data_coding: int
) -> tuple[MessageRequest, SmppForm]:
    """written: the user data header."""
    if not 0 <= data_coding <= 0xFF:
        raise Refusal("invalid_coding", "data_coding")
    header, udh = b"", NO_UDH
    if written is not UNSET:
        header = _read(written, "header")
        udh = parse_udh(header)
        if udh.malformed or udh.length != len(header):
            raise Refusal("invalid_header", "header")
    if request.flash and data_coding not in FLASH_CODINGS:
        raise Refusal("invalid_coding", "flash")  # it is the data_coding that says so
    try:
        part, text = segment_of(octets, data_coding, header, udh)
    except Refusal as refusal:
        field = "octets" if refusal.field == "text" else refusal.field
        raise alone(Refusal(refusal.code, field)) from None
    if part is None:
        if not text:
            raise Refusal("empty_field", "octets")
        return msgspec.structs.replace(request, text=text, flash=data_coding in FLASH_CODINGS), NO_FORM
    return msgspec.structs.replace(request, text=text), SmppForm(part=part)


def _read(written: str, field: str) -> bytes:
    """Octets in Base64, or in hexadecimal digits behind `hex:`."""
    if len(written) > MAX_WRITTEN:
        raise Refusal("text_too_long", field)
    digits = _HEX.fullmatch(written)
    if digits is not None:
        return bytes.fromhex(digits[1])
    try:
        return base64.b64decode(written, validate=True)
    except (ValueError, binascii.Error):
        raise alone(Refusal("invalid_octets", field)) from None


def septets(text: str | None) -> bytes:
    """A part in the default alphabet as the gateway keeps it: a septet an octet. Raises Refusal for any other text."""
    octets = None if text is None else gsm7.DEFAULT.encode(text)
    if octets is None:
        raise Refusal("invalid_coding", "data_coding")
    return octets


def raw_part(octets: bytes, data_coding: int, header: bytes) -> RawPart:
    """One segment of them. header: its user data header, b"" for none. Raises Refusal for what is none."""
    encoding = encoding_of(data_coding)
    if encoding is None:
        raise Refusal("invalid_coding", "data_coding")
    if not octets:
        raise Refusal("empty_field", "text")
    if not part_fits(len(octets), data_coding, len(header)):
        raise Refusal("text_too_long", "text")
    shown = encoding if encoding in (Encoding.GSM7, Encoding.UCS2) else Encoding.BINARY
    return RawPart(data_coding=data_coding, header=header, octets=octets, encoding=shown.value)
