"""When an undelivered event is tried again. Pure: time and chance are given.

Every pause is up to a tenth longer than it says, so that what failed together does not come back all at once.
"""

from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import Final

HOLD_S: Final = 3600.0
JITTER: Final = 0.1
RETRY_AFTER_CAP_S: Final = 3600.0
_LONGEST_SECONDS: Final = 10
"""Digits of a number of seconds."""


class Pauses:
    """schedule_s: after the first, second… failure; the last one repeats. random: gives 0 ≤ x < 1."""

    def __init__(self, schedule_s: tuple[float, ...], random: Callable[[], float]) -> None:
        self._schedule_s = schedule_s
        self._random = random

    def adopt(self, schedule_s: tuple[float, ...]) -> None:
        """For failures from now on."""
        self._schedule_s = schedule_s

    def spread(self) -> float:
        """What the pauses of one request are multiplied by, so that its events come back together."""
        return 1 + JITTER * self._random()

    def retry_ms(self, now_ms: int, attempts: int, spread: float) -> int:
        """When an event that had failed `attempts` times before is tried again."""
        pause_s = self._schedule_s[min(attempts, len(self._schedule_s) - 1)]
        return now_ms + round(pause_s * 1000 * spread)

    def asked_ms(self, now_ms: int, retry_after: bytes, spread: float) -> int | None:
        """When to try again as the endpoint's Retry-After has it (RFC 9110 §10.2.3): not before the first pause, and
        not after `RETRY_AFTER_CAP_S`. None for what says nothing.
        """
        asked_s = _retry_after_s(retry_after, now_ms)
        if asked_s is None:
            return None
        return now_ms + round(min(max(asked_s, self._schedule_s[0]), RETRY_AFTER_CAP_S) * 1000 * spread)

    def rest_ms(self, now_ms: int, until_ms: int) -> int:
        """When an event of a lane that rests until then is looked at."""
        return now_ms + round((until_ms - now_ms) * self.spread())

    def hold_ms(self, now_ms: int) -> int:
        """When an event of a disabled endpoint is looked at, in case it was enabled."""
        return now_ms + round(HOLD_S * 1000 * self.spread())


def _retry_after_s(said: bytes, now_ms: int) -> float | None:
    """Seconds from now; None for neither a number nor a date."""
    word = said.strip()
    if word.isdigit():
        return float(word[:_LONGEST_SECONDS])
    try:
        return parsedate_to_datetime(word.decode("ascii")).timestamp() - now_ms / 1000
    except (ValueError, OverflowError):
        return None
