"""Ids of requests: in every answer as `X-Request-Id`, and in the log line of one that failed on our side.

Whoever asks may name one; it is taken in the forms that are random and nothing else, for it stands in the log: a
phone number or a name is none of them. Otherwise one is made.
"""

import re
from typing import Final

from gateway.process.clock import Clock

HEADER: Final = "X-Request-Id"
_OCTETS: Final = 12
_DRAWN: Final = 256 * _OCTETS
"""Random octets that are drawn at once: a system call for an id would cost more than all else of it."""
_GIVEN: Final = re.compile(
    r"[0-9A-Fa-f]{32}|[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}|[0-7][0-9A-HJKMNP-TV-Z]{25}", re.ASCII
)
"""A UUID (RFC 9562), with hyphens or as the trace id that it is elsewhere, or a ULID."""


class RequestIds:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._drawn = b""
        self._at = 0

    def of(self, given: str | None) -> str:
        """The one that was given, if it may be taken."""
        if given is not None and _GIVEN.fullmatch(given):
            return given
        if self._at == len(self._drawn):
            self._drawn, self._at = self._clock.random(_DRAWN), 0
        start = self._at
        self._at = start + _OCTETS
        return self._drawn[start : self._at].hex()


def line_of(request_id: str) -> bytes:
    """The header line."""
    return b"X-Request-Id: %s\r\n" % request_id.encode("ascii")
