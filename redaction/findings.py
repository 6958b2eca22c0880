"""What `redaction.detect` finds."""

import enum

import msgspec


class Kind(enum.Enum):
    """What a detector can find."""

    IBAN = "iban"
    CARD = "card"
    MOBILE = "mobile"
    NATIONAL_ID = "national_id"
    EMAIL = "email"
    OTP = "otp"


class Finding(msgspec.Struct, frozen=True, gc=False):
    """Where something is, as indexes into the *normalised* text."""

    kind: Kind
    start: int
    end: int
