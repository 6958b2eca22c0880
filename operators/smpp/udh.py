"""The user data header: concatenation and national language elements (3GPP TS 23.040 §9.2.3.24)."""

import msgspec

_CONCAT_8 = 0x00
_CONCAT_16 = 0x08
_SINGLE_SHIFT = 0x24
_LOCKING_SHIFT = 0x25

UDHI = 0x40
"""The esm_class bit that says short_message begins with a header (S-37)."""


class Concat(msgspec.Struct, frozen=True, gc=False):
    """Which part of which message this is; `sequence` runs from 1 to `total`."""

    reference: int
    total: int
    sequence: int


class Udh(msgspec.Struct, frozen=True, gc=False):
    """What a header says.

    length: octets of the whole header, its length octet included; 0 for none.
    locking, single: national language identifiers, 0 for the default tables.
    malformed: the header runs over the end of the message or of itself. `length` is then 0 and nothing else is set:
    the beginning of the text is unknown.
    """

    length: int = 0
    concat: Concat | None = None
    locking: int = 0
    single: int = 0
    malformed: bool = False

    @property
    def fill_bits(self) -> int:
        """Bits between the header and the first packed septet."""
        return -8 * self.length % 7


NO_UDH = Udh()
_MALFORMED = Udh(malformed=True)


def parse_udh(short_message: bytes) -> Udh:
    """The header at the start of a short_message whose esm_class has `UDHI`.

    Elements that are unknown or make no sense are skipped; of repeated ones the last counts (§9.2.3.24).
    """
    length = short_message[0] + 1 if short_message else 0
    if not 0 < length <= len(short_message):
        return _MALFORMED
    concat: Concat | None = None
    locking = single = 0
    at = 1
    while at < length:
        if at + 2 > length or at + 2 + short_message[at + 1] > length:
            return _MALFORMED
        tag, size = short_message[at], short_message[at + 1]
        value = short_message[at + 2 : at + 2 + size]
        if tag in (_CONCAT_8, _CONCAT_16):
            concat = _concat(tag, value) or concat
        elif tag == _LOCKING_SHIFT and size == 1:
            locking = value[0]
        elif tag == _SINGLE_SHIFT and size == 1:
            single = value[0]
        at += 2 + size
    return Udh(length, concat, locking, single)


def _concat(tag: int, value: bytes) -> Concat | None:
    if len(value) != (3 if tag == _CONCAT_8 else 4):
        return None
    reference, (total, sequence) = int.from_bytes(value[:-2], "big"), value[-2:]
    return Concat(reference, total, sequence) if 1 <= sequence <= total else None


def split_udh(short_message: bytes, esm_class: int) -> tuple[Udh, bytes]:
    """Header and user data of a short_message. A malformed header is left in front of the data."""
    if not esm_class & UDHI:
        return NO_UDH, short_message
    udh = parse_udh(short_message)
    return udh, short_message[udh.length :]


def without_concat(header: bytes) -> bytes:
    """What a sound header says beside which part it is, as a header of its own; b"" for nothing."""
    elements, at = b"", 1
    while at < len(header):
        end = at + 2 + header[at + 1]
        if header[at] not in (_CONCAT_8, _CONCAT_16, _SINGLE_SHIFT, _LOCKING_SHIFT):
            elements += header[at:end]
        at = end
    return bytes((len(elements),)) + elements if elements else b""


def build_udh(concat: Concat | None, *, wide: bool = False, locking: int = 0, single: int = 0) -> bytes:
    """A header, or b"" when there is nothing to say. `wide` takes the 16-bit reference; 8 bits keep its low half."""
    elements = b""
    if concat is not None:
        elements = _concat_element(concat, wide)
    if locking:
        elements += bytes((_LOCKING_SHIFT, 1, locking))
    if single:
        elements += bytes((_SINGLE_SHIFT, 1, single))
    return bytes((len(elements),)) + elements if elements else b""


def joined(first: bytes, second: bytes) -> bytes:
    """One header with the elements of two."""
    return bytes((len(first) + len(second) - 2,)) + first[1:] + second[1:]


def _concat_element(concat: Concat, wide: bool) -> bytes:
    place = bytes((concat.total, concat.sequence))
    if wide:
        return bytes((_CONCAT_16, 4)) + (concat.reference & 0xFFFF).to_bytes(2, "big") + place
    return bytes((_CONCAT_8, 3, concat.reference & 0xFF)) + place
