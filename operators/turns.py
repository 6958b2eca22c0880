"""Fair turns of the event loop among connections that have brought more work than one turn should do. No sockets.

Whoever comes with little is served before those that have been served and still have more, so a flood delays a quiet
connection by one round and not by itself; those that go on get at least every `RETURNING`th share, in turn. The shape
is that of fq_codel's two lists (RFC 8290 §4.2), with shares in place of octets.
"""

import asyncio
from collections import deque
from typing import Final, Protocol

from operators.contained import report

TURN_S: Final = 0.004
"""After so long, and the share in hand, the loop turns to its sockets. Shares differ: a request takes 50 µs, a slice of
PDUs a millisecond.
"""
RETURNING: Final = 4
"""Every so many shares there is one for those who have been served before."""
AT_ONCE: Final = 32
"""Connections with little to do that are served as they come, between two turns of the loop; further ones wait."""


class Worker(Protocol):
    """Has work that can be done in shares, of about a millisecond at the most."""

    def work(self) -> bool:
        """Do one share; whether there is more to do. An error that it raises is reported, and ends its turns alone."""


class Turns:
    """Of all connections of a listener, or of one alone. A worker waits at most once: it keeps count itself."""

    def __init__(self) -> None:
        self._fresh: deque[Worker] = deque()
        self._returning: deque[Worker] = deque()
        self._comes = False
        self._served = 0
        self._shares = 0  # goes on from turn to turn: one long share may be all of a turn

    @property
    def busy(self) -> bool:
        """Somebody waits, so whoever has new work waits as well (`join`)."""
        return self._comes

    def at_once(self) -> bool:
        """Whether whoever has come with little may do it now. When many have come in this turn of the loop, or somebody
        waits already, it is to `join`: a thousand little things at once are as long as one great one.
        """
        if self._comes:
            return False
        self._served += 1
        if self._served == 1:
            asyncio.get_running_loop().call_soon(self._begin_anew)
        return self._served <= AT_ONCE

    def _begin_anew(self) -> None:
        self._served = 0

    def join(self, worker: Worker) -> None:
        """Its `work` is called soon, and again until it says that there is no more."""
        self._fresh.append(worker)
        self._begin()

    def rejoin(self, worker: Worker) -> None:
        """As `join`, for one that has just done a share."""
        self._returning.append(worker)
        self._begin()

    def _begin(self) -> None:
        if not self._comes:
            self._comes = True
            asyncio.get_running_loop().call_soon(self._turn)

    def _turn(self) -> None:
        loop = asyncio.get_running_loop()
        until_s = loop.time() + TURN_S
        fresh, returning = self._fresh, self._returning
        while fresh or returning:
            self._shares += 1
            worker = (fresh if fresh and (self._shares % RETURNING or not returning) else returning).popleft()
            try:
                if worker.work():
                    returning.append(worker)
            except Exception as error:
                report("connection", error)
            if loop.time() >= until_s:
                break
        self._comes = bool(fresh or returning)
        if self._comes:
            loop.call_soon(self._turn)
