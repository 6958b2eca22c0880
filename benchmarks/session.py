"""How many submit_sm a session carries over loopback: an ESME and an SMSC, each a `Connection` with its `Session`.

Both ends run in this process, on one loop and one core, so a pair costs here what it costs both sides together. The
ESME keeps its window full; the SMSC answers each submit_sm with an id. Every answer is counted: a run that loses one
fails by its time limit. Run it with `python -m benchmarks.session`.
"""

import asyncio
import statistics
import time
from collections.abc import Sequence
from typing import Any, Final

import uvloop

from benchmarks.codec import FIELDS, reference, report
from operators.smpp import pdu as p
from operators.smpp.connection import Connection
from operators.smpp.session import BindAsked, Bound, Event, Request, Response, Role, Session, SessionSettings

PAIRS: Final = 40_000
ROUNDS: Final = 7
WINDOWS: Final = (10, 64, 256)
LIMIT_S: Final = 60.0


class Smsc:
    """Takes every bind and every message."""

    def __init__(self) -> None:
        self.connections: list[Connection] = []

    def connect(self) -> Connection:
        settings = SessionSettings(window=1000)
        connection = Connection(lambda now: Session(Role.SMSC, settings, now), self._take, lambda _: None)
        self.connections.append(connection)
        return connection

    @staticmethod
    def _take(connection: Connection, events: Sequence[Event]) -> None:
        session = connection.session
        for event in events:
            if isinstance(event, Request):
                session.respond(p.SubmitSmResp(event.pdu.sequence_number, 0, "0123456789abcdef"))
            elif isinstance(event, BindAsked):
                session.accept_bind(event.pdu, "smsc")


class Esme:
    """Keeps the window full until `PAIRS` are answered."""

    def __init__(self, window: int) -> None:
        self._settings = SessionSettings(window=window)
        self._loop = asyncio.get_running_loop()
        self._left = self._awaited = 0
        self.bound: asyncio.Future[None] = self._loop.create_future()
        self._done: asyncio.Future[None] = self._loop.create_future()
        self._connection: Connection

    def connect(self) -> Connection:
        self._connection = Connection(lambda now: Session(Role.ESME, self._settings, now), self._take, lambda _: None)
        return self._connection

    def bind(self) -> None:
        self._connection.session.bind(p.BindTransceiver(system_id="benchmark"), self._connection.now())
        self._connection.flush_soon()

    async def exchange(self, pairs: int) -> None:
        """Submit `pairs` messages and await all their answers."""
        self._left = self._awaited = pairs
        self._done = self._loop.create_future()
        self._fill()
        self._connection.flush_soon()
        async with asyncio.timeout(LIMIT_S):
            await self._done

    def _take(self, _connection: Connection, events: Sequence[Event]) -> None:
        for event in events:
            if isinstance(event, Response):
                self._awaited -= 1
            elif isinstance(event, Bound):
                self.bound.set_result(None)
        self._fill()
        if not self._awaited and not self._done.done():
            self._done.set_result(None)

    def _fill(self) -> None:
        session, now = self._connection.session, self._connection.now()
        room = min(self._left, session.window.room())
        for _ in range(room):
            session.request(p.SubmitSm(**FIELDS), self, now)
        self._left -= room


async def run(window: int) -> list[tuple[float, float]]:
    """Wall and CPU microseconds per pair, of each round."""
    loop = asyncio.get_running_loop()
    smsc, esme = Smsc(), Esme(window)
    server = await loop.create_server(smsc.connect, "127.0.0.1", 0)
    await loop.create_connection(esme.connect, *server.sockets[0].getsockname())
    esme.bind()
    await esme.bound
    figures = []
    for _ in range(ROUNDS):
        wall, cpu = time.perf_counter(), time.process_time()
        await esme.exchange(PAIRS)
        figures.append(((time.perf_counter() - wall) / PAIRS * 1e6, (time.process_time() - cpu) / PAIRS * 1e6))
    for connection in (*smsc.connections, esme._connection):
        connection.abort()
        await connection.closed
    server.close()
    return figures


def main() -> None:
    reference()
    for window in WINDOWS:
        figures: Any = uvloop.run(run(window))
        wall = [each[0] for each in figures]
        report(f"pair over loopback, window {window}", wall)
        cpu = statistics.median(each[1] for each in figures)
        print(f"{'':<38}{1e6 / statistics.median(wall):>9,.0f} pairs/s, {cpu:.1f} µs CPU a pair, both sides")


if __name__ == "__main__":
    main()
