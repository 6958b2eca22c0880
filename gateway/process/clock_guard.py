"""Holds wall time against steady time: a step of the system's clock is a jump until it goes back or is confirmed.

A clock that jumps forward makes everything due at once, and what is destroyed does not come back when the clock does;
one that jumps back writes times that never were. So `now_ms` goes on with steady time, which counts the sleep of a
suspended machine, and the system's wall time is looked at every second:

    within a minute of where it should be     it is followed: that is how clocks are kept right
    farther away                              a jump. `now_ms` goes on as before, `is_sound` is false
    back, or confirmed by a verb              sound again

Over a restart the last time that was known stands in the ledger (`ClockMark`). Within one boot of the machine steady
time says exactly what time it should be. Otherwise it is only known that it was that time or later: a wall time before
it is a jump, and so is one more than `FAR_MS` after it. docs/decisions/0017-a-clock-that-jumps.md.
"""

from typing import Final

import msgspec

from gateway.process.clock import GuardedClock

JUMP_MS: Final = 60_000
FAR_MS: Final = 40 * 86_400_000
"""Longer than a gateway is switched off for, as a rule."""
FORGIVEN: Final = 100
"""Of so much steady time, one part of what was followed is forgotten: small steps do not add up to a large one."""
CONFIRMED_MS: Final = 600_000
"""How old a confirmation may be, so that nodes that were out of reach for a moment see it, too."""
_TOGETHER_MS: Final = 100
_TRIES: Final = 5


class ClockMark(msgspec.Struct, frozen=True, kw_only=True):
    """A time that was known: wall and steady time of one moment, and which boot of which machine counts the steady
    time; 0 where that is not known.
    """

    wall_ms: int
    steady_ms: int
    boot: int


class ClockGuard:
    """jump_ms: how far the system's wall time is away while it has jumped, 0 while it is sound. jumps: how often."""

    def __init__(self, clock: GuardedClock, boot: int) -> None:
        self._clock = clock
        self._boot = boot
        self._followed_ms = 0.0
        self._looked_ms = clock.steady_ms()
        self._known: ClockMark | None = None
        self.jump_ms = 0
        self.jumps = 0

    def resume(self, mark: ClockMark) -> None:
        """Go on from a time that was known before this process began, and look."""
        wall_ms, steady_ms = self._read()
        if mark.boot and mark.boot == self._boot and steady_ms >= mark.steady_ms:
            self._clock.set_distance(mark.wall_ms - mark.steady_ms)
        elif not _may_follow(mark.wall_ms, wall_ms):
            self._known = mark
            self._clock.set_distance(mark.wall_ms - steady_ms)
        self.look()

    def look(self) -> None:
        """Compare, and follow or hold. Call it every second or so."""
        wall_ms, steady_ms = self._read()
        away_ms = wall_ms - self._clock.now_ms()
        if self._known is not None and _may_follow(self._known.wall_ms, wall_ms):
            self.accept()
            return
        elapsed_ms, self._looked_ms = steady_ms - self._looked_ms, steady_ms
        self._followed_ms = _nearer_to_0(self._followed_ms, elapsed_ms / FORGIVEN)
        if self._known is None and abs(self._followed_ms + away_ms) <= JUMP_MS:
            self._followed_ms += away_ms
            self._go_on_at(wall_ms - steady_ms)
        else:
            self._hold(away_ms)

    def accept(self) -> None:
        """The system's wall time is the right one from now on."""
        wall_ms, steady_ms = self._read()
        self._known = None
        self._followed_ms = 0.0
        self._go_on_at(wall_ms - steady_ms)

    def confirms(self, confirmed_ms: int) -> bool:
        """Whether the wall time that was confirmed is the wall time of here and now."""
        return -JUMP_MS <= self._clock.wall_ms() - confirmed_ms <= CONFIRMED_MS

    def mark(self) -> ClockMark:
        """The time of now, for whoever goes on after this process."""
        steady_ms = self._clock.steady_ms()
        return ClockMark(wall_ms=self._clock.now_ms(), steady_ms=steady_ms, boot=self._boot)

    def _go_on_at(self, distance_ms: int) -> None:
        self._clock.set_distance(distance_ms)
        self._clock.is_sound = True
        self.jump_ms = 0

    def _hold(self, away_ms: int) -> None:
        self.jumps += self._clock.is_sound
        self._clock.is_sound = False
        self.jump_ms = away_ms

    def _read(self) -> tuple[int, int]:
        """Wall and steady time of one moment: a process may be stopped for long between two questions."""
        for _ in range(_TRIES):
            before_ms = self._clock.steady_ms()
            wall_ms = self._clock.wall_ms()
            if self._clock.steady_ms() - before_ms <= _TOGETHER_MS:
                break
        return wall_ms, before_ms


def _may_follow(known_ms: int, wall_ms: int) -> bool:
    """Whether it may be this time, when it was that time before an unknown while."""
    return known_ms - JUMP_MS <= wall_ms <= known_ms + FAR_MS


def _nearer_to_0(value: float, by: float) -> float:
    return max(0.0, value - by) if value > 0 else min(0.0, value + by)
