"""`connect-gateway fraud overrides`: numbers that controls against abuse never count or stop."""

from typing import Annotated

import typer

from gateway.audit.actor import COMMAND_LINE
from gateway.cli.consents import Customer, Number, number_of
from gateway.cli.output import Config, Json, run, show
from gateway.cli.session import Desk, find_customer, open_desk
from gateway.fraud.overrides import OverrideDesk
from gateway.keystore.permission_keys import PermissionKeys

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Numbers that are never counted or stopped.")


@app.command("add")
def add(
    customer: Customer,
    number: Number = None,
    label: Annotated[str, typer.Option(help="What it is: small letters, digits, hyphens; no name.")] = "own",
    config: Config = None,
    json: Json = False,
) -> None:
    """Never count or stop messages of a customer to this number; every node holds to it within two seconds."""

    async def work() -> dict[str, object]:
        async with open_desk(config) as desk:
            owner = await find_customer(desk, customer)
            await _overrides(desk).add(owner.id, owner.public_id, number_of(desk, number), label)
            return {"customer": owner.public_id, "label": label}

    show(run(work()), json)


@app.command("remove")
def remove(customer: Customer, number: Number = None, config: Config = None, json: Json = False) -> None:
    """Count a number again."""

    async def work() -> dict[str, object]:
        async with open_desk(config) as desk:
            owner = await find_customer(desk, customer)
            removed = await _overrides(desk).remove(owner.id, owner.public_id, number_of(desk, number))
            return {"customer": owner.public_id, "removed": removed}

    show(run(work()), json)


@app.command("list")
def list_(customer: Customer, config: Config = None, json: Json = False) -> None:
    """Labels of a customer's numbers that are never counted; the numbers are not known."""

    async def work() -> list[dict[str, object]]:
        async with open_desk(config) as desk:
            owner = await find_customer(desk, customer)
            return [{"label": each} for each in await _overrides(desk).labels(owner.id)]

    show(run(work()), json)


def _overrides(desk: Desk) -> OverrideDesk:
    return OverrideDesk(desk.ledger.acts, PermissionKeys(desk.keyring).override, desk.clock, COMMAND_LINE)
