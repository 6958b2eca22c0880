"""What the HTTP listeners answer with: ready bytes.

A `Reply` is handed to aiohttp in place of its own `Response`. It is a prepared head and a body, written at once, which
saves the header dictionary, its serialisation and three coroutine steps per request. Heads are made once per second and
kind, because of their Date line.
"""

import asyncio
import math
from http import HTTPStatus
from typing import Final
from wsgiref.handlers import format_date_time

import msgspec
from aiohttp import web
from aiohttp.abc import AbstractStreamWriter

from gateway.accept.request import ProblemView
from gateway.http_api.request_ids import RequestIds, line_of
from gateway.model.refusals import KINDS, Refusal
from gateway.process.clock import Clock
from redaction.errors import alone

JSON: Final = "application/json"
PROBLEM: Final = "application/problem+json"
TEXT: Final = "text/plain; charset=utf-8"
HTML: Final = "text/html; charset=utf-8"

WRITE_TIMEOUT_S: Final = 30.0
"""How long a peer may leave its answers unread before the connection is closed."""

NO_SOURCES: Final = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
NO_STORE: Final = "no-store"
_SECURITY: Final = "X-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer\r\n"
_HSTS: Final = "Strict-Transport-Security: max-age=31536000\r\n"
_REASONS: Final = {status.value: status.phrase for status in HTTPStatus}
_OTHER: Final = "Refused"
"""Of a status that another product made up."""
_BEARER: Final = b'WWW-Authenticate: Bearer realm="connect-gateway"\r\n'
_SPENT: Final = frozenset({"throughput_exceeded", "quota_exceeded"})
"""What says that nothing is left of a limit."""
_DEFAULT_RETRY_S: Final = 1.0


class Reply(web.StreamResponse):
    """One answer. `head` ends before the empty line; `close` ends the connection after it."""

    def __init__(self, status: int, head: bytes, body: bytes, *, close: bool = False) -> None:
        super().__init__(status=status)
        self._head = head
        self._content = body
        self._close = close

    @property
    def content(self) -> bytes:
        return self._content

    @property
    def head(self) -> bytes:
        return self._head

    @property
    def octets(self) -> bytes:
        """All of it, for a connection that stays open."""
        return self._head + b"\r\n" + self._content

    def named(self, request_id: str) -> "Reply":
        """The same answer, saying which request it is to."""
        self._head += line_of(request_id)
        return self

    def closing(self) -> "Reply":
        """The same answer, ending the connection."""
        self._close = True
        return self

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        """Write everything at once. aiohttp calls this once per request."""
        keep = self._keep_alive = request.keep_alive and not self._close
        head = self._head
        if not keep:
            head += b"Connection: close\r\n"
        elif request.version.minor == 0:
            head += b"Connection: keep-alive\r\n"
        transport = request.transport
        if transport is None or transport.is_closing():
            raise ConnectionResetError
        transport.write(head + b"\r\n" if request.method == "HEAD" else head + b"\r\n" + self._content)
        if request.protocol.writing_paused:
            await _drain(request)
        return None

    async def write_eof(self, data: bytes = b"") -> None:
        """Nothing is left to write."""


async def _drain(request: web.BaseRequest) -> None:
    try:
        async with asyncio.timeout(WRITE_TIMEOUT_S):
            await request.writer.drain()
    except TimeoutError:
        if request.transport is not None:
            request.transport.abort()
        raise alone(ConnectionResetError()) from None


class Replies:
    """Makes replies. secure: the listener speaks TLS, so browsers are asked to stay there (HSTS)."""

    def __init__(self, clock: Clock, *, secure: bool = False) -> None:
        self._clock = clock
        self.ids: Final = RequestIds(clock)
        self._security = _SECURITY + (_HSTS if secure else "")
        self._second = -1
        self._heads: dict[tuple[int, str, str, str], bytes] = {}

    def of(
        self,
        status: int,
        body: bytes,
        content_type: str = JSON,
        *,
        more: bytes = b"",
        policy: str = NO_SOURCES,
        caching: str = NO_STORE,
    ) -> Reply:
        """more: further header lines, each with its line end. policy: the Content-Security-Policy. caching: the
        Cache-Control.
        """
        head = self._head(status, content_type, policy, caching)
        return Reply(status, b"%sContent-Length: %d\r\n%s" % (head, len(body), more), body)

    def octets(self, status: int, body: bytes, more: bytes = b"") -> bytes:
        """A whole JSON answer on a connection that stays open."""
        return b"%sContent-Length: %d\r\n%s\r\n%s" % (self._head(status, JSON), len(body), more, body)

    def empty(self, more: bytes) -> Reply:
        """204, nothing but headers."""
        return Reply(204, self._head(204, "") + more, b"")

    def problem(self, refusal: Refusal, more: bytes = b"") -> Reply:
        """The answer to a refusal (RFC 9457)."""
        view = problem_view(refusal.code, refusal.field)
        if view.status in (429, 503):
            more += self.retry_after(refusal)
        elif view.status == 401:
            more += _BEARER
        return self.of(view.status, _encode(view), PROBLEM, more=more)

    @staticmethod
    def retry_after(refusal: Refusal) -> bytes:
        """The header lines that say when to try again, and that nothing is left of a limit."""
        wait_s = _DEFAULT_RETRY_S if refusal.retry_after_s is None else refusal.retry_after_s
        whole_s = max(1, math.ceil(wait_s))
        spent = b"RateLimit-Remaining: 0\r\nRateLimit-Reset: %d\r\n" % whole_s if refusal.code in _SPENT else b""
        return b"Retry-After: %d\r\n%s" % (whole_s, spent)

    def plain_problem(self, status: int) -> Reply:
        """The answer to what is not HTTP as we take it; it ends the connection."""
        body = _encode({"type": "about:blank", "title": _REASONS[status], "status": status})
        return self.of(status, body, PROBLEM).named(self.ids.of(None)).closing()

    def _head(self, status: int, content_type: str, policy: str = NO_SOURCES, caching: str = NO_STORE) -> bytes:
        second = self._clock.now_ms() // 1000
        if second != self._second:
            self._second = second
            self._heads.clear()
        name = (status, content_type, policy, caching)
        return self._heads.get(name) or self._make_head(name)

    def _make_head(self, name: tuple[int, str, str, str]) -> bytes:
        status, content_type, policy, caching = name
        lines = (
            f"HTTP/1.1 {status} {_REASONS.get(status, _OTHER)}\r\n"
            f"Date: {format_date_time(self._second)}\r\n"
            + (f"Content-Type: {content_type}\r\n" if content_type else "")
            + f"Content-Security-Policy: {policy}\r\nCache-Control: {caching}\r\n"
            + self._security
        )
        head = self._heads[name] = lines.encode("ascii")
        return head


def problem_view(code: str, field: str | None) -> ProblemView:
    kind = KINDS[code]
    return ProblemView(type=f"/problems/{code}", title=kind.title, status=kind.http, code=code, field=field)


_encode = msgspec.json.Encoder().encode
