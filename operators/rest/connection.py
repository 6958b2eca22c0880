"""One HTTP/1.1 connection: a request, its answer, the next. Opened when it is needed, kept while its answers are sound.

It distinguishes what was not sent, what was sent and not answered, and what was answered, in whatever shape (see
`answer`); nothing is ever sent a second time here.
"""

import asyncio
import ssl
from collections.abc import Callable, Mapping
from typing import Final, cast
from urllib.parse import quote, urlsplit

import msgspec

from operators.expiry import PeerExpiry
from operators.patience import Patience
from operators.rest.answer import Answer, AnswerReader

KEEP_S: Final = 15.0
"""How long a connection may rest and be used again; servers close theirs after a while."""
_PORTS: Final = {"http": 80, "https": 443}
_SAFE: Final = "/?%:@!$&'()*+,;=~-._[]"
_NONE: Final[Mapping[str, str]] = {}

Tls = Callable[[], ssl.SSLContext]


class NotSent(Exception):
    """No connection came about: nothing of the request left."""


class NotAnswered(Exception):
    """Octets left, and no status came back. timed_out: the connection may still stand."""

    def __init__(self, *, timed_out: bool) -> None:
        super().__init__()
        self.timed_out = timed_out


class Target(msgspec.Struct, frozen=True):
    """Where requests go. tls: the context of a new connection. path: with the query that is always there. lines: of the
    head of each of them. peer: what its last handshake showed.
    """

    host: str
    port: int
    tls: Tls | None
    path: str
    lines: bytes
    peer: PeerExpiry

    def __repr__(self) -> str:
        return f"Target(host={self.host!r}, port={self.port})"

    def posted(self, body: bytes, more: Mapping[str, str] = _NONE) -> bytes:
        """A request. more: headers of this one. Raises ValueError as `target` does."""
        head = f"POST {self.path} HTTP/1.1\r\n".encode("ascii") + self.lines + _lines(more)
        return b"%bContent-Length: %d\r\n\r\n%b" % (head, len(body), body)

    def got(self, query: str, more: Mapping[str, str] = _NONE) -> bytes:
        """The same, with everything in the query, which is encoded already."""
        joined = f"{self.path}{'&' if '?' in self.path else '?'}{query}"
        return f"GET {joined} HTTP/1.1\r\n".encode("ascii") + self.lines + _lines(more) + b"\r\n"


def target(url: str, headers: Mapping[str, str], tls: Tls | None, peer: PeerExpiry | None = None) -> Target:
    """url: without credentials. headers: of every request, beside Host and Content-Length. peer: where handshakes are
    noted.

    Raises ValueError with the name of a header that would end its line, or is not ASCII.
    """
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or _PORTS[parts.scheme]
    shown = f"[{host}]" if ":" in host else host.encode("idna").decode("ascii")
    if port != _PORTS[parts.scheme]:
        shown = f"{shown}:{port}"
    path = quote(parts.path or "/", _SAFE) + (f"?{quote(parts.query, _SAFE)}" if parts.query else "")
    return Target(host, port, tls, path, _lines({"Host": shown, **headers}), peer or PeerExpiry())


def _lines(headers: Mapping[str, str]) -> bytes:
    for name, value in headers.items():
        if not value.isascii() or not value.isprintable():
            raise ValueError(name)
    return "".join(f"{name}: {value}\r\n" for name, value in headers.items()).encode("ascii")


class HttpConnection:
    """target: of all its requests. limit_bytes: of an answer's body. One request at a time."""

    def __init__(self, target: Target, *, connect_timeout_s: float, answer_timeout_s: float, limit_bytes: int) -> None:
        self._target = target
        self._connect_timeout_s = connect_timeout_s
        self._answer_timeout_s = answer_timeout_s
        self._limit = limit_bytes
        self._wire: _Wire | None = None
        self._used = 0.0

    async def ask(self, request: bytes) -> Answer:
        """request: of this connection's target. Raises NotSent and NotAnswered."""
        wire = await self._open()
        reading, timed_out, keep = AnswerReader(self._limit), False, False
        try:
            try:
                async with Patience(self._answer_timeout_s):
                    await wire.ask(request, reading)
            except TimeoutError:
                timed_out = True
            answer = reading.answer()
            if answer is None:
                raise NotAnswered(timed_out=timed_out)
            keep = answer.keep
            return answer
        finally:
            self._used = asyncio.get_running_loop().time()
            if not keep:
                self.close()

    async def _open(self) -> "_Wire":
        rested_s = asyncio.get_running_loop().time() - self._used
        if self._wire is not None and self._wire.is_ready and rested_s < KEEP_S:
            return self._wire
        self.close()
        said = self._target
        tls = None if said.tls is None else said.tls()
        try:
            async with asyncio.timeout(self._connect_timeout_s):
                transport, self._wire = await asyncio.get_running_loop().create_connection(
                    _Wire, said.host, said.port, ssl=tls, server_hostname=said.host if said.tls else None
                )
        except (OSError, TimeoutError, UnicodeError):
            raise NotSent from None
        said.peer.note(transport)
        if not self._wire.is_ready:  # it was ended as soon as it stood
            raise NotSent
        return self._wire

    def close(self) -> None:
        if self._wire is not None:
            self._wire.abort()
            self._wire = None


class _Wire(asyncio.Protocol):
    """is_ready: a request may be sent; False once the other end closed, or said something that was not asked for."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._reading: AnswerReader | None = None
        self._waiter: asyncio.Future[None] | None = None
        self.is_ready = True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's are not subclasses

    async def ask(self, request: bytes, reading: AnswerReader) -> None:
        """Send it; return when the answer is complete, or the connection at its end."""
        assert self._transport is not None
        self._reading = reading
        self._waiter = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        try:
            await self._waiter
        finally:
            self._reading = None  # an answer may repeat the text

    def data_received(self, data: bytes) -> None:
        if self._reading is None or self._reading.done:
            self.is_ready = False
            return
        self._reading.feed(data)
        if self._reading.done:
            self._wake()

    def eof_received(self) -> None:
        self._lose()

    def connection_lost(self, error: Exception | None) -> None:
        self._lose()

    def abort(self) -> None:
        self.is_ready = False
        if self._transport is not None:
            self._transport.abort()

    def _lose(self) -> None:
        self.is_ready = False
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
