"""What a link did lately, as the differences of totals that only grow: rates, answer times and error codes.

Totals are kept every `STEP_S` for as long as the longest span. Of a process, or a link, that is there for less, it is
what it did since.
"""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import msgspec

STEP_S: Final = 5.0
SPANS_S: Final = (60.0, 300.0, 900.0)


class Totals(msgspec.Struct, frozen=True):
    """Of a link, since the process started. sent: segments. took: answers, by `answer_times`. errors: by code."""

    sent: int = 0
    took: Sequence[int] = ()
    errors: Mapping[str, int] = {}


class Lately:
    """monotonic: seconds."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._kept: deque[tuple[float, Mapping[str, Totals]]] = deque(maxlen=int(SPANS_S[-1] / STEP_S) + 1)

    def note(self, totals: Mapping[str, Totals]) -> None:
        """To be called with those of all links, often; what comes before the next step is not kept."""
        now = self._monotonic()
        if not self._kept or now - self._kept[-1][0] >= STEP_S:
            self._kept.append((now, totals))

    def rates(self, name: str, totals: Totals) -> tuple[float, ...]:
        """Segments a second that left over a link in each of `SPANS_S`."""
        return tuple(self._rate(name, totals, span_s) for span_s in SPANS_S)

    def since(self, name: str, totals: Totals) -> Totals:
        """What was added in the longest span. Where totals fell, the link was made anew: they are all of it."""
        _, before = self._at(name, SPANS_S[-1])
        took, errors = before.took, before.errors
        return Totals(
            sent=_grown(totals.sent, before.sent),
            took=[_grown(now, then) for now, then in zip(totals.took, took or [0] * len(totals.took), strict=False)],
            errors={code: n for code, each in totals.errors.items() if (n := _grown(each, errors.get(code, 0)))},
        )

    def _rate(self, name: str, totals: Totals, span_s: float) -> float:
        then, before = self._at(name, span_s)
        elapsed = self._monotonic() - then
        return _grown(totals.sent, before.sent) / elapsed if elapsed > 0 else 0.0

    def _at(self, name: str, span_s: float) -> tuple[float, Totals]:
        """The oldest totals of a span, and when they were so; none at all where nothing is kept."""
        now = self._monotonic()
        for at, kept in self._kept:
            if now - at <= span_s:
                return at, kept.get(name, _NOTHING)
        return now, _NOTHING


def _grown(now: int, before: int) -> int:
    return now - before if now >= before else now


_NOTHING: Final = Totals()
