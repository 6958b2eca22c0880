"""Recognises the usual request in the octets of a connection: one complete `POST /v1/messages` with a JSON body.

This is no HTTP parser and must not become one. It knows one shape, strictly, and says "not usual" to whatever else it
sees: another method or path, a header given twice, framing by anything but one Content-Length, an octet outside visible
ASCII, anything long. What is not usual goes to aiohttp's parser, octet by octet as it came, so that only one place
judges what is odd.
"""

import re
from typing import Final

import msgspec

MAX_HEAD: Final = 8_190

_START: Final = b"POST /v1/messages HTTP/1.1\r\n"
_END: Final = b"\r\n\r\n"
_VISIBLE: Final = bytes([0x09, *range(0x20, 0x7F)])
_TOKEN: Final = re.compile(rb"[!#$%&'*+\-.^_`|~0-9a-z]+")
_JSON: Final = frozenset({b"application/json", b"application/json; charset=utf-8", b"application/json;charset=utf-8"})
_BLANK: Final = b" \t"
_MAX_LENGTH_DIGITS: Final = 7

_READ: Final = frozenset(
    {b"host", b"content-length", b"content-type", b"authorization", b"idempotency-key", b"x-forwarded-for"}
)
_IGNORED: Final = frozenset({b"accept", b"accept-encoding", b"accept-language", b"user-agent", b"connection"})
_PLAIN: Final = _READ | _IGNORED
_ODD: Final = frozenset({b"transfer-encoding", b"content-encoding", b"expect", b"upgrade", b"te", b"trailer"})
"""Headers that change how the body is read or the connection goes on."""


class Usual(msgspec.Struct, frozen=True, gc=False):
    """A usual request. `body` runs from `start` to `end` in the octets given; header values are as they were sent."""

    start: int
    end: int
    authorization: bytes
    idempotency: bytes | None
    forwarded: bytes | None


class Odd:
    """Not the usual request."""


class Partial:
    """It may become the usual request when more has arrived."""


ODD: Final = Odd()
PARTIAL: Final = Partial()


def read_usual(octets: bytes, limit_bytes: int) -> Usual | Odd | Partial:
    """What stands at the front of `octets`. limit_bytes: of a body."""
    if not octets.startswith(_START):
        return PARTIAL if _START.startswith(octets) else ODD
    head_end = octets.find(_END, len(_START) - 2, MAX_HEAD)
    if head_end < 0:
        return PARTIAL if len(octets) < MAX_HEAD else ODD
    fields = _fields(octets[len(_START) : head_end])
    if fields is None:
        return ODD
    length = _length(fields)
    if length is None or length > limit_bytes:
        return ODD
    start = head_end + len(_END)
    end = start + length
    if len(octets) < end:
        return PARTIAL
    forwarded, idempotency = fields.get(b"x-forwarded-for"), fields.get(b"idempotency-key")
    return Usual(start, end, fields.get(b"authorization", b""), idempotency, forwarded)


def _fields(head: bytes) -> dict[bytes, bytes] | None:
    """Header fields by lower-case name, values without blanks around; None when any is odd."""
    lines = head.split(b"\r\n")
    if len(head.translate(None, _VISIBLE)) != 2 * (len(lines) - 1):
        return None  # an octet outside visible ASCII, or a bare CR or LF
    fields: dict[bytes, bytes] = {}
    for line in lines:
        name, _, value = line.partition(b":")
        name = name.lower()
        if name in fields or (name not in _PLAIN and not _is_harmless(name)):
            return None
        fields[name] = value.strip(_BLANK)
    return fields


def _is_harmless(name: bytes) -> bool:
    return name not in _ODD and _TOKEN.fullmatch(name) is not None


def _length(fields: dict[bytes, bytes]) -> int | None:
    """Octets of the body; None when the framing or the media type is not the usual one."""
    length = fields.get(b"content-length", b"")
    if not length.isdigit() or len(length) > _MAX_LENGTH_DIGITS or b"host" not in fields:
        return None
    if fields.get(b"content-type", b"").lower() not in _JSON:
        return None
    if fields.get(b"connection", b"keep-alive").lower() != b"keep-alive":
        return None
    return int(length)
