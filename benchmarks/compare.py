"""What moved between two reports, and whether that is more than noise.

Two sets of runs differ when their ranges do not touch. If nothing had changed, that would happen by chance alone in
`2·n!·m!/(n+m)!` of all comparisons of n and m runs: one in ten for 3 and 3, one in 126 for 5 and 5. Both stand in
the answer; ranges that touch are noise, whatever their medians say.
"""

from collections.abc import Iterator, Sequence
from math import comb
from typing import Final

import msgspec

from benchmarks.figures import Report, Result, Spread, Window, over

FEW: Final = 3
SAME_RATE: Final = 0.1
"""Open loops are compared when their rates differ by no more than this share."""


class Figure(msgspec.Struct, frozen=True):
    """name: as `figures.over` takes it, `{target}` for the target's own. unit: for people. up: more is better."""

    name: str
    text: str
    unit: str
    up: bool = False


CLOSED: Final = (
    Figure("per_s", "messages", "/s", up=True),
    Figure("cpu_us.{target}", "CPU a message", "µs"),
    Figure("answer_ms.p99", "answer p99, closed loop", "ms"),
    Figure("rss_mb", "RSS", "MB"),
    Figure("written_bytes", "written a message", "B"),
)
OPEN: Final = (
    Figure("answer_ms.p50", "answer p50", "ms"),
    Figure("answer_ms.p99", "answer p99", "ms"),
    Figure("cpu_us.{target}", "CPU a message", "µs"),
    Figure("pause_ms", "longest pause", "ms"),
)


class Move(msgspec.Struct, frozen=True, kw_only=True):
    """One figure of one result in both reports. chance: of such a difference without a cause. verdict: "better",
    "worse", "noise" or "too few runs".
    """

    result: str
    figure: str
    unit: str
    before: Spread
    after: Spread
    chance: float
    verdict: str

    @property
    def change(self) -> float:
        """Of the medians, as a share."""
        return self.after.median / self.before.median - 1 if self.before.median else 0.0


def compare(before: Report, after: Report) -> list[Move]:
    """Every figure that both reports have, in the order of the second."""
    earlier = {each.name: each for each in before.results}
    return [move for result in after.results if result.name in earlier for move in _moves(earlier[result.name], result)]


def judge(before: Spread, after: Spread, *, runs: tuple[int, int], up: bool) -> str:
    """The verdict on two sets of runs."""
    if min(runs) < FEW:
        return "too few runs"
    if before.low <= after.high and after.low <= before.high:
        return "noise"
    return "better" if (after.median > before.median) == up else "worse"


def chance(runs: tuple[int, int]) -> float:
    """That the ranges of two sets of runs do not touch though nothing has changed."""
    return 2 / comb(sum(runs), runs[0])


def _moves(before: Result, after: Result) -> Iterator[Move]:
    for figure in CLOSED:
        yield _move(after, figure, figure.text, before.closed, after.closed)
    earlier = by_rate(before.open)
    for rate, windows in by_rate(after.open).items():
        near = [other for other in earlier if abs(other / rate - 1) <= SAME_RATE]
        for figure in OPEN if near else ():
            yield _move(after, figure, f"{figure.text} at {rate:.0f}/s", earlier[near[0]], windows)


def _move(result: Result, figure: Figure, text: str, before: Sequence[Window], after: Sequence[Window]) -> Move:
    name = figure.name.format(target=result.target)
    spreads = over(before, name), over(after, name)
    runs = len(before), len(after)
    verdict = judge(*spreads, runs=runs, up=figure.up)
    return Move(
        result=result.name,
        figure=text,
        unit=figure.unit,
        before=spreads[0],
        after=spreads[1],
        chance=chance(runs),
        verdict=verdict,
    )


def by_rate(windows: Sequence[Window]) -> dict[float, list[Window]]:
    """Open loops of one rate together."""
    found: dict[float, list[Window]] = {}
    for window in windows:
        found.setdefault(window.rate_per_s, []).append(window)
    return found
