"""Results as tables on a terminal."""

from collections.abc import Sequence
from typing import Final

from rich.box import SIMPLE
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table

from benchmarks.compare import Move, by_rate
from benchmarks.figures import SHARES, Report, Result, Spread, Threshold, Window, by_counted, is_known, over
from benchmarks.nodes import by_nodes
from benchmarks.stages import ORDER

_ENDLESS: Final = 10_000
_STYLES: Final = {"better": "green", "worse": "red"}


def show(console: Console, report: Report) -> None:
    """Capacity, latency and stages; then what readers should know."""
    for one, results in by_counted([result for result in report.results if result.closed]).items():
        _print(console, _capacity(results, one))
    if any(result.open for result in report.results):
        _print(console, _latency(report.results))
    if any(result.stages for result in report.results):
        _print(console, _stages(report.results))
    if any(result.nodes for result in report.results):
        _print(console, _costs(report.results))
    for line in (*ratios(report.results), *by_nodes(report.results)):
        console.print(line)
    for result in report.results:
        console.print(f"{result.full_name}: {result.truth}")
        for note in result.notes:
            console.print(f"  {note}")
    low, high = report.machine.reference_us
    console.print(f"100 additions in a loop: {low:.2f} µs before, {high:.2f} µs after ({report.machine.cores} cores)")


def show_moves(console: Console, moves: Sequence[Move]) -> None:
    """What two reports differ in."""
    table = _table("compared", "figure", "before", "after", "change", "verdict", "by chance")
    for move in moves:
        table.add_row(
            move.result,
            move.figure,
            f"{spread_text(move.before)} {move.unit}",
            f"{spread_text(move.after)} {move.unit}",
            f"{move.change:+.1%}",
            f"[{_STYLES[move.verdict]}]{move.verdict}[/]" if move.verdict in _STYLES else move.verdict,
            f"{move.chance:.1%}",
        )
    if moves:
        _print(console, table)
    else:
        console.print("nothing to compare: the reports share no scenario of the same build")


def show_thresholds(console: Console, thresholds: Sequence[Threshold]) -> None:
    """What was demanded, and whether it held."""
    if not thresholds:
        return
    table = _table("demanded", "threshold", "measured", "")
    for each in thresholds:
        table.add_row(each.result, each.text, each.value, "[green]met[/]" if each.met else "[red]MISSED[/]")
    _print(console, table)


def ratios(results: Sequence[Result]) -> list[str]:
    """CPU a message of the gateway beside its peers in the same scenario."""
    cost = {result.name: over(result.closed, f"cpu_us.{result.target}").median for result in results if result.closed}
    groups: dict[str, list[Result]] = {}
    for result in results:
        if result.closed and not result.nodes:
            groups.setdefault(result.scenario, []).append(result)
    lines = []
    for scenario, group in groups.items():
        own = [each for each in group if each.target == "gateway"]
        if own and len(group) > 1:
            base = cost[own[0].name]
            parts = [f"{each.target} {cost[each.name] / base:.2f}" for each in group]
            lines.append(f"CPU a message, {scenario}: " + " : ".join(parts))
    return lines


def spread_text(spread: Spread) -> str:
    """Median, and the range in brackets."""
    return f"{number(spread.median)} ({number(spread.low)}–{number(spread.high)})"


def number(value: float) -> str:
    """Three figures or so."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def _print(console: Console, table: Table) -> None:
    """As a table where it fits; else a line for each figure, so that none is cut."""
    wide = Measurement.get(console, console.options.update(width=_ENDLESS), table).maximum
    if wide <= console.width:
        console.print(table)
        return
    console.print(f"[bold]{table.title}[/]")
    names, *columns = table.columns
    cells = zip(*(list(each.cells) for each in columns), strict=True)
    for name, row in zip(names.cells, cells, strict=True):
        console.print(f"  {name}")
        for column, value in zip(columns, row, strict=True):
            console.print(f"    {column.header or 'verdict'}: {value}")


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, box=SIMPLE, title_justify="left", header_style="bold")
    for name in ("result", *columns):
        table.add_column(name, justify="left" if name in ("result", "figure", "verdict", "process CPU") else "right")
    return table


def _capacity(results: Sequence[Result], one: str) -> Table:
    table = _table("closed loop", f"{one}s/s", "CPU µs", "answer p50", "p99 ms", "RSS MB", "written B", "process CPU")
    for result in results:
        windows = result.closed
        table.add_row(
            result.name,
            spread_text(over(windows, "per_s")),
            spread_text(over(windows, f"cpu_us.{result.target}")),
            number(over(windows, "answer_ms.p50").median),
            number(over(windows, "answer_ms.p99").median),
            number(over(windows, "rss_mb").high),
            number(over(windows, "written_bytes").median),
            _busy(windows),
        )
    return table


def _busy(windows: Sequence[Window]) -> str:
    """Median share of a core, by process."""
    return " ".join(f"{role} {over(windows, f'busy.{role}').median:.0%}" for role in windows[0].busy)


def _latency(results: Sequence[Result]) -> Table:
    table = _table(
        "open loop, from when a message was due", "rate/s", "p50", "p90", "p99", "p99.9", "max", "to submit p99", "told"
    )
    table.columns[-1].header = "told p99 ms"
    table.add_column("pause ms", justify="right")
    for result in results:
        for rate, windows in by_rate(result.open).items():
            waits = [percentile(windows, "answer_ms", part) for part, _ in SHARES]
            table.add_row(
                result.name,
                f"{rate:.0f}",
                *waits,
                percentile(windows, "submit_ms", "p99"),
                percentile(windows, "told_ms", "p99"),
                number(over(windows, "pause_ms").high),
            )
    return table


def _costs(results: Sequence[Result]) -> Table:
    """What a message costs each process, by the number of nodes."""
    table = _table("CPU a message, µs", "nodes", "gateway", "ledger's server", "answer p99 ms", "told")
    table.columns[-1].header = "told p99 ms"
    for result in results:
        if result.nodes:
            windows = result.open or result.closed
            table.add_row(
                result.name,
                str(result.nodes),
                spread_text(over(windows, f"cpu_us.{result.target}")),
                spread_text(over(windows, "cpu_us.Redis")),
                spread_text(over(windows, "answer_ms.p99")),
                percentile(windows, "told_ms", "p99"),
            )
    return table


def percentile(windows: Sequence[Window], name: str, part: str) -> str:
    """The median over runs; – of what was not measured, or of so few messages that none lies beyond it."""
    if not all(is_known(each, name, part) for each in windows):
        return "–"
    return number(over(windows, f"{name}.{part.replace('.', '_')}").median)


def _stages(results: Sequence[Result]) -> Table:
    sampled = [result for result in results if result.stages]
    names = [stage for stage in ORDER if any(stage in result.stages for result in sampled)]
    table = _table("share of the gateway's CPU", *names)
    for result in sampled:
        table.add_row(result.name, *(f"{result.stages.get(name, 0):.0%}" for name in names))
    return table
