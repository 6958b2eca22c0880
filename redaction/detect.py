"""What a text contains, as far as the gateway must know: one normaliser, one detector per kind.

`\\d`, `str.isdigit` and `int` all accept Arabic-Indic digits and NFKC leaves them alone, so validation and detection
share this normaliser and then look for ASCII alone. A detector answers where and of which kind, never what.
"""

import enum
import re
from typing import Final

import msgspec

_ARABIC_DIGITS: Final = {base + digit: str(digit) for base in (0x0660, 0x06F0) for digit in range(10)}
_DROPPED: Final = (
    0x00AD,  # soft hyphen
    0x0640,  # tatweel
    0x061C,  # Arabic letter mark
    *range(0x200B, 0x2010),  # zero width, left-to-right and right-to-left marks
    *range(0x202A, 0x202F),  # bidi embeddings and overrides
    *range(0x2060, 0x2065),  # word joiner, invisible operators
    *range(0x2066, 0x206A),  # bidi isolates
    0xFEFF,  # byte order mark
)
_NORMAL: Final[dict[int, str | None]] = {**dict.fromkeys(_DROPPED), **_ARABIC_DIGITS}

_CODE_WORD = re.compile(r"رمز|تحقق|كود|\botp\b|\bcodes?\b|\bpass(?:code|word)\b|\bverif(?:y|ication)\b", re.IGNORECASE)
_ALONE: Final = r"(?<![0-9A-Za-z+#@])(?<![0-9][.,/:-])"  # not the tail of a word, an amount, a date, a time
_CODE = re.compile(
    _ALONE + r"(?:[0-9]{4,8}|[0-9]{3}[ -][0-9]{3})(?![0-9A-Za-z]|[.,/:-][0-9]|\s?(?:SAR|SR|ريال|ر\.س))",
    re.IGNORECASE,
)
_ORIGIN_BOUND = re.compile(r"@[a-z0-9.-]+\.[a-z]{2,} #(?P<code>[0-9a-z]{4,})(?: %\S+)?\s*\Z", re.IGNORECASE)

_NATIONAL_ID = re.compile(r"(?<![0-9A-Za-z+])[12][0-9]{9}(?![0-9A-Za-z])")
_ID_WORD = re.compile(
    r"هوي[ةه]|[إا]قام[ةه]|السجل المدني|\bnational id\b|\biqama\b|\bid (?:no|number)\b|\bresident id\b", re.IGNORECASE
)
_IBAN = re.compile(r"(?<![0-9A-Za-z])SA(?:[ -]?[0-9]){22}(?![0-9A-Za-z])", re.IGNORECASE)
_CARD = re.compile(r"(?<![0-9A-Za-z+])[3-6](?:[ -]?[0-9]){12,18}(?![0-9A-Za-z])")
_MOBILE = re.compile(r"(?<![0-9A-Za-z])(?:(?:\+|00)?966[ -]?(?:\(0\))?0?|0)5(?:[ -]?[0-9]){8}(?![0-9A-Za-z])")
_GAPS: Final = str.maketrans("", "", " -")


class Kind(enum.Enum):
    """What a detector can find."""

    IBAN = "iban"
    CARD = "card"
    MOBILE = "mobile"
    NATIONAL_ID = "national_id"
    OTP = "otp"


class Finding(msgspec.Struct, frozen=True, gc=False):
    """Where something is, as indexes into the *normalised* text."""

    kind: Kind
    start: int
    end: int


def normalise_digits(text: str) -> str:
    """`text` with Arabic-Indic digits as ASCII, and without bidi controls, zero-width characters and tatweel."""
    return text if text.isascii() else text.translate(_NORMAL)


def looks_like_otp(text: str) -> bool:
    """Whether a text carries a one-time code: 4 to 8 digits and a keyword, or an origin-bound last line.

    Origin-bound: `@example.com #123456` at the end, as browsers read it.
    """
    text = normalise_digits(text)
    if _CODE.search(text) is not None and _CODE_WORD.search(text) is not None:
        return True
    return "#" in text and _ORIGIN_BOUND.search(text) is not None


def find(text: str) -> list[Finding]:
    """What `text`, already normalised, contains; in order, not overlapping. The more certain kind wins.

    An IBAN needs its check digits, a card its Luhn digit, a national id or iqama its Luhn digit and a context word,
    since one random number in ten passes Luhn; a one-time code needs its keyword.
    """
    findings: list[Finding] = []
    for found in (*_ibans(text), *_mobiles(text), *_national_ids(text), *_cards(text), *_codes(text)):
        if all(found.end <= it.start or found.start >= it.end for it in findings):
            findings.append(found)
    return sorted(findings, key=lambda it: it.start)


def mask(text: str) -> str:
    """`text`, normalised, with a word such as `[iban]` in place of everything found."""
    text = normalise_digits(text)
    for found in reversed(find(text)):
        text = f"{text[: found.start]}[{found.kind.value}]{text[found.end :]}"
    return text


def luhn(digits: str) -> bool:
    """ISO/IEC 7812-1: every second digit from the right is doubled, the sum ends in zero."""
    doubled = sum(sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2])
    return (doubled + sum(map(int, digits[-1::-2]))) % 10 == 0


def is_iban(compact: str) -> bool:
    """ISO 13616: the first four characters to the end, letters as 10 to 35, then modulo 97 leaves 1."""
    return int("".join(str(int(char, 36)) for char in compact[4:] + compact[:4])) % 97 == 1


def _ibans(text: str) -> list[Finding]:
    return [_at(Kind.IBAN, it) for it in _IBAN.finditer(text) if is_iban(it[0].translate(_GAPS))]


def _cards(text: str) -> list[Finding]:
    return [_at(Kind.CARD, it) for it in _CARD.finditer(text) if luhn(it[0].translate(_GAPS))]


def _mobiles(text: str) -> list[Finding]:
    return [_at(Kind.MOBILE, it) for it in _MOBILE.finditer(text)]


def _national_ids(text: str) -> list[Finding]:
    numbers = [it for it in _NATIONAL_ID.finditer(text) if luhn(it[0])]
    return [_at(Kind.NATIONAL_ID, it) for it in numbers] if numbers and _ID_WORD.search(text) else []


def _codes(text: str) -> list[Finding]:
    bound = _ORIGIN_BOUND.search(text)
    codes = [Finding(Kind.OTP, *bound.span("code"))] if bound else []
    numbers = list(_CODE.finditer(text))
    return codes + [_at(Kind.OTP, it) for it in numbers] if numbers and _CODE_WORD.search(text) else codes


def _at(kind: Kind, match: re.Match[str]) -> Finding:
    return Finding(kind, match.start(), match.end())
