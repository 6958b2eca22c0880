"""Times in words, with the plurals of the language."""

import gettext
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

Phrase = Callable[[gettext.NullTranslations, int], str]

_UNITS: Final[Mapping[int, Phrase]] = MappingProxyType(
    {
        365 * 86_400: lambda words, n: words.ngettext("%(n)d year", "%(n)d years", n),
        2_629_800: lambda words, n: words.ngettext("%(n)d month", "%(n)d months", n),
        86_400: lambda words, n: words.ngettext("%(n)d day", "%(n)d days", n),
        3_600: lambda words, n: words.ngettext("%(n)d hour", "%(n)d hours", n),
        60: lambda words, n: words.ngettext("%(n)d minute", "%(n)d minutes", n),
    }
)
"""By their seconds, the largest first; a month is a twelfth of 365.25 days."""


def span(seconds: int, words: gettext.NullTranslations) -> str:
    """In the largest unit of which it is a whole number. words: of the language."""
    for unit, phrase in _UNITS.items():
        count, rest = divmod(seconds, unit)
        if count and not rest:
            return phrase(words, count) % {"n": count}
    return words.ngettext("%(n)d second", "%(n)d seconds", seconds) % {"n": seconds}
