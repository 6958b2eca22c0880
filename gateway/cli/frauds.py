"""`connect-gateway fraud`: what controls against abuse stop, or would."""

from typing import Annotated

import typer

from gateway.cli.output import Config, Json, run, show
from gateway.cli.session import find_customer, open_desk
from gateway.fraud.findings import DAYS, report

LONGEST_DAYS = 90

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Controls against abuse.")


@app.callback()
def fraud() -> None:
    """Controls against abuse."""


@app.command("report")
def report_(
    customer: Annotated[str | None, typer.Argument(help="Customer id; all without it.")] = None,
    days: Annotated[int, typer.Option(min=1, max=LONGEST_DAYS, help="So many days (UTC) with this one.")] = DAYS,
    config: Config = None,
    json: Json = False,
) -> None:
    """What each control stopped, and what it would have stopped where it is only watched; a few seconds late."""

    async def work() -> list[dict[str, object]]:
        async with open_desk(config) as desk:
            only = None if customer is None else (await find_customer(desk, customer)).id
            names = {each.id: each.public_id for each in await desk.accounts.customers()}
            return [
                {
                    "customer": names.get(each.customer, ""),
                    "control": each.control,
                    "effect": each.effect,
                    "messages": each.messages,
                }
                for each in await report(desk.ledger.counters, desk.clock.now_ms(), days)
                if only in (None, each.customer)
            ]

    show(run(work()), json)
