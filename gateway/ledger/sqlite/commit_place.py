"""Where to wait for the disk: on the event loop while it answers at once, in a thread while it does not.

Handing a commit to a thread and back costs about 100 µs CPU and waits for the interpreter's lock twice; a good disk
takes 300 µs to sync. Times are seconds; `now` is an argument.
"""

from typing import Final

_WEIGHT: Final = 1 / 16
_TRY_AGAIN_S: Final = 5.0


class Pace:
    """limit_s: how long a commit may take on average to be waited for on the loop; 0: never there."""

    def __init__(self, limit_s: float) -> None:
        self._limit_s = limit_s
        self._average_s = 0.0
        self._slow_until = float("inf") if limit_s <= 0 else 0.0

    def is_quick(self, now: float) -> bool:
        """Whether the next commit may be waited for on the loop."""
        return now >= self._slow_until

    def took(self, seconds: float, now: float) -> None:
        """A commit on the loop took so long. One that is slow is forgiven; a slow disk is tried again after a while."""
        self._average_s += (seconds - self._average_s) * _WEIGHT
        if self._average_s > self._limit_s:
            self._average_s = self._limit_s / 2
            self._slow_until = now + _TRY_AGAIN_S
