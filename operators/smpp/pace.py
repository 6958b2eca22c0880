"""The throughput of an operator, and a timer that says when it gives room again: tokens come back with time."""

import asyncio
from collections.abc import Callable
from typing import Final

from operators.bucket import TokenBucket

PAUSE_S: Final = 0.25
"""How long ESME_RTHROTTLED and ESME_RMSGQFUL stop an operator (S-33)."""
SLOW_FACTOR: Final = 0.7
SHORTEST_S: Final = 0.002


class Pace:
    """rate: segments per second; None is no limit. ready: called when there may be room again.

    throttled: how often the operator asked for a slower pace.
    """

    def __init__(
        self, rate: float | None, burst: int, monotonic: Callable[[], float], ready: Callable[[], None]
    ) -> None:
        self._monotonic = monotonic
        self._ready = ready
        self._timer: asyncio.TimerHandle | None = None
        self.bucket = TokenBucket(rate, burst, monotonic())
        self.throttled = 0

    def call_when_refilled(self) -> None:
        """`ready` when the next segment may leave."""
        if self._timer is None:
            self.call_in(self.bucket.wait_s(1, self._monotonic()))

    def call_in(self, wait_s: float) -> None:
        """`ready` after so long, unless it is to be called anyway."""
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(max(SHORTEST_S, wait_s), self._on_timer)

    def slow_down(self) -> None:
        """The operator asks for less."""
        now = self._monotonic()
        self.throttled += 1
        self.bucket.slow_down(SLOW_FACTOR, now)
        self.bucket.pause(now + PAUSE_S)
        self.call_when_refilled()

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _on_timer(self) -> None:
        self._timer = None
        self._ready()
