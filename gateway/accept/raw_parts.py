"""Octets that go as they came, from whichever side: a part of a longer message, or what is no text."""

from gateway.model.refusals import Refusal
from gateway.model.submission import RawPart
from operators.smpp import gsm7
from operators.smpp.coding import Encoding, encoding_of
from operators.smpp.segments import part_fits


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


def septets(text: str | None) -> bytes:
    """A part in the default alphabet as the gateway keeps it: a septet an octet. Raises Refusal for any other text."""
    octets = None if text is None else gsm7.DEFAULT.encode(text)
    if octets is None:
        raise Refusal("invalid_coding", "data_coding")
    return octets
