"""What the words around a number call it: an identity number, a telephone, a card, or something of its own.

The words themselves stand in `redaction.words`. Texts come plain (`redaction.plain_text`) and in small letters.
"""

from typing import Final

from redaction.words import (
    BARE,
    CARD,
    IDENTITY,
    MARK,
    MONEY,
    NUMBER,
    OTHER,
    PERSON,
    PHONE,
    THING,
    TOKEN,
    VALID,
    classify,
)

AHEAD: Final = 80
BEHIND: Final = 50
"""How many characters before and behind a number are looked at."""

_ENDS: Final = frozenset(".!?؟;؛\n")
_BY: Final = frozenset({"by", "with", "from", "on", "to", "via", "in", "ب", "في", "عبر", "على", "علي"})
_HAVE_IDS: Final = frozenset({"customer", "user", "employee", "member", "client"})
"""Whose "ID" is given by whoever sends the text."""
_NAMED_FAR: Final = 6  # words before a number that may name it


def words_before(low: str, start: int) -> list[str]:
    """The tokens before a place, the last one nearest."""
    return TOKEN.findall(low[max(0, start - AHEAD) : start])


def words_behind(low: str, end: int) -> list[str]:
    return TOKEN.findall(low[end : end + BEHIND])


def is_called(low: str, start: int, end: int, wanted: str) -> bool:
    """Whether the number from `start` to `end` is called one of the class `wanted`: by the nearest word before it that
    names numbers at all, or by one of the three behind it.
    """
    named = _name_before(words_before(low, start), wanted)
    if named is not None:
        return named
    for word in words_behind(low, end)[:4]:
        if word in _ENDS or word.isdigit():
            break
        if classify(word) == wanted:
            return True
    return False


def is_called_a_thing(low: str, start: int) -> bool:
    """Whether the word before a number, whatever says no more than that a number follows, is that of an order, an
    invoice.
    """
    for word in reversed(words_before(low, start)[-6:]):
        kind = classify(word)
        if word.isalpha() and word not in _BY and kind not in (NUMBER, BARE, MARK, VALID):
            return kind == THING
        if word in _ENDS or word in _BY or word.isdigit():
            break
    return False


def _name_before(words: list[str], wanted: str) -> bool | None:
    """Whether the words before a number call it `wanted`; None where they do not say."""
    seen, nearest, crossed = 0, OTHER, False
    for at in range(len(words) - 1, -1, -1):
        word = words[at]
        kind = classify(word)
        if kind == wanted:
            return _is_bare(words, at, wanted)
        if word in _ENDS and word != ".":
            crossed = True
        if kind in (THING, MONEY) and not (wanted == CARD and kind == MONEY):
            return False
        if kind == NUMBER and nearest in (PERSON, OTHER) and seen == 1 and not crossed:
            return False  # رقم العميل: a number of its own
        if kind == NUMBER and at and classify(words[at - 1]) == PERSON and not seen:
            return False  # customer no.
        if word.isalpha() and kind not in (NUMBER, BARE, MARK, VALID):
            seen, nearest = seen + 1, kind
        if word.isdigit() and len(word) > 3 and seen:
            break
        if seen >= _NAMED_FAR:
            break
    return None


def _is_bare(words: list[str], at: int, wanted: str) -> bool:
    """Whether "id" stands for an identity number there, and not for that of an order or a device."""
    if wanted != IDENTITY or not words[at].isascii() or not at:
        return True
    before = classify(words[at - 1])
    return before not in (THING, MONEY, PHONE) and words[at - 1] not in _HAVE_IDS
