"""One HTTP answer, from octets that come in any pieces. The status decides; whatever else is wrong costs only itself.

An answer counts as soon as its status line can be read. What stands behind it is read to its end, within bounds: a line
of the head that is none is passed over, a body that breaks its framing or its coding is what could be read of it. Pure.
"""

import enum
import re
import zlib
from typing import Final

import msgspec

HEAD_LIMIT_BYTES: Final = 64 * 1024
_STATUS_LINE: Final = re.compile(rb"HTTP/[0-9](?:\.([0-9]))?[ \t]+([1-9][0-9]{2})(?![0-9])", re.IGNORECASE)
_NAME: Final = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_LENGTH: Final = re.compile(r"[0-9]{1,15}")
_CHUNK: Final = re.compile(rb"[ \t]*([0-9A-Fa-f]{1,8})[ \t]*(?:;.*)?")
_SWITCHING: Final = 101
_BODILESS: Final = (204, 304)
_GZIP: Final = 16 + zlib.MAX_WBITS


class Flaw(enum.Enum):
    """The first thing that was wrong with an answer."""

    HEAD = "head"  # a line of the head that is no header, or more head than is read
    BODY = "body"  # the body broke off or broke its framing
    CODING = "coding"  # the body's coding is unknown, or damaged
    LONG = "long"  # more body than is read
    NO_ID = "no_id"  # a success without an id that receipts would name
    NO_SUCCESS = "no_success"  # a status of success, and not what a success says
    REFUSED = "refused"  # a status of success, and words of a refusal


class Answer(msgspec.Struct, frozen=True):
    """headers: the first of each name, in lower case. keep: the connection may be used again."""

    status: int
    headers: dict[str, str]
    body: bytes
    flaw: Flaw | None
    keep: bool


class AnswerReader:
    """limit_bytes: of the body, on the wire and decoded. done: nothing more is wanted."""

    def __init__(self, limit_bytes: int) -> None:
        self._limit = limit_bytes
        self._rest = bytearray()
        self._body = bytearray()
        self._status = 0
        self._is_old = False
        self._headers: dict[str, str] = {}
        self._head_octets = 0
        self._in_head = True
        self._chunked = False
        self._left: int | None = None
        """Octets of the body or chunk that are still to come; None: all up to the end, or a chunk's size is next."""
        self._between = False
        """The end of a chunk's line is next."""
        self._flaw: Flaw | None = None
        self.done = False

    def feed(self, data: bytes) -> None:
        """What one read brought. More than the answer is a flaw."""
        self._rest += data
        while self._in_head and not self.done and self._take_line():
            pass
        if not self._in_head and not self.done:
            self._take_body()
        if self.done and self._rest:
            self._note(Flaw.BODY)

    def answer(self) -> Answer | None:
        """What was answered, so far: whoever asks before `done` does so because nothing more comes. None: no status."""
        if not self._status and not self.done:
            self._take_status_line(bytes(self._rest))
        if not self._status or self._is_interim():
            return None
        if not self.done and not self._ends_with_connection():
            self._note(Flaw.BODY)
        body = self._decoded()
        keep = self.done and self._flaw is None and not self._is_old and not self._says_close()
        return Answer(self._status, self._headers, body, self._flaw, keep)

    def _ends_with_connection(self) -> bool:
        return not self._in_head and not self._chunked and self._left is None

    def _is_interim(self) -> bool:
        """Another answer follows (RFC 9110 §15.2)."""
        return self._status < 200 and self._status != _SWITCHING

    def _says_close(self) -> bool:
        return "close" in self._headers.get("connection", "").lower()

    def _note(self, flaw: Flaw) -> None:
        self._flaw = self._flaw or flaw

    def _end(self, flaw: Flaw | None = None) -> None:
        self.done = True
        if flaw is not None:
            self._note(flaw)

    # --------------------------------------------------------------------------------------------------------- head

    def _take_line(self) -> bool:
        """The next line of the head; False when it is not whole."""
        end = self._rest.find(b"\n")
        if self._head_octets + (len(self._rest) if end < 0 else end) > HEAD_LIMIT_BYTES:
            if not self._status:
                self._take_status_line(bytes(self._rest[:64]))
            self._end(Flaw.HEAD)
            return False
        if end < 0:
            return False
        line = bytes(self._rest[:end]).rstrip(b"\r")
        del self._rest[: end + 1]
        self._head_octets += end + 1
        if not self._status:
            if line and not self._take_status_line(line):
                self._end()
        elif line:
            self._take_header(line)
        else:
            self._head_ends()
        return True

    def _take_status_line(self, line: bytes) -> bool:
        found = _STATUS_LINE.match(line.lstrip(b"\r\n"))
        if found is None:
            return False
        self._is_old = found[1] in (None, b"0")
        self._status = int(found[2])
        return True

    def _take_header(self, line: bytes) -> None:
        said, colon, value = line.partition(b":")
        name = said.strip(b" \t")
        if not colon or name != said or _NAME.fullmatch(name) is None:
            self._note(Flaw.HEAD)
        if colon and name.isascii():
            self._headers.setdefault(name.decode("ascii").lower(), value.strip(b" \t").decode("latin-1"))

    def _head_ends(self) -> None:
        if self._is_interim():
            self._status, self._headers = 0, {}
            return
        self._in_head = False
        if self._status in _BODILESS:
            self._end()
            return
        self._chunked = "chunked" in self._headers.get("transfer-encoding", "").lower()
        if not self._chunked:
            self._take_length()

    def _take_length(self) -> None:
        """Without a length that can be read the body ends with the connection."""
        length, comma, _ = self._headers.get("content-length", "").partition(",")
        readable = _LENGTH.fullmatch(length) is not None
        if length and (comma or not readable):
            self._note(Flaw.HEAD)
        if readable:
            self._left = int(length)
            self.done = not self._left

    # --------------------------------------------------------------------------------------------------------- body

    def _take_body(self) -> None:
        if not self._chunked:
            self._take_octets()
            if not self._left and self._left is not None:
                self._end()
            return
        while not self.done and self._take_chunk():
            pass

    def _take_octets(self) -> None:
        """Of the body or the chunk, as far as they are there."""
        wanted = len(self._rest) if self._left is None else min(self._left, len(self._rest))
        room = self._limit - len(self._body)
        self._body += self._rest[: min(wanted, room)]
        del self._rest[:wanted]
        if wanted > room:
            self._end(Flaw.LONG)
        if self._left is not None:
            self._left -= wanted

    def _take_chunk(self) -> bool:
        """A piece of a chunk, or a line between two; False when it is not there."""
        if self._left:
            self._take_octets()
            self._between = not self._left
            return not self._left
        end = self._rest.find(b"\n")
        if end < 0:
            if len(self._rest) > HEAD_LIMIT_BYTES:
                self._end(Flaw.BODY)
            return False
        line = bytes(self._rest[:end]).rstrip(b"\r")
        del self._rest[: end + 1]
        self._take_chunk_line(line)
        return True

    def _take_chunk_line(self, line: bytes) -> None:
        if self._left == 0 and not self._between:  # trailers, behind the last chunk
            if not line:
                self._end()
            return
        if self._between:
            self._between, self._left = False, None
            if line:
                self._end(Flaw.BODY)
            return
        size = _CHUNK.fullmatch(line)
        if size is None:
            self._end(Flaw.BODY)
        else:
            self._left = int(size[1], 16)

    def _decoded(self) -> bytes:
        """The body without its coding; what can be read of it."""
        body = bytes(self._body)
        coding = self._headers.get("content-encoding", "").strip().lower()
        if coding in ("", "identity") or not body:
            return body
        if coding in ("gzip", "x-gzip"):
            plain, whole = _inflate(body, _GZIP, self._limit)
        elif coding == "deflate":
            plain, whole = _inflate(body, zlib.MAX_WBITS, self._limit)
            if not plain and not whole:  # some send it bare
                plain, whole = _inflate(body, -zlib.MAX_WBITS, self._limit)
        else:
            plain, whole = b"", False
        if not whole:
            self._note(Flaw.CODING)
        return plain


def _inflate(body: bytes, window_bits: int, limit: int) -> tuple[bytes, bool]:
    """What comes out, at most `limit`, and whether it is the whole."""
    inflating = zlib.decompressobj(window_bits)
    try:
        plain = inflating.decompress(body, limit)
    except zlib.error:  # which takes with it what came out before
        return _inflate_slowly(body, window_bits, limit), False
    return plain, inflating.eof


def _inflate_slowly(body: bytes, window_bits: int, limit: int) -> bytes:
    """Octet by octet, up to the one that does not fit."""
    inflating, plain = zlib.decompressobj(window_bits), bytearray()
    try:
        for at in range(len(body)):
            plain += inflating.decompress(body[at : at + 1], max(1, limit - len(plain)))
            if len(plain) >= limit:
                break
    except zlib.error:
        pass
    return bytes(plain)
