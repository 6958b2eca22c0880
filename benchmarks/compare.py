"""What moved between two reports, and whether that is more than noise.

Two sets of runs differ when their ranges do not touch. If nothing had changed, that would happen by chance alone in
`2·n!·m!/(n+m)!` of all comparisons of n and m runs: one in ten for 3 and 3, one in 126 for 5 and 5. Both stand in
the answer; ranges that touch are noise, whatever their medians say.

Runs of one report share their minutes, and so whatever else the machine did in them. A target that did not get its
core in a closed loop was held up by others: then nothing is said of figures by the wall clock, only of CPU, memory and
octets. To compare two versions, let them take turns (`against`).
"""

from collections.abc import Iterator, Sequence
from math import comb
from typing import Final

import msgspec

from benchmarks.figures import Report, Result, Spread, Window, over

FEW: Final = 3
OWN_CORE: Final = 0.8
"""Of a core: a target that had less in a closed loop was not the limit itself."""
SAME_RATE: Final = 0.1
"""Open loops are compared when their rates differ by no more than this share."""


Runs = Sequence[Window]


class Figure(msgspec.Struct, frozen=True):
    """name: as `figures.over` takes it, `{target}` for the target's own. text: for people, `{one}` for what is counted.
    unit: for people, too. up: more is better.
    wall: the clock on the wall measured it.
    """

    name: str
    text: str
    unit: str
    up: bool = False
    wall: bool = False


CLOSED: Final = (
    Figure("per_s", "{one}s", "/s", up=True, wall=True),
    Figure("cpu_us.{target}", "CPU a {one}", "µs"),
    Figure("answer_ms.p99", "answer p99, closed loop", "ms", wall=True),
    Figure("rss_mb", "RSS", "MB"),
    Figure("written_bytes", "written a {one}", "B"),
)
OPEN: Final = (
    Figure("answer_ms.p50", "answer p50", "ms", wall=True),
    Figure("answer_ms.p99", "answer p99", "ms", wall=True),
    Figure("cpu_us.{target}", "CPU a {one}", "µs"),
    Figure("pause_ms", "longest pause", "ms", wall=True),
)


class Move(msgspec.Struct, frozen=True, kw_only=True):
    """One figure of one result in both reports. chance: of such a difference without a cause. verdict: "better",
    "worse", "noise", "too few runs" or "busy machine".
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


def compare(before: Report, after: Report, *, anyway: bool = False) -> list[Move]:
    """Every figure that both reports have of the same build, in the order of the second. anyway: of whatever build."""
    moves: list[Move] = []
    for other, result in _pairs(before, after):
        if anyway or other.build == result.build:
            moves += _moves(other, result, quiet=had_its_core(other) and had_its_core(result))
    return moves


def left_out(before: Report, after: Report) -> list[str]:
    """What both reports have, of different builds, in words."""
    return [
        f"{result.name}: {other.build or 'unknown'} then, {result.build or 'unknown'} now"
        for other, result in _pairs(before, after)
        if other.build != result.build
    ]


def _pairs(before: Report, after: Report) -> Iterator[tuple[Result, Result]]:
    earlier = {each.name: each for each in before.results}
    return ((earlier[each.name], each) for each in after.results if each.name in earlier)


def in_turns(before: Result, after: Result) -> list[Move]:
    """Every figure of two results whose runs took turns, so that both had the same minutes."""
    return list(_moves(before, after, quiet=True))


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


def _moves(before: Result, after: Result, *, quiet: bool) -> Iterator[Move]:
    for figure in CLOSED if before.closed and after.closed else ():
        yield _move(after, figure, figure.text, (before.closed, after.closed), quiet=quiet)
    earlier = by_rate(before.open)
    for rate, windows in by_rate(after.open).items():
        near = [other for other in earlier if abs(other / rate - 1) <= SAME_RATE]
        for figure in OPEN if near else ():
            yield _move(after, figure, f"{figure.text} at {rate:.0f}/s", (earlier[near[0]], windows), quiet=quiet)


def had_its_core(result: Result) -> bool:
    """Whether the target, and nobody else, limited its closed loops; true where there are none to tell."""
    return not result.closed or over(result.closed, f"busy.{result.target}").median >= OWN_CORE


def _move(result: Result, figure: Figure, text: str, windows: tuple[Runs, Runs], *, quiet: bool) -> Move:
    before, after = windows
    text = text.format(one=result.one)
    spreads = _over(before, figure), _over(after, figure)
    runs = len(before), len(after)
    verdict = judge(*spreads, runs=runs, up=figure.up) if quiet or not figure.wall else "busy machine"
    return Move(
        result=result.name,
        figure=text,
        unit=figure.unit,
        before=spreads[0],
        after=spreads[1],
        chance=chance(runs),
        verdict=verdict,
    )


def _over(windows: Runs, figure: Figure) -> Spread:
    """The target is the first process of each window, whatever it is called."""
    return over(windows, figure.name.format(target=next(iter(windows[0].cpu_us))))


def by_rate(windows: Sequence[Window]) -> dict[float, list[Window]]:
    """Open loops of one rate together."""
    found: dict[float, list[Window]] = {}
    for window in windows:
        found.setdefault(window.rate_per_s, []).append(window)
    return found
