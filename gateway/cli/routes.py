"""`connect-gateway route`: the route table, which way a message would go, and what is wanted of its lines."""

import os
from datetime import UTC, datetime
from typing import Annotated, Final

import typer

from config.loader import load
from gateway.cli.amounts import moment
from gateway.cli.output import Config, Failed, Json, personal, run, show
from gateway.cli.route_steering import app as steering
from gateway.cli.session import find_customer, open_desk
from gateway.control.routes import route_id
from gateway.delivery.routing import Router
from gateway.model.message import MessageClass
from gateway.model.route import Explained, Route
from gateway.node.assembly import routes

SHORTEST_DIGITS: Final = 1
LONGEST_DIGITS: Final = 15

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Which way messages go.")
app.add_typer(steering)


@app.command("list")
def list_(config: Config = None, json: Json = False) -> None:
    """The route table, in the order in which it is read."""
    found = routes(load(config, os.environ))
    if json:
        show([_row(number, route) for number, route in enumerate(found)], True)
        return
    show({f"{number} {route.label}".strip(): _line(route) for number, route in enumerate(found)}, False)


@app.command("explain")
def explain(
    to: Annotated[
        str | None,
        typer.Option(help="The number, or its first digits; - to read a line, @FILE; default: it is asked for."),
    ] = None,
    message_class: Annotated[
        MessageClass, typer.Option("--class", metavar="<class>", help="Message class, such as otp.")
    ] = MessageClass.TRANSACTIONAL,
    customer: Annotated[str | None, typer.Option(help="Customer id.")] = None,
    sender: Annotated[str, typer.Option(help="Sender.")] = "",
    network: Annotated[str, typer.Option(help="At which the number is, where a route asks for it.")] = "",
    at: Annotated[str | None, typer.Option(help="A time with its zone (RFC 3339); default now.")] = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Which route a message would take by the settings, and why not another one; nothing is sent or kept.

    Which of the operators are up is not looked at.
    """
    digits = personal(to, asks_for="number").strip().removeprefix("+")
    if not (digits.isascii() and digits.isdigit() and SHORTEST_DIGITS <= len(digits) <= LONGEST_DIGITS):
        raise Failed("a number is up to 15 digits with its country code", "invalid_value")
    now_ms = int(datetime.now(UTC).timestamp() * 1000) if at is None else moment(at, option="--at")
    public_id = "" if customer is None else _customer(customer, config)
    router = Router(routes(load(config, os.environ)))
    found = router.explain(digits, message_class, public_id, sender, now_ms, network)
    show(_answer(found) if json else _told(found), json)


def _customer(name: str, config: Config) -> str:
    async def work() -> str:
        async with open_desk(config) as desk:
            return (await find_customer(desk, name)).public_id

    return run(work())


def _row(number: int, route: Route) -> dict[str, object]:
    return {
        "route": number,
        "id": route_id(route),
        "label": route.label,
        "prefix": route.prefix,
        "classes": sorted(route.classes),
        "customers": sorted(route.customers),
        "senders": sorted(route.senders),
        "networks": sorted(route.networks),
        "hours": [str(window) for window in route.windows],
        "operators": list(route.operators),
        "order": route.order.value,
        "limit_per_s": route.limit_per_s,
    }


def _line(route: Route) -> str:
    """All that a line asks for and gives, to be wrapped by words."""
    said = {name: ", ".join(each) if isinstance(each, list) else each for name, each in _row(0, route).items()}
    shown = {name.replace("_", " "): each for name, each in said.items() if name not in ("route", "label")}
    return "; ".join(f"{name}: {each}" for name, each in shown.items() if each not in (None, ""))


def _answer(found: Explained) -> dict[str, object]:
    return {
        "route": found.line,
        "label": found.label,
        "operators": list(found.operators),
        "passed": [{"route": each.line, "label": each.label, "why": each.why} for each in found.passed],
    }


def _told(found: Explained) -> dict[str, object]:
    return {
        "route": "none" if found.line is None else f"{found.line} {found.label}".strip(),
        "operators": list(found.operators),
        **{f"not {each.line} {each.label}".strip(): each.why for each in found.passed},
    }
