"""Which number of a text is a one-time code: candidates by shape, then a score of what the words around each say.

A candidate has four to eight digits, alone or in even groups, and is not part of an amount, a date, a time or a word.
The score is a sum of weights (`redaction.code_weights`), one for each sign that holds; they were fitted to
`tests/corpus/detect.jsonl` by `benchmarks/fit_codes.py`. A code of letters and digits, and the two digits that Nafath
shows, are found where the words leave no doubt. Texts come plain (`redaction.plain_text`).
"""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from redaction import words as w
from redaction.code_weights import BIAS, WEIGHTS
from redaction.context import words_before, words_behind
from redaction.phrases import CANDIDATE, MAY_SPEAK, NONE, phrase
from redaction.words import classify

Span = tuple[int, int]

_HINT = re.compile(
    r"رمز|رموز|كود|شفر|كلم[هة]|باس|لا |رقم|ارقام|ادخل|اكتب|استخدم|قل |تحقق|تفعيل|توثيق|دخول|سري|تاكيد|نفاذ|"
    r"not |never |auth|share|proceed|continu|secur|otp|code|pin\b|pass|token|verif|sign|log|2fa|mfa|time|one|confirm|"
    r"activat|approv|enter|use |type|ramz|rmz|kod|tafe|tafa|dokh|taha|nafath|kalim"
)
"""Texts without any of these are not looked at further."""

_RUN = re.compile(r"[0-9]+(?:([ ._·*-])[0-9]+(?:\1[0-9]+)*)?")
_LETTERS_AHEAD: Final = re.compile(r"[a-z+@$€£]\Z")
_TAIL = re.compile(r"[0-9][.,/:٫٬-]\Z")
_BEHIND = re.compile(r"[a-z%$€£]|[.,/:٫٬][0-9]|-[0-9]| ?(?:%|٪|am\b|pm\b|kwh|km\b)")
_MIXED = re.compile(
    r"(?<![\w@./#&=+-])(?=[A-Z0-9a-z]*[A-Za-z])(?=[A-Za-z0-9-]*[0-9])"
    r"[A-Za-z0-9]{2,10}(?:-[A-Za-z0-9]{2,5})?(?![\w@/]|[.-][\w])"
)
_BESIDE = re.compile(r"[a-z]-?[0-9]|[0-9]-?[a-z]")
_PAIR = re.compile(r"(?<![\w.,:/+-])[0-9]{2}(?![\w%]|[.,:/-][0-9])")
_BOUND = re.compile(r"@[a-z0-9.-]+\.[a-z]{2,} #(?P<code>[0-9a-z]{4,})(?: %\S+)?\s*\Z")
_EVIDENCE: Final = frozenset({"auth ahead", "auth behind", "use it", "use it for", "secret behind"})
"""One of these holds for a code that no word calls one."""
NEVER: Final = -100.0
_MANY: Final = 24
"""Candidates that are judged in one text."""


def codes(text: str, low: str) -> Iterator[Span]:
    """One-time codes, in no order. low: the text in small letters."""
    bound = _BOUND.search(low) if "#" in low else None
    if bound is not None:
        yield bound.span("code")
    if _HINT.search(low) is None:
        return
    for count, (start, end) in enumerate(candidates(low)):
        if count >= _MANY:
            break
        if score(low, start, end) > 0:
            yield start, end
    if _BESIDE.search(low) is not None:
        yield from _mixed(text, low)
    if "نفاذ" in low or "nafath" in low:
        yield from _shown_by_nafath(low)


def score(low: str, start: int, end: int) -> float:
    """Above zero where a candidate is rather a code than not."""
    held = signs(low, start, end)
    if "money directly before" in held or ("no word for a code" in held and _EVIDENCE.isdisjoint(held)):
        return NEVER
    return BIAS + sum(WEIGHTS.get(sign, 0.0) for sign in held)


def candidates(low: str) -> Iterator[Span]:
    """Numbers of four to eight digits that stand alone, each or in even groups."""
    for run in _RUN.finditer(low):
        start, end = run.span()
        if run[1] is not None and not _is_even(run[0], run[1]):
            yield from _alone(low, start, end, run[1])
        elif 4 <= end - start - run[0].count(run[1] or " ") <= 8 and _stands_alone(low, start, end):
            yield start, end


def _is_even(run: str, gap: str) -> bool:
    groups = run.split(gap)
    return len({len(each) for each in groups}) == 1 and len(groups[0]) <= 4 and sum(map(len, groups)) <= 8


def _alone(low: str, start: int, end: int, gap: str) -> Iterator[Span]:
    """The groups of a run that are no one number; only blanks part numbers that mean something each."""
    if gap != " ":
        return
    at = start
    for group in low[start:end].split(gap):
        if 4 <= len(group) <= 8 and _stands_alone(low, at, at + len(group)):
            yield at, at + len(group)
        at += len(group) + 1


def _stands_alone(low: str, start: int, end: int) -> bool:
    before = low[max(0, start - 2) : start]
    if _LETTERS_AHEAD.search(before) is not None and not _ends_in_a_word_for_one(low, start):
        return False
    if before.endswith("*") and not low.startswith("*", end):  # the last digits of a number that is hidden
        return False
    return _TAIL.search(before) is None and _BEHIND.match(low, end) is None


def _ends_in_a_word_for_one(low: str, start: int) -> bool:
    """Whether the Latin word that is written onto a number is one for a code: "otp4471", and not "model4471"."""
    begin = start
    while begin and low[begin - 1].isascii() and low[begin - 1].isalpha():
        begin -= 1
    return begin < start and classify(low[begin:start]) in (w.CODE, w.OTP, w.AUTH)


def signs(low: str, start: int, end: int) -> list[str]:
    """What is true of a candidate, in the words of the weights."""
    before, behind = words_before(low, start), words_behind(low, end)
    words = [*before, "", *behind]
    kinds = [*map(classify, before), CANDIDATE, *map(classify, behind)]
    at = len(before)
    return [_of_digits(low[start:end]), *_of_phrases(words, kinds, at), *_of_neighbours(words, kinds, at)]


def _of_digits(digits: str) -> str:
    if not digits.isdigit():
        return "groups"
    if len(digits) == 4:
        return "year" if digits[:2] in ("19", "20", "14") else "four"
    return "six" if len(digits) == 6 else "other length"


def _of_phrases(words: Sequence[str], kinds: Sequence[str], at: int) -> list[str]:
    """The nearest words for a code on both sides, and how near they are."""
    found = [*_ahead(words, kinds, at), *_behind(words, kinds, at)]
    return found or ["no word for a code"]


def _ahead(words: Sequence[str], kinds: Sequence[str], at: int) -> list[str]:
    crossed, apart, distance = False, False, 0
    for place in range(at - 1, -1, -1):
        kind = kinds[place]
        if kind in MAY_SPEAK:
            level = phrase(words, kinds, place)
            if level != NONE:
                return [f"{level} {_distance(crossed, apart, distance <= 2)} before"]
        if kind == w.STOP:
            crossed = True
        elif kind in _PARTING:
            apart = True
        elif kind not in _SAYING_NOTHING:
            distance += 1
    return []


def _behind(words: Sequence[str], kinds: Sequence[str], at: int) -> list[str]:
    crossed, apart = False, False
    for place in range(at + 1, len(words)):
        kind = kinds[place]
        if kind in MAY_SPEAK:
            level = phrase(words, kinds, place)
            if level != NONE:
                return [f"{level} {_distance(crossed, apart, place - at <= 5)} behind"]
        if kind == w.STOP:
            crossed = True
        elif kind in _PARTING:
            apart = True
    return []


def _distance(crossed: bool, apart: bool, close: bool) -> str:
    """crossed: the end of a sentence is between; apart: what has a number of its own is."""
    return "a sentence" if crossed else "apart" if apart else "close" if close else "far"


_PARTING: Final = frozenset({w.COMMA, w.SIGN, w.THING, w.PHONE, w.HELP, w.MONEY, w.ENDING, w.DIGITS, w.TIME})
_SAYING_NOTHING: Final = frozenset({w.BARE, w.MARK, w.VALID, w.COMMA, w.SIGN, w.DIGITS})
_SKIPPED: Final = frozenset({w.BARE, w.MARK, w.VALID, w.NUMBER, w.SIGN})
_MEANS: Final = frozenset({"with", "by", "via", "using", "باستخدام", "بواسطه", "ب"})
_ON: Final = frozenset({"علي", "الي", "at", "on", "to"})
_SAID_AHEAD: Final = (w.AUTH, w.PHONE, w.HELP, w.WARN, w.SHARE, w.ENDING)
_HAS_NUMBERS: Final = frozenset({w.THING, w.OTHER, w.PERSON, w.PHONE, w.HELP})


def _of_neighbours(words: Sequence[str], kinds: Sequence[str], at: int) -> list[str]:
    """The words directly at a candidate, and what the clause says of its use."""
    found = _of_name(words, kinds, at)
    clause, late, ahead = _clause_behind(kinds, at), kinds[at + 1 : at + 12], kinds[max(0, at - 8) : at]
    if late and late[0] in (w.UNIT, w.MONEY):
        found.append("unit behind")
    used, aimed = w.USE in ahead[-3:], w.AUTH in clause
    if used or aimed:
        found.append("use it for" if used and aimed else "use it" if used else "auth behind")
    if at and kinds[at - 1] in (w.CODE, w.OTP):
        found.append("adjacent")
    if at > 1 and words[at - 1] == "ب" and kinds[at - 2] in (w.VALID, w.ENDING):
        found.append("ends in it")
    if at > 1 and kinds[at - 1] == w.NUMBER and words[at - 2] in _ON:
        found.append("on the number")
    if w.VALID in late[:5]:
        found.append("valid behind")
    if w.SHARE in late or (w.WARN in late and w.USE in late):
        found.append("secret behind")
        if "begins" in found:
            found.append("begins secret")
    if aimed and "begins" in found and w.AUTH in clause[:3]:
        found.append("begins for")
    if at and w.AUTH in ahead and words[at - 1] in _MEANS:
        found.append("by means of it")
    for kind in _SAID_AHEAD:
        if kind in ahead:
            found.append(f"{kind} ahead")
    if w.OFFER in kinds:
        found.append("offer")
    return found


def _clause_behind(kinds: Sequence[str], at: int) -> Sequence[str]:
    """The classes of up to six words behind a candidate, in its clause."""
    few = kinds[at + 1 : at + 7]
    for place, kind in enumerate(few):
        if kind in (w.STOP, w.COMMA):
            return few[:place]
    return few


def _of_name(words: Sequence[str], kinds: Sequence[str], at: int) -> list[str]:
    """What the nearest word before a candidate that says anything calls it."""
    place, marked = at - 1, False
    while place >= 0 and kinds[place] in _SKIPPED:
        marked |= kinds[place] == w.MARK
        place -= 1
    found = ["marked"] if marked else []
    if place < 0 or not words[place][0].isalpha():
        return [*found, "begins"]
    kind = kinds[place]
    if kind == w.AUTH and place and kinds[place - 1] == w.NUMBER and phrase(words, kinds, place - 1) == NONE:
        found.append("numbered")
    found.append(f"{kind} {'marked' if marked else 'directly'} before")
    if kind in _HAS_NUMBERS and (w.NUMBER in kinds[place:at] or (place and kinds[place - 1] == w.NUMBER)):
        found.append("numbered")
    return found


def _mixed(text: str, low: str) -> Iterator[Span]:
    """Codes of letters and digits: in capitals or mixed, directly at a word for a one-time code."""
    for it in _MIXED.finditer(text):
        token = it[0].replace("-", "")
        if not 5 <= len(token) <= 10 or token.islower():
            continue
        before, behind = words_before(low, it.start()), words_behind(low, it.end())
        words, at = [*before, "", *behind], len(before)
        kinds = [*map(classify, before), CANDIDATE, *map(classify, behind)]
        if _ahead(words, kinds, at) == ["strong close before"] or _behind(words, kinds, at) == ["strong close behind"]:
            yield it.span()


def _shown_by_nafath(low: str) -> Iterator[Span]:
    """The two digits of a request of Nafath: behind "number" or what one does with it."""
    for it in _PAIR.finditer(low):
        before = [kind for kind in map(classify, words_before(low, it.start())) if kind not in _SAYING_NOTHING]
        named = next((kind for kind in reversed(before) if kind != w.NUMBER), w.OTHER)
        behind = words_behind(low, it.end())
        if behind and classify(behind[0]) in (w.UNIT, w.MONEY):
            continue
        if w.NUMBER in before[-2:] or named in (w.USE, w.CODE, w.OTP, w.AUTH, w.NAFATH):
            yield it.span()
