"""Which codes were entered, as far as customers report it. Pure: time is an argument, nothing is written.

A code that was taken is known by a hash of its id, with its customer and its number's range (without the last four
digits), for one to two hours; a report takes it away, so that another one of the same code counts nothing.
"""

from typing import Final

KEPT_MS: Final = 3_600_000
MOST: Final = 25_000
"""Codes in one half; when it is full it turns early, and what is forgotten is not counted."""


class Conversion:
    """Of one process: what another took in is not known here. counts: reports that were counted."""

    def __init__(self, most: int = MOST) -> None:
        self.counts: Final = {"confirmed": 0, "failed": 0}
        self._most = most
        self._now: dict[int, tuple[int, str]] = {}
        self._before: dict[int, tuple[int, str]] = {}
        self._began_ms = 0

    def sent(self, message_id: bytes, customer: int, prefix: str, now_ms: int) -> None:
        """A code was taken in."""
        if len(self._now) >= self._most:
            self._before, self._now, self._began_ms = self._now, {}, now_ms
        self.forget(now_ms)
        self._now[hash(message_id)] = customer, prefix

    def report(self, message_id: bytes, customer: int, now_ms: int, *, confirmed: bool) -> str | None:
        """The range where it went; None where it is counted already, or not known."""
        self.forget(now_ms)
        token = hash(message_id)
        known = self._now.get(token) or self._before.get(token)
        if known is None or known[0] != customer:
            return None
        self._now.pop(token, None)
        self._before.pop(token, None)
        self.counts["confirmed" if confirmed else "failed"] += 1
        return known[1]

    def forget(self, now_ms: int) -> None:
        """Drop what is older."""
        past_ms = now_ms - self._began_ms
        if past_ms >= KEPT_MS:
            self._before, self._now = (self._now if past_ms < 2 * KEPT_MS else {}), {}
            self._began_ms = now_ms
