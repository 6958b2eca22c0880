"""Phone numbers as customers write them, to E.164.

The common case, a Saudi mobile number, is decided with a few string tests; everything else goes to `phonenumbers`.
Only ASCII digits are taken: a number is an address, and one address has one spelling.
"""

from typing import Final

import phonenumbers

from redaction.personal import Msisdn, Purpose

MAX_LENGTH: Final = 32
_SAUDI: Final = 966
_SAUDI_MOBILE_LENGTH: Final = 13


def parse_number(raw: str, default_region: str) -> Msisdn | None:
    """`raw` as an Msisdn, or None if it is not a valid number.

    default_region: ISO code of the country whose local spellings (05XXXXXXXX) are understood.
    """
    if len(raw) == _SAUDI_MOBILE_LENGTH and raw.startswith("+9665") and raw.isascii() and raw[1:].isdigit():
        return Msisdn(raw[1:], _SAUDI)
    if not raw or len(raw) > MAX_LENGTH or not raw.isascii() or not raw.isprintable():
        return None
    return _parse_slowly(raw, default_region)


def _parse_slowly(raw: str, default_region: str) -> Msisdn | None:
    if not set(raw) <= _ALLOWED:
        return None
    spelled = "+" + raw[2:] if raw.startswith("00") else raw
    try:
        parsed = phonenumbers.parse(spelled, default_region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(parsed):
        return None
    digits = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)[1:]
    return Msisdn(digits, parsed.country_code or 0)


def digits_of(number: Msisdn) -> str:
    """The digits, for routing and pseudonyms on the way in."""
    return number.reveal(Purpose.ACCEPT)


_ALLOWED: Final = frozenset("+0123456789 -().")
