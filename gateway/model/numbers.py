"""Phone numbers as customers write and paste them, to E.164.

Whatever is written gets one normal form first: digits of any script become ASCII digits; blanks, dashes, dots, brackets
and invisible characters go. Only then is it read, a Saudi mobile number by a few string tests, everything else by
`phonenumbers`: as a national number, and where it is none as one with its country code, whose + was left out.
"""

import unicodedata
from typing import Final

import phonenumbers
from phonenumbers import PhoneNumberType

from redaction.personal import Msisdn, Purpose

MAX_LENGTH: Final = 64
_SAUDI: Final = 966
_SAUDI_MOBILE_LENGTH: Final = 13
_LOCAL_DIGITS: Final = 8
"""Of a Saudi mobile number, behind the 5."""
_LOCAL: Final = ("05", "5")
_INTERNATIONAL: Final = ("+9665", "9665", "+96605", "96605")
_SAUDI_REGION: Final = "SA"
_SEPARATORS: Final = frozenset(" -.()\u00a0\u2212\ufe0f\u20e3\t\r\n")
_SEPARATING: Final = ("Zs", "Pd", "Cf")
_NO_MOBILE: Final = frozenset(
    {
        PhoneNumberType.FIXED_LINE,
        PhoneNumberType.TOLL_FREE,
        PhoneNumberType.PREMIUM_RATE,
        PhoneNumberType.SHARED_COST,
        PhoneNumberType.UAN,
        PhoneNumberType.VOICEMAIL,
    }
)


def parse_number(raw: str, default_region: str) -> Msisdn | None:
    """`raw` as an Msisdn, or None if it is not a valid number.

    default_region: ISO code of the country whose local spellings (05XXXXXXXX) are understood.
    """
    if len(raw) == _SAUDI_MOBILE_LENGTH and raw.startswith("+9665") and raw.isascii() and raw[1:].isdigit():
        return Msisdn(raw[1:], _SAUDI)
    if not raw or len(raw) > MAX_LENGTH:
        return None
    written = _normal(raw)
    return None if written is None else _read(written, default_region)


def takes_no_messages(number: Msisdn) -> bool:
    """Whether a number is of a kind that takes no messages as a rule: a landline, 800 or 9200."""
    digits = number.reveal(Purpose.ACCEPT)
    if digits.startswith("9665"):
        return False
    return phonenumbers.number_type(phonenumbers.parse(f"+{digits}")) in _NO_MOBILE


def _normal(raw: str) -> str | None:
    """ASCII digits, with a + before them if there is one; None for what holds anything else."""
    kept: list[str] = []
    for each in raw:
        if each in _SEPARATORS or unicodedata.category(each) in _SEPARATING:
            continue
        plain = unicodedata.normalize("NFKC", each)
        if plain == "+":
            if kept:
                return None
            kept.append(plain)
        elif unicodedata.category(each) == "Nd":
            kept.append(str(unicodedata.decimal(each)))
        else:
            return None
    return "".join(kept)


def _read(written: str, default_region: str) -> Msisdn | None:
    """A number in its normal form."""
    if written.startswith("00"):
        written = "+" + written[2:]
    local = _INTERNATIONAL if default_region != _SAUDI_REGION else _INTERNATIONAL + _LOCAL
    for prefix in local:
        if written.startswith(prefix) and len(written) == len(prefix) + _LOCAL_DIGITS:
            return Msisdn("9665" + written[len(prefix) :], _SAUDI)
    found = _valid(written, default_region)
    if found is None and written[:1] not in ("+", "0", ""):
        found = _valid("+" + written, default_region)
    return found


def _valid(spelled: str, default_region: str) -> Msisdn | None:
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
