"""A listening address: who comes gets a seat, by its address, before a handshake or a byte of it is looked at.

    accepted → seated (`operators.seats`) → seated again, where a proxy names another address → TLS, in its turn
    (`operators.handshakes`) → its protocol

All on the way count as connections, have `ARRIVAL_S` for it, and are the first to go when seats are short. Where the
process has no descriptor left for one more, accepting rests, and a line says so.
"""

import asyncio
import contextlib
import errno
import socket
import ssl
from collections.abc import Callable, Iterable
from typing import Final

import msgspec

from operators.contained import report
from operators.handshakes import Handshakes, NoHandshake, asked_for
from operators.proxy_header import HEAD_OCTETS, ProxyHeaderWrong, rest_octets, source
from operators.seats import Network, Seat, Seats, parsed_address, parsed_networks

ARRIVAL_S: Final = 10.0
LEAST_S: Final = 1.0
"""What a handshake has that waited long for its turn."""
ACCEPTED_AT_ONCE: Final = 32
"""Connections in one turn of the loop."""
REST_S: Final = 0.25
TURNED_AT_ONCE: Final = 128
"""Connections too many that are on their way to being told so; further ones are closed."""
BACKLOG: Final = 1_024
_NO_DESCRIPTORS: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where to listen. port: 0 for one that the system gives. shared: other processes of this user listen there too.

    inherited: a socket that listens already. tls: None for plain octets. proxies: networks of TCP proxies, whose
    connections begin with a PROXY protocol header. peers: networks whose connections are taken; others are closed
    before they cost a seat. None takes all.
    """

    host: str
    port: int
    shared: bool = False
    inherited: socket.socket | None = None
    tls: ssl.SSLContext | None = None
    proxies: tuple[str, ...] = ()
    peers: tuple[str, ...] | None = None


class _Arrival:
    """A connection on its way in."""

    def __init__(self) -> None:
        self.task: asyncio.Task[None] | None = None

    def is_idle(self) -> bool:
        return True

    def leave(self) -> None:
        if self.task is not None:
            self.task.cancel()


class Entrance:
    """make: the protocol of a connection with a seat; it makes itself the seat's guest once it stands, and frees it at
    its end. turned: the protocol of one without, or None to close it without a word. short: called when accepting rests
    for want of descriptors, and when it goes on.
    """

    def __init__(
        self,
        place: Place,
        seats: Seats,
        make: Callable[[Seat], asyncio.Protocol],
        *,
        turned: Callable[[], asyncio.Protocol | None] = lambda: None,
        short: Callable[[bool], None] | None = None,
    ) -> None:
        self._place = place
        self._proxies = parsed_networks(place.proxies)
        self._peers = None if place.peers is None else parsed_networks(place.peers)
        self._make = make
        self._turned = turned
        self._short = short
        self._is_short = False
        self._sockets: list[socket.socket] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._sent_away = 0
        self.handshakes: Final = Handshakes()
        self.seats: Final = seats

    @property
    def port(self) -> int:
        """The one that it listens on."""
        return int(self._sockets[0].getsockname()[1])

    async def start(self) -> None:
        """Listen. Raises OSError when the address cannot be had."""
        place = self._place
        if place.inherited is not None:
            place.inherited.setblocking(False)
            self._sockets = [place.inherited]
        else:
            self._sockets = await _listening(place)
        self._watch()

    def close(self) -> None:
        """Take no more connections; those that have come stay."""
        self._rest()
        for each in self._sockets:
            each.close()

    def stop(self) -> None:
        """And end those that are on their way in."""
        self.close()
        for task in self._tasks:
            task.cancel()

    # ----------------------------------------------------------------------------------------------------- accepting

    def _watch(self) -> None:
        loop = asyncio.get_running_loop()
        for each in self._sockets:
            if each.fileno() >= 0:
                loop.add_reader(each.fileno(), self._accept, each)

    def _rest(self) -> None:
        loop = asyncio.get_running_loop()
        for each in self._sockets:
            if each.fileno() >= 0:
                loop.remove_reader(each.fileno())

    def _accept(self, listening: socket.socket) -> None:
        for _ in range(ACCEPTED_AT_ONCE):
            try:
                connection, peer = listening.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                if error.errno in _NO_DESCRIPTORS:
                    self._run_short()
                return
            self._note_short(False)
            self._arrived(connection, str(peer[0]))

    def _run_short(self) -> None:
        self._note_short(True)
        self._rest()
        asyncio.get_running_loop().call_later(REST_S, self._watch)

    def _note_short(self, is_short: bool) -> None:
        if is_short is not self._is_short:
            self._is_short = is_short
            if self._short is not None:
                self._short(is_short)

    def _arrived(self, connection: socket.socket, peer: str) -> None:
        if self._peers is not None and not _is_in(peer, self._peers):
            connection.close()
            return
        connection.setblocking(False)
        arrival = _Arrival()
        seat = self.seats.take(peer, arrival)
        if seat is None and self._sent_away >= TURNED_AT_ONCE:
            connection.close()
            return
        task = asyncio.get_running_loop().create_task(self._bring_in(connection, peer, arrival, seat))
        arrival.task = task
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # ----------------------------------------------------------------------------------------------------- the way in

    async def _bring_in(self, connection: socket.socket, peer: str, arrival: _Arrival, seat: Seat | None) -> None:
        """Never raises but for its cancellation."""
        is_in = False
        try:
            if seat is not None and self._proxies and _is_in(peer, self._proxies):
                told = await self._told(connection)
                if told is not None:
                    seat.free()
                    seat = self.seats.take(told, arrival)
            if seat is not None:
                await self._hand_on(connection, seat.address, self._make(seat))
                is_in = True
            else:
                is_in = await self._send_away(connection, peer)
        except (OSError, TimeoutError, ProxyHeaderWrong, NoHandshake):
            pass  # it has gone, or does not speak as it must
        except Exception as error:
            report("connection", error)
        finally:
            if not is_in:
                connection.close()
                if seat is not None:
                    seat.free()

    async def _send_away(self, connection: socket.socket, address: str) -> bool:
        """Whether somebody tells it so."""
        protocol = self._turned()
        if protocol is None:
            return False
        self._sent_away += 1
        try:
            await self._hand_on(connection, address, protocol)
        finally:
            self._sent_away -= 1
        return True

    async def _hand_on(self, connection: socket.socket, address: str, protocol: asyncio.Protocol) -> None:
        tls, loop = self._place.tls, asyncio.get_running_loop()
        if tls is None:
            await loop.connect_accepted_socket(lambda: protocol, connection)
            return
        until_s = loop.time() + ARRIVAL_S
        async with asyncio.timeout_at(until_s):
            await asked_for(connection)
            await self.handshakes.turn(address)
        left_s = max(until_s - loop.time(), LEAST_S)
        await loop.connect_accepted_socket(lambda: protocol, connection, ssl=tls, ssl_handshake_timeout=left_s)

    async def _told(self, connection: socket.socket) -> str | None:
        """Of whom a proxy speaks. Raises ProxyHeaderWrong, OSError and TimeoutError."""
        async with asyncio.timeout(ARRIVAL_S):
            head = await _exactly(connection, HEAD_OCTETS)
            return source(head, await _exactly(connection, rest_octets(head)))


def _is_in(peer: str, networks: Iterable[Network]) -> bool:
    address = parsed_address(peer)
    return address is not None and any(address in network for network in networks)


async def _exactly(connection: socket.socket, octets: int) -> bytes:
    """So many, and none of what follows them. Raises ProxyHeaderWrong when there are fewer."""
    loop, found = asyncio.get_running_loop(), b""
    while len(found) < octets:
        more = await loop.sock_recv(connection, octets - len(found))
        if not more:
            raise ProxyHeaderWrong
        found += more
    return found


async def _listening(place: Place) -> list[socket.socket]:
    """Sockets on every address that the host's name stands for. Raises OSError."""
    found = await asyncio.get_running_loop().getaddrinfo(
        place.host, place.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )
    with contextlib.ExitStack() as failed:
        sockets = [
            failed.enter_context(contextlib.closing(_bound(family, address, place.shared)))
            for family, address in dict.fromkeys((each[0], each[4]) for each in found)
        ]
        failed.pop_all()
    return sockets


def _bound(family: socket.AddressFamily, address: Iterable[object], shared: bool) -> socket.socket:
    made = socket.socket(family, socket.SOCK_STREAM)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if shared:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        if family == socket.AF_INET6:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        made.setblocking(False)
        made.bind(address)  # type: ignore[arg-type]
        made.listen(BACKLOG)
    except OSError as error:
        made.close()
        told = f"error while attempting to bind on address {address}: {(error.strerror or '').lower()}"
        raise OSError(error.errno, told) from None
    except BaseException:
        made.close()
        raise
    return made
