"""data_coding: which octets are which text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from operators.smpp import coding
from operators.smpp.coding import (
    DecodedText,
    DefaultAlphabet,
    Encoding,
    EncodingError,
    EncodingFault,
    decode_parts,
    decode_short_message,
    simplify,
)
from operators.smpp.udh import NO_UDH, Udh

ARABIC = "رمز التحقق: ١٢٣٤ — لا تُشارِكْهُ"


@pytest.mark.smpp("S-61")
@pytest.mark.parametrize(
    ("data_coding", "octets", "text", "encoding"),
    [
        (0x00, b"\x00 \x1b\x65", "@ €", Encoding.GSM7),
        (0x01, b"abc", "abc", Encoding.ASCII),
        (0x03, b"caf\xe9", "café", Encoding.LATIN1),
        (0x06, b"\xbf\xe0", "Пр", Encoding.CYRILLIC),
        (0x07, b"\xf9\xec", "של", Encoding.HEBREW),
        (0x08, ARABIC.encode("utf-16-be"), ARABIC, Encoding.UCS2),
        (0x10, b"hi", "hi", Encoding.GSM7),
        (0x18, b"\x06\x31", "ر", Encoding.UCS2),
        (0xF0, b"hi", "hi", Encoding.GSM7),
        (0xF1, b"hi", "hi", Encoding.GSM7),
        (0xC8, b"hi", "hi", Encoding.GSM7),
        (0xE0, b"\x06\x31", "ر", Encoding.UCS2),
    ],
)
def test_text_codings(data_coding: int, octets: bytes, text: str, encoding: Encoding) -> None:
    assert decode_short_message(octets, data_coding) == DecodedText(text, None, encoding)


@pytest.mark.smpp("S-61")
@pytest.mark.parametrize("data_coding", [0x02, 0x04, 0x14, 0xF4, 0xF5])
def test_binary_stays_octets(data_coding: int) -> None:
    assert decode_short_message(b"\x00\xff", data_coding) == DecodedText(None, b"\x00\xff", Encoding.BINARY)


@pytest.mark.smpp("S-61")
@pytest.mark.parametrize("data_coding", [0x05, 0x09, 0x0A, 0x0E, 0x1C, 0x20, 0x80, 0xF8, 0xFF])
def test_an_unknown_coding_stays_octets(data_coding: int) -> None:
    assert decode_short_message(b"abc", data_coding) == DecodedText(None, b"abc", None)


@pytest.mark.smpp("S-61")
@pytest.mark.parametrize(
    ("data_coding", "octets"),
    [
        (0x00, b"\x80"),
        (0x01, b"\x80"),
        (0x08, b"\x06"),
        (0x08, b"\xd8\x3d"),
        (0x08, b"\xdc\x00\x00\x41"),
        (0x07, b"\xbf"),
    ],
)
def test_octets_that_are_not_of_their_coding_stay_octets(data_coding: int, octets: bytes) -> None:
    assert decode_short_message(octets, data_coding) == DecodedText(None, octets, None)


@pytest.mark.smpp("S-36")
@pytest.mark.parametrize(
    ("alphabet", "octets", "encoding"),
    [
        (DefaultAlphabet.GSM_UNPACKED, b"\x00\x02_\x11", Encoding.GSM7),
        (DefaultAlphabet.GSM_PACKED, bytes.fromhex("00c1d7220a"), Encoding.GSM7),
        (DefaultAlphabet.LATIN1, "@$§_".encode("latin-1"), Encoding.LATIN1),
        (DefaultAlphabet.ASCII, b"@$_", Encoding.ASCII),
    ],
)
def test_coding_0_is_the_operators_default_alphabet(
    alphabet: DefaultAlphabet, octets: bytes, encoding: Encoding
) -> None:
    decoded = decode_short_message(octets, 0, alphabet)
    assert decoded.encoding is encoding
    assert decoded.text is not None
    assert decoded.text.startswith("@")


@pytest.mark.smpp("S-60")
def test_packed_text_behind_a_header_skips_the_fill_bits() -> None:
    octets = bytes.fromhex("90")  # one fill bit, then H
    assert decode_short_message(octets, 0, DefaultAlphabet.GSM_PACKED, Udh(length=6)).text == "H"


@pytest.mark.smpp("S-62")
def test_the_header_names_the_tables() -> None:
    assert decode_short_message(b"\x1d\x1b\x73", 0, udh=Udh(length=7, locking=1, single=1)).text == "şş"


@pytest.mark.smpp("S-49")
def test_parts_are_joined_before_they_are_decoded() -> None:
    octets = "a😀".encode("utf-16-be")
    assert decode_parts([(NO_UDH, octets[:4]), (NO_UDH, octets[4:])], 8).text == "a😀"
    assert decode_parts([(NO_UDH, b"a\x1b"), (NO_UDH, b"\x65")], 0).text == "a€"


def test_no_parts_are_an_empty_text() -> None:
    assert decode_parts([], 0).text == ""


@given(st.binary(max_size=200), st.integers(0, 255), st.sampled_from(DefaultAlphabet), st.integers(0, 20))
def test_no_octets_break_decoding(octets: bytes, data_coding: int, alphabet: DefaultAlphabet, header: int) -> None:
    decoded = decode_short_message(octets, data_coding, alphabet, Udh(length=header))
    assert (decoded.text is None) != (decoded.octets is None)
    assert decoded.octets in (None, octets)


def test_a_decoded_text_prints_as_dots() -> None:
    assert "secret" not in repr(decode_short_message(b"secret", 0))


@pytest.mark.smpp("S-59")
def test_ucs2_is_big_endian_without_byte_order_mark() -> None:
    assert coding.encode_ucs2("ر١") == b"\x06\x31\x06\x61"


@pytest.mark.parametrize("text", ["a\ud800", "\udc00b", "\udc00\ud800"])
def test_a_lone_surrogate_is_named_and_not_shown(text: str) -> None:
    with pytest.raises(EncodingError) as refusal:
        coding.encode_ucs2("Salma" + text)
    assert refusal.value.fault is EncodingFault.LONE_SURROGATE
    assert "Salma" not in f"{refusal.value!r}{refusal.value}"
    assert refusal.value.__context__ is None


def test_a_binary_message_holds_octets_only() -> None:
    assert coding.encode_octets("\x00\xff") == b"\x00\xff"
    with pytest.raises(EncodingError) as refusal:
        coding.encode_octets("Ā")
    assert refusal.value.fault is EncodingFault.NOT_OCTETS


@pytest.mark.case("interfaces-13")
@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("Name:\tSara", "Name: Sara"),
        ("it`s `here`", "it's 'here'"),
        ("it\u00b4s Sara\u02bcs", "it's Sara's"),
        ("one\u2028two\u2029three", "one\ntwo\nthree"),
        ("a\u2000b\u2004c\u2005d\u2006e\u2008f\u205fg\u3000h", "a b c d e f g h"),
        ("a\u200cb\u200dc\u200ed\u200fe\u202af\u2066g", "abcdefg"),
        ("ＳＡＬＥ　５０％！", "SALE 50%!"),
        ("（ｃａｌｌ）：＋９６６－５０", "(call):+966-50"),
        ("cafe\u0301 Mu\u0308nchen", "café München"),
        ("50﹪ ﹙off﹚", "50% (off)"),
        ("1⁄2 ½ ¼", "1/2 1/2 1/4"),
        ("“quoted”\t`", '"quoted" \''),
        ("cafe\u0301 قهوة", "cafe\u0301 قهوة"),
        ("`رمز`\t", "`رمز`\t"),
        ("“Hi” – it’s 5…", '"Hi" - it\'s 5...'),
        ("a\u00a0b\u202fc\u200b", "a b c"),
        ("plain", "plain"),
        ("Ünïcode’s ï", "Ünïcode’s ï"),
        ("رمز “التحقق”", "رمز “التحقق”"),
        ("“😀”", "“😀”"),
    ],
)
def test_typography_is_made_plain_only_where_that_saves_the_alphabet(text: str, plain: str) -> None:
    assert simplify(text) == plain
