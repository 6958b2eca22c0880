"""The listener for an operator's receipts over HTTP: one request with a receipt, or a list of them.

It answers 204 when they are durable and 503 when they could not be taken now, so that the operator sends them again
(Law 2, as S-47 for SMPP). Who does not present the shared secret gets 401, and learns nothing more. Whatever is not
taken is counted, and the first of its kind is a line.
"""

import asyncio
import ssl
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

import structlog
from aiohttp import web

from config.operators import RestCallback
from operators.contained import report
from operators.entrance import Entrance, Place
from operators.flaws import Flaws
from operators.renewal import served
from operators.rest.presented import Presented
from operators.rest.receipts import Receipt, ReceiptForm, Receipts
from operators.seated_handler import SeatedHandler
from operators.seats import Seat, Seats
from operators.turned import TURNED_AT_ONCE, Turned
from redaction.personal import Secret

COMMIT_LIMIT_S: Final = 10.0
_LATER: Final = {"Retry-After": "1"}
AT_ONCE: Final = 64
"""Requests that may wait for their commit; one more is sent away with 503."""
IDLE_S: Final = 75.0
BODY_S: Final = 10.0
"""In which a body must have arrived."""
STOP_S: Final = 1.0
_MAX_LINE_BYTES: Final = 8_190
_TURNED: Final = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"

News = Callable[[Sequence[Receipt], "asyncio.Future[bool]"], None]
"""Takes receipts, and a future to resolve: true when they are durable."""


log: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger("operators.rest")


class CallbackListener:
    """operator: its name. secret: what it presents; never empty. news: where receipts go."""

    def __init__(self, operator: str, settings: RestCallback, secret: Secret, news: News) -> None:
        self._operator = operator
        self._settings = settings
        self._presented = Presented(settings, secret)
        self._form = ReceiptForm(settings)
        self._news = news
        self._flaws = Flaws()
        self._waiting: set[asyncio.Future[bool]] = set()
        self._web: web.Server | None = None
        self._entrance: Entrance | None = None
        self._turned: set[Turned] = set()
        self.port = 0

    @property
    def flawed(self) -> int:
        """Requests, and receipts in them, that were not taken."""
        return self._flaws.total

    async def start(self) -> None:
        """Listen. Raises OSError."""
        settings = self._settings
        self._web = web.Server(self._answer)
        place = Place(host=settings.host, port=settings.port or 0, shared=settings.shared_port, tls=_tls(settings))
        self._entrance = Entrance(place, Seats(settings.max_connections), self._seated, turned=self._turn_away)
        await self._entrance.start()
        self.port = self._entrance.port

    async def stop(self) -> None:
        """Close; what waits for its commit is asked for again, as its commit will not be confirmed any more."""
        for answer in self._waiting:
            if not answer.done():
                answer.set_result(False)
        if self._entrance is not None:
            self._entrance.stop()
        for each in tuple(self._turned):
            each.end()
        if self._web is not None:
            await self._web.shutdown(STOP_S)

    def _seated(self, seat: Seat) -> asyncio.Protocol:
        assert self._web is not None
        connection = SeatedHandler(
            self._web,
            loop=asyncio.get_running_loop(),
            keepalive_timeout=IDLE_S,
            access_log=None,
            max_line_size=_MAX_LINE_BYTES,
            max_field_size=_MAX_LINE_BYTES,
            lingering_time=STOP_S,
        )
        connection.seat = seat
        return connection

    def _turn_away(self) -> asyncio.Protocol | None:
        return None if len(self._turned) >= TURNED_AT_ONCE else Turned(_TURNED, self._turned)

    async def _answer(self, request: web.BaseRequest) -> web.Response:
        """An error of one request is answered 500, so that the operator sends it again."""
        try:
            return await self._judge(request)
        except ConnectionError:
            raise
        except Exception as error:
            report("request", error)
            return web.Response(status=500)

    async def _judge(self, request: web.BaseRequest) -> web.Response:
        methods = ("GET", "POST") if self._settings.get else ("POST",)
        if request.method not in methods:
            return self._refusal(405, "method", Allow=", ".join(methods))
        if not self._presented.before_body(request):
            return self._refusal(401, "secret")
        if len(self._waiting) >= AT_ONCE:
            return self._refusal(503, "busy", **_LATER)
        try:
            async with asyncio.timeout(BODY_S):
                body = await _read(request, self._settings.body_limit_bytes)
        except TimeoutError:
            return self._refusal(408, "slow", Connection="close")
        if body is None:
            return self._refusal(413, "long")
        if not self._presented.with_body(request, body):
            return self._refusal(401, "secret")
        if isinstance(request.protocol, SeatedHandler):
            request.protocol.seat.prove()
        is_query = request.method == "GET"
        said = self._form.of_query(request.query) if is_query else self._form.of_body(body, request.content_type)
        return await self._take(said)

    async def _take(self, said: Receipts) -> web.Response:
        """What can be read is taken, whatever stands beside it."""
        if not said.receipts:
            return self._refusal(400, "no_receipt")
        for _ in range(said.unreadable):
            self._note("unreadable")
        return await self._durable(said.receipts)

    def _refusal(self, status: int, reason: str, **headers: str) -> web.Response:
        self._note(reason)
        return web.Response(status=status, headers=headers)

    def _note(self, reason: str) -> None:
        if self._flaws.count(self._operator, "receipt", reason):
            log.warning("flawed_callback", operator=self._operator, reason=reason)

    async def _durable(self, receipts: Sequence[Receipt]) -> web.Response:
        answer: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.add(answer)
        try:
            self._news(receipts, answer)
            async with asyncio.timeout(COMMIT_LIMIT_S):
                taken = await answer
        except TimeoutError:
            taken = False
        finally:
            self._waiting.discard(answer)
        return web.Response(status=204) if taken else web.Response(status=503, headers=_LATER)


async def _read(request: web.BaseRequest, limit_bytes: int) -> bytes | None:
    """The body, None if it is too large."""
    body = bytearray()
    async for chunk in request.content.iter_any():
        body += chunk
        if len(body) > limit_bytes:
            return None
    return bytes(body)


def _tls(settings: RestCallback) -> ssl.SSLContext | None:
    certificate, key = settings.tls_certificate, settings.tls_key
    if certificate is None or key is None:
        return None
    return served(partial(_context, certificate, key), (certificate, key))


def _context(certificate: str, key: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(certificate, key)
    return context
