"""`connect-gateway operator`: links to operators: how they are, what is wanted of them, and the verbs that change it.

What is set holds for every node and worker, and for those that start later, until it is set anew.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated

import typer

from gateway.cli.amounts import amount, moment
from gateway.cli.output import Config, Json, run, show
from gateway.cli.steering import IfVersion, Options, Reason, Wait, carry_out, open_control, shown, why
from gateway.control.desk import Control, Hand
from gateway.control.figures import Figures, figures
from gateway.control.lately import SPANS_S
from gateway.control.reports import Report
from gateway.control.wanted import OperatorWanted, Wanted, of_operator
from gateway.model.times import rfc3339, rfc3339_or_none

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Links to operators: state, pause, throughput.")

Name = Annotated[str, typer.Argument(help="Operator, as the settings name it.")]


@app.command("show")
def show_(
    name: Annotated[str | None, typer.Argument(help="One of them, with why it is as it is; without it, all.")] = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """How the links of every node and worker are, since when, and why; what is wanted of them, and what is applied."""

    async def work() -> dict[str, object] | list[dict[str, object]]:
        async with open_control(config) as control:
            reports = await control.reports()
            if name is None:
                operators = await control.operators()
                return [row for each in operators for row in _rows(each, operators[each], reports)]
            wanted = await control.operator(name)
            links = _rows(name, wanted, reports)
            lines = links if json else [_line(each) for each in links]
            told = {**shown(wanted), "reason": why(control, wanted)}
            return {**told, **_figures(figures(name, reports), json), "links": lines}

    show(run(work()), json, spare=("window_used", "waiting", "since", "circuit"))


def _rows(name: str, wanted: Wanted[OperatorWanted], reports: Sequence[Report]) -> list[dict[str, object]]:
    """One for each process; one without any where no process is there."""
    stands: dict[str, object] = {"operator": name, "wanted": wanted.value.state, "version": wanted.version}
    rows: list[dict[str, object]] = []
    for report in reports:
        link = report.operators.get(name)
        if link is not None:
            state = {
                "state": "paused" if link.paused else link.state,
                "since": rfc3339(link.since_ms),
                "binds": f"{link.binds_up}/{link.binds}",
                "why": list(link.why),
                "circuit": link.circuit,
                "window_used": link.window_used,
                "waiting": link.waiting,
            }
            applied = report.applied.get(of_operator(name), 0)
            rows.append({**stands, "node": report.node, "worker": report.worker, "applied": applied, **state})
    nothing = dict.fromkeys(
        ("node", "worker", "applied", "state", "since", "binds", "why", "circuit", "window_used", "waiting")
    )
    return rows or [{**stands, **nothing}]


def _figures(together: Figures, json: bool) -> dict[str, object]:
    """Over all processes; for people as words that fit in a line."""
    minutes = [f"{span_s / 60:.0f}min" for span_s in SPANS_S]
    found: dict[str, dict[str, float]] = {
        "sent_per_s": dict(zip(minutes, together.sent_per_s, strict=True)),
        "answered_within_s": {
            name: each
            for name, each in zip(("half", "99%"), together.answered_within_s, strict=True)
            if each is not None
        },
        "errors": dict(together.errors),
    }
    ends = {"certificate_ends": rfc3339_or_none(together.certificate_ends_ms)}
    if json:
        return {**found, **ends}
    return {**{name: ", ".join(f"{key} {n:g}" for key, n in each.items()) for name, each in found.items()}, **ends}


def _line(row: dict[str, object]) -> str:
    if row["node"] is None:
        return "no process is there"
    reasons = row["why"]
    told = f" ({'; '.join(reasons)})" if isinstance(reasons, list) and reasons else ""
    return f"{row['node']}/{row['worker']} {row['state']} {row['binds']} since {row['since']}{told}"


def _add(word: str, verb: Callable[[Control, str, Hand], Awaitable[Wanted[OperatorWanted]]], about: str) -> None:
    """A verb that takes the operator and nothing else."""

    def command(
        name: Name,
        reason: Reason = None,
        if_version: IfVersion = None,
        wait: Wait = False,
        config: Config = None,
        json: Json = False,
    ) -> None:
        options = Options(reason, if_version, wait, config, json)
        carry_out(lambda control, by: verb(control, name, by), options)

    app.command(word, help=about)(command)


_add(
    "pause",
    Control.pause,
    "Submit nothing to an operator, within a second and until `resume`. Its binds stay, and receipts are taken.",
)
_add(
    "resume",
    Control.resume,
    "End `pause`, `drain` and `reroute`: submit what waits, and choose the operator again. A set throughput stays.",
)
_add(
    "drain",
    Control.drain,
    "Choose other operators for new messages, where their route names any, and submit what waits.",
)
_add(
    "rebind",
    Control.rebind,
    "Make every bind anew, one after the other on each node, once what is unanswered on it is answered.",
)


@app.command()
def reroute(
    name: Name,
    to: Annotated[str, typer.Argument(help="The operator that gets them.")],
    reason: Reason = None,
    if_version: IfVersion = None,
    wait: Wait = False,
    config: Config = None,
    json: Json = False,
) -> None:
    """Pause an operator, and give what waits for it to another one, whatever the routes say, until `resume`."""
    options = Options(reason, if_version, wait, config, json)
    carry_out(lambda control, by: control.reroute(name, to, by), options)


@app.command()
def throughput(
    name: Name,
    per_s: Annotated[
        str, typer.Argument(help="Segments per second over each node's whole link; none for that of the settings.")
    ],
    until: Annotated[str | None, typer.Option(help="When it ends, RFC 3339, such as 2026-12-24T18:00:00Z.")] = None,
    reason: Reason = None,
    if_version: IfVersion = None,
    wait: Wait = False,
    config: Config = None,
    json: Json = False,
) -> None:
    """Another throughput than that of the settings, within a second; workers divide it as they divide that."""
    rate = amount(per_s, None, float, option="PER_S")
    until_ms = None if until is None else moment(until, option="--until")
    options = Options(reason, if_version, wait, config, json)
    carry_out(lambda control, by: control.throughput(name, rate, until_ms, by), options)
