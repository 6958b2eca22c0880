"""Where words speak of a one-time code: "رمز" and "code" count bare or with a noun of authentication, and not with
another.

So a branch's code, a code for a discount or a course, are other codes without a list of all that have one. Words come
with their classes (`redaction.words`).
"""

import re
from collections.abc import Sequence
from typing import Final

from redaction import words as w

STRONG: Final = "strong"
"""With a noun of authentication."""
PLAIN: Final = "plain"
UNSURE: Final = "unsure"
"""With a noun that is not known."""
OTHERS: Final = "other"
"""Of something else."""
NONE: Final = ""

CANDIDATE: Final = "candidate"
"""The class of the number that is judged."""
MAY_SPEAK: Final = frozenset({w.CODE, w.OTP, w.NUMBER})
"""Classes of words that may begin a phrase."""

_POSSESSIVE: Final = frozenset({"your", "ur", "my", "the", "this", "our"})
_IN_LATIN: Final = frozenset({"ramz", "rmz", "ramzak", "kod", "kood", "kalimat", "kalimah"})
"""Arabic in Latin letters: what kind of code follows."""
_NUMBERS_OF: Final = re.compile(r"تحقق|تفعيل|تاكيد|سر|توثيق|امان|موقت|مرور|مصادق|^(?:al)?t[ah7]|s[ie]r")
_FOR: Final = frozenset({w.AUTH, w.PURPOSE})
_NOTHING: Final = frozenset({w.BARE, w.MARK, w.VALID, w.STOP, w.COMMA, w.SIGN, w.DIGITS})
_BOUNDS: Final = frozenset({*_NOTHING, CANDIDATE, w.CODE, w.OTP, w.USE, w.WARN, w.NAFATH, w.SHARE})
_THINGS: Final = frozenset({w.THING, w.PERSON, w.TIME, w.UNIT, w.OFFER})
_INDIFFERENT: Final = frozenset({w.NUMBER, w.PHONE, w.PERSON, w.IDENTITY, w.OTHER})


def phrase(words: Sequence[str], kinds: Sequence[str], at: int) -> str:
    """What the word at a place says: `STRONG` to `OTHERS`, or `NONE` where it is no word for a code."""
    kind = kinds[at]
    if kind == w.OTP:
        return STRONG
    if kind == w.NUMBER:
        return _number(words, kinds, at)
    if kind != w.CODE:
        return NONE
    word = words[at]
    return _behind(words, kinds, at) if not word.isascii() or word in _IN_LATIN else _before(words, kinds, at)


def _number(words: Sequence[str], kinds: Sequence[str], at: int) -> str:
    """رقم التفعيل is a code, رقم الدخول may be anybody's."""
    named = _kind_at(kinds, at + 1) == w.AUTH and _NUMBERS_OF.search(words[at + 1]) is not None
    return STRONG if named and _kind_at(kinds, at + 2) != w.THING else NONE


def _kind_at(kinds: Sequence[str], at: int) -> str:
    return kinds[at] if 0 <= at < len(kinds) else w.BARE


def _behind(words: Sequence[str], kinds: Sequence[str], at: int) -> str:
    """Arabic: رمز and what follows."""
    following = at + 1
    if following >= len(words):
        return PLAIN
    kind, word = kinds[following], words[following]
    if kind in _FOR or word in ("pin", "otp", "code"):
        return STRONG
    if kind in _BOUNDS:
        return STRONG if _is_for(kinds, following) else PLAIN
    if word.startswith(("ل", "ب")) and kind not in (w.THING, w.UNIT):
        return PLAIN
    if kind in _THINGS or (kind == w.OTHER and word.startswith("ال")):
        return STRONG if _kind_at(kinds, following + 1) == w.AUTH else OTHERS
    return STRONG if _kind_at(kinds, following + 1) == w.AUTH and kind == w.OTHER else UNSURE


def _is_for(kinds: Sequence[str], at: int) -> bool:
    """Whether the next few words say what the code is for."""
    for kind in kinds[at : at + 5]:
        if kind in _FOR:
            return True
        if kind == w.THING:
            break
    return False


def _before(words: Sequence[str], kinds: Sequence[str], at: int) -> str:
    """English: what code it is stands in front, what it is for behind."""
    nearest, second, third = _kind_at(kinds, at - 1), _kind_at(kinds, at - 2), _kind_at(kinds, at - 3)
    if nearest in (w.THING, w.OFFER, w.HELP):
        return OTHERS
    if nearest in _FOR:
        return OTHERS if second == w.THING else STRONG
    if second in _FOR:
        return OTHERS if third == w.THING else STRONG
    behind, following = _kind_at(kinds, at + 1), words[at + 1] if at + 1 < len(words) else ""
    if words[at] == "code" and following in ("of", "red", "line"):
        return OTHERS
    if behind == w.AUTH or (following in ("to", "for", "of") and _is_for(kinds, at + 2)):
        return STRONG
    if behind in (w.THING, w.OFFER):
        return OTHERS
    if nearest in _BOUNDS or not words[at - 1].isascii():
        return PLAIN
    possessed = nearest in _INDIFFERENT and not _POSSESSIVE.isdisjoint(words[max(0, at - 3) : at])
    return PLAIN if possessed and nearest != w.PERSON else OTHERS if nearest == w.PERSON else UNSURE
