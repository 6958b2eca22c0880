"""GSM 7-bit alphabets: characters to septets and back, and septets to packed octets (3GPP TS 23.038 §6).

A septet string here is `bytes` with one septet in each byte. The module knows characters and bits; it knows nothing of
segments, headers or data_coding.
"""

import re
from codecs import charmap_build, charmap_decode, charmap_encode
from collections.abc import Mapping
from functools import lru_cache

from operators.smpp import national

ESCAPE = 0x1B
"""The septet that takes the next one from the single shift (extension) table."""

_UNMAPPED = "\ufffe"  # what `codecs` reads as "no character here"
_ASCII = bytes(range(128))
_ESCAPED = re.compile(b"\x1b(.?)", re.DOTALL)
_CR = 0x0D

DEFAULT_TABLE = (
    "@£$¥èéùìòÇ\nØø\rÅå"
    "Δ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ"
    " !\"#¤%&'()*+,-./"
    "0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNO"
    "PQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmno"
    "pqrstuvwxyzäöñüà"
)
"""The default alphabet (§6.2.1), by septet."""


class Alphabet:
    """One locking table with one single shift table.

    Both ways run on the interpreter's own character maps, some ten times faster than a loop. To encode, such a map
    wants octet 0 to be NUL, so it speaks of *marks*: 1..127 are septets as they are, 0x80 is septet 0, and 0x81 upwards
    are escape pairs. Texts without marks above 127, nearly all of them, need no second step. To decode, the octet of an
    escaped septet is the septet plus 0x80.
    """

    __slots__ = ("_from_ascii", "_from_octets", "_marks", "_to_marks")

    def __init__(self, locking: str, shift: Mapping[int, str]) -> None:
        direct = ["\0", *locking[1:]]
        direct[ESCAPE] = _UNMAPPED
        escaped = {character: septet for septet, character in shift.items() if character not in locking}
        table = "".join([*direct, locking[0], *escaped]).ljust(256, _UNMAPPED)
        self._to_marks = charmap_build(table)
        self._from_ascii = b"".join([charmap_encode(chr(n), "ignore", self._to_marks)[0] or b"\0" for n in range(128)])
        self._from_ascii = self._from_ascii.ljust(256, b"\0")
        pairs = [bytes((ESCAPE, septet)) for septet in escaped.values()]
        self._marks = [(bytes((0x80 + n,)), pair) for n, pair in enumerate([b"\0", *pairs])]
        self._from_octets = locking + _shifted(locking, shift)

    def encode(self, text: str) -> bytes | None:
        """Septets, an escape pair counting two; None when a character is in neither table."""
        if text.isascii():
            marks = text.encode("ascii").translate(self._from_ascii)  # a third of what the look-up of any text takes
        else:
            marks = charmap_encode(text, "ignore", self._to_marks)[0]  # an exception would take twice as long
            if len(marks) != len(text):
                return None
        if 0 in marks:  # a character that neither table has, or NUL, which none has
            return None
        return marks if marks.isascii() else self._expand(marks)

    def _expand(self, marks: bytes) -> bytes:
        for mark in set(marks.translate(None, _ASCII)):
            marks = marks.replace(*self._marks[mark - 0x80])
        return marks

    def decode(self, septets: bytes) -> str | None:
        """The text, or None when an octet is no septet or stands for nothing.

        An escape before a septet that the shift table lacks shows the septet's own character, and two escapes or one
        at the end show a space (§6.2.1.1 note 1).
        """
        if not septets.isascii():
            return None
        octets = _ESCAPED.sub(_shift, septets) if ESCAPE in septets else septets
        try:
            return charmap_decode(octets, "strict", self._from_octets)[0]
        except UnicodeDecodeError:
            return None


def _shifted(locking: str, shift: Mapping[int, str]) -> str:
    """What each septet means behind an escape."""
    return "".join([" " if septet == ESCAPE else shift.get(septet, locking[septet]) for septet in range(128)])


def _shift(found: re.Match[bytes]) -> bytes:
    return bytes((0x80 | (found[1] or found[0])[0],))


DEFAULT = Alphabet(DEFAULT_TABLE, national.EXTENSION)


@lru_cache(maxsize=256)
def alphabet(locking: int, single: int) -> Alphabet:
    """The alphabet that two national language identifiers ask for; 0 and unknown ones mean the default tables."""
    if not locking and not single:
        return DEFAULT
    return Alphabet(
        national.LOCKING.get(locking, DEFAULT_TABLE),
        national.SINGLE_SHIFT.get(single, national.EXTENSION),
    )


def cut(septets: bytes, limit: int, fill_bits: int | None = None) -> list[bytes]:
    """Pieces of at most `limit` septets; none ends between an escape and its character (S-58).

    fill_bits: as of `pack`, where the pieces are to be packed: then none but the last leaves room for padding, which
    would be read as a character between it and the next.
    """
    pieces = []
    start = 0
    while len(septets) - start > limit:
        end = start + limit
        while septets[end - 1] == ESCAPE or (fill_bits is not None and (7 * (end - start) + fill_bits) % 8 == 1):
            end -= 1
        pieces.append(septets[start:end])
        start = end
    pieces.append(septets[start:])
    return pieces


# Packing works on 160 septets (140 octets) at a time as one big integer whose fields are merged pairwise, 8 bits to 14
# in 16, to 28 in 32, to 56 in 64: three steps for the whole block where a loop would need one for each septet.
_BLOCK = 160


def _mask(field_bits: int, slot_bits: int) -> int:
    return sum(((1 << field_bits) - 1) << at for at in range(0, _BLOCK * 8, slot_bits))


# Each step: the mask of the lower field of every pair, and the gap of unused bits above it.
_STEPS = [(_mask(bits, 2 * slot), slot - bits) for bits, slot in ((7, 8), (14, 16), (28, 32))]


def pack(septets: bytes, fill_bits: int = 0) -> bytes:
    """Octets of packed septets behind `fill_bits` zero bits, which align them to a septet boundary after a header.

    When 7 bits stay free in the last octet they hold CR, because zeros there would read as one more @ (§6.1.2.3.1).
    """
    if (7 * len(septets) + fill_bits) % 8 == 1:
        septets += b"\r"
    blocks = [_pack_block(septets[at : at + _BLOCK]) for at in range(0, len(septets), _BLOCK)]
    value = int.from_bytes(b"".join(blocks), "little") << fill_bits
    return value.to_bytes((7 * len(septets) + fill_bits + 7) // 8, "little")


def _pack_block(septets: bytes) -> bytes:
    value = int.from_bytes(septets, "little")
    for low_mask, gap in _STEPS:
        low = value & low_mask
        value = low | ((value ^ low) >> gap)
    octets = bytearray(value.to_bytes(_BLOCK, "little"))
    del octets[7::8]
    return bytes(octets)


def unpack(octets: bytes, fill_bits: int = 0, *, last: bool = True) -> bytes:
    """Septets from packed octets. `last` is false for a segment that others follow: it has no padding.

    A CR or @ in the last 7 bits of a full octet is taken for padding and dropped; peers fill with either (S-60).
    """
    bits = 8 * len(octets) - fill_bits
    count = bits // 7
    if count <= 0:
        return b""
    packed = (int.from_bytes(octets, "little") >> fill_bits).to_bytes(len(octets), "little")
    step = _BLOCK * 7 // 8
    septets = b"".join(_unpack_block(packed[at : at + step]) for at in range(0, len(packed), step))[:count]
    padded = last and bits % 7 == 0 and septets[-1] in (0, _CR)
    return septets[:-1] if padded else septets


def _unpack_block(octets: bytes) -> bytes:
    value = int.from_bytes(b"".join([octets[at : at + 7].ljust(8, b"\0") for at in range(0, len(octets), 7)]), "little")
    for low_mask, gap in reversed(_STEPS):
        low = value & low_mask
        value = low | ((value ^ low) << gap)
    return value.to_bytes(_BLOCK, "little")
