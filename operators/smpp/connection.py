"""One TCP connection that carries one SMPP session: octets in and out, timers, and nothing else.

Writes gather in the session and leave together when the loop's turn ends. From a peer that stops reading nothing more
is read, since every request would add an answer to what it does not take; the host sees `writable`, and the session's
timers end the link (S-26). What waits for such a peer is at most `WRITE_LIMIT_BYTES`, the answers to one read, to the
requests already with the host (`SessionSettings.inbound`), and a window of requests. Used by both sides.

What one read brought is taken by slices of `slice_bytes`, each in its turn (`operators.turns`), and nothing more is
read meanwhile: a peer that floods holds up others by a slice, whatever its PDUs are.

After a pause of the process its timers come before what lies in the sockets: so the session's time leaves pauses out,
and no request has timed out before its answer could be read. The connections of a listener share one timer
(`operators.ticker`), which costs those that have nothing to do a look.
"""

import asyncio
import socket
from collections.abc import Callable, Sequence
from typing import Final, cast

from operators.contained import report
from operators.smpp.session import Ended, Event, Session
from operators.ticker import TICK_S, Ticker
from operators.turns import Turns

PAUSE_S: Final = 1.0
"""The process, or its loop, stood still when a tick is so late."""
WRITE_LIMIT_BYTES: Final = 1 << 20
CLOSE_AFTER_S: Final = 1.0
SLICE_BYTES: Final = 2_048
"""128 of the smallest PDUs: a millisecond, or ten usual submissions."""
OPERATOR_SLICE_BYTES: Final = 16_384
"""Of an operator's link, which brings answers by the hundred: 500 of them are two milliseconds, settled together."""

Handler = Callable[["Connection", Sequence[Event]], None]
"""Takes the events of one read or one tick."""


class Connection(asyncio.Protocol):
    """session: called with the loop's time when the connection is made. lost: called once at the end.

    turns, ticker: shared with the other connections of a listener; None for some of its own. slice_bytes: how much of
    what was read is taken in one turn.
    """

    def __init__(
        self,
        session: Callable[[float], Session],
        handler: Handler,
        lost: Callable[["Connection"], None],
        turns: Turns | None = None,
        slice_bytes: int = SLICE_BYTES,
        ticker: Ticker | None = None,
    ) -> None:
        self._slice_bytes: Final = slice_bytes
        self._make_session = session
        self._handler = handler
        self._lost = lost
        self.made: Callable[[Connection], None] | None = None  # called once the connection stands
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._turns = turns or Turns()
        self._is_alone = turns is None
        self._ticker = ticker or Ticker()
        self._unread = bytearray()
        self._waits = False  # for its turn to take what is unread
        self._reading = True
        self._flushing = False
        self._looked = self._loop.time()
        self._paused = 0.0
        self.session: Session
        self.writable = True
        self.end_reason = ""
        self.end_status = 0  # with which the peer refused, if it did; the host says so
        self.error: Exception | None = None
        self.closed = self._loop.create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport = cast(asyncio.Transport, transport)  # uvloop's are not subclasses
        transport.set_write_buffer_limits(high=WRITE_LIMIT_BYTES)
        raw = transport.get_extra_info("socket")
        if raw is not None:
            raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # S-66
        self.session = self._make_session(self.now())
        self._ticker.join(self)
        if self.made is not None:
            try:
                self.made(self)
            except Exception as error:
                self._fail(error)

    def unsent_octets(self) -> int:
        """What was written and the peer has not taken."""
        return 0 if self._transport is None else self._transport.get_write_buffer_size()

    @property
    def unread_octets(self) -> int:
        """What was read and waits for its turn."""
        return len(self._unread)

    def peer(self) -> str:
        """The other end's address; '' when there is none."""
        name = None if self._transport is None else self._transport.get_extra_info("peername")
        return str(name[0]) if name else ""

    def data_received(self, data: bytes) -> None:
        is_little = len(data) <= self._slice_bytes and not self._waits
        if is_little and (not self._turns.busy if self._is_alone else self._turns.at_once()):
            self._receive(data)
        else:
            self._unread += data
            if not self._waits:
                self._waits = True
                self._turns.join(self)
        self._steer()

    def work(self) -> bool:
        """Take one slice of what is unread; see `operators.turns.Worker`."""
        if self._transport is not None and not self._transport.is_closing():
            data = bytes(self._unread[: self._slice_bytes])
            del self._unread[: self._slice_bytes]
            self._receive(data)
        else:
            self._unread.clear()
        self._waits = bool(self._unread)
        if not self._waits:
            self._steer()
        return self._waits

    def _receive(self, data: bytes) -> None:
        try:
            self._handle(self.session.receive(data, self.now()))
        except Exception as error:
            self._fail(error)

    def wants_to_read(self) -> bool:
        """More may be read now; asked whenever that may have changed."""
        return self.writable and not self._waits

    def _steer(self) -> None:
        """Read on, or let the peer wait."""
        wanted, transport = self.wants_to_read(), self._transport
        if wanted is not self._reading and transport is not None and not transport.is_closing():
            self._reading = wanted
            if wanted:
                transport.resume_reading()
            else:
                transport.pause_reading()

    def pause_writing(self) -> None:
        self.writable = False
        self._steer()

    def resume_writing(self) -> None:
        self.writable = True
        self._steer()

    def connection_lost(self, error: Exception | None) -> None:
        self.error = error
        self._ticker.leave(self)
        self._last_words()
        self._transport = None
        try:
            events = self.session.connection_lost()
            if events:
                self._handler(self, events)
        except Exception as failure:
            self._fail(failure)
        try:
            self._lost(self)
        finally:
            if not self.closed.done():
                self.closed.set_result(None)

    def _last_words(self) -> None:
        """Take at once what was read before the end: answers among it must not count as missing."""
        data = bytes(self._unread)
        self._unread.clear()
        if data:
            self._receive(data)

    def now(self) -> float:
        """The loop's time, less the pauses that this connection has seen."""
        now = self._loop.time()
        late = now - self._looked - TICK_S
        if late > PAUSE_S:
            self._paused += late
        self._looked = now
        return now - self._paused

    def flush_soon(self) -> None:
        """Write what gathered, once, when this turn of the loop ends."""
        if not self._flushing:
            self._flushing = True
            self._loop.call_soon(self._turn_ends)

    def close(self, reason: str) -> None:
        """Write what gathered, then close; a peer that does not read is cut off."""
        self.end_reason = self.end_reason or reason
        self._flush()
        if self._transport is not None:
            self._transport.close()
            self._loop.call_later(CLOSE_AFTER_S, self.abort)

    def abort(self) -> None:
        """Cut the connection off now."""
        if self._transport is not None:
            self._transport.abort()

    def _handle(self, events: Sequence[Event]) -> None:
        while events:
            self._handler(self, events)
            last = events[-1]
            if isinstance(last, Ended):
                self.close(last.reason)
                return
            events = self.session.take_events()
        self.flush_soon()

    def _turn_ends(self) -> None:
        self._flushing = False
        try:
            events = self.session.take_events()
            if events:
                self._handle(events)
            self._flush()
        except Exception as error:
            self._fail(error)

    def _flush(self) -> bool:
        """Whether there was anything to write."""
        data = self.session.data_to_send()
        if data and self._transport is not None:
            self._transport.write(data)
        return bool(data)

    def tick(self) -> bool:
        """See `operators.ticker.Ticked`."""
        try:
            events = self.session.tick(self.now())
            if events:
                self._handle(events)
            return self._flush() or bool(events)
        except Exception as error:
            self._fail(error)
            return True

    def _fail(self, error: Exception) -> None:
        """What the peer brought, or what was made of it, raised an error: its connection ends, and nothing else."""
        report("connection", error)
        self.abort()
