"""Recognises the usual request in the octets of a connection: one complete `POST /v1/messages` with a JSON body, or one
by which a program sends through a façade.

This is no HTTP parser and must not become one. It knows these shapes, strictly, and says "not usual" to whatever else
it sees: another method or path, a header given twice, framing by anything but one Content-Length, an octet outside
visible ASCII, anything long. What is not usual goes to aiohttp's parser, octet by octet as it came, so that only one
place judges what is odd.
"""

import re
from collections.abc import Callable, Mapping, Sequence
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
_TARGET: Final = re.compile(
    rb"(GET|POST) (/[A-Za-z0-9._~!$&'()*+,;=:@%/-]*)(?:\?([A-Za-z0-9._~!$&'()*+,;=:@%/?-]*))? HTTP/1\.1"
)
"""RFC 3986 §3.3 and §3.4, octets as they are written."""
_METHODS: Final = 6
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
_SAME: Final = _PLAIN - {b"idempotency-key", b"x-request-id"} | {b"accept-charset", b"x-twilio-client"}
"""Headers in which a program says the same again and again."""
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

    def via(self) -> Sequence[str]:
        """Its X-Forwarded-For headers."""
        return () if self.forwarded is None else (self.forwarded.decode("ascii"),)


class Foreign(Usual):
    """One to a façade. method, path, query: of its first line. fields: its headers, by name in lower case. place: where
    it goes, as `Places` said.
    """

    __slots__ = ("fields", "method", "path", "place", "query")

    def __init__(self, start: int, end: int, head: "_Head", line: "_Line", place: object) -> None:
        super().__init__(start, end, head)
        self.method: Final = line.method
        self.path: Final = line.path
        self.query: Final = line.query
        self.fields: Final = head.fields
        self.place: Final = place


Places = Callable[[str, str, str, Mapping[bytes, bytes]], object]
"""By method, path, query and headers, where in a façade a request goes that sends; None for any other."""


class Odd:
    """Not the usual request."""


class Partial:
    """It may become the usual request when more has arrived. needed: octets of it without which it cannot be one."""

    __slots__ = ("needed",)

    def __init__(self, needed: int) -> None:
        self.needed: Final = needed


ODD: Final = Odd()


class _Head:
    """What a usual head says. length: of the body; -1 where nothing is said of one."""

    __slots__ = ("authorization", "fields", "forwarded", "idempotency", "length", "request_id")

    def __init__(self, length: int, fields: dict[bytes, bytes]) -> None:
        self.length: Final = length
        self.fields: Final = fields
        self.authorization: Final = fields.get(b"authorization", b"")
        self.idempotency: Final = fields.get(b"idempotency-key")
        self.forwarded: Final = fields.get(b"x-forwarded-for")
        self.request_id: Final = fields.get(b"x-request-id")


class _Line:
    """The first line of a request to a façade."""

    __slots__ = ("method", "path", "query")

    def __init__(self, method: str, path: str, query: str) -> None:
        self.method: Final = method
        self.path: Final = path
        self.query: Final = query


class UsualReader:
    """Reads usual requests, and remembers heads: a client sends the same few again and again.

    A head with an idempotency key or an id of the request comes once. limit_bytes: of a body. places: of façades; None
    where there are none.
    """

    def __init__(self, limit_bytes: int, places: Places | None = None) -> None:
        self.limit_bytes = limit_bytes
        self._places = places
        self._known: dict[bytes, _Head] = {}
        self._foreign: dict[bytes, _Head] = {}

    def read(self, octets: bytes, at: int = 0) -> Usual | Odd | Partial:
        """What stands at this place in `octets`."""
        there = len(octets) - at
        if not octets.startswith(_START, at):
            if there < _HEADERS and _START.startswith(octets[at:]):
                return Partial(there + 1)
            return ODD if self._places is None else self._read_foreign(self._places, octets, at)
        head_end = octets.find(_END, at + _LINE_END, at + MAX_HEAD)
        if head_end < 0:
            return Partial(there + 1) if there < MAX_HEAD else ODD
        lines = octets[at + _HEADERS : head_end]
        head = self._known.get(lines) or self._learn(lines)
        if head is None:
            return ODD if self._places is None else self._read_foreign(self._places, octets, at)
        if head.length > self.limit_bytes:
            return ODD
        start = head_end + 4
        end = start + head.length
        return Usual(start, end, head) if end <= len(octets) else Partial(end - at)

    def _read_foreign(self, places: Places, octets: bytes, at: int) -> Usual | Odd | Partial:
        """One to a façade, whose first line says something else each time."""
        there = len(octets) - at
        line_end = octets.find(b"\r\n", at, at + MAX_HEAD)
        if line_end < 0:
            return Partial(there + 1) if there < MAX_HEAD and _is_promising(octets[at : at + _METHODS]) else ODD
        line = _first_line(octets[at:line_end])
        head_end = -1 if line is None else octets.find(_END, line_end, at + MAX_HEAD)
        if line is None or head_end < 0:
            return ODD if line is None or there >= MAX_HEAD else Partial(there + 1)
        lines = octets[line_end + 2 : head_end]
        head = self._foreign.get(lines) or self._learn_foreign(lines)
        length = -1 if head is None else _body_of(line.method, head.length)
        if head is None or not 0 <= length <= self.limit_bytes:
            return ODD
        place = places(line.method, line.path, line.query, head.fields)
        start = head_end + 4
        end = start + length
        if place is None or end > len(octets):
            return ODD if place is None else Partial(end - at)
        return Foreign(start, end, head, line, place)

    def _learn_foreign(self, lines: bytes) -> _Head | None:
        """Remembered where it holds nothing but what a program says each time: some have a number in their headers."""
        fields = _fields(lines)
        if fields is None or not _is_kept_open(fields):
            return None
        length = fields.get(b"content-length", b"-")
        if length != b"-" and (not length.isdigit() or len(length) > _MAX_LENGTH_DIGITS):
            return None
        head = _Head(-1 if length == b"-" else int(length), fields)
        if len(lines) <= KNOWN_LENGTH and head.request_id is None and fields.keys() <= _SAME:
            if len(self._foreign) >= KNOWN_HEADS:
                self._foreign.clear()
            self._foreign[lines] = head
        return head

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
    if not length.isdigit() or len(length) > _MAX_LENGTH_DIGITS:
        return None
    if fields.get(b"content-type", b"").lower() not in _JSON or not _is_kept_open(fields):
        return None
    return int(length)


def _is_kept_open(fields: dict[bytes, bytes]) -> bool:
    """Whether it says to whom it is sent, and the connection goes on after it."""
    if not _HOST.fullmatch(fields.get(b"host", b"")):
        return False
    return fields.get(b"connection", b"keep-alive").lower() == b"keep-alive"


def _is_promising(start: bytes) -> bool:
    """Whether it may begin the first line of a request to a façade."""
    return any(start.startswith(each[: len(start)]) for each in (b"GET /", b"POST /"))


def _first_line(octets: bytes) -> _Line | None:
    found = _TARGET.fullmatch(octets)
    if found is None:
        return None
    method, path, query = found.groups(b"")
    return _Line(method.decode("ascii"), path.decode("ascii"), query.decode("ascii"))


def _body_of(method: str, length: int) -> int:
    """Octets of the body; -1 where that is not said as it is usual: a GET has none, any other one says how many."""
    if method == "GET":
        return 0 if length <= 0 else -1
    return length
