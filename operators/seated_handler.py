"""aiohttp's protocol of one connection, with a seat at its listener and an answer for whoever has said all it will say.

What of aiohttp's own state is looked at here stands in three attributes: its queue of requests, whether one is with the
handler, and the future by which it waits for the next one.
"""

import asyncio
from typing import Any, Final

from aiohttp import web
from aiohttp.web_protocol import RequestHandler

from operators.seats import Seat

IDLE_S: Final = 1.0


class SeatedHandler(RequestHandler):
    """seat: given right after it is made."""

    __slots__ = ("_has_ended", "_since", "seat")
    seat: Seat

    def __init__(self, *args: Any, **kw: Any) -> None:
        super().__init__(*args, **kw)
        self._has_ended = False
        self._since = self._loop.time()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.seat.guest = self
        super().connection_made(transport)

    def connection_lost(self, exc: BaseException | None) -> None:
        self.seat.free()
        super().connection_lost(exc)

    def is_idle(self) -> bool:
        """See `operators.seats.Guest`. Not at once: who has just come, or been answered, is about to ask."""
        return self._waits() and self._loop.time() - self._since > IDLE_S

    def _waits(self) -> bool:
        """For a request; one of which the headers are not complete is none yet."""
        return self._waiter is not None and not self._waiter.done() and not self._messages

    def leave(self) -> None:
        """See `operators.seats.Guest`."""
        self.force_close()

    @property
    def has_more(self) -> bool:
        """Further requests are complete."""
        return bool(self._messages)

    def eof_received(self) -> bool:  # type: ignore[override]  # as asyncio.Protocol has it
        """The peer sends no more: what it asked is answered before the connection ends (RFC 9112 §9.6). Over TLS, and
        within a body, that is the end.
        """
        request = self._current_request
        is_cut = request is not None and not request.content.is_eof()
        over_tls = self.transport is None or self.transport.get_extra_info("sslcontext") is not None
        if over_tls or is_cut or self._waits() or not self._request_count:
            return False
        self._has_ended = True
        return True

    async def finish_response(
        self, request: web.BaseRequest, resp: web.StreamResponse, start_time: float | None
    ) -> tuple[web.StreamResponse, bool]:
        self._since = self._loop.time()
        answered = await super().finish_response(request, resp, start_time)
        if self._has_ended and not self._messages:
            resp.force_close()
        return answered
