"""The lane of the usual request: `POST /v1/messages`, and what programs send through façades, is answered without a
task, a future or a request object.

A connection starts here. As long as it sends nothing but usual requests (`express_head`), one at a time or pipelined,
it stays; the first octets that are anything else go to aiohttp with all that is not yet answered, and the connection is
aiohttp's from then on. aiohttp's server costs 60 to 70 µs CPU a request beside the handler, this lane about 15.

Bounds: an incomplete request is aiohttp's after `PATIENCE_S`, with its limits of size and time. A connection is read
while its peer takes its answers and no more than `PIPELINE_BYTES` wait to be served; `TURN` of its requests are one
share of the loop, which all connections of the lane get in fair turns (`operators.turns`). An idle connection ends
after `idle_s`, one that leaves its answers unread after `WRITE_TIMEOUT_S`; nothing more is done for one that is
closing.
"""

import asyncio
from collections.abc import Callable
from typing import Final, Protocol, cast

from gateway.http_api.express_head import ODD, Odd, Partial, Places, Usual, UsualReader
from gateway.http_api.express_octets import Octets
from gateway.http_api.replies import WRITE_TIMEOUT_S
from gateway.http_api.request_ids import RequestIds
from gateway.model.refusals import Refusal
from operators.contained import report
from operators.seats import Seat
from operators.turns import Turns

PATIENCE_S: Final = 1.0
SWEEP_S: Final = 1.0
PIPELINE_BYTES: Final = 65_536
TURN: Final = 16
"""Requests of one connection in one share: 16 refusals, the one answer that waits for nothing, are half a
millisecond. A request that is taken waits for its commit, and ends the turn of its connection.
"""


class Desk(Protocol):
    """Takes usual requests; see `gateway.http_api.api`."""

    @property
    def limit_bytes(self) -> int:
        """Of a body."""

    @property
    def places(self) -> Places | None:
        """Where requests to façades go; None where there are no façades."""

    @property
    def open(self) -> bool:
        """Requests may still be taken; otherwise they are aiohttp's to refuse."""

    def take(self, connection: "ExpressConnection", usual: Usual, body: bytes) -> None:
        """Take a request; `connection.answer` is called once for it, now or later. Never raises."""

    def taken(self, connection: "ExpressConnection", body: bytes, more: bytes) -> None:
        """The request in hand is answered so: see `gateway.http_api.sending.Waiter`."""

    def refused(self, connection: "ExpressConnection", refusal: Refusal) -> None:
        """As well."""


class ExpressConnection(asyncio.Protocol):
    """One connection. known: what the desk remembers of its last request, so that it need not be worked out again.
    seat: its place at the listener. request_id: of the request in hand, where it was given one.
    """

    __slots__ = (
        "_busy",
        "_desk",
        "_ended",
        "_lane",
        "_octets",
        "_paused",
        "_reading",
        "_since",
        "_transport",
        "_turns",
        "known",
        "request_id",
        "seat",
    )

    def __init__(self, lane: "ExpressLane", desk: Desk, seat: Seat) -> None:
        self._lane = lane
        self._desk = desk
        self.seat: Final = seat
        self._transport: asyncio.Transport | None = None
        self._octets = Octets()
        self._busy = False  # a request is in hand
        self._turns = False  # `work` runs, or will in its turn
        self._paused = False
        self._reading = True
        self._ended = False  # the peer sends no more
        self._since = lane.now
        self.known: object = None
        self.request_id: bytes | None = None

    @property
    def remote(self) -> str:
        """The peer's address, '' when it is not known."""
        peer = None if self._transport is None else self._transport.get_extra_info("peername")
        return str(peer[0]) if peer else ""

    def named(self, ids: RequestIds) -> str:
        """The id of the request in hand."""
        return ids.of(None if self.request_id is None else self.request_id.decode("ascii"))

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self.seat.guest = self
        self._lane.connections.add(self)

    def connection_lost(self, error: Exception | None) -> None:
        self._leave_lane()
        self.seat.free()

    def _leave_lane(self) -> None:
        self._transport = None
        self._lane.connections.discard(self)

    def is_idle(self) -> bool:
        """See `operators.seats.Guest`. Not at once: who has just come, or been answered, is about to ask."""
        return not (self._busy or self._turns) and self._lane.now - self._since > SWEEP_S

    def leave(self) -> None:
        """See `operators.seats.Guest`."""
        if self._transport is None:
            return
        if self._paused:
            self._transport.abort()
        else:
            self._transport.close()

    def pause_writing(self) -> None:
        self._paused = True
        self._since = self._lane.now
        self._steer()

    def resume_writing(self) -> None:
        self._paused = False
        self._since = self._lane.now
        self._go_on_soon()

    def data_received(self, data: bytes) -> None:
        octets = self._octets
        if not octets.waiting:
            self._since = self._lane.now
        octets.put(data)
        if self._busy or self._turns or octets.waiting < octets.needed:
            self._steer()
        elif self._lane.turns.busy:
            self._go_on_soon()
        elif self.work():
            self._lane.turns.rejoin(self)

    def taken(self, body: bytes, more: bytes) -> None:
        """See `gateway.http_api.sending.Waiter`."""
        self._desk.taken(self, body, more)

    def refused(self, refusal: Refusal) -> None:
        """See `gateway.http_api.sending.Waiter`."""
        self._desk.refused(self, refusal)

    def answer(self, octets: bytes) -> None:
        """Answer the request in hand, and take the next one."""
        self._busy = False
        self._since = self._lane.now
        if self._transport is None or self._transport.is_closing():
            return
        try:
            self._transport.write(octets)
            if self._octets.waiting:
                self._go_on_soon()
            elif self._ended:
                self._transport.close()
        except Exception as error:  # the caller goes on
            self.fail(error)

    def _go_on_soon(self) -> None:
        if not self._turns:
            self._turns = True
            self._lane.turns.join(self)
            self._steer()

    def work(self) -> bool:
        """Take what is complete; see `operators.turns.Worker`. Only one request is in hand at a time, so answers keep
        their order.
        """
        self._turns = True
        octets, desk, left = self._octets, self._desk, TURN
        try:
            while octets.waiting and left and self._may_go_on():
                first = octets.first(self._lane.reader) if desk.open else ODD
                if isinstance(first, Partial):
                    break
                if isinstance(first, Odd):
                    self.hand_over()
                    break
                left -= 1
                self._busy = True
                desk.take(self, first, octets.take(first))
            self._turns = not left
            if octets.waiting or not self._reading:
                self._steer()
            elif self._ended and not self._busy:
                self.close()
        except Exception as error:
            self._turns = False
            self.fail(error)
        return self._turns

    def _may_go_on(self) -> bool:
        transport = self._transport
        return not (self._busy or self._paused or transport is None or transport.is_closing())

    def _steer(self) -> None:
        """Read on, or let the peer wait."""
        octets, transport = self._octets, self._transport
        wanted = not self._paused and (octets.waiting <= PIPELINE_BYTES or octets.waiting < octets.needed)
        if wanted is self._reading or transport is None or transport.is_closing():
            return
        self._reading = wanted
        if wanted:
            transport.resume_reading()
        else:
            transport.pause_reading()

    def hand_over(self) -> None:
        """Give the connection and all that is not answered to aiohttp."""
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        if not self._reading:
            self._reading = True
            transport.resume_reading()
        self._leave_lane()
        successor = self._lane.successor(self.seat)
        transport.set_protocol(successor)
        successor.connection_made(transport)
        if self._octets.waiting:
            successor.data_received(self._octets.rest())
        if self._ended and not successor.eof_received():
            transport.close()

    def eof_received(self) -> bool:
        """The peer sends no more: what it asked is answered before the connection ends (RFC 9112 §9.6); not over TLS,
        where that is the end.
        """
        transport = self._transport
        if transport is None or transport.get_extra_info("sslcontext") is not None:
            return False
        self._ended = True
        if not (self._busy or self._turns) and self._octets.waiting:
            self.hand_over()  # an incomplete request is not this lane's to judge
            return True
        return self._busy or self._turns

    def sweep(self, now: float, idle_s: float) -> None:
        """Let go of what waits for too long."""
        waited_s = now - self._since
        if self._transport is None or self._busy:
            return
        if self._paused:
            if waited_s > WRITE_TIMEOUT_S:
                self._transport.abort()
        elif self._octets.waiting:
            if waited_s > PATIENCE_S and not self._turns:
                self.hand_over()
        elif waited_s > idle_s:
            self._transport.close()

    def fail(self, error: Exception) -> None:
        """What its peer brought, or an answer to it, raised an error: the connection ends, and nothing else."""
        report("connection", error)
        if self._transport is not None:
            self._transport.abort()

    def close(self) -> None:
        """End the connection; an answer under way is still written."""
        if self._transport is not None:
            self._transport.close()


class ExpressLane:
    """The connections in the lane, and what they share. successor: makes aiohttp's protocol for one that leaves it."""

    def __init__(self, desk: Desk, successor: Callable[[Seat], asyncio.Protocol], idle_s: float) -> None:
        self._desk = desk
        self.reader = UsualReader(desk.limit_bytes, desk.places)
        self.successor = successor
        self._idle_s = idle_s
        self._timer: asyncio.TimerHandle | None = None
        self.turns = Turns()
        self.connections: set[ExpressConnection] = set()
        self.now = 0.0
        """Loop time of the last sweep: fine enough for limits of seconds, and free to read."""

    def adopt(self, idle_s: float) -> None:
        """And the desk's limit, from the next request and the next sweep on."""
        self.reader.limit_bytes = self._desk.limit_bytes
        self._idle_s = idle_s

    def start(self) -> None:
        self._sweep()

    def make(self, seat: Seat) -> ExpressConnection:
        return ExpressConnection(self, self._desk, seat)

    def stop(self) -> None:
        """End every connection."""
        if self._timer is not None:
            self._timer.cancel()
        for connection in tuple(self.connections):
            connection.close()

    def _sweep(self) -> None:
        loop = asyncio.get_running_loop()
        self.now = loop.time()
        self._timer = loop.call_later(SWEEP_S, self._sweep)
        for connection in tuple(self.connections):
            try:
                connection.sweep(self.now, self._idle_s)
            except Exception as error:
                connection.fail(error)
