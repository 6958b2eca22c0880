"""What a text travels as, and what it may not be. Types alone: `operators.smpp.coding` does the coding."""

import enum

import msgspec


class Encoding(enum.StrEnum):
    """How the characters of a message travel."""

    GSM7 = "gsm7"
    UCS2 = "ucs2"
    LATIN1 = "latin1"
    ASCII = "ascii"
    CYRILLIC = "cyrillic"
    HEBREW = "hebrew"
    BINARY = "binary"


class DefaultAlphabet(enum.StrEnum):
    """What an operator's SMSC takes data_coding 0 to mean (S-36)."""

    GSM_UNPACKED = "gsm_unpacked"  # one septet in each octet
    GSM_PACKED = "gsm_packed"  # septets packed as on the air
    LATIN1 = "latin1"
    ASCII = "ascii"


class EncodingFault(enum.StrEnum):
    """Why a text cannot be sent."""

    LONE_SURROGATE = "lone_surrogate"
    NOT_OCTETS = "not_octets"
    TOO_LONG = "too_long"
    NOT_IN_ALPHABET = "not_in_alphabet"


class EncodingError(ValueError):
    """A text cannot be sent: the submitter's fault, and final. Carries the rule that was broken, never the text."""

    def __init__(self, fault: EncodingFault) -> None:
        super().__init__(fault.value)
        self.fault = fault


class TextPlan(msgspec.Struct, frozen=True, gc=False):
    """How a text travels.

    segments: PDUs that leave; 1 for a text that goes as message_payload.
    units: what they carry together: septets, UCS-2 units or octets.
    locking, single: national language identifiers, 0 for the default tables.
    """

    encoding: Encoding
    segments: int
    units: int
    locking: int = 0
    single: int = 0


class DecodedText(msgspec.Struct, frozen=True, gc=False):
    """What a peer wrote. Exactly one of `text` and `octets` is set.

    encoding: None when data_coding is unknown, or says an encoding that the octets are not in.
    """

    text: str | None
    octets: bytes | None
    encoding: Encoding | None

    def __repr__(self) -> str:
        return f"DecodedText(•••, encoding={self.encoding})"
