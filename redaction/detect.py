"""What a text contains, as far as the gateway must know: one normaliser, one detector per kind.

`\\d`, `str.isdigit` and `int` all accept Arabic-Indic digits and NFKC leaves them alone, so validation and detection
share this normaliser and then look for ASCII alone. A detector answers where and of which kind, never what. The words
that decide stand in `redaction.context`; how well they do is printed by the test over `tests/corpus`.
"""

import re
from collections.abc import Collection, Iterator
from typing import Final

from redaction.context import about_a_code, about_an_identity, names_something_else
from redaction.findings import Finding
from redaction.findings import Kind as Kind

_DIGITS: Final = {base + digit: str(digit) for base in (0x0660, 0x06F0, 0xFF10) for digit in range(10)}
_DROPPED: Final = (
    0x00AD,  # soft hyphen
    0x0640,  # tatweel
    0x061C,  # Arabic letter mark
    *range(0x064B, 0x0653),  # vowel signs
    0x0670,
    *range(0x200B, 0x2010),  # zero width, left-to-right and right-to-left marks
    *range(0x202A, 0x202F),  # bidi embeddings and overrides
    *range(0x2060, 0x2065),  # word joiner, invisible operators
    *range(0x2066, 0x206A),  # bidi isolates
    0xFEFF,  # byte order mark
)
_ALIKE: Final = {
    **dict.fromkeys((0x00A0, 0x2007, 0x2009, 0x202F), " "),
    **dict.fromkeys((0x2010, 0x2011, 0x2012, 0x2013, 0x2212), "-"),
    0xFF0B: "+",
    0xFF20: "@",
}
_NORMAL: Final[dict[int, str | None]] = {**dict.fromkeys(_DROPPED), **_DIGITS, **_ALIKE}
_ODD = re.compile(f"[{''.join(map(chr, _NORMAL))}]+")

# Each pattern begins with a set of characters, and looks back only from there: so `search` skips what cannot begin one.
_DIGIT = re.compile(r"[0-9]")
_LONG = re.compile(r"[0-9][0-9 ()-]{8}")  # nothing but a one-time code is shorter
_CODE = re.compile(
    r"[0-9](?<![0-9A-Za-z+#@*][0-9])(?<![0-9][.,/: -][0-9])"  # not the tail of a word, an amount, a date, a time
    r"[0-9]{2}(?:[ -][0-9]{3}(?![ -]?[0-9])|[0-9]{1,5}(?![ -][0-9]{2}))(?![0-9A-Za-z]|[.,/:-][0-9])"
)
_AMOUNT_AHEAD = re.compile(r"\s?(?:%|SAR|SR|kWh|km\b|points|ريال|ر\.س|نقطة|هـ|ه\b)", re.IGNORECASE)
_ORIGIN_BOUND = re.compile(r"@[a-z0-9.-]+\.[a-z]{2,} #(?P<code>[0-9a-z]{4,})(?: %\S+)?\s*\Z", re.IGNORECASE)

_NATIONAL_ID = re.compile(r"[12](?<![0-9A-Za-z+][12])(?:[0-9]{9}|[0-9]{3} [0-9]{3} [0-9]{3})(?![0-9A-Za-z])")
_IBAN = re.compile(r"[Ss](?<![0-9A-Za-z][Ss])[Aa](?:[ -]?[0-9]){22}(?![0-9A-Za-z])")
_CARD = re.compile(r"[2-6](?<![0-9A-Za-z+][2-6])(?:[ -]?[0-9]){12,18}(?![0-9A-Za-z])")
_MOBILE = re.compile(
    r"[+09](?<![0-9A-Za-z][+09])(?:(?:(?<=\+)966|(?<=0)0966|(?<=9)66)[ -]?(?:\(0\) ?)?0?|(?<=0))"
    r"5(?:[ -]?[0-9]){8}(?![0-9A-Za-z])"
)
_EMAIL = re.compile(r"[A-Za-z0-9._%+'-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.)+[A-Za-z]{2,24}(?![A-Za-z0-9])")
_GAPS: Final = str.maketrans("", "", " -")
_CONTEXT: Final = 40
"""How many characters before a number may say what it is."""


def normalise_digits(text: str) -> str:
    """`text` with Arabic-Indic, Persian and full-width digits as ASCII, and spaces and dashes in their plain form.

    Bidi controls, zero-width characters, vowel signs and tatweel are gone.
    """
    return text if text.isascii() else _ODD.sub(_normalised, text)


def looks_like_otp(text: str) -> bool:
    """Whether a text carries a one-time code: 4 to 8 digits that its words call one, or an origin-bound last line.

    Origin-bound: `@example.com #123456` at the end, as browsers read it.
    """
    text = normalise_digits(text)
    return _DIGIT.search(text) is not None and next(_codes(text), None) is not None


def find(text: str) -> list[Finding]:
    """What `text`, already normalised, contains; in order, not overlapping. The more certain kind wins.

    An IBAN needs its check digits, a card its Luhn digit and a length of its scheme, a national id or iqama its Luhn
    digit and a context word, since one random number in ten passes Luhn; a one-time code needs its words.
    """
    findings = [_at(Kind.EMAIL, it) for it in _EMAIL.finditer(text)] if "@" in text else []
    if _DIGIT.search(text) is None:
        return findings
    if _LONG.search(text) is not None:
        for found in (*_ibans(text), *_mobiles(text), *_national_ids(text), *_cards(text)):
            _add(findings, found)
    for found in _codes(text):
        _add(findings, found)
    return findings if len(findings) < 2 else sorted(findings, key=lambda it: it.start)


def mask(text: str, kinds: Collection[Kind] | None = None) -> str:
    """`text` with a word such as `[iban]` in place of everything found, or of these kinds: for support texts (P-06).

    What is left stays as it was written.
    """
    normal = normalise_digits(text)
    found = [it for it in find(normal) if kinds is None or it.kind in kinds]
    places = range(len(text) + 1) if normal == text or not found else _places(text)
    for it in reversed(found):
        text = f"{text[: places[it.start]]}[{it.kind.value}]{text[places[it.end - 1] + 1 :]}"
    return text


def _places(text: str) -> list[int]:
    """Where each character of the normalised text stands in `text`."""
    return [at for at, char in enumerate(text) if _NORMAL.get(ord(char), char) is not None]


def luhn(digits: str) -> bool:
    """ISO/IEC 7812-1: every second digit from the right is doubled, the sum ends in zero."""
    doubled = sum(sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2])
    return (doubled + sum(map(int, digits[-1::-2]))) % 10 == 0


def is_iban(compact: str) -> bool:
    """ISO 13616: the first four characters to the end, letters as 10 to 35, then modulo 97 leaves 1."""
    return int("".join(str(int(char, 36)) for char in compact[4:] + compact[:4])) % 97 == 1


def is_card(compact: str) -> bool:
    """Whether a card of this first digits and length is issued (Visa, Mastercard, mada, American Express, Diners)."""
    lengths = {13: ("4",), 14: ("30", "36", "38", "39"), 15: ("34", "37"), 16: ("22", "23", "24", "25", "26", "27")}
    return compact.startswith(lengths.get(len(compact), ()) + (("3", "4", "5", "6") if len(compact) >= 16 else ()))


def _normalised(match: re.Match[str]) -> str:
    return match[0].translate(_NORMAL)


def _add(findings: list[Finding], found: Finding) -> None:
    if all(found.end <= it.start or found.start >= it.end for it in findings):
        findings.append(found)


def _ibans(text: str) -> list[Finding]:
    return [_at(Kind.IBAN, it) for it in _IBAN.finditer(text) if is_iban(it[0].translate(_GAPS))]


def _cards(text: str) -> list[Finding]:
    numbers = ((it, it[0].translate(_GAPS)) for it in _CARD.finditer(text))
    return [_at(Kind.CARD, it) for it, compact in numbers if is_card(compact) and luhn(compact)]


def _mobiles(text: str) -> list[Finding]:
    return [_at(Kind.MOBILE, it) for it in _MOBILE.finditer(text)]


def _national_ids(text: str) -> list[Finding]:
    numbers = [it for it in _NATIONAL_ID.finditer(text) if luhn(it[0].translate(_GAPS))]
    return [_at(Kind.NATIONAL_ID, it) for it in numbers if about_an_identity(text, _before(text, it))]


def _codes(text: str) -> Iterator[Finding]:
    bound = _ORIGIN_BOUND.search(text) if "#" in text else None
    if bound is not None:
        yield Finding(Kind.OTP, *bound.span("code"))
    asked = bound is not None
    for it in _CODE.finditer(text):
        if not asked and not about_a_code(text):
            return
        asked = True
        if _AMOUNT_AHEAD.match(text, it.end()) is None and not names_something_else(it[0], _before(text, it)):
            yield _at(Kind.OTP, it)


def _before(text: str, match: re.Match[str]) -> str:
    return text[max(0, match.start() - _CONTEXT) : match.start()]


def _at(kind: Kind, match: re.Match[str]) -> Finding:
    return Finding(kind, match.start(), match.end())
