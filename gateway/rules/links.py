"""Links in a text, and where they lead. Pure; nothing is looked up.

A host is compared in its one spelling: small letters, punycode, without port, credentials and a dot at its end. A text
is read as a phone reads it: an address is a link without a scheme, too, where its ending is one of a domain.
"""

import re
import unicodedata
from collections.abc import Collection
from typing import Final

_LIKELY: Final = re.compile("[.\u3002\uff0e\uff61\u2024]\\S|//")
"""Without it there is no link."""
_MARKS: Final = (".", "//", "\u3002", "\uff0e", "\uff61", "\u2024")
"""Without one of these there is nothing that it could find, and to look for each takes less than an expression."""
_DOTS: Final = str.maketrans({"\u3002": ".", "\uff0e": ".", "\uff61": ".", "\u2024": "."})
_UNSEEN: Final = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")
_WITH_SCHEME: Final = re.compile(
    r"(?:\b[a-z][a-z0-9+.-]{1,11}:|(?<![:/\w]))//(?:[^\s/?#@]{0,128}@)?(\[[0-9a-f:.]+\]|[^\s/?#:@<>\"]+)", re.I
)
_BARE: Final = re.compile(
    r"(?<![\w.@/-])((?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+(?:xn--[a-z0-9-]{1,59}|[^\W\d_]{2,24}))(?![\w@-])([:/?]?)", re.I
)
_ADDRESS: Final = re.compile(r"(?<![\w.])((?:\d{1,3}\.){3}\d{1,3})(?::\d{1,5})?/", re.ASCII)


def hosts_in(text: str, endings: Collection[str]) -> tuple[str, ...]:
    """Hosts of the links of a text, each once, in their one spelling; '' for one that is no host.

    endings: by which an address without scheme and path is seen to be one: words behind a dot that no blank follows
    are many more.
    """
    is_ascii = text.isascii()
    if not _has_mark(text, is_ascii) or _LIKELY.search(text) is None:
        return ()
    if not is_ascii:
        text = _UNSEEN.sub("", unicodedata.normalize("NFKC", text.translate(_DOTS))).translate(_DOTS)
    found = {host_key(each) for each in _WITH_SCHEME.findall(text)}
    found |= {
        host_key(host) for host, after in _BARE.findall(text) if after in (":", "/", "?") or _is_domain(host, endings)
    }
    found |= set(_ADDRESS.findall(text))
    return tuple(sorted(found))


def _has_mark(text: str, is_ascii: bool) -> bool:
    """What a look at most texts ends with."""
    if is_ascii:
        ends = text.count(". ") + text.endswith(".")  # of sentences
        return text.count(".") > ends or "//" in text
    return any(mark in text for mark in _MARKS)


def host_key(host: str) -> str:
    """The one spelling of a host; '' for what is none."""
    plain = unicodedata.normalize("NFKC", host.translate(_DOTS)).rstrip(".,;!?)'»،؛").lower()
    if plain.startswith("["):
        return plain
    plain = plain.partition(":")[0].rstrip(".")
    try:
        return plain if plain.isascii() else plain.encode("idna").decode("ascii")
    except UnicodeError:
        return ""


def is_under(host: str, registered: Collection[str]) -> bool:
    """Whether a host is one of these, or below one of them."""
    if host in registered:
        return True
    while "." in host:
        host = host.partition(".")[2]
        if host in registered and "." in host:
            return True
    return False


def _is_domain(host: str, endings: Collection[str]) -> bool:
    ending = host.rpartition(".")[2].lower()
    return ending in endings or ending.startswith("xn--") or host.lower().startswith("www.") or not ending.isascii()
