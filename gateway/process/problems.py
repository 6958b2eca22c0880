"""What a process warned of: how often, since when, and what its last line of each kind said, in declared words alone.

Lines pass here on their way to the log. Of a library's, whose text is free, only that there was one is kept.
"""

import re
import threading
from collections.abc import Mapping
from typing import Final

import msgspec
from structlog.typing import EventDict, WrappedLogger

MOST: Final = 200
"""Kinds of a process; the one that was last seen longest ago gives its place to a new one."""
LONGEST_WORD: Final = 64
LIBRARY: Final = "library"
"""The code of all lines of libraries."""
TOLD: Final = ("operator", "customer", "setting", "kind", "reason", "code", "error_type", "where")
"""Declared keys whose last value is kept."""
_LEVELS: Final = frozenset({"warning", "error", "critical"})
_CODE: Final = re.compile("[a-z][a-z_ ]{1,39}", re.ASCII)


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """first, last: times as the log has them (RFC 3339, UTC). said: what the last one told."""

    code: str
    level: str
    count: int
    first: str
    last: str
    said: Mapping[str, str]


class Problems:
    """Of one process. As a processor of structlog it passes lines on as they are."""

    def __init__(self) -> None:
        self._seen: dict[str, Seen] = {}
        self._lock = threading.Lock()
        self.count = 0

    def __call__(self, _logger: WrappedLogger, _name: str, event: EventDict) -> EventDict:
        if event.get("level") in _LEVELS:
            with self._lock:
                self._note(event)
        return event

    def seen(self) -> list[Seen]:
        """The one that was seen last at the end."""
        with self._lock:
            return list(self._seen.values())

    def _note(self, event: EventDict) -> None:
        self.count += 1
        code = code_of(event)
        before, at = self._seen.pop(code, None), str(event.get("timestamp", ""))
        if before is None and len(self._seen) >= MOST:
            del self._seen[next(iter(self._seen))]
        self._seen[code] = Seen(
            code=code,
            level=str(event["level"]),
            count=1 if before is None else before.count + 1,
            first=at if before is None else before.first,
            last=at,
            said={name: _word(event[name]) for name in TOLD if event.get(name)},
        )


def _word(value: object) -> str:
    """As text that can be stored: halves of surrogate pairs become question marks."""
    return str(value)[:LONGEST_WORD].encode("utf-8", "replace").decode("utf-8")


def code_of(event: EventDict) -> str:
    """One word for lines of one kind."""
    said = event.get("event")
    is_ours = event.get("_from_structlog", True) and isinstance(said, str) and _CODE.fullmatch(said)
    return str(said).replace(" ", "_") if is_ours else LIBRARY
