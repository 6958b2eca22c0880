"""GSM 7-bit: tables, escapes, packing."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from operators.smpp import gsm7, national
from operators.smpp.national import Language

DEFAULT_CHARACTERS = gsm7.DEFAULT_TABLE.replace("\x1b", "")
EXTENDED_CHARACTERS = "€[]{}~^|\\\f"
GSM_TEXT = st.text(st.sampled_from(DEFAULT_CHARACTERS + EXTENDED_CHARACTERS), max_size=400)
SEPTETS = st.binary(max_size=400).map(lambda octets: bytes(octet & 0x7F for octet in octets))


def packed_bit_by_bit(septets: bytes, fill_bits: int) -> bytes:
    """Packing as the standard draws it: the plain twin of `gsm7.pack`."""
    bits = fill_bits + 7 * len(septets)
    if bits % 8 == 1:
        septets += b"\r"
        bits += 7
    value = sum(septet << (fill_bits + 7 * n) for n, septet in enumerate(septets))
    return value.to_bytes((bits + 7) // 8, "little")


@pytest.mark.smpp("S-56")
def test_the_default_table_is_complete() -> None:
    assert len(gsm7.DEFAULT_TABLE) == 128
    assert len(set(gsm7.DEFAULT_TABLE)) == 128


@pytest.mark.smpp("S-56")
@pytest.mark.parametrize(
    ("character", "septet"),
    [
        ("@", 0x00),
        ("Δ", 0x10),
        ("Φ", 0x12),
        ("Ç", 0x09),
        ("¡", 0x40),
        ("¿", 0x60),
        ("à", 0x7F),
        ("$", 0x02),
        ("_", 0x11),
    ],
)
def test_known_septets(character: str, septet: int) -> None:
    assert gsm7.DEFAULT.encode(character) == bytes([septet])


@pytest.mark.smpp("S-56")
@pytest.mark.parametrize(
    ("character", "septet"),
    list(zip("\f^{}\\[~]|€", (0x0A, 0x14, 0x28, 0x29, 0x2F, 0x3C, 0x3D, 0x3E, 0x40, 0x65), strict=True)),
)
def test_extension_characters_are_escape_pairs(character: str, septet: int) -> None:
    assert gsm7.DEFAULT.encode(character) == bytes([0x1B, septet])


@pytest.mark.parametrize("character", ["ç", "`", "\0", "\x1b", "\ufffe", "ا", "😀", "\ud800", "\t"])
def test_characters_in_no_table_do_not_encode(character: str) -> None:
    assert gsm7.DEFAULT.encode("a" + character) is None


@pytest.mark.smpp("S-56")
@given(GSM_TEXT)
def test_every_text_of_the_alphabet_survives(text: str) -> None:
    septets = gsm7.DEFAULT.encode(text)
    assert septets is not None
    assert len(septets) == len(text) + sum(character in EXTENDED_CHARACTERS for character in text)
    assert gsm7.DEFAULT.decode(septets) == text


@given(st.text(max_size=50))
def test_a_text_encodes_whole_or_not_at_all(text: str) -> None:
    septets = gsm7.DEFAULT.encode(text)
    assert septets is None or gsm7.DEFAULT.decode(septets) == text


@pytest.mark.parametrize(
    ("septets", "text"),
    [
        (b"a\x1bz", "az"),
        (b"a\x1b\x1bb", "a b"),
        (b"a\x1b", "a "),
        (b"\x1b\x1b\x1b\x65", " €"),
        (b"\x1b\x00", "@"),
        (b"", ""),
    ],
)
def test_odd_escapes_show_something(septets: bytes, text: str) -> None:
    assert gsm7.DEFAULT.decode(septets) == text


def test_an_octet_that_is_no_septet_does_not_decode() -> None:
    assert gsm7.DEFAULT.decode(b"ab\x80") is None


@given(st.binary(max_size=200), st.integers(0, 15), st.integers(0, 15))
def test_any_octets_decode_or_not_in_any_language(octets: bytes, locking: int, single: int) -> None:
    text = gsm7.alphabet(locking, single).decode(octets)
    assert text is None or len(text) <= len(octets)


@pytest.mark.smpp("S-58")
@given(GSM_TEXT, st.integers(2, 160))
def test_no_piece_ends_inside_an_escape(text: str, limit: int) -> None:
    septets = gsm7.DEFAULT.encode(text)
    assert septets is not None
    pieces = gsm7.cut(septets, limit)
    assert b"".join(pieces) == septets
    assert all(len(piece) <= limit for piece in pieces)
    assert "".join([gsm7.DEFAULT.decode(piece) or "" for piece in pieces]) == text


@pytest.mark.smpp("S-60")
@pytest.mark.parametrize(
    ("text", "packed"),
    [
        ("hellohello", "e8329bfd4697d9ec37"),
        ("", ""),
        ("1", "31"),
        ("12345678", "31d98c56b3dd70"),
        ("1234567", "31d98c56b3dd1a"),
    ],
)
def test_known_packings(text: str, packed: str) -> None:
    assert gsm7.pack(text.encode("ascii")).hex() == packed


@pytest.mark.smpp("S-60")
@given(SEPTETS, st.integers(0, 6))
def test_packing_is_what_the_standard_draws(septets: bytes, fill_bits: int) -> None:
    assert gsm7.pack(septets, fill_bits) == packed_bit_by_bit(septets, fill_bits)


@pytest.mark.smpp("S-60")
@given(SEPTETS, st.integers(0, 6))
def test_unpacking_gives_back_all_but_what_reads_as_padding(septets: bytes, fill_bits: int) -> None:
    unpacked = gsm7.unpack(gsm7.pack(septets, fill_bits), fill_bits)
    assert unpacked == septets or (septets[-1:] in (b"\r", b"\0") and unpacked == septets[:-1])


@pytest.mark.smpp("S-60")
@pytest.mark.parametrize("padding", [b"\r", b"\0"])
def test_unpacking_invents_no_character(padding: bytes) -> None:
    padded = gsm7.pack(b"1234567" + padding)
    assert gsm7.unpack(padded) == b"1234567"


@pytest.mark.smpp("S-60")
def test_a_segment_that_others_follow_has_no_padding() -> None:
    assert gsm7.unpack(gsm7.pack(b"1234567\0"), last=False) == b"1234567\0"


@given(st.binary(max_size=300), st.integers(0, 6))
def test_any_octets_unpack(octets: bytes, fill_bits: int) -> None:
    assert gsm7.unpack(octets, fill_bits).isascii()


def characters_of(locking: int, single: int) -> str:
    table = national.LOCKING.get(locking, gsm7.DEFAULT_TABLE)
    shifted = national.SINGLE_SHIFT.get(single, national.EXTENSION)
    return "".join({*table, *shifted.values()} - {"\x1b", "\ufffe"})


@pytest.mark.smpp("S-62")
@pytest.mark.parametrize("language", Language)
def test_every_character_of_a_language_survives(language: Language) -> None:
    for locking, single in ((language, 0), (0, language), (language, language)):
        alphabet = gsm7.alphabet(locking, single)
        text = characters_of(locking, single)
        septets = alphabet.encode(text)
        assert septets is not None
        assert alphabet.decode(septets) == text


@pytest.mark.smpp("S-62")
@pytest.mark.parametrize("language", [language for language in Language if language is not Language.SPANISH])
def test_a_locking_table_has_128_places_an_escape_and_the_line_ends(language: Language) -> None:
    table = national.LOCKING[language]
    assert len(table) == 128
    assert (table[0x1B], table[0x0A], table[0x0D]) == ("\x1b", "\n", "\r")
    assert table[0x30:0x3A] == "0123456789"
    assert table[0x61:0x7B] == "abcdefghijklmnopqrstuvwxyz"
    own = [character for character in table if character != "\ufffe"]
    assert len(own) == len(set(own))


@pytest.mark.smpp("S-62")
@pytest.mark.parametrize("language", Language)
def test_a_single_shift_table_keeps_the_default_extensions(language: Language) -> None:
    table = national.SINGLE_SHIFT[language]
    assert national.EXTENSION.items() <= table.items()
    assert max(table) < 128
    assert 0x1B not in table


@pytest.mark.smpp("S-62")
@pytest.mark.parametrize("language", [language for language in Language if language >= Language.BENGALI])
def test_the_letters_of_a_table_are_of_its_script(language: Language) -> None:
    script = {"ORIYA": "ORIYA", "PUNJABI": "GURMUKHI", "HINDI": "DEVANAGARI", "URDU": "ARABIC"}.get(
        language.name, language.name
    )
    letters = {*national.LOCKING[language], *national.SINGLE_SHIFT[language].values()} - {"\ufffe", "।", "॥", "€"}
    assert all(
        unicodedata.name(letter).startswith((script, "EXTENDED ARABIC")) for letter in letters if ord(letter) > 0x250
    )


@pytest.mark.smpp("S-62")
@pytest.mark.parametrize(
    ("locking", "single", "character", "septets"),
    [
        (0, Language.TURKISH, "ş", b"\x1b\x73"),
        (Language.TURKISH, 0, "ş", b"\x1d"),
        (0, Language.SPANISH, "á", b"\x1b\x61"),
        (Language.PORTUGUESE, 0, "ã", b"\x7b"),
        (0, Language.PORTUGUESE, "ã", b"\x1b\x7b"),
        (Language.HINDI, 0, "क", b"\x15"),
        (Language.HINDI, Language.HINDI, "०", b"\x1b\x1c"),
        (Language.TAMIL, 0, "ழ", b"\x48"),
        (Language.KANNADA, 0, "ಡ", b"\x24"),
        (Language.URDU, 0, "پ", b"\x05"),
        (Language.URDU, Language.URDU, "۔", b"\x1b\x3f"),
        (Language.URDU, Language.URDU, "A", b"\x1b\x41"),
        (Language.BENGALI, 0, "[", b"\x1b\x3c"),
    ],
)
def test_known_septets_of_languages(locking: int, single: int, character: str, septets: bytes) -> None:
    assert gsm7.alphabet(locking, single).encode(character) == septets


def test_an_unknown_language_means_the_default_tables() -> None:
    assert gsm7.alphabet(99, 99).encode("a€") == gsm7.DEFAULT.encode("a€")
