"""`connect-gateway quota`: how many messages a customer may send in a day and a month of its own clock."""

from typing import Annotated

import typer

from gateway.accounts.settings import EARLIEST_MIN, LATEST_MIN, CustomerSettings, read_customer
from gateway.audit.acts import Act
from gateway.cli.amounts import amount
from gateway.cli.output import Config, Failed, Json, run, show
from gateway.cli.session import Desk, find_customer, open_desk
from gateway.limits.quotas import Calendar, standing_in
from gateway.model.times import rfc3339

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Customers' quotas by day and month.")


@app.command("set")
def set_(
    customer: Annotated[str, typer.Argument(help="Customer id.")],
    per_day: Annotated[str | None, typer.Option(help="Messages in a day of its clock; none is no quota.")] = None,
    per_month: Annotated[str | None, typer.Option(help="Messages in a month of its clock; none is no quota.")] = None,
    utc_offset_min: Annotated[
        int | None,
        typer.Option(min=EARLIEST_MIN, max=LATEST_MIN, help="Its clock, in minutes ahead of UTC; 180 is Riyadh."),
    ] = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Set a customer's quotas; what is not named stays. Nodes apply it within a second."""
    day, month = (
        amount(per_day, None, int, option="--per-day"),
        amount(per_month, None, int, option="--per-month"),
    )
    named = {
        "daily_quota": (per_day is not None, day),
        "monthly_quota": (per_month is not None, month),
        "utc_offset_min": (utc_offset_min is not None, utc_offset_min),
    }
    changes = {name: value for name, (is_named, value) in named.items() if is_named}
    if not changes:
        raise Failed("name what is to be set: --per-day, --per-month, --utc-offset-min", "invalid_value")
    noted = {"per_day": day, "per_month": month}
    numbers = {name: value for name, value in noted.items() if value is not None}

    async def work() -> list[dict[str, object]]:
        async with open_desk(config) as desk:
            owner = await find_customer(desk, customer)
            settings = await desk.accounts.change_settings(owner.id, lambda _: changes, Act.LIMIT_SET, numbers)
            return await _shown(desk, owner.id, settings)

    show(run(work()), json)


@app.command("show")
def show_(
    customer: Annotated[str, typer.Argument(help="Customer id.")], config: Config = None, json: Json = False
) -> None:
    """How a customer's quotas stand: what is used, what is left, when they begin anew; about a second late."""

    async def work() -> list[dict[str, object]]:
        async with open_desk(config) as desk:
            owner = await find_customer(desk, customer)
            return await _shown(desk, owner.id, read_customer(owner.settings).settings)

    show(run(work()), json)


async def _shown(desk: Desk, customer: int, settings: CustomerSettings) -> list[dict[str, object]]:
    calendar = Calendar(desk.clock.now_ms(), settings.utc_offset_min)
    standing = await standing_in(desk.ledger.counters, customer, settings.daily_quota, settings.monthly_quota, calendar)
    return [
        {
            "period": each.period.value,
            "limit": each.limit,
            "used": each.used,
            "left": max(0, each.limit - each.used),
            "ends": rfc3339(each.end_ms),
        }
        for each in standing
    ]
