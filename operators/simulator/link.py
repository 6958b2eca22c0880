"""One connection to a simulated SMSC."""

import asyncio
import socket
from collections.abc import Sequence
from typing import Final, Protocol, cast

from operators.smpp import pdu as p
from operators.smpp.session import Event, Role, Session, SessionSettings, State

_TICK_S: Final = 0.5
_CLOSE_AFTER_S: Final = 1.0
_PAUSE_BYTES: Final = 1 << 18
_UNREAD_LIMIT_BYTES: Final = 1 << 21


class LinkHost(Protocol):
    """The observer of a link."""

    def remember(self, link: "Link") -> None:
        """It stands."""

    def take(self, link: "Link", events: Sequence[Event]) -> None:
        """What one read or one tick brought, or nothing: the peer reads again."""

    def forget(self, link: "Link") -> None:
        """It is gone."""


class Link(asyncio.Protocol):
    """submits: that came over it. Writes leave together when the loop's turn ends (S-66).

    A peer that does not read gets no more receipts, and is cut off at `_UNREAD_LIMIT_BYTES` of answers (S-26).
    """

    session: Session
    _transport: asyncio.Transport
    _timer: asyncio.TimerHandle

    def __init__(self, host: LinkHost, settings: SessionSettings) -> None:
        self._host = host
        self._settings = settings
        self._loop = asyncio.get_running_loop()
        self._flushing = False
        self._writable = True
        self.submits = 0
        self.cut = False
        self.closed = self._loop.create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's are no subclass
        self._transport.set_write_buffer_limits(high=_PAUSE_BYTES)
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.session = Session(Role.SMSC, self._settings, self._loop.time())
        self._timer = self._loop.call_later(_TICK_S, self._tick)
        self._host.remember(self)

    def data_received(self, data: bytes) -> None:
        if not self.cut:
            self._handle(self.session.receive(data, self._loop.time()))

    def pause_writing(self) -> None:
        self._writable = False

    def resume_writing(self) -> None:
        self._writable = True
        self._host.take(self, ())

    def connection_lost(self, _error: Exception | None) -> None:
        self.cut = True
        self._timer.cancel()
        self._host.take(self, self.session.connection_lost())
        self._host.forget(self)
        self.closed.set_result(None)

    def takes_receipts(self) -> bool:
        return self._writable and not self.cut and self.session.can_send()

    def answer(self, pdu: p.Pdu) -> None:
        """Send an answer, unless the link is gone."""
        if not self.cut:
            self.session.respond(pdu)
            self.flush_soon()

    def flush_soon(self) -> None:
        """Write what gathered, once, when this turn of the loop ends."""
        if not self._flushing:
            self._flushing = True
            self._loop.call_soon(self._flush)

    def close(self) -> None:
        """Write what gathered, then close; a peer that does not read is cut off."""
        if not self.cut:
            self._flush()
            self.cut = True
            self._transport.close()
            self._loop.call_later(_CLOSE_AFTER_S, self._transport.abort)

    def abort(self) -> None:
        """Cut the connection off now."""
        self.cut = True
        self._transport.abort()

    def _handle(self, events: Sequence[Event]) -> None:
        if events:
            self._host.take(self, events)
        if self.session.state is State.CLOSED:
            self.close()
        else:
            self.flush_soon()

    def _flush(self) -> None:
        self._flushing = False
        data = self.session.data_to_send()
        if data and not self.cut:
            self._transport.write(data)
            if self._transport.get_write_buffer_size() > _UNREAD_LIMIT_BYTES:
                self.abort()

    def _tick(self) -> None:
        self._timer = self._loop.call_later(_TICK_S, self._tick)
        if not self.cut:
            self._handle(self.session.tick(self._loop.time()))
