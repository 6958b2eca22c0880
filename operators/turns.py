"""Fair turns of the event loop among connections that have brought more work than one turn should do. No sockets.

Whoever comes with little is served before those that have been served and still have more, so a flood delays a quiet
connection by one round and not by itself; those that go on get at least `RETURNING` shares of each round, in turn. The
shape is that of fq_codel's two lists (RFC 8290 §4.2), with shares in place of octets.
"""

import asyncio
from collections import deque
from typing import Final, Protocol

SHARES: Final = 8
"""Shares of work in one turn of the loop, which then turns to its sockets."""
RETURNING: Final = 2
"""Of them, at least for those who have been served before."""


class Worker(Protocol):
    """Has work that can be done in shares, of about a millisecond at the most."""

    def work(self) -> bool:
        """Do one share; whether there is more to do. Never raises."""


class Turns:
    """Of all connections of a listener, or of one alone. A worker waits at most once: it keeps count itself."""

    def __init__(self) -> None:
        self._fresh: deque[Worker] = deque()
        self._returning: deque[Worker] = deque()
        self._comes = False

    @property
    def busy(self) -> bool:
        """Somebody waits, so whoever has new work waits as well (`join`)."""
        return self._comes

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
        for share in range(SHARES):
            if self._fresh and (share < SHARES - RETURNING or not self._returning):
                worker = self._fresh.popleft()
            elif self._returning:
                worker = self._returning.popleft()
            else:
                break
            if worker.work():
                self._returning.append(worker)
        self._comes = bool(self._fresh or self._returning)
        if self._comes:
            asyncio.get_running_loop().call_soon(self._turn)
