"""Drawings as SVG text: lines, bars, stacked shares, and percentiles on scales of logarithms. Colours and ink are
classes; the page says what they look like.

Every mark has a title, so a browser shows its value; a table with the same figures always stands beside a drawing.
"""

import math
from collections.abc import Mapping, Sequence
from html import escape
from typing import Final

import msgspec

WIDTH: Final = 640
ROW: Final = 44
"""Of a bar, with its name above it."""
BAR: Final = 18
NAME: Final = 14.0
"""Height of a name beside another."""
QUIET: Final = 8
"""The colour of what is there for comparison."""
_LEFT, _RIGHT, _TOP, _BOTTOM = 56, 92, 16, 40
_CHARACTER: Final = 6.4
"""Width of one, about, in small text."""


class Series(msgspec.Struct, frozen=True):
    """A line. points: x and y, by rising x. colour: 0..7."""

    name: str
    points: Sequence[tuple[float, float]]
    colour: int


class Axis(msgspec.Struct, frozen=True):
    """One direction: its values 0..high on `pixels` from `start`."""

    high: float
    start: float
    pixels: float

    def at(self, value: float) -> float:
        return round(self.start + value / self.high * self.pixels, 1)


class Decades(msgspec.Struct, frozen=True):
    """One direction whose values run over powers of ten, from `low` to `high`, on `pixels` from `start`."""

    low: float
    high: float
    start: float
    pixels: float

    def at(self, value: float) -> float:
        share = (math.log10(max(value, self.low)) - math.log10(self.low)) / math.log10(self.high / self.low)
        return round(self.start + share * self.pixels, 1)

    def powers(self) -> list[float]:
        """Each power of ten on it."""
        return [10.0**each for each in range(round(math.log10(self.low)), round(math.log10(self.high)) + 1)]


def percentiles(title: str, series: Sequence[Series], target: float | None = None, height: int = 260) -> str:
    """A curve for each series: to the right shares nearer and nearer to all (each tick a tenth of the rest), upwards
    milliseconds by powers of ten. points: a share below 1, and milliseconds. target: milliseconds to keep below.
    """
    ups = [up for each in series for _, up in each.points if up > 0] + ([target] if target else [])
    low, high = min(ups, default=1.0), max(ups, default=10.0)
    floor = 10.0 ** math.floor(math.log10(low))
    y = Decades(
        floor, max(10.0 ** math.ceil(math.log10(high)), floor * 10), height - _BOTTOM, -(height - _TOP - _BOTTOM)
    )
    rest = min((1 - share for each in series for share, _ in each.points), default=0.1)
    x = Decades(1.0, max(10.0, 1 / rest), _LEFT, WIDTH - _LEFT - _RIGHT)
    ticks_x = [each for each in x.powers() if each <= x.high * 1.001]
    parts = [_grid(y, y.powers())]
    parts += [
        f'<text class="tick" x="{x.at(each)}" y="{height - _BOTTOM + 16}" text-anchor="middle">'
        f"{100 * (1 - 1 / each):g} %</text>"
        for each in ticks_x
    ]
    if target:
        parts.append(
            f'<line class="target" x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{y.at(target)}" y2="{y.at(target)}"/>'
            f'<text class="name" x="{_LEFT + 6}" y="{y.at(target) + 14}">wanted</text>'
        )
    drawn = [Series(each.name, [(1 / (1 - share), up) for share, up in each.points], each.colour) for each in series]
    parts += [_line(each, x, y) for each in drawn]
    parts += _names(drawn, x, y)
    parts.append(f'<text class="axis" x="{_LEFT}" y="{_TOP - 4}">ms</text>')
    return _svg(title, height, parts)


def lines(title: str, x_label: str, y_label: str, series: Sequence[Series], height: int = 240) -> str:
    """A line for each series, named at its end; both axes begin at 0."""
    xs = [x for each in series for x, _ in each.points]
    ys = [y for each in series for _, y in each.points]
    x_ticks, y_ticks = ticks(max(xs)), ticks(max(ys))
    x = Axis(max(*xs, 1e-9), _LEFT, WIDTH - _LEFT - _RIGHT)
    y = Axis(y_ticks[-1], height - _BOTTOM, -(height - _TOP - _BOTTOM))
    parts = [_grid(y, y_ticks), _below(x, [tick for tick in x_ticks if tick <= x.high], height)]
    parts += [_line(each, x, y) for each in series]
    parts += _names(series, x, y)
    parts.append(f'<text class="axis" x="{_LEFT}" y="{_TOP - 4}">{escape(y_label)}</text>')
    parts.append(f'<text class="axis" x="{x.at(x.high)}" y="{height - 4}" text-anchor="end">{escape(x_label)}</text>')
    return _svg(title, height, parts)


class Bar(msgspec.Struct, frozen=True):
    """words: its value, at the bar's end. quiet: it is there for comparison."""

    name: str
    value: float
    words: str
    quiet: bool = False


def bars(title: str, rows: Sequence[Bar]) -> str:
    """A bar for each row, from 0."""
    axis = Axis(max([each.value for each in rows] or [0]) or 1, 0, WIDTH - _RIGHT)
    parts = []
    for at, each in enumerate(rows):
        top = at * ROW + 20
        wide = axis.at(each.value)
        colour = QUIET if each.quiet else 0
        parts.append(_row_name(each.name, top))
        parts.append(f'<rect class="c{colour}" x="0" y="{top}" width="{wide}" height="{BAR}" rx="2">')
        parts.append(f"<title>{escape(each.name)}: {escape(each.words)}</title></rect>")
        parts.append(f'<text class="value" x="{wide + 6:.1f}" y="{top + 13}">{escape(each.words)}</text>')
    return _svg(title, len(rows) * ROW + 4, parts)


def shares(title: str, rows: Mapping[str, Mapping[str, float]], order: Sequence[str]) -> str:
    """A stacked bar for each row, whose parts add up to 1; the key above names them. order: of all parts there can be;
    a part has the colour of its place in it, whatever else is there.
    """
    names = {at: name for at, name in enumerate(order) if any(row.get(name) for row in rows.values())}
    key, key_height = _key(names)
    axis = Axis(1.0, 0, WIDTH)
    parts = [key]
    for at, (row, share_of) in enumerate(rows.items()):
        top = key_height + at * ROW + 20
        parts.append(_row_name(row, top))
        left = 0.0
        for colour, name in names.items():
            share = share_of.get(name, 0.0)
            parts.append(_part((row, name), share, axis, left, top, colour))
            left += share
    return _svg(title, key_height + len(rows) * ROW + 4, parts)


def ticks(high: float, about: int = 4) -> list[float]:
    """Round values from 0 to at least `high`, about so many steps apart."""
    if high <= 0:
        return [0.0, 1.0]
    raw = high / about
    size = 10.0 ** math.floor(math.log10(raw))
    step = next(size * factor for factor in (1, 2, 5, 10) if size * factor >= raw)
    return [round(step * count, 10) for count in range(math.ceil(high / step) + 1)]


def _svg(title: str, height: float, parts: Sequence[str]) -> str:
    head = f'<svg viewBox="0 0 {WIDTH} {height:.0f}" role="img" aria-label="{escape(title, quote=True)}">'
    return f"<figure><figcaption>{escape(title)}</figcaption>{head}{''.join(parts)}</svg></figure>"


def _grid(y: Axis | Decades, values: Sequence[float]) -> str:
    return "".join(
        f'<line class="grid" x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{y.at(value)}" y2="{y.at(value)}"/>'
        f'<text class="tick" x="{_LEFT - 6}" y="{y.at(value) + 4}" text-anchor="end">{value:g}</text>'
        for value in values
    )


def _below(x: Axis, values: Sequence[float], height: int) -> str:
    return "".join(
        f'<text class="tick" x="{x.at(value)}" y="{height - _BOTTOM + 16}" text-anchor="middle">{value:,g}</text>'
        for value in values
    )


def _line(series: Series, x: Axis | Decades, y: Axis | Decades) -> str:
    points = " ".join(f"{x.at(across)},{y.at(up)}" for across, up in series.points)
    drawn = f'<polyline class="line s{series.colour}" points="{points}"/>'
    if len(series.points) > 12:
        return drawn
    return drawn + "".join(
        f'<circle class="c{series.colour}" cx="{x.at(across)}" cy="{y.at(up)}" r="3.5">'
        f"<title>{escape(series.name)}: {up:.3g} at {across:,.4g}</title></circle>"
        for across, up in series.points
    )


def _names(series: Sequence[Series], x: Axis | Decades, y: Axis | Decades) -> list[str]:
    """Each series' name at its last point; names that would touch are moved apart, upwards at the foot."""
    ends = sorted((y.at(each.points[-1][1]) + 4, at) for at, each in enumerate(series) if each.points)
    heights: list[float] = []
    for height, _ in ends:
        heights.append(max(height, heights[-1] + NAME) if heights else height)
    limit = y.start
    for place in reversed(range(len(heights))):
        limit = heights[place] = min(heights[place], limit)
        limit -= NAME
    return [
        f'<text class="name" x="{x.at(series[at].points[-1][0]) + 8}" y="{height:.1f}">{escape(series[at].name)}</text>'
        for height, (_, at) in zip(heights, ends, strict=True)
    ]


def _row_name(name: str, top: float) -> str:
    return f'<text class="row" x="0" y="{top - 5}">{escape(name)}</text>'


def _key(names: Mapping[int, str]) -> tuple[str, float]:
    """Names with their colours, in as many lines as they need; and the height of that."""
    parts, across, top = [], 0.0, 4.0
    for at, name in names.items():
        wide = 28 + len(name) * _CHARACTER
        if across + wide > WIDTH:
            across, top = 0.0, top + 20
        parts.append(f'<rect class="c{at}" x="{across:.1f}" y="{top}" width="11" height="11" rx="2"/>')
        parts.append(f'<text class="value" x="{across + 15:.1f}" y="{top + 10}">{escape(name)}</text>')
        across += wide
    return "".join(parts), top + 22


def _part(names: tuple[str, str], share: float, axis: Axis, left: float, top: float, colour: int) -> str:
    begin, end = axis.at(left), axis.at(left + share)
    wide = max(0.0, round(end - begin - 1.5, 1))
    drawn = (
        f'<rect class="c{colour}" x="{begin}" y="{top}" width="{wide}" height="{BAR}">'
        f"<title>{escape(', '.join(names))}: {share:.1%}</title></rect>"
    )
    if share < 0.06:
        return drawn
    return drawn + f'<text class="inside i{colour}" x="{begin + 4}" y="{top + 13}">{share:.0%}</text>'
