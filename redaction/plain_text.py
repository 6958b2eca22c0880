"""One form of every text for whoever looks for something in it, and the way back to where that stands.

Each character is folded alone, so the way back is a list of places: compatibility forms are decomposed (Unicode NFKD:
full-width, mathematical, circled and ligated characters), combining marks, tatweel and what is invisible go, digits
of every script become ASCII, and letters that writers of Arabic take for one another become one. Case stays.
"""

import unicodedata
from collections.abc import Sequence
from typing import Final

_ALIKE: Final = str.maketrans("ىةکیﻯە", "يهكييه")
_SPACES: Final = frozenset({"Zs", "Zl", "Zp"})
_MARKS: Final = frozenset({"Mn", "Me", "Cf"})
_KEPT: Final = 4096
"""How many characters are remembered; those of a text beyond them are folded anew each time."""


def _folded(char: str) -> str:
    """What one character stands for: nothing, one character or a few."""
    if char == "\u0640":
        return ""
    parts = unicodedata.normalize("NFKD", char)
    return "".join(_plain(each) for each in parts).translate(_ALIKE)


def _plain(char: str) -> str:
    category = unicodedata.category(char)
    if category in _MARKS:
        return ""
    if category == "Pd" or char == "\u2212":
        return "-"
    if category in _SPACES:
        return " "
    digit = unicodedata.digit(char, -1)
    return str(digit) if digit >= 0 else char


_UNEVEN: Final[set[str]] = set()
"""Characters that were met and do not become exactly one."""


class _Folding(dict[int, str]):
    """The table for `str.translate`, filled as characters are met; bounded, since texts choose them."""

    def __missing__(self, code: int) -> str:
        folded = _folded(chr(code))
        if len(folded) != 1:
            _UNEVEN.add(chr(code))
        if len(self) < _KEPT:
            self[code] = folded
        return folded


_FOLDING: Final = _Folding({code: chr(code) for code in range(128)})


def plain(text: str) -> str:
    """`text` in its plain form; ASCII stays as it is."""
    return text if text.isascii() else text.translate(_FOLDING)


def places(text: str) -> Sequence[int]:
    """Where each character of `plain(text)` stands in `text`, and behind them its length; `plain` comes first."""
    if text.isascii() or _UNEVEN.isdisjoint(text):
        return range(len(text) + 1)
    found = [at for at, char in enumerate(text) for _ in _FOLDING[ord(char)]]
    return [*found, len(text)]
