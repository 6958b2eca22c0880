"""The one place where the process asks what time it is and what is random.

Everything else takes times, identifiers and random bytes as arguments or holds a `Clock`, so that a test moves days in
milliseconds and repeats a run exactly.
"""

import os
import threading
import time
from typing import Final, Protocol

POOL_BYTES: Final = 4_096


class Clock(Protocol):
    """Wall time for records and deadlines that survive a restart; monotonic time for those that do not."""

    def now_ms(self) -> int:
        """Milliseconds since the Unix epoch, UTC."""

    def monotonic(self) -> float:
        """Seconds from an arbitrary start; never goes back."""

    def random(self, size: int) -> bytes:
        """`size` unpredictable bytes."""


class SystemClock:
    """The machine's own clock and random source.

    Random bytes are fetched `POOL_BYTES` at a time: a system call for every few bytes costs more than sealing them in.
    A byte is given out once and then overwritten. The pool belongs to the thread that made the clock: two threads at
    once would be given the same bytes. Others ask the system.
    """

    def __init__(self) -> None:
        self._pool = bytearray()
        self._at = 0
        self._owner = threading.get_ident()

    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000

    def monotonic(self) -> float:
        return time.monotonic()

    def random(self, size: int) -> bytes:
        if threading.get_ident() != self._owner:
            return os.urandom(size)
        end = self._at + size
        if end > len(self._pool):
            self._pool[:] = os.urandom(max(POOL_BYTES, size))
            self._at, end = 0, size
        drawn = bytes(self._pool[self._at : end])
        self._pool[self._at : end] = bytes(size)
        self._at = end
        return drawn


class ManualClock:
    """A clock that stands still until it is told to move."""

    def __init__(self, now_ms: int = 1_800_000_000_000) -> None:
        self._now_ms = now_ms
        self._start_ms = now_ms
        self._drawn = 0

    def now_ms(self) -> int:
        return self._now_ms

    def monotonic(self) -> float:
        return (self._now_ms - self._start_ms) / 1000

    def random(self, size: int) -> bytes:
        """Distinct but repeatable bytes."""
        self._drawn += 1
        return self._drawn.to_bytes(8, "big").rjust(size, b"\0")[-size:]

    def advance(self, seconds: float) -> None:
        self._now_ms += round(seconds * 1000)
