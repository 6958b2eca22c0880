"""Character encodings of short messages: what data_coding means, text to octets and octets to text.

Pure and without settings of its own. Errors say which rule was broken and never what was in the text.
"""

import unicodedata
from collections.abc import Sequence

from operators.smpp import gsm7
from operators.smpp.coding_form import DecodedText as DecodedText
from operators.smpp.coding_form import DefaultAlphabet as DefaultAlphabet
from operators.smpp.coding_form import Encoding as Encoding
from operators.smpp.coding_form import EncodingError as EncodingError
from operators.smpp.coding_form import EncodingFault as EncodingFault
from operators.smpp.coding_form import TextPlan as TextPlan
from operators.smpp.udh import NO_UDH, Udh

_PYTHON_CODECS = {
    Encoding.UCS2: "utf-16-be",
    Encoding.LATIN1: "latin-1",
    Encoding.ASCII: "ascii",
    Encoding.CYRILLIC: "iso8859-5",
    Encoding.HEBREW: "iso8859-8",
}


def _codings() -> tuple[Encoding | None, ...]:
    """The encoding of each data_coding; GSM7 stands for the default alphabet (SMPP 3.4 §5.2.19, TS 23.038 §4)."""
    table: list[Encoding | None] = [None] * 256
    table[0:5] = [Encoding.GSM7, Encoding.ASCII, Encoding.BINARY, Encoding.LATIN1, Encoding.BINARY]
    table[6:9] = [Encoding.CYRILLIC, Encoding.HEBREW, Encoding.UCS2]
    table[0x10:0x1C] = [Encoding.GSM7] * 4 + [Encoding.BINARY] * 4 + [Encoding.UCS2] * 4  # with a message class
    table[0xC0:0xF0] = [Encoding.GSM7] * 32 + [Encoding.UCS2] * 16  # message waiting
    table[0xF0:0xF8] = [Encoding.GSM7] * 4 + [Encoding.BINARY] * 4  # data coding and message class
    return tuple(table)


_CODINGS = _codings()
_LITTLE_ENDIAN, _BIG_ENDIAN = b"\xff\xfe", b"\xfe\xff"
_ESCAPE = bytes((gsm7.ESCAPE,))
"""Byte-order marks, which are no part of a text (S-59)."""
_GSM7, _UNPACKED = Encoding.GSM7, DefaultAlphabet.GSM_UNPACKED


def encoding_of(data_coding: int) -> Encoding | None:
    """What a data_coding says; GSM7 stands for the default alphabet, None is unknown."""
    return _CODINGS[data_coding & 0xFF]


def decode_short_message(
    data: bytes,
    data_coding: int,
    default_alphabet: DefaultAlphabet = DefaultAlphabet.GSM_UNPACKED,
    udh: Udh = NO_UDH,
) -> DecodedText:
    """The text of one short message whose user data header, if any, was taken off and is given as `udh` (S-61)."""
    if udh is NO_UDH and default_alphabet is _UNPACKED and _CODINGS[data_coding & 0xFF] is _GSM7:
        return _decoded(gsm7.DEFAULT.decode(data), data, _GSM7)  # what nearly every one is, at a third of the cost
    return decode_parts(((udh, data),), data_coding, default_alphabet)


def decode_parts(
    parts: Sequence[tuple[Udh, bytes]],
    data_coding: int,
    default_alphabet: DefaultAlphabet = DefaultAlphabet.GSM_UNPACKED,
) -> DecodedText:
    """The text of a message that came in parts, in their order. Octets that are no text of that coding stay octets.

    Parts are joined before they are decoded, because peers do end a segment inside a surrogate or escape pair.
    """
    encoding = _CODINGS[data_coding & 0xFF]
    if encoding is Encoding.GSM7:
        return _decode_default(parts, default_alphabet)
    octets = b"".join([data for _, data in parts])
    if encoding is None or encoding is Encoding.BINARY:
        return DecodedText(None, octets, encoding)
    if encoding is Encoding.UCS2 and octets[:2] == _LITTLE_ENDIAN:
        return _decoded(_decode(octets[2:], "utf-16-le"), octets, encoding)
    text = _decode(octets.removeprefix(_BIG_ENDIAN) if encoding is Encoding.UCS2 else octets, _PYTHON_CODECS[encoding])
    return _decoded(text, octets, encoding)


def _decode_default(parts: Sequence[tuple[Udh, bytes]], alphabet: DefaultAlphabet) -> DecodedText:
    octets = b"".join([data for _, data in parts])
    if alphabet is DefaultAlphabet.LATIN1:
        return _decoded(_decode(octets, "latin-1"), octets, Encoding.LATIN1)
    if alphabet is DefaultAlphabet.ASCII:
        return _decoded(_decode(octets, "ascii"), octets, Encoding.ASCII)
    septets = _unpacked(parts) if alphabet is DefaultAlphabet.GSM_PACKED else octets
    first = parts[0][0] if parts else NO_UDH
    return _decoded(gsm7.alphabet(first.locking, first.single).decode(septets), octets, Encoding.GSM7)


def _unpacked(parts: Sequence[tuple[Udh, bytes]]) -> bytes:
    """The septets of all parts. A CR that fills the last octet of a part, where the next begins with an escape, is
    padding: the pair did not fit behind what is a septet less than a part holds.
    """
    pieces = []
    for udh, data in parts:
        concat = udh.concat
        pieces.append(gsm7.unpack(data, udh.fill_bits, last=concat is None or concat.sequence == concat.total))
    for at, (udh, data) in enumerate(parts[:-1]):
        is_full = (8 * len(data) - udh.fill_bits) % 7 == 0
        if is_full and pieces[at].endswith(b"\r") and pieces[at + 1][:1] == _ESCAPE:
            pieces[at] = pieces[at][:-1]
    return b"".join(pieces)


def _decoded(text: str | None, octets: bytes, encoding: Encoding) -> DecodedText:
    return DecodedText(None, octets, None) if text is None else DecodedText(text, None, encoding)


def _decode(octets: bytes, codec: str) -> str | None:
    try:
        return octets.decode(codec)
    except UnicodeDecodeError:
        return None


def encode_ucs2(text: str) -> bytes:
    """Big-endian UTF-16 without a byte-order mark (S-59); EncodingError for a lone surrogate."""
    octets = _encode(text, "utf-16-be")
    if octets is None:
        raise EncodingError(EncodingFault.LONE_SURROGATE)
    return octets


def encode_octets(text: str) -> bytes:
    """The octets that the code points of a binary message stand for; EncodingError for one above 255."""
    octets = _encode(text, "latin-1")
    if octets is None:
        raise EncodingError(EncodingFault.NOT_OCTETS)
    return octets


def is_representable(text: str, alphabet: DefaultAlphabet) -> bool:
    """Whether a text that GSM 7-bit can carry survives the octets of the operator's default alphabet (S-36)."""
    if alphabet is DefaultAlphabet.ASCII:
        return text.isascii()
    if alphabet is DefaultAlphabet.LATIN1:
        return _encode(text, "latin-1") is not None
    return True


def _encode(text: str, codec: str) -> bytes | None:
    # Returns rather than raises: a UnicodeEncodeError holds the text, and would hang on to the next error as context.
    try:
        return text.encode(codec)
    except UnicodeEncodeError:
        return None


# What editors, phones and other vendors' lists of such characters have in common, by what stands for it.
_PLAIN = {
    '"': "“”„‟″«»ʺˮ❝❞〝〞",
    "'": "‘’‚‛′`´ʼʻʽʹˈˊˋ❛❜",
    "-": "‐‑‒–—―−⁃⎼⎽",
    "...": "…",
    "..": "‥",
    "*": "•⁎∗",
    "<": "‹",
    ">": "›",
    "/": "÷⁄∕⧸",
    "\\": "⧵⧹",
    "|": "∣⏐⎸⎹",
    "!": "ǃ",
    "!!": "‼",
    ",": "、､",
    ".": "․。｡",
    ":": "ː˸꞉",
    ";": "⁏",
    "=": "꞊",
    "^": "ˆ",
    "~": "˜˷∼",
    "+": "˖",
    "(": "❨❪⟮⦅",
    ")": "❩❫⟯⦆",
    "{": "❴",
    "}": "❵",
    "1/4": "¼",
    "1/2": "½",
    "3/4": "¾",
    " ": "\t\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000",
    "\n": "\u0085\u2028\u2029",
    "": "\u00ad\u061c\u180e\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e"
    "\u2060\u2061\u2062\u2063\u2064\u2066\u2067\u2068\u2069\ufe0e\ufe0f\ufeff",
}
_FORMS = (*range(0xFE10, 0xFE1A), *range(0xFE50, 0xFE6C), *range(0xFF01, 0xFF5F))
"""Full-width, small and vertical forms of ASCII."""
_TYPOGRAPHIC = {ord(each): plain for plain, found in _PLAIN.items() for each in found} | {
    code: plain for code in _FORMS if (plain := unicodedata.normalize("NFKC", chr(code))).isascii()
}
_ODD_ASCII = ("\t", "`")
"""What ASCII has and GSM 7-bit has not, of what may stand in a text."""


def simplify(text: str) -> str:
    """The text composed, with plain quotes, dashes and spaces, if GSM 7-bit can then carry it; otherwise unchanged.

    One curly quote would halve what a segment holds. Arabic and other UCS-2 texts gain nothing and stay as they are.
    """
    if text.isascii() and not any(each in text for each in _ODD_ASCII):
        return text
    if gsm7.DEFAULT.encode(text) is not None:
        return text
    plain = unicodedata.normalize("NFC", text).translate(_TYPOGRAPHIC)
    return plain if gsm7.DEFAULT.encode(plain) is not None else text
