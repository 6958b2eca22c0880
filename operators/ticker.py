"""One timer for all connections of a listener: what the passing of time brings each of them. No sockets.

A round goes by shares, with the loop's other work between them, so thousands of members hold nobody up.
"""

import asyncio
from collections import deque
from typing import Final, Protocol

from operators.contained import report

TICK_S: Final = 0.25
"""Between the beginnings of two rounds."""
LOOKED_AT: Final = 256
"""Members in one share, most of which have nothing to do: half a millisecond."""
BUSY: Final = 32
"""Of those that had something to do, in one share."""


class Ticked(Protocol):
    """Has something to do when time has passed."""

    def tick(self) -> bool:
        """Do what is due; whether anything was. An error that it raises is reported, and holds up nobody else."""


class Ticker:
    """goes: it has members; without any it rests from the next round on."""

    def __init__(self) -> None:
        self._members: dict[Ticked, None] = {}
        self._round: deque[Ticked] = deque()
        self._began = 0.0
        self.goes = False

    def join(self, member: Ticked) -> None:
        """Its `tick` is called every TICK_S from now on."""
        self._members[member] = None
        if not self.goes:
            self.goes = True
            asyncio.get_running_loop().call_later(TICK_S, self._begin)

    def leave(self, member: Ticked) -> None:
        """Not any more; once more does nothing."""
        self._members.pop(member, None)

    def _begin(self) -> None:
        self._began = asyncio.get_running_loop().time()
        self._round.extend(self._members)
        self._share()

    def _share(self) -> None:
        loop, members, left, busy = asyncio.get_running_loop(), self._members, self._round, 0
        for _ in range(min(LOOKED_AT, len(left))):
            member = left.popleft()
            try:
                busy += member in members and member.tick()
            except Exception as error:
                busy += 1
                report("connection", error)
            if busy >= BUSY:
                break
        if left:
            loop.call_soon(self._share)
        elif members:
            loop.call_later(max(0.0, self._began + TICK_S - loop.time()), self._begin)
        else:
            self.goes = False
