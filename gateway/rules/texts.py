"""Lints of texts: whether an advert says how to opt out, and whether a text of a code says what the code is for. Pure.

They look for words and warn by default: what a text means is not decided here.
"""

import re
from collections.abc import Collection
from typing import Final

from config.rules import OptOut, RulePack
from redaction.plain_text import plain

_FOLDED: Final = str.maketrans({"أ": "ا", "إ": "ا", "آ": "ا", "ٱ": "ا", "ى": "ي", "ة": "ه", "ـ": None})
_STOP_LINK: Final = re.compile(r"\{stop_link\}|/s/[A-Za-z0-9_-]{22}(?![A-Za-z0-9_-])")
_NUMBER: Final = re.compile(r"(?<!\d)(?:\+?966|0)5\d{8}(?!\d)|(?<!\d)(?:800|9200)\d{3,7}(?!\d)", re.ASCII)


class Phrases:
    """Words and phrases to be found in texts, whatever their case, vowel signs, tatweel and hamza."""

    def __init__(self, words: Collection[str]) -> None:
        folded = sorted({fold(word) for word in words if word}, key=len, reverse=True)
        pattern = "|".join(map(re.escape, folded))
        self._found: Final = re.compile(rf"(?<![^\W_])(?:{pattern})(?![^\W_])") if folded else None

    def are_in(self, folded: str) -> bool:
        return self._found is not None and self._found.search(folded) is not None


class Lints:
    """Of one pack."""

    def __init__(self, pack: RulePack) -> None:
        self._opt_out: Final = Phrases(pack.opt_out_keywords)
        self._short_codes: Final = Phrases(pack.words.short_codes)
        self._reasons: Final = Phrases(pack.words.reasons)

    def says_how_to_opt_out(self, text: str, rule: OptOut) -> bool:
        """By a stop link, or by a word that stops, a short code or a number, as far as the rule lets that count."""
        if "link" in rule.any_of and _STOP_LINK.search(text):
            return True
        folded = fold(text)
        if "word" in rule.any_of and self._opt_out.are_in(folded):
            return True
        if "short_code" in rule.any_of and self._short_codes.are_in(folded):
            return True
        return "number" in rule.any_of and _NUMBER.search(folded) is not None

    def says_what_for(self, text: str) -> bool:
        """Whether the text of a code names the purpose of the code."""
        return self._reasons.are_in(fold(text))


def fold(text: str) -> str:
    """One spelling of what people write alike; digits are ASCII."""
    if text.isascii():
        return text.lower()
    return plain(text).translate(_FOLDED).casefold()
