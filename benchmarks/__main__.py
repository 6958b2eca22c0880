"""`python -m benchmarks`: drives a real gateway from outside, over its sockets, and checks that nothing was lost.

Gateway, SMSC, endpoint and generator are processes of their own; CPU is read from the system for each. Every run holds
together what was sent, accepted, submitted, recorded and told, and fails when one message is missing or came twice.
Without a command it is `throughput`. docs/performance.md says what the figures mean.
"""

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
import typer

from benchmarks import consoles as console_costs
from benchmarks import facades, kills, low, micro, nodes, peers, reloading, uneven
from benchmarks import fairness as fairness_beside
from benchmarks import privacy as privacy_costs
from benchmarks import retention as retention_costs
from benchmarks import stored as stored_costs
from benchmarks.against import against
from benchmarks.bench import CONNECTIONS, FOLDER, Plan
from benchmarks.binds import Binds
from benchmarks.commanding import (
    COMPILED,
    MISSED,
    OF_ITSELF,
    Anyway,
    BuildName,
    EngineName,
    FailOn,
    Habits,
    Measure,
    Messages,
    Output,
    Profile,
    Rate,
    Run,
    Runs,
    Seconds,
    Share,
    Workers,
    a_file,
    a_threshold,
    console,
    demand_one_machine,
    moved,
    perform,
    positive,
    python_of,
    read,
    reported,
    signed,
)
from benchmarks.compare import in_turns
from benchmarks.crowd import crowd
from benchmarks.engines import Engine, Sqlite
from benchmarks.figures import Result
from benchmarks.find_max import find_max
from benchmarks.following import Watch
from benchmarks.lookups import lookups
from benchmarks.page import page
from benchmarks.scenarios import SCENARIOS, SPECIAL, Options, gateway_run
from benchmarks.targets import GatewayTarget
from benchmarks.truth import Wrong
from config.settings import SweeperSettings

NODE_RATE_PER_S: Final = 500.0
"""What each of four nodes, their servers and the generators do on two processors without waiting for each other."""

app = typer.Typer(
    add_completion=False,
    invoke_without_command=True,
    help=__doc__,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

USUAL: Final[Mapping[str, tuple[Any, Any]]] = {
    "engine": (EngineName, "sqlite"),
    "workers": (Workers, 1),
    "build": (BuildName, "this"),
    "messages": (Messages, 20_000),
    "runs": (Runs, 3),
    "rate": (Rate, None),
    "share": (Share, None),
    "seconds": (Seconds, 10.0),
    "operator": (Habits, None),
    "profile": (Profile, True),
}
"""Options of most scenarios, with their defaults."""
GOOD: Final = frozenset({"operator"})
"""Of what is measured with a good operator alone."""
CLOSED: Final = frozenset({"rate", "share", "seconds", "profile"}) | GOOD
"""Those that a scenario without open loops does not take."""
AT_RATES: Final = frozenset({"messages", "share", "profile"}) | GOOD
"""Those that a scenario without closed loops does not take."""
NONE: Final[frozenset[str]] = frozenset()


def options_of(
    build: str = "this",
    rate: list[float] | None = None,
    share: list[float] | None = None,
    operator: list[tuple[str, float]] | None = None,
    **given: Any,
) -> Options:
    """As the command line says them."""
    return Options(
        python=python_of(build),
        rates_per_s=tuple(rate or ()),
        shares=tuple(share or (0.5,)),
        habits=dict(operator or ()),
        **given,
    )


def usual(command: Callable[..., Run], messages: int = 20_000, without: frozenset[str] = NONE) -> Callable[..., Run]:
    """A command whose `options` are made of the options that most share. messages: unless said. without: options that
    would change nothing.
    """
    own = [each for each in inspect.signature(command).parameters.values() if each.name != "options"]

    @wraps(command)
    def making(**given: Any) -> Run:
        mine = {each.name: given.pop(each.name) for each in own}
        return command(**mine, options=options_of(**given))

    taken = {**USUAL, "messages": (Messages, messages)}
    shared = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=kind)
        for name, (kind, default) in taken.items()
        if name not in without
    ]
    return signed(making, [*own, *shared])


def measuring(measure: Measure, text: str) -> Callable[..., Run]:
    """A command that has no options of its own."""

    def command(options: Options) -> Run:
        return Run(measure=measure, options=options)

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


def low_rates(engine: Engine, options: Options, watch: Watch) -> Iterable[Result]:
    return low.measured(engine, options, watch, console.print)


SPECIAL["lookups"] = lookups
SPECIAL["crowd"] = crowd
COMMANDS: Final = (
    ("throughput", scenario("http"), "HTTP → SMPP → receipt recorded; the default.", 20_000, NONE),
    ("batch", scenario("batch"), "The batch API, 100 messages a request.", 20_000, NONE),
    ("mixed", scenario("mixed"), "One-time codes, Arabic, emoji and long messages.", 20_000, NONE),
    ("lookups", scenario("lookups"), "Look-ups of statuses beside traffic.", 20_000, GOOD | {"profile"}),
    (
        "backlog",
        scenario("backlog"),
        "Accepted while the operator is down, and the drain.",
        200_000,
        CLOSED,
    ),
    (
        "low",
        low_rates,
        "What a message costs at 50, 200 and 500 a second, beside Kannel; an idle node.",
        20_000,
        AT_RATES,
    ),
    (
        "uneven",
        uneven.measured,
        "How full an operator's window is whose answers take 10 ms to a second.",
        20_000,
        CLOSED - {"seconds"} | {"messages"},
    ),
    ("crowd", scenario("crowd"), "10,000 idle binds and 5,000 idle connections beside traffic.", 20_000, AT_RATES),
    ("memory", scenario("memory"), "RSS over a long run.", 200_000, CLOSED | {"runs"}),
    ("peers", all_peers, "The gateway beside a bare proxy, Kannel and Jasmin.", 20_000, GOOD),
    ("suite", suite_of, "Peers and every scenario but retention and memory, in one report.", 20_000, GOOD),
)
for _name, _measure, _text, _usual, _without in COMMANDS:
    app.command(_name, help=_text)(reported(usual(measuring(_measure, _text), _usual, _without)))


@app.callback()
def default(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        perform(Run(measure=scenario("http")), Output())


@app.command()
@reported
@usual
def webhooks(
    options: Options,
    batch: Annotated[int, typer.Option(min=1, max=100, help="Events of one request, at most.")] = 1,
) -> Run:
    """HTTP → SMPP → receipt → a webhook for each message's end."""
    each = SCENARIOS["webhooks" if batch == 1 else "webhook-batches"]
    each = msgspec.structs.replace(each, plan=msgspec.structs.replace(each.plan, events=batch))
    return Run(measure=lambda *there: [gateway_run(each, *there)], options=options)


@app.command("facade")
@reported
@usual
def by_facade(
    options: Options,
    facade: Annotated[str, typer.Option(help=f"One of: {', '.join(facades.FACADES)}.")] = next(iter(facades.FACADES)),
) -> Run:
    """A façade's requests and our own API's in turns, and what a message costs by each."""
    if facade not in facades.FACADES:
        raise typer.BadParameter(f"no façade {facade!r} here; there is: {', '.join(facades.FACADES)}")
    return Run(measure=lambda *there: [facades.facade(facade, *there)], options=options)


@app.command()
@reported
@usual
def smpp(
    options: Options,
    binds: Annotated[int, typer.Option(min=1, help="Binds of the customer.")] = 4,
    window: Annotated[int, typer.Option(min=1, help="Unanswered submit_sm of a bind.")] = 100,
    receipts: Annotated[bool, typer.Option(help="Ask for receipts, and acknowledge them.")] = True,
) -> Run:
    """SMPP → SMPP, and the receipts back to the customer's binds."""
    plan = Plan(binds=Binds(count=binds, window=window, receipts=receipts))
    each = msgspec.structs.replace(SCENARIOS["smpp"], plan=plan)
    return Run(measure=lambda *there: [gateway_run(each, *there)], options=options)


def find_max_of(
    options: Options,
    slo: Annotated[
        list[Any],
        typer.Option(parser=a_threshold, metavar="TEXT", help="What has to hold; repeatable."),
    ],
    name: Annotated[str, typer.Option("--scenario", help=f"One of: {', '.join(SCENARIOS)}.")] = "http",
    peak: Annotated[
        float | None,
        typer.Option(parser=positive, metavar="NUMBER", help="Messages a second it has to carry. Else code 3."),
    ] = None,
) -> Run:
    """The highest rate at which all thresholds hold, and how often the platform's peak goes into it."""
    if name not in SCENARIOS:
        raise typer.BadParameter(f"no scenario {name!r}")
    for each in slo:
        if each.scenario not in ("", name):
            raise typer.BadParameter(f"{each.text!r} speaks of another scenario than {name}")
    return Run(
        measure=lambda engine, there, watch: [find_max(SCENARIOS[name], engine, there, watch, slo, peak or 0.0)],
        options=options,
    )


app.command("find-max")(
    reported(usual(find_max_of, without=frozenset({"rate", "share", "runs", "profile"})), without=frozenset({"slo"}))
)


@app.command("nodes")
@reported
def by_nodes(
    workers: Annotated[str, typer.Option(help="Numbers of nodes, with commas between them.")] = "1,2,4",
    rate: Annotated[
        float, typer.Option(parser=positive, metavar="NUMBER", help="Messages a second of each node.")
    ] = NODE_RATE_PER_S,
    closed: Annotated[bool, typer.Option("--closed", help="At capacity instead: closed loops.")] = False,
    connections: Annotated[int, typer.Option(min=1, help="Of a closed loop, to each node.")] = CONNECTIONS,
    together: Annotated[bool, typer.Option("--together", help="To all nodes together instead.")] = False,
    name: Annotated[str, typer.Option("--scenario", help="http, or webhooks.")] = "http",
    messages: Messages = 20_000,
    runs: Runs = 3,
    seconds: Seconds = 5.0,
    build: BuildName = "this",
) -> Run:
    """CPU a message on several nodes that share a Redis; what idle nodes use."""
    options = options_of(build, engine="redis", messages=messages, runs=runs, seconds=seconds)
    load = nodes.Load(connections if closed else rate, closed, together)
    counts = counts_of(workers)
    if name not in ("http", "webhooks"):
        raise typer.BadParameter(f"no scenario {name!r}; there is: http, webhooks")
    return Run(measure=lambda _, there, watch: nodes.measured(counts, name, load, there, watch), options=options)


def counts_of(text: str) -> list[int]:
    """Raises typer.BadParameter."""
    try:
        counts = [int(each) for each in text.split(",")]
    except ValueError:
        counts = []
    if not counts or min(counts) < 1:
        raise typer.BadParameter(f"{text!r} is no list of numbers from 1")
    return counts


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
    share: Share = None,
    seconds: Seconds = 4.0,
) -> Run:
    """This version and another in turns, run by run, and what differs."""
    for asked in (name, than or name):
        if asked not in SCENARIOS:
            raise typer.BadParameter(f"no scenario {asked!r}")
    pair = (SCENARIOS[than or name], SCENARIOS[name])
    other_python = python_of(other_build, sources)
    return Run(
        measure=lambda engine, there, watch: against(sources, pair, engine, there, watch, other_python),
        options=options_of(build, rate, share, messages=messages, runs=runs, seconds=seconds),
        compare=lambda report: in_turns(*report.results),
    )


app.command("against")(reported(against_other, without=OF_ITSELF))


@app.command()
@reported
def retention(
    records: Annotated[int, typer.Option(min=1, help="Records that expire at once.")] = 1_000_000,
    rate: Annotated[
        float | None,
        typer.Option(parser=positive, metavar="NUMBER", help="Messages a second meanwhile; half of a closed loop's."),
    ] = None,
    batch: Annotated[int, typer.Option(min=1, help="Records of one transaction.")] = SweeperSettings().batch_limit,
    engine: EngineName = "sqlite",
    workers: Workers = 1,
    build: BuildName = "this",
) -> Run:
    """A sweep beside an open loop: records a second, and what it does to the latency of accepting."""

    def measure(engine: Engine, options: Options, watch: Watch) -> list[Result]:
        return [
            retention_costs.run(
                engine, watch, records=records, rate_per_s=rate or 0.0, batch=batch, python=options.python
            )
        ]

    return Run(measure=measure, options=options_of(build, engine=engine, workers=workers))


@app.command()
@reported
def stored(
    records: Annotated[int, typer.Option(min=1000, help="Records in the ledger.")] = 1_000_000,
    engine: EngineName = "sqlite",
    workers: Workers = 1,
) -> Run:
    """A full ledger: the gateway's start, a message by its id, and a customer's last 100, over HTTP."""
    return Run(
        measure=lambda there, _, watch: stored_costs.run(there, watch, records=records),
        options=Options(engine=engine, workers=workers),
    )


@app.command("console")
@reported
def consoles(
    records: Annotated[int, typer.Option(min=1000, help="Records in the ledger.")] = 1_000_000,
) -> Run:
    """Each page of the console over a full ledger, and what 20 consoles that refresh cost."""
    return Run(
        measure=lambda there, _, watch: console_costs.run(there, watch, records=records),
        options=Options(engine="sqlite", workers=1),
    )


@app.command()
def fairness(
    rate: Annotated[
        float, typer.Option(parser=positive, metavar="NUMBER", help="Messages a second of the quiet customer.")
    ] = 50.0,
    seconds: Annotated[float, typer.Option(parser=positive, metavar="NUMBER", help="Length of each row.")] = 10.0,
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


@app.command("kill")
def kill(
    messages: Annotated[int, typer.Option(min=100, help="How many customers send.")] = 5_000,
    times: Annotated[int, typer.Option("--kills", min=1, max=100, help="Kills, one after the other.")] = 5,
    settle: Annotated[
        float, typer.Option(parser=positive, metavar="NUMBER", help="Seconds that the last delivery may take.")
    ] = 60.0,
    build: BuildName = "this",
) -> None:
    """Kill the gateway in mid-run, and start it anew: everything acknowledged is there, sent and delivered. Code 1
    where anything is missing.
    """
    try:
        target = GatewayTarget(FOLDER, Sqlite(), python=python_of(build))
        kills.shown(kills.run(target, FOLDER, messages=messages, kills=times, settle_s=settle))
    except Wrong as wrong:
        typer.echo(f"wrong: {wrong}", err=True)
        raise typer.Exit(1) from None


@app.command("reload")
def reload_(
    rate: Annotated[float, typer.Option(parser=positive, metavar="NUMBER", help="Messages a second.")] = 200.0,
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
    anyway: Anyway = False,
    fail_on: FailOn = None,
) -> None:
    """What moved between two files of results of one machine, and whether that is more than noise."""
    earlier, later = read(before), read(after)
    demand_one_machine(earlier.machine, later.machine, anyway=anyway)
    moves = moved(earlier, later, anyway=anyway)
    if fail_on == "worse" and any(each.verdict == "worse" for each in moves):
        raise typer.Exit(MISSED)


@app.command()
def report(
    results: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="What --json wrote.")],
    html: Annotated[Path, typer.Argument(parser=a_file, metavar="FILE", help="Where the page goes.")],
    earlier: Annotated[
        Path | None,
        typer.Option("--compare", exists=True, dir_okay=False, help="Say what moved since these results."),
    ] = None,
    anyway: Anyway = False,
) -> None:
    """Draw a page from results that are there."""
    found, before = read(results), None if earlier is None else read(earlier)
    if before is not None:
        demand_one_machine(before.machine, found.machine, anyway=anyway)
    moves = [] if before is None else moved(before, found, anyway=anyway)
    html.write_text(page(found, moves), encoding="utf-8")


if __name__ == "__main__":
    app()
