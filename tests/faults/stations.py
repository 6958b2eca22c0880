"""Places that a hostile peer may connect to, and the peer: real sockets on both sides.

A station listens as an SMSC and shows what it holds for its peers: sessions, octets that are not taken yet.
"""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any, Protocol

import msgspec

from operators.simulator import Simulator, SimulatorSettings
from operators.smpp import pdu as p
from operators.smpp.connection import Connection
from operators.smpp.framing import Framer
from operators.smpp.session import BindAsked, Event, Request, Role, Session, SessionSettings
from tests.bounds import LIMIT_S
from tests.integration.smpp_stage import Stage, running_gateway

SETTINGS = SessionSettings(
    window=8,
    inbound=1_000,
    enquire_link_s=None,
    response_timeout_s=LIMIT_S,
    session_init_s=LIMIT_S,
    max_pdu_octets=65_536,
)
"""Nobody is cut off for being slow, as peers on a busy machine are."""
HASTY = msgspec.structs.replace(SETTINGS, enquire_link_s=0.3, response_timeout_s=0.3, session_init_s=0.6)
"""Whoever says nothing is soon cut off."""
ACCOUNT = ("peer", "secret")


class Station(Protocol):
    """What a test may ask of a place under attack. account: system_id and password that it takes.

    growth_mb: what the memory of this process may grow by under attack; a node with its ledger and its operator, which
    keeps every message for the test, may take more.
    """

    port: int
    account: tuple[str, str]
    growth_mb: float

    def sessions(self) -> list[Session]: ...

    def unsent_octets(self) -> int:
        """The most that waits for one peer."""


class Listener:
    """The connection and session of `operators.smpp`, with the smallest host: it checks the password and answers."""

    def __init__(self, settings: SessionSettings) -> None:
        self._settings = settings
        self.connections: list[Connection] = []
        self.account = ACCOUNT
        self.growth_mb = 32.0
        self.port = 0

    def sessions(self) -> list[Session]:
        return [each.session for each in self.connections]

    def unsent_octets(self) -> int:
        return max((each.unsent_octets() for each in self.connections), default=0)

    def connect(self) -> Connection:
        connection = Connection(lambda now: Session(Role.SMSC, self._settings, now), self._take, self._forget)
        connection.made = self.connections.append
        return connection

    def _forget(self, connection: Connection) -> None:
        self.connections.remove(connection)

    @staticmethod
    def _take(connection: Connection, events: Sequence[Event]) -> None:
        session = connection.session
        for event in events:
            if isinstance(event, BindAsked) and event.pdu.password == ACCOUNT[1]:
                session.accept_bind(event.pdu, "smsc")
            elif isinstance(event, BindAsked):
                session.refuse_bind(event.pdu, 0x0E)
                connection.close("refused")
            elif isinstance(event, Request):
                kind = p.TYPES[event.pdu.command_id | p.RESPONSE]
                session.respond(kind(sequence_number=event.pdu.sequence_number))


class Simulated:
    """The simulator, which has links of its own."""

    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator
        self.account = ACCOUNT
        self.growth_mb = 32.0
        self.port = simulator.port

    def sessions(self) -> list[Session]:
        return [link.session for link in self._simulator._links]

    def unsent_octets(self) -> int:
        return max((link._transport.get_write_buffer_size() for link in self._simulator._links), default=0)


@contextlib.asynccontextmanager
async def listening(_folder: Path, settings: SessionSettings) -> AsyncIterator[Station]:
    listener = Listener(settings)
    server = await asyncio.get_running_loop().create_server(listener.connect, "127.0.0.1", 0, backlog=512)
    listener.port = server.sockets[0].getsockname()[1]
    try:
        yield listener
    finally:
        server.close()
        for connection in list(listener.connections):
            connection.abort()
            await connection.closed


@contextlib.asynccontextmanager
async def simulating(_folder: Path, settings: SessionSettings) -> AsyncIterator[Station]:
    simulator = Simulator(
        system_id=ACCOUNT[0],
        password=ACCOUNT[1],
        settings=SimulatorSettings(session=settings, refused_bind_pause_s=0.0),
    )
    await simulator.start()
    try:
        yield Simulated(simulator)
    finally:
        await simulator.stop()


class Gateway:
    """The gateway as the SMSC of a customer: a whole node, with an operator behind it."""

    def __init__(self, stage: Stage, account: tuple[str, str]) -> None:
        self._server = stage.node.fronts.smpp_server
        self.account = account
        self.growth_mb = 96.0
        self.port = stage.port

    def sessions(self) -> list[Session]:
        return [link.session for link in self._server._links]

    def unsent_octets(self) -> int:
        return max((link.unsent_octets() for link in self._server._links), default=0)


@contextlib.asynccontextmanager
async def serving(folder: Path, settings: SessionSettings) -> AsyncIterator[Station]:
    timers: dict[str, Any] = {
        "enquire_link_s": settings.enquire_link_s or LIMIT_S,
        "response_timeout_s": settings.response_timeout_s,
        "session_init_s": settings.session_init_s,
    }
    async with running_gateway(folder, **timers) as stage:
        yield Gateway(stage, await stage.account("peer"))


STATIONS: dict[str, Callable[[Path, SessionSettings], AbstractAsyncContextManager[Station]]] = {
    "session": listening,
    "simulator": simulating,
    "gateway": serving,
}


class Peer:
    """A peer without manners: it writes octets, and reads PDUs when a test says so."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self._framer = Framer(1 << 20)
        self._read: list[p.Pdu] = []

    async def write(self, octets: bytes) -> None:
        self.writer.write(octets)
        await self.writer.drain()

    async def send(self, *pdus: p.Pdu) -> None:
        await self.write(b"".join(map(p.encode, pdus)))

    async def read(self, count: int) -> list[p.Pdu]:
        """The next `count` PDUs; fewer when the connection ends. The station's enquire_links are passed over."""
        async with asyncio.timeout(LIMIT_S):
            while len(self._read) < count:
                octets = await self.reader.read(1 << 16)
                if not octets:
                    break
                found = map(p.decode, self._framer.feed(octets))
                self._read += [pdu for pdu in found if not isinstance(pdu, p.EnquireLink)]
        pdus, self._read = self._read[:count], self._read[count:]
        return pdus

    async def read_to_the_end(self) -> list[p.Pdu]:
        """Everything until the other side closes."""
        with contextlib.suppress(ConnectionError):
            return await self.read(1 << 30)
        return self._read

    async def bind(self, account: tuple[str, str]) -> p.Pdu:
        await self.send(bind(1, account))
        return (await self.read(1))[0]


def bind(sequence_number: int, account: tuple[str, str] = ACCOUNT) -> p.BindTransceiver:
    return p.BindTransceiver(sequence_number, system_id=account[0], password=account[1])


@contextlib.asynccontextmanager
async def connected(port: int, *, receive_bytes: int | None = None) -> AsyncIterator[Peer]:
    """receive_bytes: make the kernel's buffer so small."""
    raw = socket.socket()
    if receive_bytes is not None:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
    raw.setblocking(False)
    raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    await asyncio.get_running_loop().sock_connect(raw, ("127.0.0.1", port))
    reader, writer = await asyncio.open_connection(sock=raw, limit=1 << 16)
    try:
        yield Peer(reader, writer)
    finally:
        writer.transport.abort()
