"""When what could not be told is looked at again. Pure: time and chance are given.

Every pause is up to a tenth longer than it says, so that what failed together does not come back all at once.
"""

from collections.abc import Callable
from typing import Final

HOLD_S: Final = 3600.0
JITTER: Final = 0.1


class Pauses:
    """schedule_s: after the first, second… failure; the last one repeats. random: gives 0 ≤ x < 1."""

    def __init__(self, schedule_s: tuple[float, ...], random: Callable[[], float]) -> None:
        self._schedule_s = schedule_s
        self._random = random

    def spread(self) -> float:
        """What the pauses of one request are multiplied by, so that its events come back together."""
        return 1 + JITTER * self._random()

    def retry_ms(self, now_ms: int, attempts: int, spread: float) -> int:
        """When an event that had failed `attempts` times before is tried again."""
        pause_s = self._schedule_s[min(attempts, len(self._schedule_s) - 1)]
        return now_ms + round(pause_s * 1000 * spread)

    def rest_ms(self, now_ms: int, until_ms: int) -> int:
        """When an event of a lane that rests until then is looked at."""
        return now_ms + round((until_ms - now_ms) * self.spread())

    def hold_ms(self, now_ms: int) -> int:
        """When an event of a disabled endpoint is looked at, in case it was enabled."""
        return now_ms + round(HOLD_S * 1000 * self.spread())
