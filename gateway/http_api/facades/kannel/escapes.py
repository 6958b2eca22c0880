"""Kannel's escapes in a URL: `%` and a letter, each in place of a value (gw/urltrans.c).

The template is the customer's; values are encoded, so that none can add a parameter or change the host. A letter that
is no escape stays as it is written, and with it what was encoded in the template, such as `%20`.
"""

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import quote_plus

_ESCAPE: Final = re.compile(r"%([%A-Za-z])")
_META: Final = re.compile(r"%#([^#&]*)#([^#&]*)#")
_ERROR_META: Final = ("smpp", "dlr_err")
_KNOWN: Final = frozenset("aAbBcCdDFfIiKkMmNnOoPpQqRrSsTtUuVvxX")
_PLAIN: Final = "-_.!~*'()"


def fill(template: str, values: Mapping[str, str | bytes]) -> str:
    """values: by the letter of the escape; one that is an escape and has none is empty. `t` is put in as it is."""

    def put(found: re.Match[str]) -> str:
        name = found.group(1)
        if name == "%":
            return "%"
        if name not in _KNOWN:
            return found.group(0)
        value = values.get(name, "")
        return value if name == "t" and isinstance(value, str) else encoded(value)

    return _ESCAPE.sub(put, template)


def without_meta(template: str) -> str:
    """Without `%#group#name#`, which no URL may hold: the error of a receipt is `%B` as well, and others are empty."""
    return _META.sub(lambda found: "%B" if found.groups() == _ERROR_META else "", template)


def encoded(value: str | bytes) -> str:
    """As Kannel writes values in URLs; a space is a plus."""
    return quote_plus(value, safe=_PLAIN)
