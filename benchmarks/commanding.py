"""What the commands of `python -m benchmarks` share: options, and how a run is checked, shown, written and judged.

Exit codes: 0; 1, the run is no measurement (something was lost, came twice, or did not start); 2, it was asked for
wrongly; 3, it was measured, and a threshold was missed or a figure got worse.
"""

import inspect
import math
import os
import signal
from collections.abc import Callable, Iterable, Mapping
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, Final, Literal, TypeVar

import msgspec
import typer
from rich.console import Console

from benchmarks.bench import FOLDER
from benchmarks.checkout import HERE, alone, demand_same
from benchmarks.compare import Move, left_out
from benchmarks.compare import compare as compare_reports
from benchmarks.engines import Engine, EngineMissing
from benchmarks.engines import engine as engine_of
from benchmarks.figures import Machine, Report, Result
from benchmarks.following import Watch
from benchmarks.habits import HABITS, habit_of
from benchmarks.jasmin import JasminMissing
from benchmarks.junit import junit
from benchmarks.kannel import KannelMissing
from benchmarks.machine import describe, differences, is_steady, now, reference_us
from benchmarks.page import page
from benchmarks.progress import Bars
from benchmarks.scenarios import Options
from benchmarks.tables import show, show_moves, show_thresholds
from benchmarks.thresholds import Wanted, threshold_of
from benchmarks.truth import Wrong
from gateway.tools.trial_site import StageFailed

COMPILED: Final = Path(".venv-compiled/bin/python")
"""What `make compiled` makes."""
WIDTH: Final = 160
"""Of tables that go to a file or a pipe."""
MISSED: Final = 3
"""The exit code of a run that was measured and is not good enough."""

console = Console() if Console().is_terminal else Console(width=WIDTH)

T = TypeVar("T")
Measure = Callable[[Engine, Options, Watch], Iterable[Result]]


def positive(value: str | float) -> float:
    """Raises typer.BadParameter."""
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if not math.isfinite(number) or number <= 0:
        raise typer.BadParameter(f"{value} is no number above 0")
    return number


def a_share(value: str | float) -> float:
    """Raises typer.BadParameter."""
    number = positive(value)
    if number > 1:
        raise typer.BadParameter(f"{value} is no share: above 0, and 1 at most")
    return number


def a_threshold(text: str | Wanted) -> Wanted:
    """Raises typer.BadParameter."""
    try:
        return text if isinstance(text, Wanted) else threshold_of(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


def a_habit(text: str | tuple[str, float]) -> tuple[str, float]:
    """Raises typer.BadParameter."""
    try:
        return text if isinstance(text, tuple) else habit_of(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


def a_file(value: str | Path) -> Path:
    """One that can be written once the run is over. Raises typer.BadParameter."""
    path = Path(value)
    if path.is_dir() or not os.access(path if path.exists() else path.absolute().parent, os.W_OK):
        raise typer.BadParameter(f"{path} cannot be written")
    return path


EngineName = Annotated[str, typer.Option("--engine", help="Engine of the ledger.")]
Workers = Annotated[int, typer.Option(min=1, help="Processes of the gateway.")]
Messages = Annotated[int, typer.Option(min=10, help="Messages of a closed loop.")]
Runs = Annotated[int, typer.Option(min=1, help="Runs of each; medians are shown, with the lowest and highest.")]
Rate = Annotated[
    list[float] | None,
    typer.Option(parser=positive, metavar="NUMBER", help="Messages a second of an open loop; repeatable."),
]
Share = Annotated[
    list[float] | None,
    typer.Option(parser=a_share, metavar="SHARE", help="Or its share of the capacity; repeatable. Default 0.5."),
]
Seconds = Annotated[float, typer.Option(parser=positive, metavar="NUMBER", help="Length of an open loop.")]
BuildName = Annotated[
    str,
    typer.Option("--build", help=f"Gateway: this environment's, or compiled ({COMPILED.parts[0]})."),
]
Profile = Annotated[bool, typer.Option(help="Sample where the gateway's CPU goes, if py-spy is installed.")]
Habits = Annotated[
    list[Any] | None,
    typer.Option(
        "--operator",
        parser=a_habit,
        metavar="HABIT=NUMBER",
        help=f"What the operator is like; repeatable: {', '.join(HABITS)}.",
    ),
]
Json = Annotated[Path | None, typer.Option(parser=a_file, metavar="FILE", help="Write the results to this file.")]
Html = Annotated[
    Path | None, typer.Option(parser=a_file, metavar="FILE", help="Write a page with drawings to this file.")
]
Junit = Annotated[
    Path | None, typer.Option(parser=a_file, metavar="FILE", help="Write what was demanded as JUnit's XML.")
]
Earlier = Annotated[Path | None, typer.Option(exists=True, dir_okay=False, help="Say what moved since these results.")]
Anyway = Annotated[bool, typer.Option("--anyway", help="Compare results of another machine or build, too.")]
Slo = Annotated[
    list[Wanted] | None,
    typer.Option(
        parser=a_threshold,
        metavar="TEXT",
        help="What has to hold, such as 'answer p99 < 10ms'; repeatable. Else code 3.",
    ),
]
FailOn = Annotated[
    Literal["worse"] | None, typer.Option(help="Code 3 where a figure got worse than what is compared with.")
]


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """What a command measures. compare: its results among themselves, instead of with an earlier file."""

    measure: Measure
    options: Options = Options()
    compare: Callable[[Report], list[Move]] | None = None


class Output(msgspec.Struct, frozen=True, kw_only=True):
    """Where results go, beside the terminal, and what they have to reach. compare: an earlier JSON."""

    json: Path | None = None
    html: Path | None = None
    junit: Path | None = None
    slo: list[Wanted] | None = None
    compare: Path | None = None
    anyway: bool = False
    fail_on: Literal["worse"] | None = None


SHARED: Final[Mapping[str, Any]] = {
    "json": Json,
    "html": Html,
    "junit": Junit,
    "slo": Slo,
    "compare": Earlier,
    "anyway": Anyway,
    "fail_on": FailOn,
}
OF_ITSELF: Final = frozenset({"compare", "anyway"})
"""What a command does not take that compares its results among themselves."""


def reported(command: Callable[..., Run], without: frozenset[str] = frozenset()) -> Callable[..., None]:
    """A command of the line that performs what this one says, with the options of `Output` besides its own."""
    taken = {name: kind for name, kind in SHARED.items() if name not in without}

    @wraps(command)
    def performing(**given: Any) -> None:
        output = Output(**{name: given.pop(name) for name in taken})
        perform(command(**given), output)

    own = inspect.signature(command)
    more = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=getattr(Output(), name), annotation=kind)
        for name, kind in taken.items()
    ]
    return signed(performing, [*own.parameters.values(), *more])


def signed(command: Callable[..., T], parameters: Iterable[inspect.Parameter]) -> Callable[..., T]:
    """The function, with parameters that its caller sees instead of its own."""
    shown = [each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in parameters]
    command.__signature__ = inspect.Signature(shown)  # type: ignore[attr-defined]
    command.__annotations__ = {each.name: each.annotation for each in shown}
    return command


def perform(run: Run, output: Output) -> None:
    """Measure, check, show, write, compare and judge; one line, and the exit code, for what went wrong."""
    signal.signal(signal.SIGTERM, _end)
    began, before_us = now(), reference_us()
    earlier = None if output.compare is None else read(output.compare)
    try:
        with alone(FOLDER):
            if earlier is not None:
                demand_one_machine(earlier.machine, describe(began, before_us, FOLDER), anyway=output.anyway)
            engine = engine_of(run.options.engine, run.options.workers)
            with Bars(console) as bars:
                results = list(run.measure(engine, run.options, bars.watch))
            machine = describe(began, before_us, FOLDER)
    except (EngineMissing, JasminMissing, KannelMissing, StageFailed, Wrong) as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(1) from None
    judged = [each for wanted in output.slo or () for each in wanted.judge(results)]
    report = Report(machine=machine, results=results, thresholds=judged)
    show(console, report)
    moves: list[Move] = []
    if run.compare is not None:
        moves = run.compare(report)
        show_moves(console, moves)
    elif earlier is not None:
        moves = moved(earlier, report, anyway=output.anyway)
    show_thresholds(console, report.demanded)
    _write(report, moves, output)
    worse = output.fail_on == "worse" and any(each.verdict == "worse" for each in moves)
    if worse or not all(each.met for each in report.demanded):
        raise typer.Exit(MISSED)


def moved(before: Report, after: Report, *, anyway: bool) -> list[Move]:
    """What moved between two reports of one machine, shown. anyway: between builds, too."""
    if not is_steady(before.machine, after.machine):
        typer.echo("warning: one loop took another time then; the machine was busy, or is another one", err=True)
    for line in left_out(before, after):
        typer.echo(f"{'warning' if anyway else 'not compared'}: {line}", err=True)
    moves = compare_reports(before, after, anyway=anyway)
    show_moves(console, moves)
    return moves


def demand_one_machine(before: Machine, after: Machine, *, anyway: bool) -> None:
    """Raises typer.Exit, with code 2, where the figures of two reports are not of one machine, unless `anyway`."""
    found = differences(before, after)
    for line in found:
        typer.echo(f"{'warning' if anyway else 'error'}: {line}", err=True)
    if found and not anyway:
        typer.echo("figures of different machines say nothing of the code; --anyway compares them", err=True)
        raise typer.Exit(2)


def _write(report: Report, moves: list[Move], output: Output) -> None:
    if output.json:
        output.json.write_bytes(msgspec.json.format(msgspec.json.encode(report), indent=1) + b"\n")
    if output.html:
        output.html.write_text(page(report, moves), encoding="utf-8")
    if output.junit:
        output.junit.write_bytes(junit(report, report.demanded, moves if output.fail_on else ()))


def python_of(build: str, checkout: Path = HERE) -> Path | None:
    """Of the environment of the checkout with that build; None for this one. Raises typer.BadParameter."""
    if build == "this":
        return None
    if build != "compiled":
        raise typer.BadParameter(f"no build {build!r}; there is: this, compiled")
    python = (checkout / COMPILED).absolute()
    if not python.exists():
        raise typer.BadParameter("the compiled build is not there; `make compiled` makes it")
    try:
        demand_same(python, checkout)
    except Wrong as error:
        raise typer.BadParameter(str(error)) from None
    return python


def _end(_number: int, _frame: object) -> None:
    """SIGTERM ends a run as Ctrl-C does: with everything that it started."""
    raise SystemExit(143)


def read(path: Path) -> Report:
    """Raises typer.BadParameter."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Report)
    except msgspec.DecodeError as error:
        raise typer.BadParameter(f"{path} holds no results: {error}") from None
