"""Recognises the usual request in the octets of a connection: one complete `POST /v1/messages` with a JSON body.

This is no HTTP parser and must not become one. It knows one shape, strictly, and says "not usual" to whatever else it
sees: another method or path, a header given twice, framing by anything but one Content-Length, an octet outside visible
ASCII, anything long. What is not usual goes to aiohttp's parser, octet by octet as it came, so that only one place
judges what is odd.
"""

import re
from typing import Final

MAX_HEAD: Final = 8_190
KNOWN_HEADS: Final = 1_024
KNOWN_LENGTH: Final = 1_024
"""Heads that are remembered, and how long each may be: 1 MiB at the most."""

_START: Final = b"POST /v1/messages HTTP/1.1\r\n"
_HEADERS: Final = len(_START)
_LINE_END: Final = _HEADERS - 2
_END: Final = b"\r\n\r\n"
_VISIBLE: Final = bytes([0x09, *range(0x20, 0x7F)])
_TOKEN: Final = re.compile(rb"[!#$%&'*+\-.^_`|~0-9a-z]+")
_HOST: Final = re.compile(rb"[A-Za-z0-9.-]+(?::[0-9]{1,5})?")
_JSON: Final = frozenset({b"application/json", b"application/json; charset=utf-8", b"application/json;charset=utf-8"})
_FACADE_TOKEN: Final = re.compile(rb"(?:(?i:bearer) +)?[0-9a-fA-F]{32}")
"""A key for façades, one of which has this path as well: not the usual request, so it is theirs to judge."""
_BLANK: Final = b" \t"
_MAX_LENGTH_DIGITS: Final = 7

_READ: Final = frozenset(
    {
        b"host",
        b"content-length",
        b"content-type",
        b"authorization",
        b"idempotency-key",
        b"x-forwarded-for",
        b"x-request-id",
    }
)
_IGNORED: Final = frozenset({b"accept", b"accept-encoding", b"accept-language", b"user-agent", b"connection"})
_PLAIN: Final = _READ | _IGNORED
_ODD: Final = frozenset({b"transfer-encoding", b"content-encoding", b"expect", b"upgrade", b"te", b"trailer"})
"""Headers that change how the body is read or the connection goes on."""


class Usual:
    """A usual request. Its body runs from `start` to `end` in the octets given; header values are as they were sent."""

    __slots__ = ("authorization", "end", "forwarded", "idempotency", "request_id", "start")

    def __init__(self, start: int, end: int, head: "_Head") -> None:
        self.start: Final = start
        self.end: Final = end
        self.authorization: Final = head.authorization
        self.idempotency: Final = head.idempotency
        self.forwarded: Final = head.forwarded
        self.request_id: Final = head.request_id


class Odd:
    """Not the usual request."""


class Partial:
    """It may become the usual request when more has arrived. needed: octets of it without which it cannot be one."""

    __slots__ = ("needed",)

    def __init__(self, needed: int) -> None:
        self.needed: Final = needed


ODD: Final = Odd()


class _Head:
    """What a usual head says."""

    __slots__ = ("authorization", "forwarded", "idempotency", "length", "request_id")

    def __init__(self, length: int, fields: dict[bytes, bytes]) -> None:
        self.length: Final = length
        self.authorization: Final = fields.get(b"authorization", b"")
        self.idempotency: Final = fields.get(b"idempotency-key")
        self.forwarded: Final = fields.get(b"x-forwarded-for")
        self.request_id: Final = fields.get(b"x-request-id")


class UsualReader:
    """Reads usual requests, and remembers heads: a client sends the same few again and again.

    A head with an idempotency key or an id of the request comes once. limit_bytes: of a body.
    """

    def __init__(self, limit_bytes: int) -> None:
        self.limit_bytes = limit_bytes
        self._known: dict[bytes, _Head] = {}

    def read(self, octets: bytes, at: int = 0) -> Usual | Odd | Partial:
        """What stands at this place in `octets`."""
        there = len(octets) - at
        if not octets.startswith(_START, at):
            return Partial(there + 1) if there < _HEADERS and _START.startswith(octets[at:]) else ODD
        head_end = octets.find(_END, at + _LINE_END, at + MAX_HEAD)
        if head_end < 0:
            return Partial(there + 1) if there < MAX_HEAD else ODD
        lines = octets[at + _HEADERS : head_end]
        head = self._known.get(lines) or self._learn(lines)
        if head is None or head.length > self.limit_bytes:
            return ODD
        start = head_end + 4
        end = start + head.length
        return Usual(start, end, head) if end <= len(octets) else Partial(end - at)

    def _learn(self, lines: bytes) -> _Head | None:
        """What these header lines say; None when they are odd."""
        fields = _fields(lines)
        length = None if fields is None else _length(fields)
        if fields is None or length is None:
            return None
        head = _Head(length, fields)
        if _FACADE_TOKEN.fullmatch(head.authorization):
            return None
        if head.idempotency is None and head.request_id is None and len(lines) <= KNOWN_LENGTH:
            if len(self._known) >= KNOWN_HEADS:
                self._known.clear()
            self._known[lines] = head
        return head


def _fields(head: bytes) -> dict[bytes, bytes] | None:
    """Header fields by lower-case name, values without blanks around; None when any is odd."""
    lines = head.split(b"\r\n")
    if len(head.translate(None, _VISIBLE)) != 2 * (len(lines) - 1):
        return None  # an octet outside visible ASCII, or a bare CR or LF
    fields: dict[bytes, bytes] = {}
    for line in lines:
        name, colon, value = line.partition(b":")
        name = name.lower()
        if not colon or name in fields or (name not in _PLAIN and not _is_harmless(name)):
            return None
        fields[name] = value.strip(_BLANK)
    return fields


def _is_harmless(name: bytes) -> bool:
    return name not in _ODD and _TOKEN.fullmatch(name) is not None


def _length(fields: dict[bytes, bytes]) -> int | None:
    """Octets of the body; None when the framing or the media type is not the usual one."""
    length = fields.get(b"content-length", b"")
    if not length.isdigit() or len(length) > _MAX_LENGTH_DIGITS or not _HOST.fullmatch(fields.get(b"host", b"")):
        return None
    if fields.get(b"content-type", b"").lower() not in _JSON:
        return None
    if fields.get(b"connection", b"keep-alive").lower() != b"keep-alive":
        return None
    return int(length)
