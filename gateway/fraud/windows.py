"""Counts that forget: a sliding window over tokens, and a sketch of a day. Pure: time is an argument, nothing is
written.

A token is a keyed hash of a customer and a number, made for this process and this day alone (`gateway.fraud.tallies`);
neither a token nor anything here leaves the process's memory.
"""

from typing import Final

MOST_TOKENS: Final = 100_000
"""In one half of a window. When it is full, the window turns early: what it forgets is not refused."""
_BITS: Final = 20
_MASK: Final = (1 << _BITS) - 1
_ROWS: Final = 2
_FULL: Final = 255
DAY_MS: Final = 86_400_000
RIYADH_MS: Final = 3 * 3_600_000
"""How far its clock is ahead of UTC."""


def riyadh_day(now_ms: int) -> int:
    """Days since the epoch, by its clock."""
    return (now_ms + RIYADH_MS) // DAY_MS


class Window:
    """How often each token was seen within `length_ms`: exactly in the present one, in proportion in the one before."""

    def __init__(self, length_ms: int, most: int = MOST_TOKENS) -> None:
        self.length_ms: Final = length_ms
        self.turned_early = 0
        self._most = most
        self._now: dict[int, int] = {}
        self._before: dict[int, int] = {}
        self._began_ms = 0

    def count(self, token: int, now_ms: int) -> float:
        """Within the window that ends now."""
        past_ms = now_ms - self._began_ms
        if past_ms >= self.length_ms:
            self._turn(now_ms)
            past_ms = now_ms - self._began_ms
        counted = self._now.get(token, 0)
        if self._before:
            return counted + self._before.get(token, 0) * (1 - past_ms / self.length_ms)
        return counted

    def add(self, token: int, now_ms: int) -> None:
        if now_ms - self._began_ms >= self.length_ms:
            self._turn(now_ms)
        elif len(self._now) >= self._most:
            self.turned_early += 1
            self._turn(now_ms)
        self._now[token] = self._now.get(token, 0) + 1

    def forget(self, now_ms: int) -> None:
        """Drop what no window that ends now or later can hold."""
        if now_ms - self._began_ms >= 2 * self.length_ms:
            self._turn(now_ms)

    def clear(self) -> None:
        """Forget all of it: its tokens have no meaning any more."""
        self._now, self._before = {}, {}

    def _turn(self, now_ms: int) -> None:
        """Into the next one, or into one that nothing is before; early where it is full."""
        past_ms = now_ms - self._began_ms
        is_next = past_ms < 2 * self.length_ms
        self._before = self._now if is_next else {}
        self._now = {}
        self._began_ms = self._began_ms + self.length_ms if self.length_ms <= past_ms and is_next else now_ms


class DaySketch:
    """How often each token was seen since midnight in Riyadh, rarely too much and never too little (count-min, two rows
    of 2^20 octets; 255 is the most). Its size does not grow with tokens.
    """

    def __init__(self) -> None:
        self._rows: Final = tuple(bytearray(1 << _BITS) for _ in range(_ROWS))
        self._day = -1

    def count(self, token: int, now_ms: int) -> int:
        if riyadh_day(now_ms) != self._day:
            self._begin(now_ms)
        first, second = self._rows
        return min(first[token & _MASK], second[(token >> _BITS) & _MASK])

    def add(self, token: int, now_ms: int) -> int:
        """How often it was seen before. Only what is least is counted up (conservative update), so that what shares a
        place with others is counted too often rarely.
        """
        least = self.count(token, now_ms)
        if least == _FULL:
            return least
        first, second = self._rows
        one, other = token & _MASK, (token >> _BITS) & _MASK
        if first[one] == least:
            first[one] = least + 1
        if second[other] == least:
            second[other] = least + 1
        return least

    def _begin(self, now_ms: int) -> None:
        self._day = riyadh_day(now_ms)
        self.clear()

    def clear(self) -> None:
        """Forget all of it."""
        for row in self._rows:
            row[:] = bytes(len(row))
