"""How fast counts grow, by what is seen of them at each look. Knows no clock: `now_s` is an argument."""

from collections import deque
from collections.abc import Mapping
from typing import Final

Key = tuple[str, str]
Rates = tuple[float, float, float]
"""A second: over a minute, over five, and since the start."""

WINDOWS_S: Final = (60.0, 300.0)
LOOK_S: Final = 5.0
"""Looks that come sooner are not kept, so that what is kept is bounded."""


class Pace:
    """A window begins with the newest look that is at least so old, or with the start, at which everything was 0."""

    def __init__(self) -> None:
        self._looks: deque[tuple[float, Mapping[Key, int]]] = deque()

    def rates(self, counts: Mapping[Key, int], now_s: float, uptime_s: float) -> Mapping[Key, Rates]:
        """counts: as they are now. uptime_s: since the start. A count that fell grows with 0."""
        start: tuple[float, Mapping[Key, int]] = (now_s - uptime_s, {})
        ends = [*(self._before(now_s - window_s) or start for window_s in WINDOWS_S), start]
        self._keep(counts, now_s)
        return {key: _rates(key, count, now_s, ends) for key, count in counts.items()}

    def _before(self, at_s: float) -> tuple[float, Mapping[Key, int]] | None:
        return next((look for look in reversed(self._looks) if look[0] <= at_s), None)

    def _keep(self, counts: Mapping[Key, int], now_s: float) -> None:
        looks = self._looks
        if not looks or now_s - looks[-1][0] >= LOOK_S:
            looks.append((now_s, counts))
        while len(looks) > 1 and looks[1][0] <= now_s - max(WINDOWS_S):
            looks.popleft()


def _rates(key: Key, count: int, now_s: float, ends: list[tuple[float, Mapping[Key, int]]]) -> Rates:
    minute, five, always = (
        max(0, count - then.get(key, 0)) / (now_s - at_s) if now_s > at_s else 0.0 for at_s, then in ends
    )
    return minute, five, always
