"""The one place where the process asks what time it is and what is random.

Everything else takes times, identifiers and random bytes as arguments or holds a `Clock`, so that a test moves days in
milliseconds and repeats a run exactly.
"""

import os
import time
from typing import Final, Protocol

from gateway.process.manual_clock import ManualClock as ManualClock
from gateway.process.steady_time import steady_ms

CHUNKS: Final = 256
"""Fetched at a time."""
LARGEST_CHUNK: Final = 16
"""Bytes: salts and identifiers. What is larger is a key, and comes from the system as it is needed."""


class Clock(Protocol):
    """Wall time for records and deadlines that survive a restart; monotonic time for those that do not.

    is_sound: the system's wall time goes as it should. While it has jumped, `now_ms` goes on as if it had not, and
    nothing may be destroyed because its time has come (`gateway.process.clock_guard`).
    """

    is_sound: bool

    def now_ms(self) -> int:
        """Milliseconds since the Unix epoch, UTC."""

    def monotonic(self) -> float:
        """Seconds from an arbitrary start; never goes back."""

    def random(self, size: int) -> bytes:
        """`size` unpredictable bytes."""


class GuardedClock(Clock, Protocol):
    """A clock whose wall time is steady time and a distance, so that whoever guards it decides how it goes on."""

    def wall_ms(self) -> int:
        """What the system says now; it may step."""

    def steady_ms(self) -> int:
        """Milliseconds since the machine was started, its sleep included; never steps. 0 is any time."""

    def set_distance(self, distance_ms: int) -> None:
        """From now on `now_ms` is `steady_ms` and this."""


class SystemClock:
    """The machine's own clock and random source.

    Wall time is taken once, and goes on with steady time: a step of the system's clock does not reach anybody who asks
    what time it is, until `set_distance` says so.

    Few random bytes are fetched `CHUNKS` times at once: a system call for each costs more than sealing them in. A chunk
    is given out once, whichever thread asks, and not held after that.
    """

    def __init__(self) -> None:
        self.is_sound = True
        self._chunks: dict[int, list[bytes]] = {}
        self._distance_ms = self.wall_ms() - self.steady_ms()

    def now_ms(self) -> int:
        return steady_ms() + self._distance_ms

    def wall_ms(self) -> int:
        return time.time_ns() // 1_000_000

    def steady_ms(self) -> int:
        return steady_ms()

    def set_distance(self, distance_ms: int) -> None:
        self._distance_ms = distance_ms

    def monotonic(self) -> float:
        return time.monotonic()

    def random(self, size: int) -> bytes:
        try:
            return self._chunks[size].pop()
        except (KeyError, IndexError):
            return self._fetch(size)

    def _fetch(self, size: int) -> bytes:
        if not 0 < size <= LARGEST_CHUNK:
            return os.urandom(size)
        pool = os.urandom(size * CHUNKS)
        chunks = [pool[at : at + size] for at in range(0, len(pool), size)]
        drawn = chunks.pop()
        self._chunks[size] = chunks
        return drawn
