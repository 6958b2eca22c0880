"""`python -m benchmarks`: drives a real gateway from outside, over its sockets, and checks that nothing was lost.

Gateway, SMSC, endpoint and generator are processes of their own; CPU is read from the system for each. Every run holds
together what was sent, accepted, submitted, recorded and told, and fails when one message is missing or came twice.
Without a command it is `throughput`. docs/performance.md says what the figures mean.
"""

import signal
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Annotated, Final

import msgspec
import typer
from rich.console import Console

from benchmarks import fairness as fairness_beside
from benchmarks import micro, nodes, peers, reloading
from benchmarks import privacy as privacy_costs
from benchmarks import retention as retention_costs
from benchmarks import stored as stored_costs
from benchmarks.against import against
from benchmarks.bench import CONNECTIONS, Plan, Watch
from benchmarks.binds import Binds
from benchmarks.compare import Move, in_turns
from benchmarks.compare import compare as compare_reports
from benchmarks.engines import Engine, EngineMissing
from benchmarks.engines import engine as engine_of
from benchmarks.figures import Report, Result
from benchmarks.jasmin import JasminMissing
from benchmarks.kannel import KannelMissing
from benchmarks.lookups import lookups
from benchmarks.machine import describe, now, reference_us
from benchmarks.page import page
from benchmarks.progress import Bars
from benchmarks.scenarios import SCENARIOS, SPECIAL, Options, gateway_run
from benchmarks.tables import show, show_moves
from benchmarks.truth import Wrong
from config.settings import SweeperSettings
from gateway.tools.trial_site import StageFailed

COMPILED: Final = Path(".venv-compiled/bin/python")
"""What `make compiled` makes."""
NODE_RATE_PER_S: Final = 500.0
"""What each of four nodes, their servers and the generators do on two processors without waiting for each other."""
WIDTH: Final = 160
"""Of tables that go to a file or a pipe."""

app = typer.Typer(
    add_completion=False,
    invoke_without_command=True,
    help=__doc__,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
console = Console() if Console().is_terminal else Console(width=WIDTH)

Measure = Callable[[Engine, Options, Watch], Iterable[Result]]

EngineName = Annotated[str, typer.Option("--engine", help="Engine of the ledger.")]
Workers = Annotated[int, typer.Option(min=1, help="Processes of the gateway.")]
Messages = Annotated[int, typer.Option(min=10, help="Messages of a closed loop.")]
Runs = Annotated[int, typer.Option(min=1, help="Runs of each; medians are shown, with the lowest and highest.")]
Rate = Annotated[list[float] | None, typer.Option(help="Messages a second of an open loop; repeatable.")]
Share = Annotated[list[float] | None, typer.Option(help="Or its share of the capacity; repeatable. Default 0.5.")]
Seconds = Annotated[float, typer.Option(help="Length of an open loop.")]
BuildName = Annotated[
    str,
    typer.Option("--build", help=f"Gateway: this environment's, or compiled ({COMPILED.parts[0]})."),
]
Profile = Annotated[bool, typer.Option(help="Sample where the gateway's CPU goes, if py-spy is installed.")]
Json = Annotated[Path | None, typer.Option(dir_okay=False, help="Write the results to this file.")]
Html = Annotated[Path | None, typer.Option(dir_okay=False, help="Write a page with drawings to this file.")]
Earlier = Annotated[Path | None, typer.Option(exists=True, dir_okay=False, help="Say what moved since these results.")]


class Output(msgspec.Struct, frozen=True):
    """Where results go, beside the terminal. compare: an earlier JSON."""

    json: Path | None = None
    html: Path | None = None
    compare: Path | None = None


Compare = Callable[[Report], list[Move]]


def perform(measure: Measure, options: Options, output: Output, compare: Compare | None = None) -> None:
    """Measure, check, show, write and compare; one line and exit code 1 for what went wrong.

    compare: instead of with an earlier file.
    """
    if compare is None and output.compare:
        compare = partial(compare_reports, read(output.compare))
    signal.signal(signal.SIGTERM, _end)
    began, before_us = now(), reference_us()
    try:
        engine = engine_of(options.engine, options.workers)
        with Bars(console) as bars:
            results = list(measure(engine, options, bars.watch))
    except (EngineMissing, JasminMissing, KannelMissing, StageFailed, Wrong) as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(1) from None
    report = Report(machine=describe(began, before_us), results=results)
    show(console, report)
    moves = [] if compare is None else compare(report)
    if compare is not None:
        show_moves(console, moves)
    if output.json:
        output.json.write_bytes(msgspec.json.format(msgspec.json.encode(report), indent=1) + b"\n")
    if output.html:
        output.html.write_text(page(report, moves), encoding="utf-8")


def python_of(build: str, checkout: Path = Path()) -> Path | None:
    """Of the environment of the checkout with that build; None for this one. Raises typer.BadParameter."""
    if build == "this":
        return None
    if build != "compiled":
        raise typer.BadParameter(f"no build {build!r}; there is: this, compiled")
    python = (checkout / COMPILED).absolute()
    if not python.exists():
        raise typer.BadParameter("the compiled build is not there; `make compiled` makes it")
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


def measuring(measure: Measure, text: str, usual: int = 20_000) -> Callable[..., None]:
    """A command with the options that most share. usual: messages, unless said."""

    def command(
        engine: EngineName = "sqlite",
        workers: Workers = 1,
        build: BuildName = "this",
        messages: Messages = usual,
        runs: Runs = 3,
        rate: Rate = None,
        share: Share = None,
        seconds: Seconds = 10.0,
        profile: Profile = True,
        json: Json = None,
        html: Html = None,
        compare: Earlier = None,
    ) -> None:
        options = Options(
            engine=engine,
            workers=workers,
            messages=messages,
            runs=runs,
            rates_per_s=tuple(rate or ()),
            shares=tuple(share or (0.5,)),
            seconds=seconds,
            profile=profile,
            python=python_of(build),
        )
        perform(measure, options, Output(json, html, compare))

    command.__doc__ = text
    return command


def scenario(name: str) -> Measure:
    """One scenario on the gateway."""

    def measure(engine: Engine, options: Options, watch: Watch) -> Iterator[Result]:
        if name in SPECIAL:
            yield SPECIAL[name](engine, options, watch)
        else:
            yield gateway_run(SCENARIOS[name], engine, options, watch)

    return measure


def all_peers(engine: Engine, options: Options, watch: Watch) -> Iterable[Result]:
    return peers.measured(engine, options, watch, console.print)


def suite_of(engine: Engine, options: Options, watch: Watch) -> Iterator[Result]:
    """Everything that takes minutes rather than hours."""
    yield from all_peers(engine, options, watch)
    for name in ("webhook-batches", "batch", "mixed", "smpp"):
        yield gateway_run(SCENARIOS[name], engine, options, watch)
    yield from scenario("lookups")(engine, options, watch)
    yield from scenario("backlog")(engine, options, watch)


SPECIAL["lookups"] = lookups
COMMANDS: Final = (
    ("throughput", scenario("http"), "HTTP → SMPP → receipt recorded; the default.", 20_000),
    ("batch", scenario("batch"), "The batch API, 100 messages a request.", 20_000),
    ("mixed", scenario("mixed"), "One-time codes, Arabic, emoji and long messages.", 20_000),
    ("lookups", scenario("lookups"), "Look-ups of statuses beside traffic.", 20_000),
    ("backlog", scenario("backlog"), "Accepted while the operator is down, and the drain.", 200_000),
    ("memory", scenario("memory"), "RSS over a long run.", 200_000),
    ("peers", all_peers, "The gateway beside a bare proxy, Kannel and Jasmin.", 20_000),
    ("suite", suite_of, "Peers and every scenario but retention and memory, in one report.", 20_000),
)
for _name, _measure, _text, _usual in COMMANDS:
    app.command(_name, help=_text)(measuring(_measure, _text, _usual))


@app.callback()
def default(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        perform(scenario("http"), Options(), Output())


@app.command()
def webhooks(
    messages: Messages = 20_000,
    runs: Runs = 3,
    batch: Annotated[int, typer.Option(min=1, max=100, help="Events of one request, at most.")] = 1,
    engine: EngineName = "sqlite",
    workers: Workers = 1,
    build: BuildName = "this",
    rate: Rate = None,
    share: Share = None,
    seconds: Seconds = 10.0,
    profile: Profile = True,
    json: Json = None,
    html: Html = None,
    compare: Earlier = None,
) -> None:
    """HTTP → SMPP → receipt → a webhook for each message's end."""
    each = SCENARIOS["webhooks" if batch == 1 else "webhook-batches"]
    each = msgspec.structs.replace(each, plan=msgspec.structs.replace(each.plan, events=batch))
    options = Options(
        engine=engine,
        workers=workers,
        messages=messages,
        runs=runs,
        rates_per_s=tuple(rate or ()),
        shares=tuple(share or (0.5,)),
        seconds=seconds,
        profile=profile,
        python=python_of(build),
    )
    perform(lambda *there: [gateway_run(each, *there)], options, Output(json, html, compare))


@app.command()
def smpp(
    messages: Messages = 20_000,
    runs: Runs = 3,
    binds: Annotated[int, typer.Option(help="Binds of the customer.")] = 4,
    window: Annotated[int, typer.Option(help="Unanswered submit_sm of a bind.")] = 100,
    receipts: Annotated[bool, typer.Option(help="Ask for receipts, and acknowledge them.")] = True,
    engine: EngineName = "sqlite",
    workers: Workers = 1,
    build: BuildName = "this",
    rate: Rate = None,
    seconds: Seconds = 10.0,
    profile: Profile = True,
    json: Json = None,
    html: Html = None,
    compare: Earlier = None,
) -> None:
    """SMPP → SMPP, and the receipts back to the customer's binds."""
    plan = Plan(binds=Binds(count=binds, window=window, receipts=receipts))
    each = msgspec.structs.replace(SCENARIOS["smpp"], plan=plan)
    options = Options(
        engine=engine,
        workers=workers,
        messages=messages,
        runs=runs,
        rates_per_s=tuple(rate or ()),
        seconds=seconds,
        profile=profile,
        python=python_of(build),
    )
    perform(lambda *there: [gateway_run(each, *there)], options, Output(json, html, compare))


@app.command("nodes")
def by_nodes(
    workers: Annotated[str, typer.Option(help="Numbers of nodes, with commas between them.")] = "1,2,4",
    rate: Annotated[float, typer.Option(min=1, help="Messages a second of each node.")] = NODE_RATE_PER_S,
    closed: Annotated[bool, typer.Option("--closed", help="At capacity instead: closed loops.")] = False,
    connections: Annotated[int, typer.Option(min=1, help="Of a closed loop, to each node.")] = CONNECTIONS,
    together: Annotated[bool, typer.Option("--together", help="To all nodes together instead.")] = False,
    name: Annotated[str, typer.Option("--scenario", help="http, or webhooks.")] = "http",
    messages: Messages = 20_000,
    runs: Runs = 3,
    seconds: Seconds = 5.0,
    build: BuildName = "this",
    json: Json = None,
    html: Html = None,
    compare: Earlier = None,
) -> None:
    """CPU a message on several nodes that share a Redis; what idle nodes use."""
    options = Options(engine="redis", messages=messages, runs=runs, seconds=seconds, python=python_of(build))
    load = nodes.Load(connections if closed else rate, closed, together)
    counts = counts_of(workers)
    if name not in ("http", "webhooks"):
        raise typer.BadParameter(f"no scenario {name!r}; there is: http, webhooks")
    perform(
        lambda _, there, watch: nodes.measured(counts, name, load, there, watch),
        options,
        Output(json, html, compare),
    )


def counts_of(text: str) -> list[int]:
    """Raises typer.BadParameter."""
    try:
        counts = [int(each) for each in text.split(",")]
    except ValueError:
        counts = []
    if not counts or min(counts) < 1:
        raise typer.BadParameter(f"{text!r} is no list of numbers from 1")
    return counts


@app.command("against")
def against_other(
    sources: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="Another checkout of the gateway.")],
    name: Annotated[str, typer.Option("--scenario", help=f"One of: {', '.join(SCENARIOS)}.")] = "http",
    than: Annotated[str, typer.Option(help="Scenario of the other, where it is not the same.")] = "",
    build: BuildName = "this",
    other_build: Annotated[
        str, typer.Option(help=f"The other: this environment's interpreter, or compiled (its {COMPILED.parts[0]}).")
    ] = "this",
    messages: Messages = 10_000,
    runs: Runs = 5,
    rate: Rate = None,
    seconds: Seconds = 4.0,
    json: Json = None,
    html: Html = None,
) -> None:
    """This version and another in turns, run by run, and what differs."""
    for asked in (name, than or name):
        if asked not in SCENARIOS:
            raise typer.BadParameter(f"no scenario {asked!r}")
    pair = (SCENARIOS[than or name], SCENARIOS[name])
    other_python = python_of(other_build, sources)
    options = Options(
        messages=messages, runs=runs, rates_per_s=tuple(rate or ()), seconds=seconds, python=python_of(build)
    )
    perform(
        lambda engine, there, watch: against(sources, pair, engine, there, watch, other_python),
        options,
        Output(json, html),
        lambda report: in_turns(*report.results),
    )


@app.command()
def retention(
    records: Annotated[int, typer.Option(help="Records that expire at once.")] = 1_000_000,
    rate: Annotated[float, typer.Option(help="Messages a second meanwhile; 0 takes half of a closed loop.")] = 0.0,
    batch: Annotated[int, typer.Option(help="Records of one transaction.")] = SweeperSettings().batch_limit,
    engine: EngineName = "sqlite",
    workers: Workers = 1,
    build: BuildName = "this",
    json: Json = None,
    html: Html = None,
    compare: Earlier = None,
) -> None:
    """A sweep beside an open loop: records a second, and what it does to the latency of accepting."""

    def measure(engine: Engine, options: Options, watch: Watch) -> list[Result]:
        return [
            retention_costs.run(engine, watch, records=records, rate_per_s=rate, batch=batch, python=options.python)
        ]

    perform(measure, Options(engine=engine, workers=workers, python=python_of(build)), Output(json, html, compare))


@app.command()
def stored(
    records: Annotated[int, typer.Option(min=1000, help="Records in the ledger.")] = 1_000_000,
    engine: EngineName = "sqlite",
    workers: Workers = 1,
    json: Json = None,
    html: Html = None,
    compare: Earlier = None,
) -> None:
    """A full ledger: the gateway's start, a message by its id, and a customer's last 100, over HTTP."""
    perform(
        lambda there, _, watch: stored_costs.run(there, watch, records=records),
        Options(engine=engine, workers=workers),
        Output(json, html, compare),
    )


@app.command()
def fairness(
    rate: Annotated[float, typer.Option(min=1, help="Messages a second of the quiet customer.")] = 50.0,
    seconds: Annotated[float, typer.Option(min=1, help="Length of each row.")] = 10.0,
    beside: Annotated[
        list[str] | None, typer.Option(help="Only attacks that begin with this, such as `4`; repeatable.")
    ] = None,
    build: BuildName = "this",
) -> None:
    """A quiet customer beside each flood: its p99, what is lost, /healthz, the end. Code 1 where a bar is missed."""
    every = fairness_beside.all_attacks()
    wanted = [each for each in every if not beside or each.split()[0] in beside or each in beside]
    if not fairness_beside.shown(fairness_beside.run(wanted, rate, seconds, python_of(build))):
        raise typer.Exit(1)


@app.command("reload")
def reload_(
    rate: Annotated[float, typer.Option(min=1, help="Messages a second.")] = 200.0,
    reloads: Annotated[int, typer.Option(min=1, help="Reloads, one after the other.")] = 100,
    turns: Annotated[int, typer.Option(min=1, help="Gateways; the median counts.")] = 3,
    build: BuildName = "this",
) -> None:
    """The p99 of the 202 while settings are reloaded, beside that of before. Code 1 where it is over 1.2 times."""
    if not reloading.shown(reloading.run(turns, rate, reloads, python_of(build))):
        raise typer.Exit(1)


@app.command()
def privacy(
    whole_us: Annotated[float | None, typer.Option(help="CPU of a message; default from docs/performance.md.")] = None,
) -> None:
    """What forgetting costs a message."""
    privacy_costs.run(whole_us)


@app.command("micro")
def micro_benchmarks(
    words: Annotated[list[str] | None, typer.Argument(help="Passed on to pytest.")] = None,
) -> None:
    """Codec, text, sealing, the door, the ledger's batch and signing, each alone, by pytest-benchmark."""
    raise typer.Exit(micro.run(words or []))


@app.command()
def compare(
    before: Annotated[Path, typer.Argument(exists=True, dir_okay=False)],
    after: Annotated[Path, typer.Argument(exists=True, dir_okay=False)],
) -> None:
    """What moved between two files of results, and whether that is more than noise."""
    show_moves(console, compare_reports(read(before), read(after)))


@app.command()
def report(
    results: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="What --json wrote.")],
    html: Annotated[Path, typer.Argument(dir_okay=False, help="Where the page goes.")],
    earlier: Annotated[Path | None, typer.Option("--compare", exists=True, dir_okay=False)] = None,
) -> None:
    """Draw a page from results that are there."""
    found = read(results)
    html.write_text(page(found, compare_reports(read(earlier), found) if earlier else []), encoding="utf-8")


if __name__ == "__main__":
    app()
