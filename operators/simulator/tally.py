"""What happened at a simulated SMSC since its start, and who waits for it."""

import asyncio
from collections.abc import Callable

import msgspec


class Tally(msgspec.Struct, kw_only=True):
    """What happened since the start.

    duplicates: messages taken whose destination and octets were taken before (with `track`).
    receipts_sent counts each sending; receipts_lost those given up after the last try, or pushed out by newer ones.
    """

    connections: int = 0
    binds: int = 0
    binds_refused: int = 0
    submits: int = 0
    accepted: int = 0
    refused: int = 0
    silent: int = 0
    dropped: int = 0
    duplicates: int = 0
    receipts_sent: int = 0
    receipts_acknowledged: int = 0
    receipts_refused: int = 0
    receipts_lost: int = 0


class Watch:
    """tally: counted by others, who call `look` when they are done with a turn."""

    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        self._waiters: list[tuple[Callable[[Tally], bool], asyncio.Future[None]]] = []

    async def until(self, claim: Callable[[Tally], bool]) -> None:
        """Wait until `claim` holds of the tally."""
        if not claim(self._tally):
            waiter = asyncio.get_running_loop().create_future()
            self._waiters.append((claim, waiter))
            await waiter

    def look(self) -> None:
        """Wake those whose claim holds."""
        if self._waiters:
            self._waiters = [each for each in self._waiters if not self._is_done(*each)]

    def _is_done(self, claim: Callable[[Tally], bool], waiter: "asyncio.Future[None]") -> bool:
        if not waiter.done() and claim(self._tally):
            waiter.set_result(None)
        return waiter.done()
