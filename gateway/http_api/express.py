"""The lane of the usual request: `POST /v1/messages` is answered without a task, a future or a request object.

A connection starts here. As long as it sends nothing but usual requests (`http_usual`), one at a time or pipelined, it
stays; the first octets that are anything else go to aiohttp with all that is not yet answered, and the connection is
aiohttp's from then on. aiohttp's server costs 60 to 70 µs CPU a request beside the handler, this lane about 15.

Bounds: an incomplete request is aiohttp's after `PATIENCE_S`, with its limits of size and time; behind a request in
hand no more than `PIPELINE_BYTES` are read; an idle connection ends after `idle_s`, one that leaves its answers unread
after `WRITE_TIMEOUT_S`.
"""

import asyncio
from collections.abc import Callable
from typing import Final, Protocol, cast

from gateway.http_api.express_head import ODD, Odd, Partial, Usual, UsualReader
from gateway.http_api.replies import WRITE_TIMEOUT_S

PATIENCE_S: Final = 1.0
SWEEP_S: Final = 1.0
PIPELINE_BYTES: Final = 65_536


class Desk(Protocol):
    """Takes usual requests; see `gateway.http_api.api`."""

    @property
    def limit_bytes(self) -> int:
        """Of a body."""

    @property
    def open(self) -> bool:
        """Requests may still be taken; otherwise they are aiohttp's to refuse."""

    def take(self, connection: "ExpressConnection", usual: Usual, body: bytes) -> None:
        """Take a request; `connection.answer` is called once for it, now or later. Never raises."""


class ExpressConnection(asyncio.Protocol):
    """One connection. known: what the desk remembers of its last request, so that it need not be worked out again."""

    __slots__ = ("_buffer", "_busy", "_desk", "_lane", "_paused", "_reading", "_since", "_transport", "known")

    def __init__(self, lane: "ExpressLane", desk: Desk) -> None:
        self._lane = lane
        self._desk = desk
        self._transport: asyncio.Transport | None = None
        self._buffer = b""
        self._busy = False
        self._paused = False
        self._reading = True
        self._since = lane.now
        self.known: object = None

    @property
    def remote(self) -> str:
        """The peer's address, '' when it is not known."""
        peer = None if self._transport is None else self._transport.get_extra_info("peername")
        return str(peer[0]) if peer else ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._lane.connections.add(self)

    def connection_lost(self, error: Exception | None) -> None:
        self._transport = None
        self._lane.connections.discard(self)

    def pause_writing(self) -> None:
        self._paused = True

    def resume_writing(self) -> None:
        self._paused = False
        self._since = self._lane.now
        self._go_on()

    def data_received(self, data: bytes) -> None:
        if self._buffer:
            self._buffer += data
        else:
            self._buffer = data
            self._since = self._lane.now
        if not self._busy:
            self._go_on()
        elif self._reading and len(self._buffer) > PIPELINE_BYTES and self._transport is not None:
            self._reading = False
            self._transport.pause_reading()

    def answer(self, octets: bytes) -> None:
        """Answer the request in hand, and take the next one."""
        self._busy = False
        self._since = self._lane.now
        if self._transport is None or self._transport.is_closing():
            return
        self._transport.write(octets)
        if self._buffer:
            asyncio.get_running_loop().call_soon(self._go_on)

    def _go_on(self) -> None:
        """Take what is complete. Only one request is in hand at a time, so answers keep their order."""
        while self._buffer and not self._busy and not self._paused and self._transport is not None:
            usual = self._lane.reader.read(self._buffer) if self._desk.open else ODD
            if isinstance(usual, Partial):
                self._listen_again()
                return
            if isinstance(usual, Odd):
                self.hand_over()
                return
            body = self._buffer[usual.start : usual.end]
            self._buffer = self._buffer[usual.end :]
            self._busy = True
            self._desk.take(self, usual, body)

    def _listen_again(self) -> None:
        if not self._reading and self._transport is not None:
            self._reading = True
            self._transport.resume_reading()

    def hand_over(self) -> None:
        """Give the connection and all that is not answered to aiohttp."""
        transport, octets = self._transport, self._buffer
        if transport is None:
            return
        self._listen_again()
        self.connection_lost(None)
        successor = self._lane.successor()
        transport.set_protocol(successor)
        successor.connection_made(transport)
        if octets:
            successor.data_received(octets)

    def sweep(self, now: float, idle_s: float) -> None:
        """Let go of what waits for too long."""
        waited_s = now - self._since
        if self._transport is None or self._busy:
            return
        if self._paused:
            if waited_s > WRITE_TIMEOUT_S:
                self._transport.abort()
        elif self._buffer:
            if waited_s > PATIENCE_S:
                self.hand_over()
        elif waited_s > idle_s:
            self._transport.close()

    def close(self) -> None:
        """End the connection; an answer under way is still written."""
        if self._transport is not None:
            self._transport.close()


class ExpressLane:
    """The connections in the lane, and what they share. successor: makes aiohttp's protocol for one that leaves it."""

    def __init__(self, desk: Desk, successor: Callable[[], asyncio.Protocol], idle_s: float) -> None:
        self._desk = desk
        self.reader = UsualReader(desk.limit_bytes)
        self.successor = successor
        self._idle_s = idle_s
        self._timer: asyncio.TimerHandle | None = None
        self.connections: set[ExpressConnection] = set()
        self.now = 0.0
        """Loop time of the last sweep: fine enough for limits of seconds, and free to read."""

    def start(self) -> None:
        self._sweep()

    def make(self) -> ExpressConnection:
        return ExpressConnection(self, self._desk)

    def stop(self) -> None:
        """End every connection."""
        if self._timer is not None:
            self._timer.cancel()
        for connection in tuple(self.connections):
            connection.close()

    def _sweep(self) -> None:
        loop = asyncio.get_running_loop()
        self.now = loop.time()
        for connection in tuple(self.connections):
            connection.sweep(self.now, self._idle_s)
        self._timer = loop.call_later(SWEEP_S, self._sweep)
