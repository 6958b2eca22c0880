"""`connect-gateway fraud`: what controls against abuse stop, or would."""

from typing import Annotated

import typer

from gateway.audit.actor import COMMAND_LINE
from gateway.cli.fraud_overrides import app as overrides
from gateway.cli.held_messages import app as held
from gateway.cli.output import Config, Json, run, show
from gateway.cli.session import customer_names, find_customer, open_desk
from gateway.fraud.blocks import blocks, customer_of, release
from gateway.fraud.summary import DAYS, report
from gateway.model.times import rfc3339

LONGEST_DAYS = 90

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Controls against abuse.")
app.add_typer(overrides, name="overrides")
app.add_typer(held, name="held")


@app.command("blocks")
def blocks_(config: Config = None, json: Json = False) -> None:
    """Ranges of numbers that are blocked, or would be where the control is only watched."""

    async def work() -> list[dict[str, object]]:
        async with open_desk(config) as desk:
            names = await customer_names(desk)
            return [
                {
                    "block": key,
                    "customer": names.get(each.customer, ""),
                    "range": f"+{each.range}",
                    "numbers": each.numbers,
                    "began": rfc3339(each.began_ms),
                    "until": rfc3339(each.until_ms),
                    "watched": each.watched,
                }
                for key, each in await blocks(desk.ledger.acts, desk.clock.now_ms())
            ]

    show(run(work()), json, spare=("began",))


@app.command("release")
def release_(
    block: Annotated[str, typer.Argument(help="Id of a block.")], config: Config = None, json: Json = False
) -> None:
    """Let a range go; it is not blocked again for a day. The process that blocked it does so within seconds."""

    async def work() -> dict[str, object]:
        async with open_desk(config) as desk:
            acts = desk.ledger.acts
            customer = (await customer_names(desk)).get(await customer_of(acts, block), "")
            await release(acts, desk.clock, COMMAND_LINE, block, customer)
            return {"released": block}

    show(run(work()), json)


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
            names = await customer_names(desk)
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
