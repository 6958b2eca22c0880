"""`connect-gateway number`: numbers to which people write, and whose they are."""

from typing import Annotated

import typer

from gateway.accounts.administration import number_settings
from gateway.accounts.customers import NumberSettings
from gateway.cli.keywords import app as keywords
from gateway.cli.output import Config, Json, run, show
from gateway.cli.session import find_customer, find_owner, open_desk

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Numbers to which people write, and whose they are.")
app.add_typer(keywords, name="keyword")


@app.command("add")
def add(
    customer: Annotated[str, typer.Argument(help="Customer id.")],
    number: Annotated[str, typer.Argument(help="Short code, or number with its country code.")],
    keyword: Annotated[list[str] | None, typer.Option(help="First word that is this customer's; repeatable.")] = None,
    esme: Annotated[str, typer.Option(help="Account whose binds get the messages; default the webhook.")] = "",
    config: Config = None,
    json: Json = False,
) -> None:
    """Give a customer what people write to a number, or to keywords of a shared one."""
    settings = NumberSettings(keywords=tuple(keyword or ()), esme=esme)

    async def work() -> dict[str, object]:
        async with open_desk(config) as desk:
            owner = await find_customer(desk, customer)
            spelled = await desk.accounts.add_number(owner.id, number, settings)
            return {"number": spelled, "customer": owner.public_id, "keywords": " ".join(settings.keywords)}

    show(run(work()), json)


@app.command("list")
def list_(config: Config = None, json: Json = False) -> None:
    """Numbers, their customers and keywords."""

    async def work() -> list[dict[str, object]]:
        async with open_desk(config) as desk:
            return [
                {
                    "number": number,
                    "customer": each.public_id,
                    "keywords": " ".join(settings.keywords),
                    "esme": settings.esme or None,
                }
                for each in await desk.accounts.customers()
                for number, settings in number_settings(each).items()
            ]

    show(run(work()), json)


@app.command("remove")
def remove(
    number: Annotated[str, typer.Argument(help="The number.")],
    customer: Annotated[str | None, typer.Option(help="Customer id; default all that have it.")] = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Take a number away; what people write to it is refused from then on."""

    async def work() -> None:
        async with open_desk(config) as desk:
            owner = await find_owner(desk, customer)
            await desk.accounts.remove_number(number, owner)

    run(work())
    show({"removed": number}, json)
