"""A report as one HTML file: figures in tables, drawings beside them, nothing fetched from anywhere, light and dark."""

import statistics
from collections.abc import Iterator, Sequence
from html import escape
from itertools import pairwise
from pathlib import Path
from typing import Final

from benchmarks import charts
from benchmarks.compare import Move, by_rate
from benchmarks.figures import Report, Result, Window, by_counted, over
from benchmarks.stages import ORDER
from benchmarks.tables import number, ratios, spread_text

STYLE: Final = Path(__file__).with_name("page.css")


def page(report: Report, moves: Sequence[Move] = ()) -> str:
    """The whole file."""
    body = "".join((_head(report), *_sections(report, moves)))
    style = STYLE.read_text(encoding="utf-8")
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Load test</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{style}</style></head><body><main>{body}</main></body></html>\n"
    )


def _head(report: Report) -> str:
    machine = report.machine
    before, after = machine.reference_us
    return (
        f"<h1>Load test</h1><p>Version {escape(machine.version)}, {escape(machine.began)}, Python {machine.python},"
        f" {machine.cores} cores, {escape(machine.system)}. A loop of 100 additions took {before:.2f} µs before and"
        f" {after:.2f} µs after: how fast, and how steady, the machine was.</p>"
    )


def _sections(report: Report, moves: Sequence[Move]) -> Iterator[str]:
    results = [result for result in report.results if result.closed]
    yield "<h2>Capacity and cost</h2>"
    for one, group in by_counted(results).items():
        yield charts.bars(
            f"{one.title()}s a second, closed loop, median", [_bar(each, "per_s", "/s") for each in group]
        )
        yield charts.bars(f"CPU of a {one}, median", [_bar(each, f"cpu_us.{each.target}", " µs") for each in group])
        yield "".join(f"<p>{escape(line)}</p>" for line in ratios(group))
        yield _capacity(group, one)
    yield from _latency([result for result in results if result.open])
    yield from _stages({result.name: result.stages for result in results if result.stages})
    yield from _over_time(results)
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


def _latency(results: Sequence[Result]) -> Iterator[str]:
    if not results:
        return
    yield "<h2>Latency in open loops</h2><p>From the moment a message was due, so a stall is not spared.</p>"
    for result in results:
        rates = by_rate(result.open)
        if len(rates) > 1:
            series = [
                charts.Series(text, [(rate, over(of, f"answer_ms.{part}").median) for rate, of in rates.items()], at)
                for at, (part, text) in enumerate((("p50", "p50"), ("p90", "p90"), ("p99", "p99"), ("p99_9", "p99.9")))
            ]
            yield charts.lines(f"Answer against rate: {result.name}", "messages/s", "ms", series)
    heads = ("", "rate/s", "p50 ms", "p90", "p99", "p99.9", "max", "to submit_sm p99", "told p99", "longest pause")
    yield _table(
        heads, [_latency_row(result, rate, of) for result in results for rate, of in by_rate(result.open).items()]
    )


def _latency_row(result: Result, rate: float, windows: Sequence[Window]) -> tuple[str, ...]:
    answers = (spread_text(over(windows, f"answer_ms.{part}")) for part in ("p50", "p90", "p99", "p99_9", "max"))
    others = (
        spread_text(over(windows, f"{name}.p99")) if all(getattr(each, name) for each in windows) else "–"
        for name in ("submit_ms", "told_ms")
    )
    return (result.name, f"{rate:,.0f}", *answers, *others, spread_text(over(windows, "pause_ms")))


def _stages(rows: dict[str, dict[str, float]]) -> Iterator[str]:
    if not rows:
        return
    yield "<h2>Where the gateway's CPU goes</h2>" + charts.shares("Share of each stage, sampled", rows, ORDER)
    names = [stage for stage in ORDER if any(stage in row for row in rows.values())]
    yield _table(("", *names), [(row, *(f"{of.get(name, 0):.1%}" for name in names)) for row, of in rows.items()])


def _over_time(results: Sequence[Result]) -> Iterator[str]:
    yield "<h2>Throughput over time</h2><p>One closed loop of each, the median one.</p>"
    for result in results:
        window = median_window(result.closed)
        series = [
            charts.Series("submitted", speeds([(at, sub) for at, sub, _ in window.timeline]), 0),
            charts.Series("recorded", speeds([(at, rec) for at, _, rec in window.timeline]), 1),
        ]
        drawn = [each for each in series if len(each.points) > 1 and any(y for _, y in each.points)]
        if drawn:
            yield charts.lines(result.name, "seconds", "submit_sm or receipts a second", drawn)
        else:
            yield f"<p>{escape(result.name)}: over before its course was looked at twice; send more messages.</p>"


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
    median, bracket, rest = text.partition(" (")
    below = f"<small>{escape(rest.replace(')', ''))}</small>" if bracket else ""
    return f"<td>{escape(median)}{below}</td>"


def median_window(windows: Sequence[Window]) -> Window:
    """The one in the middle by throughput."""
    middle = statistics.median_low(each.per_s for each in windows)
    return next(each for each in windows if each.per_s == middle)
