"""A listening socket with bounds, over aiohttp's low-level server: no access log, no traces, no version in answers.

What is bounded: connections, in all and of an address (`operators.seats`; one too many is told 503 and closed), the
request line and headers (431), the time a connection may be idle or take over its headers (it is closed), pipelined
requests (aiohttp stops reading).
Errors that reach this level are reported (`operators.contained`); nothing of the request is.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final

from aiohttp import web
from aiohttp.http_exceptions import LineTooLong
from aiohttp.web_protocol import RequestHandler

from gateway.http_api.express import Desk, ExpressLane
from gateway.http_api.framing import fault_of
from gateway.http_api.replies import Replies, Reply
from gateway.http_api.traffic import STATUSES
from gateway.model.refusals import Refusal
from gateway.process.descriptors import tell_of_shortage
from operators.contained import report
from operators.entrance import Entrance, Place
from operators.seated_handler import SeatedHandler
from operators.seats import Seat, Seats
from operators.turned import TURNED_AT_ONCE, Turned

MAX_LINE_BYTES: Final = 8_190
MAX_HEADERS: Final = 64
MAX_CONNECTIONS: Final = 32
"""Of a listener for operations; the API's has a setting."""
LINGER_S: Final = 1.0
"""How long the rest of a refused body is read and dropped, so that the client sees the answer."""

Handler = Callable[[web.BaseRequest], Awaitable[Reply]]


class _Connection(SeatedHandler):
    """Which tells and logs nothing of what was sent."""

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
        super().__init__(self._judged)
        self._handler = handler
        self._answers = answers
        self._replies = replies
        self.idle_s = idle_s

    async def _judged(self, request: web.BaseRequest) -> Reply:
        fault = fault_of(request)
        if fault is None:
            return await self._handler(request)
        self._answers[fault] += 1
        return self._replies.plain_problem(fault)

    def seated(self, seat: Seat) -> RequestHandler:
        """The protocol of one connection."""
        connection = _Connection(
            self,
            loop=self._loop,
            keepalive_timeout=self.idle_s,
            access_log=None,  # turns it off
            max_line_size=MAX_LINE_BYTES,
            max_field_size=MAX_LINE_BYTES,
            max_headers=MAX_HEADERS,
            lingering_time=LINGER_S,
            auto_decompress=False,
        )
        connection.answers = self._answers
        connection.replies = self._replies
        connection.seat = seat
        return connection


class Listener:
    """One listening address.

    seats: of its connections. idle_s: seconds without a request, or within one before its headers are complete, after
    which a connection ends. desk: takes the usual request over the express lane; None where there is none. answers:
    where answers that are given here, and not by the handler, are counted by status.
    """

    def __init__(
        self,
        handler: Handler,
        place: Place,
        replies: Replies,
        *,
        seats: Seats | None = None,
        idle_s: float = 75.0,
        desk: Desk | None = None,
        answers: list[int] | None = None,
    ) -> None:
        self._replies = replies
        self._answers = [0] * STATUSES if answers is None else answers
        self._web = _Server(handler, replies, idle_s, self._answers)
        self._lane = None if desk is None else ExpressLane(desk, self._web.seated, idle_s)
        self._turned: set[Turned] = set()
        self._entrance = Entrance(
            place,
            seats or Seats(MAX_CONNECTIONS),
            self._web.seated if self._lane is None else self._lane.make,
            turned=self._turn_away,
            short=tell_of_shortage,
        )
        self._port = 0

    @property
    def port(self) -> int:
        """The one that it listens on."""
        assert self._port, "the listener is not started"
        return self._port

    @property
    def seats(self) -> Seats:
        return self._entrance.seats

    @property
    def connections(self) -> int:
        return self.seats.taken

    def adopt(self, idle_s: float) -> None:
        """For connections from now on, and for all of the express lane."""
        self._web.idle_s = idle_s
        if self._lane is not None:
            self._lane.adopt(idle_s)

    async def start(self) -> None:
        """Listen. Raises OSError when the address cannot be had."""
        if self._lane is not None:
            self._lane.start()
        await self._entrance.start()
        self._port = self._entrance.port

    def close(self) -> None:
        """Take no more connections; those that are open stay."""
        self._entrance.close()

    async def stop(self, deadline_s: float) -> None:
        """Take no more connections; end the open ones, the busy ones after their answer or the deadline."""
        self._entrance.stop()
        for each in tuple(self._turned):
            each.end()
        if self._lane is not None:
            self._lane.stop()
        await self._web.shutdown(deadline_s)

    def _turn_away(self) -> asyncio.Protocol | None:
        if len(self._turned) >= TURNED_AT_ONCE:
            return None
        refused = self._replies.problem(Refusal("overloaded")).named(self._replies.ids.of(None))
        self._answers[refused.status] += 1
        return Turned(refused.head + b"Connection: close\r\n\r\n" + refused.content, self._turned)
