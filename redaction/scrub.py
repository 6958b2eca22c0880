"""The last two nets under the logs: declared keys only, and a scrubber for free text.

`DeclaredKeys` is a structlog processor: an undeclared key does not reach the log. `scrub_text` goes over text
that other people's code wrote, such as exception messages; it errs on the side of dots.
"""

import re
from collections.abc import Collection, Mapping, MutableMapping
from typing import Final

from redaction.detect import mask
from redaction.personal import Personal
from redaction.plain_text import plain

FREE_TEXT: Final = frozenset({"exception", "exc", "stack", "reason", "detail"})
"""Keys whose values other code wrote."""

_URL = re.compile(
    r"""\b([a-z][a-z0-9+.-]{1,20}://)(?:[^\s/?#@"'<>]*@)?([^\s/?#"'<>]*)([/?#][^\s"'<>]*)?""", re.IGNORECASE
)
_QUERY = re.compile(r"""(/[^\s?"'<>]{0,512})\?[^\s"'<>]+""")
_NAMED = re.compile(
    r"""(?i:(\b[\w-]{0,32}(?:passw(?:or)?d|passwd|pwd|passphrase|secret|token|api[_-]?key|access[_-]?key|private[_-]?key"""
    r"""|authorization|signature|credentials?|session|cookie|otp|pin)["']?\s*(?:[=:]|=>)\s*)(?!\[credential\])"""
    r"""(?:"[^"]*"?|'[^']*'?|(?:(?:bearer|basic|digest)\s+)?[^\s,;&)}\]]+))"""
)
_JWT = re.compile(r"\beyJ[\w-]{5,}(?:\.[\w-]+)*")
_OPAQUE = re.compile(r"(?<![\w-])(?=[\w-]*[0-9])(?=[\w-]*[A-Za-z])[A-Za-z0-9_-]{32,}(?![\w-])", re.ASCII)
_CREDENTIAL = re.compile(r"\b(?:cgw_|whsec_)[A-Za-z0-9_+/=.-]+|(?i:\b(bearer|basic)\s+)[A-Za-z0-9._~+/=-]+")
_IBAN = re.compile(r"\b[A-Z]{2}[0-9]{2}(?:[ -]?[A-Z0-9]){11,30}\b", re.IGNORECASE)
_EMAIL = re.compile(r"[\w.+'-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+")
_HEX = re.compile(r"(?<![0-9A-Za-z])(?:0x)?(?:[0-9a-f]{2}[ :]?){15,}[0-9a-f]{2}(?![0-9A-Za-z])", re.IGNORECASE)
_NUMBER = re.compile(
    r"(?P<status>\b0x[0-9a-fA-F]{8}\b)"
    r"|\+?(?:[0-9][ ().,;:/|_*\\·\u00a0\u2009\u202f\u2010-\u2015-]{0,3}){6,}[0-9]"
)
# A quotation that never closes runs to the end: cut texts are covered, and no text makes the search quadratic.
_QUOTED = re.compile(
    r"""(?s:"(?:[^"\\]|\\.){20,}+(?:"|\\?\Z)|(?<!\w)'(?:[^'\\]|\\.){20,}+(?:'|\\?\Z)|«[^»]{20,}+»?|“[^”]{20,}+”?)"""
)

_SHORT_QUOTED = re.compile(
    r"""(?<!\w)"([^"\n]{1,19})"|(?<!\w)'([^'\n]{1,19})'(?!\w)|«([^»\n]{1,19})»|“([^”\n]{1,19})”|‘([^’\n]{1,19})’|`([^`\n]+)`"""
)
_OUR_WORD = re.compile(r"[a-z][a-z0-9]*(?:[_.][a-z0-9]+)*", re.ASCII)
"""What code calls things: the one kind of quotation that stays."""


class UndeclaredKey(Exception):
    """A log call used undeclared keys. `keys` are names in our own code, never values."""

    def __init__(self, keys: Collection[str]) -> None:
        super().__init__(f"undeclared log keys: {', '.join(sorted(keys))}")
        self.keys = tuple(sorted(keys))


class DeclaredKeys:
    """A structlog processor that lets declared keys through, and personal values only as masks.

    allowed: the declared keys; a mapping may hold their descriptions. strict: raise `UndeclaredKey` instead of
    dropping, for tests. dropped: keys dropped since the start.
    """

    def __init__(
        self, allowed: Collection[str], *, strict: bool = False, free_text: Collection[str] = FREE_TEXT
    ) -> None:
        self.dropped = 0
        self._allowed = frozenset(allowed)
        self._strict = strict
        self._free_text = frozenset(free_text)

    def __call__(
        self, _logger: object, _method: str, event_dict: MutableMapping[str, object]
    ) -> MutableMapping[str, object]:
        undeclared = event_dict.keys() - self._allowed
        if undeclared:
            self._drop(event_dict, undeclared)
        for key, value in event_dict.items():
            event_dict[key] = self._clean(key, value)
        return event_dict

    def _drop(self, event_dict: MutableMapping[str, object], undeclared: Collection[str]) -> None:
        if self._strict:
            raise UndeclaredKey(undeclared)
        self.dropped += len(undeclared)
        for key in undeclared:
            del event_dict[key]

    def _clean(self, key: str, value: object) -> object:
        if isinstance(value, str):
            return scrub_text(value) if key in self._free_text else value
        return masked(value)


def masked(value: object) -> object:
    """`value` with personal values as masks, bytes as their length, and exceptions as their class and scrubbed text."""
    match value:
        case Personal():
            return value.masked()
        case bytes() | bytearray() | memoryview():
            return f"<{len(value)} bytes>"
        case BaseException():
            return f"{type(value).__name__}: {scrub_text(str(value))}"
        case Mapping():
            return {str(key): masked(item) for key, item in value.items()}
        case list() | tuple() | set() | frozenset():
            return [masked(item) for item in value]
    return value


def scrub_text(text: str) -> str:
    """`text` without what may be personal or secret; its length and its words otherwise stay recognisable.

    Replaced: credentials, also by the name before them, what follows the host in a URL, long opaque words, e-mail
    addresses, IBANs, hex of 32 digits or more, quoted strings of 20 characters or more, and shorter ones unless they
    are a name as code has them, runs of seven digits or more in ASCII or Arabic-Indic, also when spaced or parted, and
    one-time codes. A 32-bit status such as 0x0000000b stays.
    """
    text = plain(text)
    text = _URL.sub(_host_alone, text)
    text = _QUERY.sub(r"\1?[query]", text)
    text = _NAMED.sub(r"\1[credential]", text)
    text = _JWT.sub("[credential]", text)
    text = _CREDENTIAL.sub("[credential]", text)
    text = _EMAIL.sub("[e-mail]", text)
    text = _HEX.sub("[hex]", text)
    text = _IBAN.sub("[iban]", text)
    text = _NUMBER.sub(lambda match: match["status"] or "[number]", text)
    text = _OPAQUE.sub("[opaque]", text)
    return mask(_SHORT_QUOTED.sub(_our_word, _QUOTED.sub("[quoted]", text)))


def _host_alone(url: re.Match[str]) -> str:
    return f"{url[1]}{url[2]}/[path]" if len(url[3] or "") > 1 else f"{url[1]}{url[2]}"


def _our_word(quoted: re.Match[str]) -> str:
    word = next(group for group in quoted.groups() if group is not None)
    return quoted[0] if _OUR_WORD.fullmatch(word) else "[quoted]"
