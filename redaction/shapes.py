"""Numbers and addresses by their shape: digits in groups with short gaps between them, whatever the gaps are made
of.

A *run* is digits that nothing but gaps of up to three characters parts, none of them a letter; its *groups* are the
digits between gaps. What is looked for begins and ends where a group does: a letter beside a number does not void it,
a digit does. Texts come plain (`redaction.plain_text`).
"""

import itertools
import re
from collections.abc import Callable, Iterator
from typing import Final

from redaction.check_digits import ACCOUNTS, is_card, is_iban, is_mobile, is_national_id, is_short_mobile
from redaction.context import is_called, is_called_a_thing
from redaction.findings import Finding, Kind
from redaction.words import CARD, IDENTITY, PHONE

_RUN = re.compile(r"[0-9](?:[\W_]{0,3}[0-9]){8,}")
_GROUP = re.compile(r"[0-9]+")
_LONGEST: Final = 19  # digits in a number that is looked for
_GROUPS: Final = 64  # of a run, which a text may make as long as it is

_MANY_DIGITS = re.compile(r"(?:[0-9][^0-9]{0,12}){8}[0-9]")
_COUNTRY = re.compile(r"(?=([A-Z])[\W_]{0,3}([A-Z])[\W_]{0,3}[0-9][\W_]{0,3}[0-9])", re.IGNORECASE | re.ASCII)
_ACCOUNT = re.compile(r"[0-9A-Za-z](?:[\W_]{0,3}[0-9A-Za-z])*", re.ASCII)
_ALNUM = re.compile(r"[0-9A-Za-z]")

_LOCAL = re.compile(r"(?:[A-Za-z0-9\u00df-\u024f._%+'-]{1,64}|(?:(?![A-Za-z0-9])[\w.-]){1,64})\Z")
_DOMAIN = re.compile(
    r"(?:[A-Za-z0-9\u00df-\u024f-]{1,63}\.|(?:(?![A-Za-z0-9])[\w-]){1,63}\.){1,8}(?:xn--[A-Za-z0-9-]{2,59}|[A-Za-z]{2,24}|"
    r"(?:(?![A-Za-z])[^\W\d_]){2,24})|xn--[A-Za-z0-9-]{2,59}"
)

Span = tuple[int, int]
Run = list[Span]

_USUAL_CARDS: Final = frozenset({"4444", "465", "464", "44443", "88", "6(10)", "4(12)", "6442", "646", "448", "664"})
"""How many digits the groups of a card have where it is written in groups."""
_DIAL_GAPS = re.compile(r"[ ()-]*")


def addresses(text: str) -> Iterator[Finding]:
    """E-mail addresses, in letters of one script on each side of a dot or the sign: so a word that is written onto
    one in another script is not part of it.
    """
    at = text.find("@")
    while at >= 0:
        local = _LOCAL.search(text, max(0, at - 64), at)
        domain = _DOMAIN.match(text, at + 1, at + 256)
        if local is not None and domain is not None:
            yield Finding(Kind.EMAIL, local.start() + _leading(local[0]), domain.end())
        at = text.find("@", at + 1)


def _leading(local: str) -> int:
    return len(local) - len(local.lstrip(".'"))


def ibans(text: str) -> Iterator[Finding]:
    """ISO 13616: country, check digits, an account of that country's length and form, modulo 97."""
    end = 0
    if _MANY_DIGITS.search(text) is None:
        return
    for start in _COUNTRY.finditer(text):
        account = ACCOUNTS.get((start[1] + start[2]).upper())
        if account is None or start.start() < end:
            continue
        places = _gather(text, start.start(), len(account) + 4)
        if places is None:
            continue
        compact = "".join(text[at] for at in places).upper()
        if _fits(compact[4:], account) and is_iban(compact):
            end = places[-1] + 1
            yield Finding(Kind.IBAN, start.start(), end)


def _gather(text: str, start: int, count: int) -> list[int] | None:
    """Where the `count` letters and digits from `start` on stand, with short gaps between them and no digit behind."""
    run = _ACCOUNT.match(text, start, start + 4 * count)
    if run is None:
        return None
    places = [each.start() for each in _ALNUM.finditer(text, start, run.end())]
    if len(places) < count:
        return None
    end = places[count - 1] + 1
    return None if text[end : end + 1].isdigit() else places[:count]


def _fits(account: str, structure: str) -> bool:
    return all(
        wanted == "c" or (char.isdigit() if wanted == "n" else char.isalpha())
        for char, wanted in zip(account, structure, strict=True)
    )


def numbers(text: str, low: str, *, strict: bool) -> Iterator[Finding]:
    """Cards, identity numbers and mobile numbers. strict: an identity number or card by its check digit alone, whatever
    the words around it call it.
    """
    for run in _RUN.finditer(text):
        groups = [each.span() for each in _GROUP.finditer(text, run.start(), run.end())][:_GROUPS]
        first = 0
        while first < len(groups):
            found, after = _from(text, low, groups, first, strict)
            if found is not None:
                yield found
            first = after


def _from(text: str, low: str, groups: Run, first: int, strict: bool) -> tuple[Finding | None, int]:
    """What begins with a group, the longest first, and the group after it."""
    digits, ends = "", []
    for last in range(first, len(groups)):
        start, end = groups[last]
        digits += text[start:end]
        if len(digits) > _LONGEST:
            break
        if len(digits) >= 9:
            ends.append((last, len(digits)))
    for last, count in reversed(ends):
        window = groups[first : last + 1]
        for kind, is_one, is_meant in _KINDS:
            if is_one(digits[:count]) and is_meant(text, low, window, strict):
                return Finding(kind, _start(text, window[0][0], kind), window[-1][1]), last + 1
    return None, first + 1


def _start(text: str, start: int, kind: Kind) -> int:
    """With the sign or the bracket that belongs to a number that is dialled."""
    if kind is Kind.MOBILE:
        while start and text[start - 1] in "+(":
            start -= 1
    return start


def _gaps(text: str, groups: Run) -> list[str]:
    return [text[end:start] for (_, end), (start, _) in itertools.pairwise(groups)]


def _lengths(groups: Run) -> str:
    return "".join(str(end - start) if end - start < 10 else f"({end - start})" for start, end in groups)


def _is_even(text: str, groups: Run) -> bool:
    """Whether one sort of gap parts the groups, so that it is one number and not several."""
    return len(set(_gaps(text, groups))) <= 1


def _is_meant_as_card(text: str, low: str, groups: Run, strict: bool) -> bool:
    if strict:
        return True
    usual = len(groups) == 1 or _lengths(groups) in _USUAL_CARDS or set(_lengths(groups)) == {"1"}
    if usual:
        return not is_called_a_thing(low, groups[0][0])
    return is_called(low, groups[0][0], groups[-1][1], CARD)


def _is_meant_as_id(_text: str, low: str, groups: Run, strict: bool) -> bool:
    return strict or is_called(low, groups[0][0], groups[-1][1], IDENTITY)


def _is_meant_as_mobile(text: str, low: str, groups: Run, strict: bool) -> bool:
    if len(groups) == 1:
        return True
    if not (_is_even(text, groups) or all(_DIAL_GAPS.fullmatch(gap) for gap in _gaps(text, groups))):
        return False
    return strict or not is_called_a_thing(low, groups[0][0])


def _is_meant_as_short_mobile(text: str, low: str, groups: Run, _strict: bool) -> bool:
    return (len(groups) == 1 or _is_even(text, groups)) and is_called(low, groups[0][0], groups[-1][1], PHONE)


_Test = Callable[[str], bool]
_Meant = Callable[[str, str, Run, bool], bool]
_KINDS: Final[tuple[tuple[Kind, _Test, _Meant], ...]] = (
    (Kind.CARD, is_card, _is_meant_as_card),
    (Kind.MOBILE, is_mobile, _is_meant_as_mobile),
    (Kind.NATIONAL_ID, is_national_id, _is_meant_as_id),
    (Kind.MOBILE, is_short_mobile, _is_meant_as_short_mobile),
)
