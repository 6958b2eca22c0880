"""A listening socket with bounds, over aiohttp's low-level server: no access log, no traces, no version told.

What is bounded: connections (beyond it a connection is told 503 and closed), the request line and headers (431), the
time a connection may be idle or take over its headers (it is closed), pipelined requests (aiohttp stops reading).
Errors that reach this level are reported (`operators.contained`); nothing of the request is.
"""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable
from typing import Any, Final

import msgspec
from aiohttp import web
from aiohttp.http_exceptions import LineTooLong
from aiohttp.web_protocol import RequestHandler

from gateway.http_api.express import Desk, ExpressLane
from gateway.http_api.replies import Replies, Reply
from gateway.http_api.traffic import STATUSES
from gateway.model.refusals import Refusal
from operators.contained import report

MAX_LINE_BYTES: Final = 8_190
MAX_HEADERS: Final = 64
LINGER_S: Final = 1.0
"""How long the rest of a refused body is read and dropped, so that the client sees the answer."""

Handler = Callable[[web.BaseRequest], Awaitable[Reply]]


class _Connection(RequestHandler):
    """aiohttp's protocol, except that it tells and logs nothing of what was sent."""

    __slots__ = ("answers", "replies")
    answers: list[int]
    replies: Replies

    def handle_error(
        self, request: web.BaseRequest, status: int = 500, exc: BaseException | None = None, message: str | None = None
    ) -> Reply:
        if status >= 500:
            _report(exc)
        status = 431 if isinstance(exc, LineTooLong) else status
        self.answers[status] += 1
        return self.replies.plain_problem(status)

    def log_exception(self, *args: Any, **kw: Any) -> None:
        _report(kw.get("exc_info"))


def _report(error: object) -> None:
    """That a client has gone is no error."""
    if isinstance(error, Exception) and not isinstance(error, ConnectionError):
        report("request", error)


class _Server(web.Server):
    def __init__(self, handler: Handler, replies: Replies, idle_s: float, answers: list[int]) -> None:
        super().__init__(handler)
        self._answers = answers
        self._replies = replies
        self._idle_s = idle_s

    def __call__(self) -> RequestHandler:
        connection = _Connection(
            self,
            loop=self._loop,
            keepalive_timeout=self._idle_s,
            access_log=None,  # type: ignore[arg-type]  # None turns it off
            max_line_size=MAX_LINE_BYTES,
            max_field_size=MAX_LINE_BYTES,
            max_headers=MAX_HEADERS,
            lingering_time=LINGER_S,
            auto_decompress=False,
        )
        connection.answers = self._answers
        connection.replies = self._replies
        return connection


class _Turned(asyncio.Protocol):
    """A connection too many."""

    def __init__(self, answer: bytes) -> None:
        self._answer = answer

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        transport.write(self._answer)
        transport.close()


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where to listen. port: 0 for one that the system gives. shared: other processes of this user listen there too.

    inherited: a socket that listens already. tls: None for plain HTTP.
    """

    host: str
    port: int
    shared: bool = False
    inherited: socket.socket | None = None
    tls: ssl.SSLContext | None = None


class Listener:
    """One listening socket.

    idle_s: seconds without a request, or within one before its headers are complete, after which a connection ends.
    desk: takes the usual request over the express lane; None where there is none. answers: where answers that are
    given here, and not by the handler, are counted by status.
    """

    def __init__(
        self,
        handler: Handler,
        place: Place,
        replies: Replies,
        *,
        max_connections: int = 2_000,
        idle_s: float = 75.0,
        desk: Desk | None = None,
        answers: list[int] | None = None,
    ) -> None:
        self._place = place
        self._port = 0
        self._replies = replies
        self._max_connections = max_connections
        self._answers = [0] * STATUSES if answers is None else answers
        self._web = _Server(handler, replies, idle_s, self._answers)
        self._lane = None if desk is None else ExpressLane(desk, self._web, idle_s)
        self._socket: asyncio.Server | None = None

    @property
    def port(self) -> int:
        """The one that it listens on."""
        assert self._port, "the listener is not started"
        return self._port

    @property
    def connections(self) -> int:
        return len(self._web.connections) + (len(self._lane.connections) if self._lane else 0)

    async def start(self) -> None:
        """Listen. Raises OSError when the address cannot be had."""
        if self._lane is not None:
            self._lane.start()
        self._socket = await self._listen(self._place)
        self._port = int(self._socket.sockets[0].getsockname()[1])

    async def _listen(self, place: Place) -> asyncio.Server:
        create = asyncio.get_running_loop().create_server
        if place.inherited is not None:
            return await create(self._connect, sock=place.inherited)
        return await create(
            self._connect,
            place.host,
            place.port,
            ssl=place.tls,
            backlog=1_024,
            reuse_port=place.shared or None,
        )

    def close(self) -> None:
        """Take no more connections; those that are open stay."""
        if self._socket is not None:
            self._socket.close()

    async def stop(self, deadline_s: float) -> None:
        """Take no more connections; end the open ones, the busy ones after their answer or the deadline."""
        self.close()
        if self._lane is not None:
            self._lane.stop()
        await self._web.shutdown(deadline_s)

    def _connect(self) -> asyncio.Protocol:
        if self.connections < self._max_connections:
            return self._web() if self._lane is None else self._lane.make()
        refused = self._replies.problem(Refusal("overloaded"))
        self._answers[refused.status] += 1
        return _Turned(refused.head + b"Connection: close\r\n\r\n" + refused.content)
