"""Segments: how many, how long, where they end, and that the text comes back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from operators.smpp import gsm7
from operators.smpp.coding import DefaultAlphabet, Encoding, EncodingError, EncodingFault, decode_parts
from operators.smpp.national import Language
from operators.smpp.segments import (
    ConcatMode,
    EncodedSegment,
    PlanOptions,
    TextPlan,
    encode_part,
    encode_segments,
    encode_short,
    part_fits,
    plan,
)
from operators.smpp.udh import Concat, Udh, split_udh

GSM_CHARACTERS = gsm7.DEFAULT_TABLE.replace("\x1b", "") + "€[]{}~^|\\\f"
ARABIC = "رمز التحقق الخاص بك هو ١٢٣٤٥٦، لا تُشارِكْهُ مع أحد. "
ANY_TEXT = st.text(max_size=400) | st.text(st.sampled_from(GSM_CHARACTERS), max_size=700)
MARKED_TEXT = st.text(st.sampled_from("بتث\u064b\u064e\u0651\u200d😀👍🏽a"), max_size=300)
ALPHABETS = st.sampled_from(DefaultAlphabet)
MODES = st.sampled_from(ConcatMode)


def options(**fields: object) -> PlanOptions:
    return PlanOptions(**fields)  # type: ignore[arg-type]


def sent(text: str, wanted: PlanOptions, reference: int = 7, flash: bool = False) -> list[EncodedSegment]:
    return encode_segments(
        text,
        plan(text, wanted),
        concat=wanted.concat,
        reference=reference,
        default_alphabet=wanted.default_alphabet,
        flash=flash,
    )


def split(segment: EncodedSegment) -> tuple[Udh, bytes]:
    return split_udh(segment.short_message, segment.esm_class)


def received(segments: list[EncodedSegment], alphabet: DefaultAlphabet) -> str | None:
    return decode_parts([split(segment) for segment in segments], segments[0].data_coding, alphabet).text


def octets_on_air(segment: EncodedSegment, alphabet: DefaultAlphabet) -> int:
    """User data as the phone gets it: the default alphabet travels packed whatever it looked like before."""
    udh, data = split(segment)
    if segment.data_coding & 0x0C or alphabet is DefaultAlphabet.GSM_PACKED:
        return udh.length + len(data)
    if alphabet in (DefaultAlphabet.LATIN1, DefaultAlphabet.ASCII):
        data = gsm7.DEFAULT.encode(data.decode("latin-1")) or b""
    return udh.length + (udh.fill_bits + 7 * len(data) + 7) // 8


@pytest.mark.smpp("S-57")
@pytest.mark.parametrize(
    ("concat", "encoding", "single", "multi"),
    [
        (ConcatMode.UDH8, Encoding.GSM7, 160, 153),
        (ConcatMode.UDH16, Encoding.GSM7, 160, 152),
        (ConcatMode.SAR, Encoding.GSM7, 160, 153),
        (ConcatMode.UDH8, Encoding.UCS2, 70, 67),
        (ConcatMode.UDH16, Encoding.UCS2, 70, 66),
        (ConcatMode.SAR, Encoding.UCS2, 70, 67),
        (ConcatMode.UDH8, Encoding.BINARY, 140, 134),
        (ConcatMode.UDH16, Encoding.BINARY, 140, 133),
    ],
)
def test_segment_limits(concat: ConcatMode, encoding: Encoding, single: int, multi: int) -> None:
    character = "ر" if encoding is Encoding.UCS2 else "a"
    wanted = options(concat=concat, binary=encoding is Encoding.BINARY)
    for units, segments in ((0, 1), (single, 1), (single + 1, 2), (2 * multi, 2), (2 * multi + 1, 3)):
        text = character * units
        assert plan(text, wanted) == TextPlan(encoding if units else plan(text, wanted).encoding, segments, units)
        assert len(sent(text, wanted)) == segments


@pytest.mark.smpp("S-57")
@pytest.mark.parametrize(
    ("language", "opening", "septets", "single", "multi"),
    [(Language.SPANISH, "á", 2, 155, 149), (Language.URDU, "پ۔", 3, 152, 146)],
)
def test_national_headers_lower_the_limits(
    language: Language, opening: str, septets: int, single: int, multi: int
) -> None:
    wanted = options(languages=(language,))
    rest = opening[0] if language is Language.URDU else "a"
    assert plan(opening + rest * (single - septets), wanted).segments == 1
    assert plan(opening + rest * (single - septets + 1), wanted).segments == 2
    assert plan(opening + rest * (2 * multi - septets), wanted).segments == 2
    assert plan(opening + rest * (2 * multi - septets + 1), wanted).segments == 3


def test_an_empty_text_is_one_segment() -> None:
    assert plan("") == TextPlan(Encoding.GSM7, 1, 0)
    assert sent("", PlanOptions()) == [EncodedSegment(0, 0, b"")]


@pytest.mark.smpp("S-56")
def test_extension_characters_count_two() -> None:
    assert plan("€" * 80) == TextPlan(Encoding.GSM7, 1, 160)
    assert plan("€" * 80 + "a") == TextPlan(Encoding.GSM7, 2, 161)


@pytest.mark.smpp("S-58")
def test_a_segment_does_not_end_inside_an_escape() -> None:
    text = "a" * 152 + "€" + "b" * 20
    first, second = sent(text, PlanOptions())
    assert len(first.short_message) == 6 + 152
    assert second.short_message[6:8] == b"\x1b\x65"
    assert plan("€" * 153).segments == 3  # 76 of them in each segment, not 76.5


@pytest.mark.smpp("S-58")
def test_a_segment_does_not_end_inside_a_surrogate_pair() -> None:
    text = "ر" * 66 + "😀" + "ر" * 10
    first, second = sent(text, PlanOptions())
    assert len(first.short_message) == 6 + 132
    assert second.short_message[6:10] == "😀".encode("utf-16-be")


@pytest.mark.smpp("S-58")
def test_a_segment_does_not_end_inside_a_combining_sequence() -> None:
    text = "ر" * 65 + "ت\u064f\u0651" + "ر" * 10
    first, second = sent(text, PlanOptions())
    assert first.short_message[6:].decode("utf-16-be") == "ر" * 65
    assert second.short_message[6:].decode("utf-16-be").startswith("ت\u064f\u0651")


@pytest.mark.smpp("S-58")
def test_a_combining_sequence_is_cut_rather_than_paid_for() -> None:
    text = "ر" * 66 + "ت\u064f" + "ر" * 66
    assert plan(text).segments == 2
    assert [len(segment.short_message) for segment in sent(text, PlanOptions())] == [140, 140]


@pytest.mark.smpp("S-58")
def test_a_skin_tone_stays_with_its_hand() -> None:
    first, second = sent("ر" * 65 + "👍🏽" + "ر" * 10, PlanOptions())
    assert second.short_message[6:].decode("utf-16-be").startswith("👍🏽")
    assert len(first.short_message) == 6 + 130


@pytest.mark.smpp("S-59")
def test_arabic_survives_with_digits_diacritics_and_direction_marks() -> None:
    text = "\u200f" + ARABIC * 3 + "\u202aOTP 123456\u202c ﷺ ـــ"
    segments = sent(text, PlanOptions())
    assert {segment.data_coding for segment in segments} == {8}
    assert received(segments, DefaultAlphabet.GSM_UNPACKED) == text
    assert b"\xfe\xff" not in segments[0].short_message[6:8]


@pytest.mark.smpp("S-59")
def test_one_arabic_letter_takes_the_whole_text_to_ucs2() -> None:
    assert plan("Your code is 1234 ر").encoding is Encoding.UCS2


@pytest.mark.smpp("S-37")
@given(ANY_TEXT | MARKED_TEXT, MODES, ALPHABETS, st.integers(0, 0xFFFF))
def test_every_text_comes_back_in_segments_that_fit(
    text: str, concat: ConcatMode, alphabet: DefaultAlphabet, reference: int
) -> None:
    wanted = options(concat=concat, default_alphabet=alphabet)
    planned = plan(text, wanted)
    segments = sent(text, wanted, reference)
    assert len(segments) == planned.segments
    if concat is not ConcatMode.PAYLOAD:
        assert all(octets_on_air(segment, alphabet) <= 140 for segment in segments)
    decoded = received(segments, alphabet)
    if alphabet is DefaultAlphabet.GSM_PACKED and planned.encoding is Encoding.GSM7:
        assert decoded in (text, text[:-1] if text.endswith(("\r", "@")) else text)  # S-60: may read as padding
    else:
        assert decoded == text


@pytest.mark.smpp("S-61")
@given(st.text(st.characters(max_codepoint=0xFF), max_size=600), MODES)
def test_every_latin_1_text_comes_back_in_segments_that_fit(text: str, concat: ConcatMode) -> None:
    wanted = options(concat=concat, latin1=True)
    segments = sent(text, wanted)
    assert len(segments) == plan(text, wanted).segments <= plan(text, options(concat=concat)).segments
    if concat is not ConcatMode.PAYLOAD:
        assert all(octets_on_air(segment, DefaultAlphabet.GSM_UNPACKED) <= 140 for segment in segments)
    assert received(segments, DefaultAlphabet.GSM_UNPACKED) == text


@pytest.mark.smpp("S-57")
@pytest.mark.parametrize(("characters", "segments"), [(140, 1), (141, 2), (268, 2), (269, 3)])
def test_latin_1_holds_140_and_134_octets(characters: int, segments: int) -> None:
    planned = plan("ê" * characters, options(latin1=True))
    assert planned == TextPlan(Encoding.LATIN1, segments, characters)


@pytest.mark.smpp("S-62")
@given(
    st.sampled_from(Language),
    st.sampled_from([ConcatMode.UDH8, ConcatMode.UDH16]),
    st.data(),
)
def test_every_national_text_comes_back_in_segments_that_fit(
    language: Language, concat: ConcatMode, data: st.DataObject
) -> None:
    alphabet = gsm7.alphabet(language, language)
    characters = [chr(code) for code in range(0x20, 0x3000) if alphabet.encode(chr(code)) is not None]
    text = data.draw(st.text(st.sampled_from(characters), max_size=400))
    wanted = options(concat=concat, languages=(language,))
    segments = sent(text, wanted)
    assert len(segments) == plan(text, wanted).segments <= plan(text, options(concat=concat)).segments
    assert all(octets_on_air(segment, DefaultAlphabet.GSM_UNPACKED) <= 140 for segment in segments)
    assert received(segments, DefaultAlphabet.GSM_UNPACKED) == text


@pytest.mark.smpp("S-62")
def test_a_national_table_is_taken_only_where_it_saves_a_segment() -> None:
    wanted = options(languages=(Language.TURKISH,))
    assert plan("şeker", wanted).encoding is Encoding.UCS2
    assert plan("şeker " * 20, wanted) == TextPlan(Encoding.GSM7, 1, 140, 0, Language.TURKISH)


@pytest.mark.smpp("S-62")
def test_a_single_segment_with_a_national_table_has_a_header() -> None:
    (segment,) = sent("şeker " * 20, options(languages=(Language.TURKISH,)))
    assert segment.esm_class == 0x40
    assert segment.short_message.startswith(bytes.fromhex("03240101"))


@pytest.mark.smpp("S-39")
@pytest.mark.parametrize("concat", [ConcatMode.SAR, ConcatMode.PAYLOAD])
def test_national_tables_need_headers_and_so_neither_sar_nor_payload(concat: ConcatMode) -> None:
    assert plan("şeker " * 20, options(concat=concat, languages=(Language.TURKISH,))).encoding is Encoding.UCS2


@pytest.mark.smpp("S-38")
@given(st.integers(0, 0xFFFF))
def test_all_segments_share_one_reference(reference: int) -> None:
    narrow = [split(segment)[0].concat for segment in sent("a" * 400, options(), reference)]
    wide = [split(segment)[0].concat for segment in sent("a" * 400, options(concat=ConcatMode.UDH16), reference)]
    assert narrow == [Concat(reference & 0xFF, 3, n) for n in (1, 2, 3)]
    assert wide == [Concat(reference, 3, n) for n in (1, 2, 3)]


@pytest.mark.smpp("S-37")
@pytest.mark.parametrize("text", ["a" * 161, "ر" * 71])
def test_a_header_is_announced_and_a_segment_without_one_is_not(text: str) -> None:
    assert {segment.esm_class for segment in sent(text, options())} == {0x40}
    assert {segment.esm_class for segment in sent(text[:10], options())} == {0}


@pytest.mark.smpp("S-39")
def test_sar_takes_the_place_of_the_header() -> None:
    segments = sent("a" * 161, options(concat=ConcatMode.SAR), reference=0x1234)
    assert [segment.sar for segment in segments] == [(0x1234, 2, 1), (0x1234, 2, 2)]
    assert {segment.esm_class for segment in segments} == {0}
    assert b"".join([segment.short_message for segment in segments]) == b"a" * 161


@pytest.mark.smpp("S-39")
def test_message_payload_carries_a_long_text_in_one_piece() -> None:
    (segment,) = sent("ر" * 500, options(concat=ConcatMode.PAYLOAD))
    assert segment == EncodedSegment(8, 0, ("ر" * 500).encode("utf-16-be"), None, True)


@pytest.mark.smpp("S-39")
@pytest.mark.parametrize("concat", ConcatMode)
def test_a_short_text_travels_plainly_in_every_mode(concat: ConcatMode) -> None:
    assert sent("hi", options(concat=concat)) == [EncodedSegment(0, 0, b"hi")]


@pytest.mark.smpp("S-36")
@pytest.mark.parametrize(
    ("alphabet", "octets"),
    [
        (DefaultAlphabet.GSM_UNPACKED, b"\x00 \x1b\x3c\x05"),
        (DefaultAlphabet.GSM_PACKED, gsm7.pack(b"\x00 \x1b\x3c\x05")),
        (DefaultAlphabet.LATIN1, b"@ [\xe9"),
    ],
)
def test_coding_0_is_written_in_the_operators_default_alphabet(alphabet: DefaultAlphabet, octets: bytes) -> None:
    assert sent("@ [é", options(default_alphabet=alphabet)) == [EncodedSegment(0, 0, octets)]


@pytest.mark.smpp("S-36")
@pytest.mark.parametrize(
    ("alphabet", "text"),
    [
        (DefaultAlphabet.ASCII, "é"),
        (DefaultAlphabet.LATIN1, "€"),
        (DefaultAlphabet.LATIN1, "Δ"),
        (DefaultAlphabet.ASCII, "`"),
    ],
)
def test_what_the_default_alphabet_cannot_show_goes_as_ucs2(alphabet: DefaultAlphabet, text: str) -> None:
    assert sent(text, options(default_alphabet=alphabet))[0].data_coding == 8


@pytest.mark.smpp("S-36")
def test_a_plan_made_for_gsm_becomes_ucs2_where_the_operator_cannot_show_it() -> None:
    (segment,) = encode_segments("€", plan("€"), default_alphabet=DefaultAlphabet.LATIN1)
    assert segment == EncodedSegment(8, 0, b"\x20\xac")


@pytest.mark.smpp("S-61")
def test_flash_messages_carry_their_class() -> None:
    assert [sent(text, options(), flash=True)[0].data_coding for text in ("hi", "ر")] == [0x10, 0x18]


def test_binary_messages_are_octets() -> None:
    wanted = options(binary=True)
    assert sent("\x00\xff", wanted) == [EncodedSegment(4, 0, b"\x00\xff")]
    assert len(sent("\xff" * 141, wanted)) == 2


@pytest.mark.parametrize(
    ("text", "wanted", "fault"),
    [
        ("a\ud800", options(), EncodingFault.LONE_SURROGATE),
        ("Ā", options(binary=True), EncodingFault.NOT_OCTETS),
        ("a" * (255 * 153 + 1), options(), EncodingFault.TOO_LONG),
        ("ر" * (255 * 67 + 1), options(), EncodingFault.TOO_LONG),
        ("ر" * 40_000, options(concat=ConcatMode.PAYLOAD), EncodingFault.TOO_LONG),
    ],
)
def test_what_cannot_be_sent_is_named(text: str, wanted: PlanOptions, fault: EncodingFault) -> None:
    with pytest.raises(EncodingError) as refusal:
        plan(text, wanted)
    assert refusal.value.fault is fault


def test_a_plan_for_another_text_is_refused() -> None:
    with pytest.raises(EncodingError) as refusal:
        encode_segments("ر", TextPlan(Encoding.GSM7, 1, 1))
    assert refusal.value.fault is EncodingFault.NOT_IN_ALPHABET


def test_the_longest_text_takes_255_segments() -> None:
    assert plan("a" * 255 * 153).segments == 255
    assert len(sent("a" * 255 * 153, options())) == 255


def test_a_segment_prints_without_its_octets() -> None:
    assert "secret" not in repr(sent("secret", options()))


HEADER = bytes.fromhex("050003210302")


@pytest.mark.smpp("S-55")
@given(ANY_TEXT | st.text(max_size=75), MODES, ALPHABETS, st.booleans(), st.booleans(), st.booleans())
def test_the_short_way_gives_what_the_long_way_gives(
    text: str, mode: ConcatMode, alphabet: DefaultAlphabet, binary: bool, flash: bool, more: bool
) -> None:
    wanted = options(
        concat=mode,
        default_alphabet=alphabet,
        binary=binary,
        latin1=more,
        languages=(Language.TURKISH,) if more else (),
    )
    try:
        short = encode_short(text, wanted, flash=flash)
    except EncodingError as fault:
        with pytest.raises(EncodingError, match=str(fault)):
            sent(text, wanted, flash=flash)
        return
    if short is not None:
        assert [short] == sent(text, wanted, flash=flash)


@pytest.mark.parametrize("text", ["", "a" * 160, "€" * 80, "ا" * 70, "😀" * 35])
def test_what_fits_one_segment_goes_the_short_way(text: str) -> None:
    assert encode_short(text, PlanOptions()) is not None


@pytest.mark.parametrize("text", ["a" * 161, "€" * 81, "ا" * 71, "😀" * 36])
def test_what_does_not_fit_goes_the_long_way(text: str) -> None:
    assert encode_short(text, PlanOptions()) is None


def test_a_part_goes_as_it_came_behind_its_own_header() -> None:
    segment = encode_part(b"\x06\x31", 8, HEADER)
    assert (segment.data_coding, segment.esm_class, segment.short_message) == (8, 0x40, HEADER + b"\x06\x31")


@pytest.mark.smpp("S-39")
def test_a_parts_header_becomes_sar_where_the_operator_asks_and_it_says_nothing_else() -> None:
    segment = encode_part(b"abc", 0, HEADER, concat=ConcatMode.SAR)
    assert (segment.esm_class, segment.short_message, segment.sar) == (0, b"abc", (0x21, 3, 2))
    ported = bytes.fromhex("0b0003210302050415811581")
    assert encode_part(b"abc", 4, ported, concat=ConcatMode.SAR).short_message == ported + b"abc"


@pytest.mark.smpp("S-36")
def test_a_parts_septets_are_written_in_the_operators_alphabet() -> None:
    at_sign = b"\x00a"
    assert encode_part(at_sign, 0, b"", default_alphabet=DefaultAlphabet.LATIN1).short_message == b"@a"
    packed = encode_part(at_sign, 0, HEADER, default_alphabet=DefaultAlphabet.GSM_PACKED).short_message
    assert packed[:6] == HEADER
    assert gsm7.unpack(packed[6:], 1)[:2] == at_sign
    with pytest.raises(EncodingError):
        encode_part(b"\x00\x10", 0, b"", default_alphabet=DefaultAlphabet.ASCII)


@pytest.mark.smpp("S-37")
def test_a_part_with_its_header_is_at_most_140_octets() -> None:
    assert part_fits(134, 8, 6)
    assert not part_fits(135, 4, 6)
    assert part_fits(153, 0, 6)
    assert not part_fits(154, 0, 6)


@pytest.mark.smpp("S-60")
@pytest.mark.parametrize("concat", [ConcatMode.UDH8, ConcatMode.UDH16, ConcatMode.SAR])
@pytest.mark.parametrize("before", range(148, 156))
def test_a_packed_part_that_is_cut_short_for_an_escape_ends_with_no_character_of_its_own(
    concat: ConcatMode, before: int
) -> None:
    """A septet less than fills the octets would be filled with CR, in the middle of the text."""
    text = "a" * before + "€" * 100
    wanted = options(concat=concat, default_alphabet=DefaultAlphabet.GSM_PACKED)
    segments = sent(text, wanted)
    assert len(segments) == plan(text, wanted).segments
    assert received(segments, DefaultAlphabet.GSM_PACKED) == text


@pytest.mark.smpp("S-60")
def test_padding_that_a_peer_put_before_an_escape_is_no_character() -> None:
    first, second = b"a" * 152, b"\x1be" * 2
    header = [bytes((5, 0, 3, 1, 2, number)) for number in (1, 2)]
    parts = [split_udh(header[0] + gsm7.pack(first, 1), 0x40), split_udh(header[1] + gsm7.pack(second, 1), 0x40)]
    assert len(gsm7.unpack(parts[0][1], 1, last=False)) == 153
    assert decode_parts(parts, 0, DefaultAlphabet.GSM_PACKED).text == "a" * 152 + "€€"
