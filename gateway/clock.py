"""The one place where the process asks what time it is and what is random.

Everything else takes times, identifiers and random bytes as arguments or holds a `Clock`, so that a test moves days in
milliseconds and repeats a run exactly.
"""

import os
import time
from typing import Protocol


class Clock(Protocol):
    """Wall time for records and deadlines that survive a restart; monotonic time for those that do not."""

    def now_ms(self) -> int:
        """Milliseconds since the Unix epoch, UTC."""

    def monotonic(self) -> float:
        """Seconds from an arbitrary start; never goes back."""

    def random(self, size: int) -> bytes:
        """`size` unpredictable bytes."""


class SystemClock:
    """The machine's own clock and random source."""

    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000

    def monotonic(self) -> float:
        return time.monotonic()

    def random(self, size: int) -> bytes:
        return os.urandom(size)


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
