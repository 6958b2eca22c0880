"""`connect-gateway usage`: what customers sent, and what it cost where routes have prices."""

import os
from collections.abc import Mapping
from typing import Annotated

import typer

from config.loader import load
from config.settings import Settings
from gateway.accept.validation import parse_time
from gateway.cli.output import Config, Failed, Json, run, show
from gateway.cli.session import find_customer, open_desk
from gateway.ledger.usage import HOUR_MS
from gateway.limits.usage import LONGEST_HOURS, Span, Sum, report
from gateway.model.message import Status
from gateway.model.times import rfc3339

USUAL_DAYS = 31
RIYADH_MIN = 180

app = typer.Typer(add_completion=False)


@app.command()
def usage(
    customer: Annotated[str, typer.Argument(help="Customer id.")],
    since: Annotated[str | None, typer.Option(help="A time with its zone (RFC 3339); default 31 days before.")] = None,
    until: Annotated[str | None, typer.Option(help="A time with its zone; default now.")] = None,
    by: Annotated[Span, typer.Option(help="Hours of 31 days at the most, days of 93, months of 396.")] = Span.DAY,
    offset_min: Annotated[
        int,
        typer.Option(min=-720, max=840, help="The clock of days and months, in minutes ahead of UTC; 180 is Riyadh."),
    ] = RIYADH_MIN,
    config: Config = None,
    json: Json = False,
) -> None:
    """What a customer sent: accepted, and by operator how it ended."""
    prices = _prices(load(config, os.environ))

    async def work() -> list[dict[str, object]]:
        async with open_desk(config) as desk:
            owner = await find_customer(desk, customer)
            until_ms = desk.clock.now_ms() + 1 if until is None else _moment(until)
            usual_ms = until_ms - min(USUAL_DAYS * 24, LONGEST_HOURS[by]) * HOUR_MS
            since_ms = usual_ms if since is None else _moment(since)
            if not 0 <= until_ms - since_ms <= LONGEST_HOURS[by] * HOUR_MS:
                raise Failed(f"by {by.value} a report is {LONGEST_HOURS[by] // 24} days at the most", "invalid_value")
            sums = await report(desk.ledger.usage, owner.id, since_ms, until_ms, by, offset_min)
            return [_row(each, prices) for each in sums]

    show(run(work()), json, spare=("country", "class"))


def _row(each: Sum, prices: Mapping[str, float]) -> dict[str, object]:
    price = None if each.status is Status.ACCEPTED else prices.get(each.operator)
    return {
        "start": rfc3339(each.start_ms),
        "class": each.message_class.value,
        "country": each.country,
        "status": each.status.value,
        "operator": each.operator,
        "messages": each.messages,
        "segments": each.segments,
        "cost": None if price is None else round(each.segments * price, 4),
    }


def _prices(settings: Settings) -> dict[str, float]:
    """By operator, from the first route that prices it."""
    found: dict[str, float] = {}
    for route in settings.routes:
        for name, price in zip(route.operators, route.prices, strict=False):
            found.setdefault(name, price)
    return found


def _moment(word: str) -> int:
    found = parse_time(word)
    if found is None:
        raise Failed("a time is like 2026-11-30T12:00:00+03:00", "invalid_value")
    return found
