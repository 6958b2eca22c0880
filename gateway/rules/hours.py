"""When a class may be submitted. Pure; times are epoch milliseconds, the moment is an argument.

A window is half-open: of 09:00 to 22:00, 21:59:59 is inside and 22:00:00 is not. One that crosses midnight belongs to
the day on which it opens. In Ramadan, where that is switched on, another window holds instead.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Final, Literal

from config.rules import ZONES, ClassRule, Season, Window

RamadanHours = Literal["pack", "on", "off"]
MINUTE_MS: Final = 60_000
_LOOK_AHEAD: Final = 9
"""Days in which any window opens again."""
_EPOCH: Final = date(1970, 1, 1)


def corrected(seasons: Sequence[Season], announced: Sequence[Season]) -> tuple[Season, ...]:
    """Those of a pack, and in their place those of the settings for the same years."""
    return tuple({season.year: season for season in (*seasons, *announced)}.values())


def interval(
    rule: ClassRule, at_ms: int, seasons: Sequence[Season] = (), ramadan: RamadanHours = "pack"
) -> tuple[bool, int, int]:
    """Whether this class may be submitted at this moment; since when that is so, and until when at least."""
    if rule.window is None or not rule.window.enabled:
        return True, 0, 1 << 62
    opened = _openings(rule, rule.window, at_ms, seasons, ramadan)
    closed_ms = 0
    for open_ms, close_ms in opened:
        if at_ms < open_ms:
            return False, closed_ms, open_ms
        if at_ms < close_ms:
            return True, open_ms, close_ms
        closed_ms = close_ms
    return False, closed_ms, at_ms + _LOOK_AHEAD * 1440 * MINUTE_MS


def _openings(
    rule: ClassRule, usual: Window, at_ms: int, seasons: Sequence[Season], ramadan: RamadanHours
) -> list[tuple[int, int]]:
    """From the day before on, in the order of time; those that meet are one."""
    today = local_day(at_ms, usual)
    found: list[tuple[int, int]] = []
    for ahead in range(-2, _LOOK_AHEAD):
        day = today + timedelta(days=ahead)
        window = _window_of(rule, usual, day, seasons, ramadan)
        if not window.opens_on(day.weekday()):
            continue
        first, last = window.minutes
        midnight_min = (day - _EPOCH).days * 1440 - ZONES[window.zone]
        open_ms, close_ms = (midnight_min + first) * MINUTE_MS, (midnight_min + last) * MINUTE_MS
        if found and open_ms <= found[-1][1]:
            found[-1] = found[-1][0], max(close_ms, found[-1][1])
        else:
            found.append((open_ms, close_ms))
    return found


def _window_of(rule: ClassRule, usual: Window, day: date, seasons: Sequence[Season], ramadan: RamadanHours) -> Window:
    if rule.ramadan is None or ramadan == "off" or not (ramadan == "on" or rule.ramadan.enabled):
        return usual
    return rule.ramadan if any(season.first <= day <= season.last for season in seasons) else usual


def local_day(at_ms: int, window: Window) -> date:
    """The day of this moment where the window counts."""
    return (datetime.fromtimestamp(at_ms / 1000, UTC) + timedelta(minutes=ZONES[window.zone])).date()
