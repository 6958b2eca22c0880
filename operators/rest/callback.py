"""The listener for an operator's receipts over HTTP: one POST with a receipt, or a list of them.

It answers 204 when they are durable and 503 when they could not be taken now, so that the operator sends them again
(Law 2, as S-47 for SMPP). Who does not present the shared secret gets 401, and learns nothing more.
"""

import asyncio
import hmac
import ssl
from collections.abc import Callable, Sequence
from typing import Final

from aiohttp import web

from config.operators import RestCallback
from operators.contained import report
from operators.entrance import Entrance, Place
from operators.rest.form import Receipt, ReceiptForm
from operators.seated_handler import SeatedHandler
from operators.seats import Seat, Seats
from operators.turned import TURNED_AT_ONCE, Turned
from redaction.personal import Purpose, Secret

BODY_LIMIT_BYTES: Final = 256 * 1024
COMMIT_LIMIT_S: Final = 10.0
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


class CallbackListener:
    """secret: what the operator presents; never empty. news: where receipts go."""

    def __init__(self, settings: RestCallback, secret: Secret, news: News) -> None:
        self._settings = settings
        self._expected = f"Bearer {secret.reveal(Purpose.CREDENTIAL)}".encode()
        self._form = ReceiptForm(settings)
        self._news = news
        self._waiting: set[asyncio.Future[bool]] = set()
        self._web: web.Server | None = None
        self._entrance: Entrance | None = None
        self._turned: set[Turned] = set()
        self.port = 0

    async def start(self) -> None:
        """Listen. Raises OSError."""
        settings = self._settings
        self._web = web.Server(self._answer)
        place = Place(host=settings.host, port=settings.port or 0, shared=settings.shared_port, tls=_tls(settings))
        self._entrance = Entrance(place, Seats(settings.max_connections), self._seated, turned=self._turn_away)
        await self._entrance.start()
        self.port = self._entrance.port

    async def stop(self) -> None:
        """Close; what waits for its commit is asked for again, for nobody is left to say that it is durable."""
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
        presented = request.headers.get("Authorization", "").encode("utf-8", "surrogateescape")
        if not hmac.compare_digest(presented, self._expected):
            return web.Response(status=401)
        if isinstance(request.protocol, SeatedHandler):
            request.protocol.seat.prove()
        if request.method != "POST":
            return web.Response(status=405, headers={"Allow": "POST"})
        if len(self._waiting) >= AT_ONCE:
            return web.Response(status=503, headers={"Retry-After": "1"})
        try:
            async with asyncio.timeout(BODY_S):
                body = await _read(request)
        except TimeoutError:
            return web.Response(status=408, headers={"Connection": "close"})
        receipts = None if body is None else self._form.receipts(body)
        if receipts is None:
            return web.Response(status=413 if body is None else 400)
        return await self._durable(receipts) if receipts else web.Response(status=204)

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
        return web.Response(status=204) if taken else web.Response(status=503, headers={"Retry-After": "1"})


async def _read(request: web.BaseRequest) -> bytes | None:
    """The body, None if it is too large."""
    body = bytearray()
    async for chunk in request.content.iter_any():
        body += chunk
        if len(body) > BODY_LIMIT_BYTES:
            return None
    return bytes(body)


def _tls(settings: RestCallback) -> ssl.SSLContext | None:
    if settings.tls_certificate is None or settings.tls_key is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(settings.tls_certificate, settings.tls_key)
    return context
