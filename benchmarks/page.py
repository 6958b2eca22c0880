"""A report as one HTML file: figures in tables, drawings beside them, nothing fetched from anywhere, light and dark."""

import shlex
import statistics
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from itertools import pairwise
from pathlib import Path
from typing import Final

from benchmarks import charts
from benchmarks.compare import Move, by_rate
from benchmarks.figures import SHARES, Report, Result, Threshold, Window, by_counted, is_known, over
from benchmarks.stages import ORDER
from benchmarks.tables import number, ratios, spread_text

VERDICTS: Final = ("better", "worse")
"""Those that have a colour."""
STYLE: Final = Path(__file__).with_name("page.css")


def page(report: Report, moves: Sequence[Move] = ()) -> str:
    """The whole file."""
    body = "".join((_head(report), _verdicts(report, moves), *_sections(report, moves)))
    style = STYLE.read_text(encoding="utf-8")
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Load test</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{style}</style></head><body><main>{body}</main></body></html>\n"
    )


def _head(report: Report) -> str:
    machine = report.machine
    before, after = machine.reference_us
    builds = sorted({each.build for each in report.results if each.is_own and each.build})
    about = [
        f"Version {machine.version}" + (f", {' and '.join(builds)}" if builds else ""),
        machine.began,
        f"{machine.cpu or 'processor unknown'}, {machine.cores} cores, {machine.memory_gb:g} GB",
        f"{machine.system}, Python {machine.python}",
        f"{machine.file_system or 'file system unknown'}, {machine.sync_ms:.3g} ms to force a page to disk",
        f"100 additions in {before:.2f} µs before and {after:.2f} µs after",
    ]
    said = "".join(f"<li>{escape(each)}</li>" for each in about)
    arguments = f"<p><code>python -m benchmarks {escape(shlex.join(machine.arguments))}</code></p>"
    settings = "".join(
        f"<li><code>{escape(name)}={escape(value)}</code></li>" for name, value in machine.settings.items()
    )
    more = f"<p>Settings from the environment:</p><ul>{settings}</ul>" if settings else ""
    return f'<h1>Load test</h1><ul class="about">{said}</ul>{arguments}{more}'


def _verdicts(report: Report, moves: Sequence[Move]) -> str:
    """A strip of what held and what did not, before all figures."""
    chips = [_chip(each.scenario, each.truth, "met") for each in report.results]
    chips += [
        _chip(each.result, f"{each.text}: {each.value}", "met" if each.met else "missed") for each in report.demanded
    ]
    worse = [each for each in moves if each.verdict == "worse"]
    chips += [_chip(each.result, f"{each.figure} worse by {abs(each.change):.0%}", "missed") for each in worse]
    return f'<ul class="strip">{"".join(chips)}</ul>'


def _chip(of: str, text: str, verdict: str) -> str:
    sign = "✓" if verdict == "met" else "✗"
    return f'<li class="{verdict}"><strong>{sign} {escape(of)}</strong> {escape(text)}</li>'


def _sections(report: Report, moves: Sequence[Move]) -> Iterator[str]:
    results = [result for result in report.results if result.closed]
    yield "<h2>Capacity and cost</h2>" if results else ""
    for one, group in by_counted(results).items():
        if len(group) > 1:
            yield charts.bars(
                f"{one.title()}s a second, closed loop, median", [_bar(each, "per_s", "/s") for each in group]
            )
            yield charts.bars(f"CPU of a {one}, median", [_bar(each, f"cpu_us.{each.target}", " µs") for each in group])
        yield "".join(f"<p>{escape(line)}</p>" for line in ratios(group))
        yield _capacity(group, one)
    yield from _latency([result for result in report.results if result.open], report.demanded)
    yield from _stages({result.name: result.stages for result in results if result.stages})
    yield from _over_time(report.results)
    if moves:
        yield "<h2>Compared</h2>" + _moves(moves)
    yield "<h2>Truth and notes</h2>" + "".join(map(_notes, report.results))


def _bar(result: Result, name: str, unit: str) -> charts.Bar:
    median = over(result.closed, name).median
    return charts.Bar(result.name, median, f"{number(median)}{unit}", quiet=result.target != "gateway")


def _capacity(results: Sequence[Result], one: str) -> str:
    heads = ("", f"{one}s/s", "CPU µs", "answer p50 ms", "p99 ms", "RSS MB", "written B", "runs")
    names = ("per_s", "cpu_us.{}", "answer_ms.p50", "answer_ms.p99", "rss_mb", "written_bytes")
    rows = [
        (
            each.name,
            *(spread_text(over(each.closed, name.format(each.target))) for name in names),
            str(len(each.closed)),
        )
        for each in results
    ]
    return _table(heads, rows)


def _latency(results: Sequence[Result], demanded: Sequence[Threshold]) -> Iterator[str]:
    if not results:
        return
    yield "<h2>Latency in open loops</h2><p>From the moment a message was due, so a stall is not spared.</p>"
    for result in results:
        rates = by_rate(result.open)
        curves = [
            charts.Series(f"{rate:,.0f}/s", [point for point in of[len(of) // 2].curve if point[0] < 1], at)
            for at, (rate, of) in enumerate(list(rates.items())[:4])
        ]
        if any(len(each.points) > 1 for each in curves):
            yield charts.percentiles(f"Answers by percentile: {result.name}", curves, _target(result, demanded))
        if len(rates) > 1:
            series = [
                charts.Series(part, _known(rates, part), at) for at, part in enumerate(("p50", "p90", "p99", "p99.9"))
            ]
            drawn = [each for each in series if each.points]
            yield charts.lines(f"Answer against rate: {result.name}", "messages/s", "ms", drawn)
    heads = ("", "rate/s", "p50 ms", "p90", "p99", "p99.9", "max", "to submit_sm p99", "told p99", "longest pause")
    yield _table(
        heads, [_latency_row(result, rate, of) for result in results for rate, of in by_rate(result.open).items()]
    )


def _known(rates: Mapping[float, Sequence[Window]], part: str) -> list[tuple[float, float]]:
    """A percentile of the answers by rate, where there were enough."""
    return [
        (rate, over(of, f"answer_ms.{part.replace('.', '_')}").median)
        for rate, of in rates.items()
        if all(is_known(each, "answer_ms", part) for each in of)
    ]


def _target(result: Result, demanded: Sequence[Threshold]) -> float | None:
    """Milliseconds that this result's answers were to keep below; None where nobody wanted any."""
    return next((each.limit_ms for each in demanded if each.result == result.name and each.limit_ms), None)


def _latency_row(result: Result, rate: float, windows: Sequence[Window]) -> tuple[str, ...]:
    answers = (_spread(windows, "answer_ms", part) for part, _ in SHARES)
    others = (_spread(windows, name, "p99") for name in ("submit_ms", "told_ms"))
    return (result.name, f"{rate:,.0f}", *answers, *others, spread_text(over(windows, "pause_ms")))


def _spread(windows: Sequence[Window], field: str, part: str) -> str:
    if not all(is_known(each, field, part) for each in windows):
        return "–"
    return spread_text(over(windows, f"{field}.{part.replace('.', '_')}"))


def _stages(rows: dict[str, dict[str, float]]) -> Iterator[str]:
    if not rows:
        return
    yield "<h2>Where the gateway's CPU goes</h2>" + charts.shares("Share of each stage, sampled", rows, ORDER)
    names = [stage for stage in ORDER if any(stage in row for row in rows.values())]
    yield _table(("", *names), [(row, *(f"{of.get(name, 0):.1%}" for name in names)) for row, of in rows.items()])


def _over_time(results: Sequence[Result]) -> Iterator[str]:
    yield "<h2>Over time</h2><p>The longest open loop of each, or the median closed one.</p>"
    for result in results:
        window = longest(result)
        if window is None:
            continue
        drawn = list(_course(result.name, window))
        yield from drawn
        if not drawn:
            yield f"<p>{escape(result.name)}: over before its course was looked at twice; send more messages.</p>"


def _course(name: str, window: Window) -> Iterator[str]:
    """Rate, latency and memory along one window."""
    answered = [(second + 1.0, float(count)) for second, count, _ in window.course[:-1]]
    series = [
        charts.Series("submitted", speeds([(at, sub) for at, sub, _ in window.timeline]), 0),
        charts.Series("recorded", speeds([(at, rec) for at, _, rec in window.timeline]), 1),
        charts.Series("answered", answered, 2),
    ]
    rates = [each for each in series if len(each.points) > 1 and any(y for _, y in each.points)]
    if rates:
        yield charts.lines(f"Rate: {name}", "seconds", "a second", rates)
    waits = [(second + 1.0, p99) for second, _, p99 in window.course]
    if len(waits) > 2:
        yield charts.lines(f"p99 of each second's answers: {name}", "seconds", "ms", [charts.Series("p99", waits, 0)])
    memory = [(at, rss) for at, rss in window.memory if at >= 0]
    if len(memory) > 2:
        yield charts.lines(f"Memory: {name}", "seconds", "MB", [charts.Series("RSS", memory, 0)])


def longest(result: Result) -> Window | None:
    """The window whose course says most; None where nothing ran."""
    if result.open:
        return max(result.open, key=lambda each: each.seconds)
    return median_window(result.closed) if result.closed else None


def speeds(counts: Sequence[tuple[float, int]]) -> list[tuple[float, float]]:
    """From totals at moments to the rate between them, at the end of each stretch."""
    pairs = pairwise(counts)
    return [(late, (after - before) / (late - early)) for (early, before), (late, after) in pairs if late > early >= 0]


def _moves(moves: Sequence[Move]) -> str:
    heads = ("", "figure", "before", "after", "change", "verdict", "by chance")
    rows = [
        (
            each.result,
            each.figure,
            f"{spread_text(each.before)} {each.unit}",
            f"{spread_text(each.after)} {each.unit}",
            f"{each.change:+.1%}",
            each.verdict,
            f"{each.chance:.1%}",
        )
        for each in moves
    ]
    return _table(heads, rows)


def _notes(result: Result) -> str:
    lines = [result.truth, *result.notes]
    return f"<p><strong>{escape(result.full_name)}</strong><br>{'<br>'.join(map(escape, lines))}</p>"


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    head = "".join(f"<th>{escape(each)}</th>" for each in heads)
    body = "".join("<tr>" + "".join(map(_cell, row)) + "</tr>" for row in rows)
    return f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def _cell(text: str) -> str:
    """A range in brackets stands below its median."""
    if text in VERDICTS:
        return f'<td class="{text}">{text}</td>'
    median, bracket, rest = text.partition(" (")
    below = f"<small>{escape(rest.replace(')', ''))}</small>" if bracket else ""
    return f"<td>{escape(median)}{below}</td>"


def median_window(windows: Sequence[Window]) -> Window:
    """The one in the middle by throughput."""
    middle = statistics.median_low(each.per_s for each in windows)
    return next(each for each in windows if each.per_s == middle)
