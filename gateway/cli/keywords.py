"""`connect-gateway number keyword`: first words that say whose a message to a shared number is."""

from typing import Annotated

import typer

from gateway.accounts.administration import number_settings
from gateway.accounts.keywords import with_keywords, without_keywords
from gateway.accounts.settings import NumberChange, number_key
from gateway.cli.output import Config, Json, run, show
from gateway.cli.session import find_customer, open_desk

app = typer.Typer(no_args_is_help=True, add_completion=False, help="First words of a number, and whose they are.")
Customer = Annotated[str, typer.Argument(help="Customer id.")]
Number = Annotated[str, typer.Argument(help="The number.")]
Words = Annotated[list[str], typer.Argument(help="One word each, with letters or digits.")]


@app.command("add")
def add(customer: Customer, number: Number, word: Words, config: Config = None, json: Json = False) -> None:
    """Give a customer further keywords of a number, or the first ones."""
    show(run(_change(config, customer, number, with_keywords(word))), json)


@app.command("remove")
def remove(customer: Customer, number: Number, word: Words, config: Config = None, json: Json = False) -> None:
    """Take keywords from a customer; with the last one the number goes, too."""
    show(run(_change(config, customer, number, without_keywords(word))), json)


@app.command("list")
def list_(number: Number, config: Config = None, json: Json = False) -> None:
    """Keywords of a number and whose they are; without a keyword it is everything else."""

    async def work() -> list[dict[str, object]]:
        async with open_desk(config) as desk:
            key = number_key(number)
            return [
                {"keyword": word, "customer": each.public_id}
                for each in await desk.accounts.customers()
                for name, settings in number_settings(each).items()
                if name == key
                for word in settings.keywords or (None,)
            ]

    show(run(work()), json)


async def _change(config: Config, customer: str, number: str, change: NumberChange) -> dict[str, object]:
    async with open_desk(config) as desk:
        owner = await find_customer(desk, customer)
        spelled = await desk.accounts.add_number(owner.id, number, change)
        left = next(each for each in await desk.accounts.customers() if each.id == owner.id)
        had = number_settings(left).get(spelled)
        return {
            "number": spelled,
            "customer": owner.public_id,
            "keywords": "" if had is None else " ".join(had.keywords),
        }
