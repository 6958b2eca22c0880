"""Bursts of new numbers in one range: numbers without their last four digits, by customer and hour. Pure: time is an
argument.

A range has 10,000 numbers, so which of them were written to in the hour is a map of as many bits; it lives for the
hour and in memory only, and while it lives it is a list of numbers, so nothing of it is shown. Numbers that this
customer wrote to before are estimated with HyperLogLog, which cannot say of any number whether it is in it: the hash
that it is given is not kept, and of a range's numbers five at the least share each of its ranks. They are added when
their hour is over.
"""

import secrets
from array import array
from collections.abc import Iterable
from math import log
from statistics import median
from typing import Final, NamedTuple

HOUR_MS: Final = 3_600_000
FEWEST: Final = 20
"""Distinct numbers of a range in an hour that are never too many."""
TIMES: Final = 8
"""How many times the usual number of them is too many."""
LEAST_NEW: Final = 0.8
"""Share of numbers that are new to the customer. Ninety in a hundred, less what the estimate may be off by."""
LEAST_RUN: Final = 8
LEAST_REPORTED: Final = 30
LEAST_CONFIRMED: Final = 0.1
"""Of so many codes whose end a customer reported, the share that somebody entered."""
BLOCKED_MS: Final = tuple(each * 60_000 for each in (15, 60, 360, 1_440))
JUDGED_EACH: Final = 5
"""A range that was not suspicious is looked at again after so many more numbers."""
MOST_RANGES: Final = 40_000
SPARED_MS: Final = 86_400_000
"""How long a range is not blocked again that somebody let go."""
_MOST_FRESH: Final = 1_000
_NUMBERS: Final = 10_000
_REGISTERS: Final = 256
_RANKS: Final = 4
"""Of a register. 10,000 / 256 / 2^3 = 5 numbers of a range have the highest; it counts up to some 3,000."""
LAST: Final = 4
"""Digits that tell numbers of one range apart."""
_SAMPLE: Final = 200
"""Ranges of which the usual number is taken."""


class Begun(NamedTuple):
    """A block that began. numbers: distinct ones of its range in the hour. watched: nothing is refused."""

    customer: int
    prefix: str
    numbers: int
    began_ms: int
    until_ms: int
    watched: bool


class Estimate:
    """HyperLogLog of 256 registers; for few it counts empty registers, and is off by one in twenty."""

    __slots__ = ("_registers",)

    def __init__(self) -> None:
        self._registers = bytearray(_REGISTERS)

    def add(self, token: int) -> None:
        place, rest = token % _REGISTERS, token // _REGISTERS | 1 << (_RANKS - 1)
        rank = (rest & -rest).bit_length()
        if self._registers[place] < rank:
            self._registers[place] = rank

    def joined(self, tokens: Iterable[int]) -> "Estimate":
        """Of these, too."""
        more = Estimate()
        more._registers[:] = self._registers
        for each in tokens:
            more.add(each)
        return more

    def count(self) -> float:
        empty = self._registers.count(0)
        raw = 0.715 * _REGISTERS**2 / sum(2.0**-rank for rank in bytes(self._registers))
        return _REGISTERS * log(_REGISTERS / empty) if empty and raw <= 2.5 * _REGISTERS else raw


class _Range:
    """What is known of one range of one customer. salt: of the hashes of its numbers. before: those of hours that are
    over. few: those of this hour, by their last digits, in the order they came; map: the same as bits, once they are
    many.
    """

    __slots__ = (
        "before",
        "blocked_until_ms",
        "confirmed",
        "few",
        "hour",
        "judged",
        "map",
        "reported",
        "salt",
        "spared_until_ms",
        "stepped_ms",
        "steps",
    )

    def __init__(self, hour: int, salt: int) -> None:
        self.hour = hour
        self.salt = salt
        self.reported = 0
        self.confirmed = 0
        self.few: array[int] = array("H")
        self.map: bytearray | None = None
        self.before = Estimate()
        self.judged = 0
        self.blocked_until_ms = 0
        self.spared_until_ms = 0
        self.steps = 0
        self.stepped_ms = 0

    def is_kept(self, at_ms: int) -> bool:
        """Whether it says something beyond what was counted in an hour."""
        return self.blocked_until_ms > at_ms or self.spared_until_ms > at_ms

    def turn(self, hour: int) -> None:
        self.forget()
        self.hour = hour
        self.reported, self.confirmed = self.reported // 2, self.confirmed // 2

    def forget(self) -> None:
        """Which numbers there were in an hour that is over; how many may be estimated."""
        for each in self.few:
            self.before.add(hash((self.salt, each)))
        self.few, self.map, self.judged = array("H"), None, 0

    def holds(self, last: int) -> bool:
        return last in self.few if self.map is None else bool(self.map[last >> 3] & 1 << (last & 7))

    def add(self, last: int) -> None:
        """A number by its last four digits, which is not in there yet."""
        self.few.append(last)
        if self.map is not None:
            self.map[last >> 3] |= 1 << (last & 7)
        elif len(self.few) > FEWEST:
            self.map = bytearray(_NUMBERS // 8)
            for each in self.few:
                self.map[each >> 3] |= 1 << (each & 7)

    @property
    def distinct(self) -> int:
        return len(self.few)

    def new_share(self) -> float:
        """Of the numbers of this hour, how many were not written to before."""
        with_these = self.before.joined(hash((self.salt, each)) for each in self.few)
        return (with_these.count() - self.before.count()) / max(1, len(self.few))

    def is_unconfirmed(self) -> bool:
        """Whether codes that went there are hardly ever entered."""
        return self.reported >= LEAST_REPORTED and self.confirmed < LEAST_CONFIRMED * self.reported

    def longest_run(self) -> int:
        """Of numbers that follow one another."""
        longest = run = 0
        before = -2
        for each in sorted(self.few):
            run = run + 1 if each == before + 1 else 1
            longest, before = max(longest, run), each
        return longest


class Prefixes:
    """All ranges of all customers that were written to of late. full: numbers that were not counted, as there was no
    place. begun: how often a range was blocked. fresh: blocks that are to be written down, the oldest first.
    """

    def __init__(self, most: int = MOST_RANGES) -> None:
        self.full = 0
        self.begun = 0
        self.fresh: Final[list[Begun]] = []
        self._most = most
        self._salt: Final = secrets.token_hex(16)
        self._ranges: dict[int, dict[str, _Range]] = {}
        self._count = 0
        self._usual: dict[int, tuple[int, float]] = {}
        self._hour = 0
        self._tidied = -1

    def look(self, customer: int, digits: str, now_ms: int) -> int | None:
        """Until when nothing goes to this number's range; None where nothing stands in the way."""
        known = self._range(customer, digits[:-LAST], now_ms)
        if known is None:
            return None
        if known.blocked_until_ms > now_ms:
            return known.blocked_until_ms
        if known.distinct <= FEWEST or known.spared_until_ms > now_ms or known.holds(int(digits[-LAST:])):
            return None
        if known.judged and known.distinct < known.judged + JUDGED_EACH:
            return None
        if known.distinct < TIMES * self._usually(customer, digits[:-LAST], now_ms):
            return None
        if not _is_suspicious(known):
            known.judged = known.distinct
            return None
        step = min(known.steps, len(BLOCKED_MS) - 1) if now_ms - known.stepped_ms < 2 * BLOCKED_MS[-1] else 0
        return now_ms + BLOCKED_MS[step]

    def note(self, customer: int, digits: str, now_ms: int) -> None:
        """A message to this number is taken."""
        if now_ms // HOUR_MS != self._hour:
            self.forget(now_ms)
        known = self._range(customer, digits[:-LAST], now_ms, make=True)
        if known is None:
            self.full += 1
            return
        last = int(digits[-LAST:])
        if not known.holds(last):
            known.add(last)

    def report(self, customer: int, prefix: str, now_ms: int, *, confirmed: bool) -> None:
        """A code to a number of this range was entered, or was not."""
        known = self._range(customer, prefix, now_ms)
        if known is not None:
            known.reported += 1
            known.confirmed += confirmed

    def block(self, customer: int, digits: str, until_ms: int, now_ms: int, *, watched: bool = False) -> None:
        """What `look` found is to hold; one that holds already is not prolonged."""
        prefix = digits[:-LAST]
        known = self._range(customer, prefix, now_ms)
        if known is None or known.blocked_until_ms > now_ms:
            return
        known.blocked_until_ms, known.stepped_ms, known.steps = until_ms, now_ms, known.steps + 1
        self.begun += 1
        if len(self.fresh) < _MOST_FRESH:
            self.fresh.append(Begun(customer, prefix, known.distinct, now_ms, until_ms, watched))

    def release(self, begun: Begun, now_ms: int) -> None:
        """Somebody lets a range go."""
        known = self._range(begun.customer, begun.prefix, now_ms)
        if known is not None:
            known.blocked_until_ms, known.steps, known.spared_until_ms = 0, 0, now_ms + SPARED_MS

    def forget(self, now_ms: int) -> None:
        """Drop which numbers were written to in an hour that is over."""
        hour = now_ms // HOUR_MS
        if hour != self._hour:
            self._hour = hour
            for own in self._ranges.values():
                for each in own.values():
                    if each.few and each.hour != hour:
                        each.forget()

    def _range(self, customer: int, digits: str, now_ms: int, *, make: bool = False) -> _Range | None:
        own = self._ranges.get(customer)
        known = None if own is None else own.get(digits)
        hour = now_ms // HOUR_MS
        if known is not None:
            if known.hour != hour:
                known.turn(hour)
            return known
        if not make or (self._count >= self._most and not self._make_room(hour)):
            return None
        known = _Range(hour, hash((self._salt, customer, digits)))
        self._ranges.setdefault(customer, {})[digits] = known
        self._count += 1
        return known

    def _make_room(self, hour: int) -> bool:
        """Forget ranges of hours before, unless they are blocked; once in an hour, since it looks at all of them."""
        if self._tidied == hour:
            return False
        self._tidied, end_ms = hour, hour * HOUR_MS
        for customer, own in list(self._ranges.items()):
            kept = {digits: each for digits, each in own.items() if each.hour == hour or each.is_kept(end_ms)}
            self._count -= len(own) - len(kept)
            if kept:
                self._ranges[customer] = kept
            else:
                del self._ranges[customer]
        return self._count < self._most

    def _usually(self, customer: int, digits: str, now_ms: int) -> float:
        """The median of distinct numbers in the customer's other ranges of this hour; it holds for a minute."""
        minute = now_ms // 60_000
        known = self._usual.get(customer)
        if known is None or known[0] != minute:
            hour = now_ms // HOUR_MS
            own = self._ranges[customer]
            few = [each.distinct for name, each in own.items() if each.hour == hour and name != digits][-_SAMPLE:]
            known = minute, float(median(few)) if few else 0.0
            self._usual[customer] = known
        return known[1]


def _is_suspicious(known: _Range) -> bool:
    """Whether many numbers of one range follow one another, are new to the customer, or do not enter their codes."""
    return known.is_unconfirmed() or known.longest_run() >= LEAST_RUN or known.new_share() >= LEAST_NEW
