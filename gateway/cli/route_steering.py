"""`connect-gateway route show|disable|enable|weigh`: what is wanted of a line of the route table.

A line is known by its id, `route_…`, as `route list` has it: by what it is for, whatever its place and its operators.
"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final

import typer

from config.loader import load
from gateway.cli.output import Config, Failed, Json, run, show
from gateway.cli.steering import IfVersion, Options, Reason, Wait, carry_out, open_control, shown, why
from gateway.control.reports import Report
from gateway.control.routes import enable_route, route_id, weigh_route
from gateway.control.wanted import HEAVIEST, RouteWanted, Wanted, of_route
from gateway.model.route import Order, Route
from gateway.node.assembly import routes

LONGEST_WEIGHT: Final = 9
"""Digits, of which far fewer are a weight."""

app = typer.Typer()

Name = Annotated[str, typer.Argument(metavar="ID", help="The line's id, as `route list` has it.")]


@app.command("show")
def show_(
    name: Annotated[str | None, typer.Argument(metavar="ID", help="One line, with why; without it, all.")] = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Which lines hold, by what weights, and which processes have applied that."""

    async def work() -> dict[str, object] | list[dict[str, object]]:
        lines = _lines(config) if name is None else _named(config, name)
        async with open_control(config) as control:
            reports = await control.reports()
            if name is None:
                wanted = {each: await control.book.find(of_route(each), RouteWanted) for each in map(route_id, lines)}
                return [_row(number, line, wanted[route_id(line)], reports) for number, line in enumerate(lines)]
            found = await control.book.find(of_route(name), RouteWanted)
            applied = [_applied(each, found) for each in reports]
            return {**shown(found), "reason": why(control, found), "applied": applied}

    show(run(work()), json, spare=("version", "label"))


@app.command()
def disable(
    name: Name,
    reason: Reason = None,
    if_version: IfVersion = None,
    wait: Wait = False,
    config: Config = None,
    json: Json = False,
) -> None:
    """Pass a line over, from the next message on and until `enable`. What has an operator already keeps it."""
    _turn(name, Options(reason, if_version, wait, config, json), enabled=False)


@app.command()
def enable(
    name: Name,
    reason: Reason = None,
    if_version: IfVersion = None,
    wait: Wait = False,
    config: Config = None,
    json: Json = False,
) -> None:
    """Look at a line again, from the next message on."""
    _turn(name, Options(reason, if_version, wait, config, json), enabled=True)


@app.command()
def weigh(
    name: Name,
    weights: Annotated[
        list[str] | None, typer.Argument(metavar="OPERATOR=WEIGHT", help="None for those of the settings.")
    ] = None,
    reason: Reason = None,
    if_version: IfVersion = None,
    wait: Wait = False,
    config: Config = None,
    json: Json = False,
) -> None:
    """Other shares for operators of a line that goes by weight, from the next message on."""
    wanted = dict(_weight(each) for each in weights or ())
    if len(wanted) < len(weights or ()):
        raise Failed("each operator has one weight", "invalid_value")
    lines = _named(config, name)
    options = Options(reason, if_version, wait, config, json)
    carry_out(lambda control, by: weigh_route(control.book, lines, wanted, by), options)


def _turn(name: str, options: Options, *, enabled: bool) -> None:
    _named(options.config, name)
    carry_out(lambda control, by: enable_route(control.book, name, by, enabled=enabled), options)


def _lines(config: Path | None) -> Sequence[Route]:
    return routes(load(config, os.environ))


def _named(config: Path | None, name: str) -> Sequence[Route]:
    """Lines of an id, one at least. Raises Failed."""
    found = [each for each in _lines(config) if route_id(each) == name]
    if not found:
        raise Failed("the settings have no line of that id; `route list` shows them", "unknown_route")
    return found


def _weight(word: str) -> tuple[str, int]:
    """Of `north=3`. Raises Failed."""
    operator, sign, digits = word.rpartition("=")
    if not (sign and operator and digits.isascii() and digits.isdigit() and len(digits) <= LONGEST_WEIGHT):
        raise Failed(f"a weight is said as OPERATOR=WEIGHT, from 1 to {HEAVIEST}", "invalid_value")
    return operator, int(digits)


def _row(number: int, line: Route, wanted: Wanted[RouteWanted], reports: Sequence[Report]) -> dict[str, object]:
    behind = [each for each in reports if each.applied.get(wanted.what, 0) < wanted.version]
    weights = dict(zip(line.operators, line.weights or (1,) * len(line.operators), strict=True))
    by_weight = line.order is Order.WEIGHTED
    return {
        "route": number,
        "id": route_id(line),
        "label": line.label,
        "enabled": wanted.value.enabled,
        "weights": [f"{name}={wanted.value.weights.get(name, each)}" for name, each in weights.items()]
        if by_weight
        else [],
        "version": wanted.version,
        "behind": len(behind),
    }


def _applied(report: Report, wanted: Wanted[RouteWanted]) -> str:
    return f"{report.node}/{report.worker} {report.applied.get(wanted.what, 0)}"
