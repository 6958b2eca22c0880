"""Graphs that the server draws as SVG: they need no script, they print, and a table stands beside them.

Time runs from left to right in both languages. What is drawn is hidden from who has pages read aloud: for those there
is the table.
"""

from collections.abc import Sequence
from typing import Final

from markupsafe import Markup

WIDTH: Final = 240
HEIGHT: Final = 48
_EDGE: Final = 2
_FEWEST: Final = 12
"""Bars that there is room for, however few there are: a single one is no block."""


def spark(values: Sequence[float]) -> Markup:
    """A line through the values, from zero up; nothing where there are fewer than two."""
    if len(values) < 2:
        return Markup("")
    top = max(*values, 1e-9)
    step = (WIDTH - 2 * _EDGE) / (len(values) - 1)
    points = " ".join(f"{_EDGE + place * step:.1f},{_height(value, top):.1f}" for place, value in enumerate(values))
    base = HEIGHT - _EDGE
    area = f"{_EDGE},{base} {points} {WIDTH - _EDGE},{base}"
    return _svg(
        Markup('<polygon class="area" points="{}"/><polyline class="line" points="{}"/>').format(area, points), "spark"
    )


def bars(values: Sequence[float]) -> Markup:
    """A bar for each value, from zero up; nothing where there are none."""
    if not values:
        return Markup("")
    top = max(*values, 1e-9)
    step = (WIDTH - 2 * _EDGE) / max(len(values), _FEWEST)
    form = Markup('<rect class="bar" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}"/>')
    drawn = (
        form.format(_EDGE + place * step, _height(value, top), step * 0.8, HEIGHT - _EDGE - _height(value, top))
        for place, value in enumerate(values)
    )
    return _svg(Markup("").join(drawn), "bars")


def _height(value: float, top: float) -> float:
    return HEIGHT - _EDGE - value / top * (HEIGHT - 2 * _EDGE)


def _svg(drawn: Markup, kind: str) -> Markup:
    form = Markup('<svg class="graph {}" viewBox="0 0 {} {}" preserveAspectRatio="none" aria-hidden="true">{}</svg>')
    return form.format(kind, WIDTH, HEIGHT, drawn)
