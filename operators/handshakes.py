"""TLS handshakes of a listener: begun one after the other, addresses in turn.

A handshake costs a signature, a millisecond or two of the loop that nothing interrupts. So a connection waits until its
first record, by which that is asked for, lies whole in the socket, which costs nothing; what begins otherwise is closed
(RFC 8446 §5.1). Then it has its turn. Between two there is time for others, so whoever asks for thousands has half of
the loop at most.
"""

import asyncio
import socket
from collections import OrderedDict, deque
from typing import Final

PAUSE_S: Final = 0.003
"""From one to the next: two or three times what a handshake takes, so 330 a second and listener."""
_HEAD_OCTETS: Final = 5
_HANDSHAKE: Final = 22
_VERSION_MAJOR: Final = 3
_LONGEST: Final = 1 << 14


class NoHandshake(Exception):
    """What a peer sends does not begin one, or ends before."""


class Handshakes:
    """Whose turn it is. No sockets. begun: how many so far."""

    def __init__(self) -> None:
        self._waiting: OrderedDict[str, deque[asyncio.Future[None]]] = OrderedDict()
        self._rests = False
        self.begun = 0

    def __len__(self) -> int:
        """Those that wait."""
        return sum(not each.done() for line in self._waiting.values() for each in line)

    async def turn(self, address: str) -> None:
        """Until one of this address may begin."""
        future = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(address, deque()).append(future)
        if not self._rests:
            self._begin()
        await future

    def _begin(self) -> None:
        self._rests = self._next()
        if self._rests:
            asyncio.get_running_loop().call_later(PAUSE_S, self._begin)

    def _next(self) -> bool:
        """Whether anybody's turn has come."""
        while self._waiting:
            address, line = self._waiting.popitem(last=False)
            future = line.popleft()
            if line:
                self._waiting[address] = line
            if not future.done():  # its connection may have gone
                future.set_result(None)
                self.begun += 1
                return True
        return False


async def asked_for(connection: socket.socket) -> None:
    """Until the first record of a handshake lies whole in the socket. Raises NoHandshake and OSError."""
    try:
        head = await _peeked(connection, _HEAD_OCTETS)
        octets = int.from_bytes(head[3:], "big")
        if head[0] != _HANDSHAKE or head[1] != _VERSION_MAJOR or not 0 < octets <= _LONGEST:
            raise NoHandshake
        await _peeked(connection, _HEAD_OCTETS + octets)
    finally:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, 1)


async def _peeked(connection: socket.socket, octets: int) -> bytes:
    """So many, which stay in the socket; the system wakes us when all have come. Raises NoHandshake for fewer."""
    loop = asyncio.get_running_loop()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, octets)
    ready = loop.create_future()
    loop.add_reader(connection.fileno(), _note, ready)
    try:
        await ready
    finally:
        loop.remove_reader(connection.fileno())
    found = connection.recv(octets, socket.MSG_PEEK)
    if len(found) < octets:
        raise NoHandshake
    return found


def _note(ready: asyncio.Future[None]) -> None:
    if not ready.done():
        ready.set_result(None)
