"""Segments: how many a text takes, and their octets.

`plan` is called once when a message is accepted and `encode_segments` once when it is sent; both cut by the same rules,
so the number in the answer is the number sent. A segment never ends inside an escape or a surrogate pair, and
inside a combining sequence only where that saves a segment.

The reference of a concatenated message is an argument: one for all its segments, and different from the last one used
to that recipient (S-38) is what the caller sees to.
"""

import unicodedata

from operators.smpp import coding, gsm7
from operators.smpp.coding import (
    DefaultAlphabet,
    Encoding,
    EncodingError,
    EncodingFault,
    encode_octets,
    encode_ucs2,
    is_representable,
)
from operators.smpp.coding import TextPlan as TextPlan  # said again for those who plan
from operators.smpp.segment_form import ConcatMode as ConcatMode
from operators.smpp.segment_form import EncodedSegment as EncodedSegment
from operators.smpp.segment_form import PlanOptions as PlanOptions
from operators.smpp.segment_form import Shape
from operators.smpp.udh import UDHI, Concat, build_udh, joined, parse_udh

_USER_DATA_OCTETS = 140
_GSM7_SINGLE = 160
_SEGMENTS_LIMIT = 255
_PAYLOAD_LIMIT_OCTETS = 0xFFFF
_SHIFT_ELEMENT_OCTETS = 3
_CONCAT_ELEMENT_OCTETS = 5
_LEAST_ROOM_OCTETS = 4  # a surrogate pair


_DEFAULT_OPTIONS = PlanOptions()
_GSM7, _UCS2 = Encoding.GSM7, Encoding.UCS2


def plan(text: str, options: PlanOptions = _DEFAULT_OPTIONS) -> TextPlan:
    """GSM 7-bit if it can carry the text, else what needs fewest segments of UCS-2, Latin-1 and the national alphabets.

    Raises `EncodingError` for a lone surrogate, for a binary text that is not octets, and over 255 segments or the
    64 KiB of a message_payload.
    """
    if options.binary:
        units = encode_octets(text)
        return TextPlan(Encoding.BINARY, _count(units, Encoding.BINARY, options.concat, 0), len(units))
    septets = gsm7.DEFAULT.encode(text)
    if septets is not None and is_representable(text, options.default_alphabet):
        length = len(septets)
        return TextPlan(_GSM7, 1 if length <= _GSM7_SINGLE else _count_septets(septets, options, 0), length)
    units = encode_ucs2(text)
    if len(units) <= _USER_DATA_OCTETS:  # nothing takes less than one segment
        return TextPlan(_UCS2, 1, len(units) // 2)
    ucs2 = TextPlan(Encoding.UCS2, _count(units, Encoding.UCS2, options.concat, 0), len(units) // 2)
    others = _latin1_plans(text, options) if options.latin1 else []
    if options.languages and _can_shift(options):
        others += _national_plans(text, options)
    return min([ucs2, *others], key=lambda candidate: candidate.segments) if others else ucs2


def _latin1_plans(text: str, options: PlanOptions) -> list[TextPlan]:
    if not is_representable(text, DefaultAlphabet.LATIN1):
        return []
    octets = encode_octets(text)
    return [TextPlan(Encoding.LATIN1, _count(octets, Encoding.LATIN1, options.concat, 0), len(octets))]


def _can_shift(options: PlanOptions) -> bool:
    return options.concat in (ConcatMode.UDH8, ConcatMode.UDH16) and options.default_alphabet in (
        DefaultAlphabet.GSM_UNPACKED,
        DefaultAlphabet.GSM_PACKED,
    )


def _national_plans(text: str, options: PlanOptions) -> list[TextPlan]:
    plans = []
    for language in options.languages:
        for locking, single in ((0, language), (language, 0), (language, language)):
            septets = gsm7.alphabet(locking, single).encode(text)
            if septets is not None:
                segments = _count_septets(septets, options, _shifts(locking, single))
                plans.append(TextPlan(Encoding.GSM7, segments, len(septets), locking, single))
    return plans


def _shifts(locking: int, single: int) -> int:
    return (locking > 0) + (single > 0)


def _count_septets(septets: bytes, options: PlanOptions, shifts: int) -> int:
    fill_bits = _fill_bits(options.default_alphabet, options.concat, shifts)
    return _count(septets, Encoding.GSM7, options.concat, shifts, fill_bits)


def _count(units: bytes, encoding: Encoding, concat: ConcatMode, shifts: int, fill_bits: int | None = None) -> int:
    """How many segments `units` take. fill_bits: as of `gsm7.cut`."""
    if len(units) <= _single_limit(encoding, shifts):
        return 1
    limit = _multi_limit(encoding, concat, shifts)
    if concat is ConcatMode.PAYLOAD:
        return 1 if len(units) <= _PAYLOAD_LIMIT_OCTETS else _too_long()
    fewest = -(-len(units) // limit)
    count = fewest if fewest > _SEGMENTS_LIMIT else len(_cut(units, encoding, limit, fill_bits))
    return count if count <= _SEGMENTS_LIMIT else _too_long()


def _too_long() -> int:
    raise EncodingError(EncodingFault.TOO_LONG)


def _single_limit(encoding: Encoding, shifts: int) -> int:
    """How many septets or octets a message of one segment holds: 160, or 140 (S-57)."""
    return _capacity(encoding, 1 + shifts * _SHIFT_ELEMENT_OCTETS if shifts else 0)


def _multi_limit(encoding: Encoding, concat: ConcatMode, shifts: int) -> int:
    """How many a segment of several holds: 153 or 152, 134 (67 UCS-2 units) or 133 (66) (S-57)."""
    concat_octets = 6 if concat is ConcatMode.UDH16 else 5
    return _capacity(encoding, 1 + concat_octets + shifts * _SHIFT_ELEMENT_OCTETS)


def _fill_bits(alphabet: DefaultAlphabet, concat: ConcatMode, shifts: int) -> int | None:
    """Bits between the header of a segment of several and its first septet; None where septets are not packed."""
    if alphabet is not DefaultAlphabet.GSM_PACKED:
        return None
    octets = 7 if concat is ConcatMode.UDH16 else 6
    return 0 if concat is ConcatMode.SAR else -8 * (octets + shifts * _SHIFT_ELEMENT_OCTETS) % 7


def _capacity(encoding: Encoding, header_octets: int) -> int:
    octets = _USER_DATA_OCTETS - header_octets
    if encoding is Encoding.GSM7:
        return octets * 8 // 7
    return octets // 2 * 2 if encoding is Encoding.UCS2 else octets


def _cut(units: bytes, encoding: Encoding, limit: int, fill_bits: int | None = None) -> list[bytes]:
    if encoding is Encoding.GSM7:
        return gsm7.cut(units, limit, fill_bits)
    if encoding is Encoding.UCS2:
        return cut_ucs2(units, limit)
    return [units[at : at + limit] for at in range(0, len(units), limit)]


def cut_ucs2(units: bytes, limit_octets: int) -> list[bytes]:
    """Pieces of at most `limit_octets` (even), as few as surrogate pairs allow (S-58).

    Cuts go before the first character of a combining sequence, unless that takes a segment more.
    """
    whole = _cut_ucs2(units, limit_octets, _SEQUENCE_OCTETS)
    if (len(whole) - 1) * limit_octets < len(units):  # no cutting gives fewer
        return whole
    plain = _cut_ucs2(units, limit_octets, 0)
    return whole if len(whole) == len(plain) else plain


_SEQUENCE_OCTETS = 32
"""How far a cut may move back to keep a combining sequence whole; longer sequences are cut."""
_JOINER = b"\x20\x0d"
_MARKS = frozenset({"Mn", "Mc", "Me"})
_SKIN_TONES = range(0x1F3FB, 0x1F400)


def _cut_ucs2(units: bytes, limit: int, leeway: int) -> list[bytes]:
    pieces = []
    start = 0
    while len(units) - start > limit:
        end = _sequence_start(units, start + limit, start + limit - min(leeway, limit - 4))
        pieces.append(units[start:end])
        start = end
    pieces.append(units[start:])
    return pieces


def _sequence_start(units: bytes, end: int, floor: int) -> int:
    """The last place in `floor`..`end` where a combining sequence begins, else `end` outside any surrogate pair."""
    at = end
    while at > floor and _continues(units, at):
        at -= 2
    if at > floor:
        return at
    return end - 2 if _is_low_surrogate(units[end]) else end


def _is_low_surrogate(high_octet: int) -> bool:
    return high_octet & 0xFC == 0xDC


def _continues(units: bytes, at: int) -> bool:
    """Whether the unit at `at` belongs to the character sequence before it."""
    if _is_low_surrogate(units[at]) or units[at - 2 : at] == _JOINER:
        return True
    width = 4 if units[at] & 0xFC == 0xD8 else 2
    character = units[at : at + width].decode("utf-16-be")
    return character == "\u200d" or unicodedata.category(character) in _MARKS or ord(character) in _SKIN_TONES


def encode_segments(
    text: str,
    plan: TextPlan,
    *,
    concat: ConcatMode = ConcatMode.UDH8,
    reference: int = 0,
    default_alphabet: DefaultAlphabet = DefaultAlphabet.GSM_UNPACKED,
    flash: bool = False,
) -> list[EncodedSegment]:
    """The PDUs of a text, in order.

    The plan gives the encoding and the national tables; `concat` and `default_alphabet` are the operator's, and their
    number is the plan's if it was made for the same. A GSM 7-bit plan becomes UCS-2 when the operator's alphabet
    cannot show the text. Raises `EncodingError` as `plan` does.
    """
    encoding, units = _units(text, plan, default_alphabet)
    shape = Shape(
        encoding=encoding,
        alphabet=default_alphabet,
        concat=concat,
        reference=reference,
        locking=plan.locking if encoding is Encoding.GSM7 else 0,
        single=plan.single if encoding is Encoding.GSM7 else 0,
        data_coding=_data_coding(encoding, flash),
    )
    shifts = _shifts(shape.locking, shape.single)
    if len(units) <= _single_limit(encoding, shifts):
        return [_segment(shape, units, None)]
    if concat is ConcatMode.PAYLOAD:
        return [_payload(shape, units)]
    fill_bits = _fill_bits(default_alphabet, concat, shifts)
    pieces = _cut(units, encoding, _multi_limit(encoding, concat, shifts), fill_bits)
    total = len(pieces) if len(pieces) <= _SEGMENTS_LIMIT else _too_long()
    return [_segment(shape, piece, Concat(reference, total, n)) for n, piece in enumerate(pieces, 1)]


def encode_short(text: str, options: PlanOptions, *, flash: bool = False) -> EncodedSegment | None:
    """The segment of a text that needs only one and no choice: what nearly every message is. None for any other.

    The same as `encode_segments` of a `plan`, at a third of the cost. UCS-2 in one segment is never bettered.
    """
    if options.binary or options.default_alphabet is not DefaultAlphabet.GSM_UNPACKED:
        return None
    septets = gsm7.DEFAULT.encode(text)
    if septets is not None:
        return EncodedSegment(0x10 if flash else 0, 0, septets) if len(septets) <= _GSM7_SINGLE else None
    units = encode_ucs2(text)
    return EncodedSegment(0x18 if flash else 0x08, 0, units) if len(units) <= _USER_DATA_OCTETS else None


def encode_part(
    octets: bytes,
    data_coding: int,
    header: bytes,
    *,
    concat: ConcatMode = ConcatMode.UDH8,
    default_alphabet: DefaultAlphabet = DefaultAlphabet.GSM_UNPACKED,
) -> EncodedSegment:
    """One segment as whoever submitted it cut it: its octets behind its own header (S-55).

    Septets are written as the operator's default alphabet has them. A header that only ties parts together becomes
    sar_* where the operator wants those (S-39). Raises `EncodingError`.
    """
    place = parse_udh(header).concat if header and concat is ConcatMode.SAR else None
    if place is not None and header in (build_udh(place), build_udh(place, wide=True)):
        sar = (place.reference, place.total, place.sequence)
        return EncodedSegment(data_coding, 0, _rewritten(octets, data_coding, 0, default_alphabet), sar)
    octets = _rewritten(octets, data_coding, len(header), default_alphabet)
    return EncodedSegment(data_coding, UDHI if header else 0, header + octets)


def encode_behind(
    header: bytes,
    text: str,
    plan: TextPlan,
    *,
    concat: ConcatMode = ConcatMode.UDH8,
    reference: int = 0,
    default_alphabet: DefaultAlphabet = DefaultAlphabet.GSM_UNPACKED,
) -> list[EncodedSegment]:
    """The PDUs of a text, in order, each behind the elements of this sound header, which names no part.

    A header that leaves no room for a part of the text is left out. The plan gives the encoding, without national
    tables. Raises `EncodingError` as `plan` does.
    """
    encoding, units = _units(text, plan, default_alphabet)
    data_coding = _data_coding(encoding, False)
    is_short = len(units) <= _capacity(encoding, len(header))
    if is_short or concat is ConcatMode.PAYLOAD:
        whole = _rewritten(units, data_coding, len(header), default_alphabet)
        return [EncodedSegment(data_coding, UDHI, header + whole, payload=not is_short)]
    taken = len(header) + _CONCAT_ELEMENT_OCTETS
    if _USER_DATA_OCTETS - taken < _LEAST_ROOM_OCTETS:
        return encode_segments(text, plan, concat=concat, reference=reference, default_alphabet=default_alphabet)
    is_packed, ahead_octets = default_alphabet is DefaultAlphabet.GSM_PACKED, len(header)
    if concat is not ConcatMode.SAR:
        ahead_octets = taken
    pieces = _cut(units, encoding, _capacity(encoding, taken), -8 * ahead_octets % 7 if is_packed else None)
    total = len(pieces) if len(pieces) <= _SEGMENTS_LIMIT else _too_long()
    segments = []
    for n, piece in enumerate(pieces, 1):
        place = Concat(reference, total, n)
        is_sar = concat is ConcatMode.SAR
        ahead = header if is_sar else joined(build_udh(place), header)
        octets = ahead + _rewritten(piece, data_coding, len(ahead), default_alphabet)
        sar = (reference & 0xFFFF, total, n) if is_sar else None
        segments.append(EncodedSegment(data_coding, UDHI, octets, sar))
    return segments


def _rewritten(octets: bytes, data_coding: int, header_octets: int, alphabet: DefaultAlphabet) -> bytes:
    if alphabet is DefaultAlphabet.GSM_UNPACKED or coding.encoding_of(data_coding) is not Encoding.GSM7:
        return octets
    if alphabet is DefaultAlphabet.GSM_PACKED:
        return gsm7.pack(octets, -8 * header_octets % 7)
    text = gsm7.DEFAULT.decode(octets)
    if text is None or not is_representable(text, alphabet):
        raise EncodingError(EncodingFault.NOT_IN_ALPHABET)
    return text.encode("latin-1" if alphabet is DefaultAlphabet.LATIN1 else "ascii")


def part_fits(octets: int, data_coding: int, header_octets: int) -> bool:
    """Whether so many octets (septets, in the default alphabet) behind such a header are one segment (S-37, S-57)."""
    return octets <= _capacity(coding.encoding_of(data_coding) or Encoding.BINARY, header_octets)


def _data_coding(encoding: Encoding, flash: bool) -> int:
    """0, 3, 4 or 8; with message class 0 ("flash") 0x10, 0x14 or 0x18 (TS 23.038 §4), which Latin-1 lacks."""
    coding_group = 0x10 if flash else 0
    if encoding is Encoding.LATIN1:
        return 0x03
    if encoding is Encoding.GSM7:
        return coding_group
    return coding_group | (0x08 if encoding is Encoding.UCS2 else 0x04)


def _units(text: str, plan: TextPlan, alphabet: DefaultAlphabet) -> tuple[Encoding, bytes]:
    if plan.encoding is Encoding.BINARY:
        return Encoding.BINARY, encode_octets(text)
    if plan.encoding is Encoding.LATIN1:
        return Encoding.LATIN1, encode_octets(text)
    if plan.encoding is Encoding.UCS2 or not is_representable(text, alphabet):
        return Encoding.UCS2, encode_ucs2(text)
    septets = gsm7.alphabet(plan.locking, plan.single).encode(text)
    if septets is None:
        raise EncodingError(EncodingFault.NOT_IN_ALPHABET)
    return Encoding.GSM7, septets


def _segment(shape: Shape, units: bytes, concat: Concat | None) -> EncodedSegment:
    if shape.concat is ConcatMode.SAR and concat is not None:
        sar = (concat.reference & 0xFFFF, concat.total, concat.sequence)
        return EncodedSegment(shape.data_coding, 0, _octets(shape, units, 0), sar)
    if concat is None and not shape.locking and not shape.single:
        return EncodedSegment(shape.data_coding, 0, _octets(shape, units, 0))
    wide = shape.concat is ConcatMode.UDH16
    header = build_udh(concat, wide=wide, locking=shape.locking, single=shape.single)
    return EncodedSegment(shape.data_coding, UDHI, header + _octets(shape, units, len(header)))


def _payload(shape: Shape, units: bytes) -> EncodedSegment:
    octets = _octets(shape, units, 0)
    if len(octets) > _PAYLOAD_LIMIT_OCTETS:
        raise EncodingError(EncodingFault.TOO_LONG)
    return EncodedSegment(shape.data_coding, 0, octets, payload=True)


def _octets(shape: Shape, units: bytes, header_octets: int) -> bytes:
    """The units as the operator's SMSC wants them behind a header of so many octets."""
    if shape.encoding is not Encoding.GSM7 or shape.alphabet is DefaultAlphabet.GSM_UNPACKED:
        return units
    if shape.alphabet is DefaultAlphabet.GSM_PACKED:
        return gsm7.pack(units, -8 * header_octets % 7)
    text = gsm7.DEFAULT.decode(units)
    assert text is not None  # the units came from this alphabet
    return text.encode("latin-1" if shape.alphabet is DefaultAlphabet.LATIN1 else "ascii")
