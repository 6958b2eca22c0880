"""One HTTP/1.1 connection that carries one POST at a time. Knows sockets and the parser; never which request is next.

The status of an answer counts once its head is complete, whatever becomes of the body, because the body is thrown away.
"""

import asyncio
from collections.abc import Callable
from typing import Final, Protocol, cast

import httptools
import msgspec

from gateway.webhooks.targets import Target

RESPONSE_LIMIT: Final = 65_536
"""Bytes of one answer, head and body, that are read before the connection is closed."""

RETRY_AFTER_LIMIT: Final = 64
_RETRY_AFTER_LENGTH: Final = len(b"retry-after")


class Answer(msgspec.Struct, frozen=True, gc=False):
    """The peer answered with this status. retry_after: what its Retry-After says, b"" for nothing."""

    status: int
    retry_after: bytes = b""

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300


class Failure(msgspec.Struct, frozen=True, gc=False):
    """There was no answer. code: `timeout`, `refused`, `tls`, `closed`, `target_refused`, `protocol` or `unexpected`.

    detail: the `TargetRefused` code, or what is wrong with a certificate.
    """

    code: str
    detail: str = ""


Result = Answer | Failure


def reason_of(result: Result) -> str:
    """In fixed words: `503`, `timeout`, `tls expired`."""
    return str(result.status) if isinstance(result, Answer) else f"{result.code} {result.detail}".rstrip()


Done = Callable[[Result], None]


class Request:
    """One POST: the bytes, its owner, and until when (monotonic seconds; set when it gets its connection)."""

    __slots__ = ("customer", "data", "deadline", "done", "retried", "target")

    def __init__(self, target: Target, data: bytes, done: Done, customer: int) -> None:
        self.customer = customer
        self.target = target
        self.data = data
        self.done = done
        self.deadline = 0.0
        self.retried = False


class Owner(Protocol):
    """Who holds the connections."""

    def finished(self, connection: "Connection", result: Result, *, reusable: bool) -> None:
        """The request of this connection has its result."""

    def unanswered(self, connection: "Connection") -> None:
        """A used connection was closed before the first byte of an answer; the request may not have been read."""

    def lost(self, connection: "Connection") -> None:
        """An idle connection was closed, or its peer spoke unasked."""


class Connection(asyncio.Protocol):
    """request: what is being answered, None while idle. opened, since: monotonic seconds; since the last answer."""

    def __init__(self, owner: Owner, request: Request, now: float) -> None:
        self.origin = request.target.origin
        self.request: Request | None = request
        self.opened = self.since = now
        self.opening: asyncio.Task[None] | None = None
        self._owner = owner
        self._transport: asyncio.Transport | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._used = False
        self._forget_answer()

    def send(self, request: Request) -> None:
        """Write a request on the open, idle connection."""
        self.request = request
        self._forget_answer()
        if self._transport is not None:
            self._transport.write(request.data)

    def discard(self) -> None:
        """Close at once, whatever state it is in, without a notice to the owner."""
        self.request = None
        if self.opening is not None:
            self.opening.cancel()
        if self._transport is not None:
            self._transport.abort()

    def expire(self) -> None:
        """The request has run out of time."""
        self._end_early("timeout")

    def _forget_answer(self) -> None:
        self._received = 0
        self._status = 0
        self._complete = False
        self._keep = False
        self._retry_after = b""

    def _answer(self) -> Answer:
        return Answer(self._status, self._retry_after)

    def _end_early(self, code: str) -> None:
        result: Result = self._answer() if self._status else Failure(code)
        self._owner.finished(self, result, reusable=False)

    # ------------------------------------------------------------------------------------------------ the event loop

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        if self.request is None:
            self._transport.abort()
        else:
            self._transport.write(self.request.data)

    def data_received(self, data: bytes) -> None:
        if self.request is None:
            self._owner.lost(self)
            return
        self._received += len(data)
        broken = self._received > RESPONSE_LIMIT
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            broken = True
        if self._complete:
            self._used = True
            self._owner.finished(self, self._answer(), reusable=self._keep and not broken)
        elif broken:
            self._end_early("protocol")

    def eof_received(self) -> None:
        if self.request is None:
            self._owner.lost(self)

    def connection_lost(self, exc: Exception | None) -> None:
        if self.request is None:
            self._owner.lost(self)
        elif self._used and not self._received and not self.request.retried:
            self._owner.unanswered(self)
        else:
            self._end_early("closed")

    # ---------------------------------------------------------------------------------------------------- the parser

    def on_message_begin(self) -> None:
        if self._complete:
            self._keep = False  # more than was asked for: the next answer could not be distinguished from this

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self._complete and len(name) == _RETRY_AFTER_LENGTH and name.lower() == b"retry-after":
            self._retry_after = value[:RETRY_AFTER_LIMIT]

    def on_headers_complete(self) -> None:
        status = self._parser.get_status_code()
        if not self._complete and status >= 200:
            self._status = status

    def on_message_complete(self) -> None:
        if self._status and not self._complete:
            self._complete = True
            self._keep = self._parser.should_keep_alive()
