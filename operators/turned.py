"""A connection too many: told so when it asks for something, or soon if it does not.

An answer is lost when a socket is closed before what the client sent is read, so that is read and dropped for a while.
"""

import asyncio
from typing import Final, cast

TURNED_AT_ONCE: Final = 128
"""Further ones are closed without a word."""
UNASKED_S: Final = 0.25
LINGER_S: Final = 1.0


class Turned(asyncio.Protocol):
    """answer: all that it is told. standing: the connections of this kind, which it joins and leaves by itself."""

    def __init__(self, answer: bytes, standing: set["Turned"]) -> None:
        self._answer = answer
        self._standing = standing
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._is_told = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's are not subclasses
        self._standing.add(self)
        self._timer = asyncio.get_running_loop().call_later(UNASKED_S, self._tell)

    def data_received(self, data: bytes) -> None:
        self._tell()

    def _tell(self) -> None:
        if self._is_told or self._transport is None:
            return
        self._is_told = True
        self._transport.write(self._answer)
        if self._transport.can_write_eof():
            self._transport.write_eof()
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(LINGER_S, self.end)

    def eof_received(self) -> bool:
        """It has heard, or wants nothing."""
        return False

    def connection_lost(self, error: Exception | None) -> None:
        self._transport = None
        self._standing.discard(self)
        if self._timer is not None:
            self._timer.cancel()

    def end(self) -> None:
        """Close it."""
        if self._transport is not None:
            self._transport.close()
