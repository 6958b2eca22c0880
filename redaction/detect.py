"""What a text contains, as far as the gateway must know: where and of which kind, never what.

Texts are made plain first (`redaction.plain_text`). Numbers are found by their shape and their check digits
(`redaction.shapes`), one-time codes by the words around them (`redaction.codes`); how well is printed by the test
over `tests/corpus`.
"""

import re
from collections.abc import Collection

from redaction.codes import codes
from redaction.findings import Finding
from redaction.findings import Kind as Kind
from redaction.plain_text import places, plain
from redaction.shapes import addresses, ibans, numbers

_DIGIT = re.compile(r"[0-9]")
_ANY_DIGIT = re.compile(r"[\d\u00b2\u00b3\u00b9\u2070-\u2089\u2460-\u24ff\u2776-\u2793]")
"""What a digit is in a text that was not made plain, and a little more."""
_LONG = re.compile(r"[0-9](?:[^0-9]{0,12}[0-9]){8}")
"""Nothing but a one-time code has fewer digits; an IBAN may have letters between them."""


def looks_like_otp(text: str) -> bool:
    """Whether a text carries a one-time code, or ends in an origin-bound line: `@example.com #123456`, as browsers read
    it.
    """
    if not _has_digit(text):
        return False
    normal = plain(text)
    low = normal.lower()
    first = next(codes(normal, low), None)
    if first is None or _LONG.search(normal) is None:
        return first is not None
    taken = _checked(normal, low, strict=False)
    return any(_is_free(taken, start, end) for start, end in codes(normal, low))


def _has_digit(text: str) -> bool:
    """Before it was made plain. To look for each digit takes less than an expression, which looks at each character."""
    if text.isascii():
        return any(digit in text for digit in "0123456789")
    return _ANY_DIGIT.search(text) is not None


def find(text: str, *, strict: bool = False) -> list[Finding]:
    """What `text` contains, in order, not overlapping; the more certain kind wins. Places are those of `text` as it is.

    An IBAN needs its check digits, a card its Luhn digit and a length of its scheme, a national id or iqama its Luhn
    digit and a word that calls it one, since one random number in ten passes Luhn; strict leaves words aside, so that
    a rule which blocks is not passed by a word it does not know. A one-time code needs its words.
    """
    normal = plain(text)
    found = _all(normal, strict=strict)
    if not found or text.isascii():
        return found
    at = places(text)
    return [Finding(each.kind, at[each.start], at[each.end - 1] + 1) for each in found]


def _all(normal: str, *, strict: bool) -> list[Finding]:
    if _DIGIT.search(normal) is None:
        return list(addresses(normal)) if "@" in normal else []
    low = normal.lower()
    found = _checked(normal, low, strict=strict)
    for start, end in codes(normal, low):
        if _is_free(found, start, end):
            found.append(Finding(Kind.OTP, start, end))
    found.sort(key=lambda each: each.start)
    return found


def _checked(normal: str, low: str, *, strict: bool) -> list[Finding]:
    """Everything but one-time codes."""
    found = list(addresses(normal)) if "@" in normal else []
    if _LONG.search(normal) is None:
        return found
    for each in (*ibans(normal), *numbers(normal, low, strict=strict)):
        if _is_free(found, each.start, each.end):
            found.append(each)
    return found


def mask(text: str, kinds: Collection[Kind] | None = None) -> str:
    """`text` with a word such as `[iban]` in place of everything found, or of these kinds: for support texts (P-06).

    What is left stays as it was written.
    """
    for it in reversed(find(text)):
        if kinds is None or it.kind in kinds:
            text = f"{text[: it.start]}[{it.kind.value}]{text[it.end :]}"
    return text


def _is_free(found: list[Finding], start: int, end: int) -> bool:
    return all(end <= each.start or start >= each.end for each in found)
