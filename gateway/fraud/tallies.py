"""Everything that is counted against abuse, in one process. Pure: time is an argument, nothing is written."""

import secrets
from typing import Final

from gateway.fraud.prefixes import Prefixes
from gateway.fraud.seen import MASK, Seen
from gateway.fraud.windows import DAY_MS, DaySketch, Window, riyadh_day
from gateway.model.verdict import Verdict
from redaction.personal import Purpose

LOOP_MS: Final = 30_000
CODES_MS: Final = 600_000
DUPLICATE_MS: Final = 60_000
HOUR_MS: Final = 3_600_000
_MOST_PAUSES: Final = 50_000
_NETWORK: Final = 5
"""First digits of a number that stand for its network."""


class Tallies:
    """Tokens of numbers and of texts are keyed by `salt`, which lasts until midnight in Riyadh; what was counted under
    one that is over says nothing any more, and is dropped with it. began_ms: when the first message was taken.
    """

    def __init__(self) -> None:
        self.salt = ""
        self.prefixes: Final = Prefixes()
        self.loops: Final = Window(LOOP_MS)
        self.codes: Final = Window(CODES_MS)
        self.day: Final = DaySketch()
        self.texts: Final = Window(DUPLICATE_MS)
        self.campaigns: Final = Window(HOUR_MS)
        self.new: Final = Window(HOUR_MS)
        self.taken: Final = Window(DAY_MS)
        self.began_ms = 0
        self._day = -1
        self._pauses: dict[int, tuple[int, int]] = {}

    @property
    def turned_early(self) -> int:
        """How often counts were forgotten early, as there was no place, and how many numbers were not counted."""
        windows = (self.loops, self.codes, self.texts, self.campaigns, self.new, self.taken)
        return sum(each.turned_early for each in windows) + self.prefixes.full

    def turn(self, now_ms: int) -> None:
        """To the key of this day; nothing where it is that already."""
        day = riyadh_day(now_ms)
        if day == self._day:
            return
        self._day, self.salt = day, secrets.token_hex(16)
        for each in (self.loops, self.codes, self.texts, self.campaigns):
            each.clear()
        self.day.clear()
        self._pauses = {}

    def forget_old(self, now_ms: int) -> None:
        """Drop what was counted in times that are over; where messages come, it is dropped by itself."""
        self.turn(now_ms)
        for each in (self.loops, self.codes, self.texts, self.campaigns, self.new, self.taken):
            each.forget(now_ms)
        self.prefixes.forget(now_ms)
        self._forget_pauses(now_ms)

    def pause_of(self, seen: Seen) -> tuple[int, int]:
        """Until when whoever asks for codes to this number waits, and how often that was prolonged."""
        return self._pauses.get(seen.token, (0, 0))

    def pause(self, seen: Seen, refused: Verdict, now_ms: int) -> None:
        """Whoever is refused waits a step longer each time; one that waits is not prolonged."""
        until_ms, step = self.pause_of(seen)
        if until_ms > now_ms:
            return
        if len(self._pauses) >= _MOST_PAUSES:
            self._forget_pauses(now_ms)
        if len(self._pauses) < _MOST_PAUSES:
            self._pauses[seen.token] = now_ms + (refused.retry_after_s or 0) * 1000, step + 1

    def campaign(self, seen: Seen) -> int:
        """A token of a text and a network."""
        text = seen.submission.text.reveal(Purpose.ACCEPT)
        return hash((seen.terms.customer, self.salt + seen.digits[:_NETWORK], text)) & MASK

    def _forget_pauses(self, now_ms: int) -> None:
        self._pauses = {token: each for token, each in self._pauses.items() if each[0] > now_ms - HOUR_MS}


def traffic(seen: Seen) -> int:
    """A token of a country and a class."""
    return hash((seen.terms.customer, seen.submission.to.country, seen.submission.message_class)) & MASK
