"""`connect-gateway fraud held`: messages that controls against abuse hold until a person decides."""

from typing import Annotated, Final

import typer

from gateway.audit.actor import COMMAND_LINE
from gateway.cli.consents import Customer, one_of
from gateway.cli.output import Config, Failed, Json, run, show
from gateway.cli.session import customer_names, find_customer, open_desk
from gateway.fraud.reviews import NothingHeld, decide, held
from gateway.model.fraud_controls import REVIEWED

CONTROLS: Final = tuple(each.value for each in REVIEWED.values())

Control = Annotated[str, typer.Argument(help=f"The control that holds them: {' or '.join(CONTROLS)}.")]

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Messages that wait for a decision.")


@app.command("list")
def list_(config: Config = None, json: Json = False) -> None:
    """How many messages wait for a decision, by customer and control; neither numbers nor texts are shown."""

    async def work() -> list[dict[str, object]]:
        async with open_desk(config) as desk:
            names = await customer_names(desk)
            return [
                {"customer": names.get(each.customer, ""), "control": each.control, "messages": each.messages}
                for each in await held(desk.ledger.work)
            ]

    show(run(work()), json)


@app.command("release")
def release(customer: Customer, control: Control, config: Config = None, json: Json = False) -> None:
    """Send what a control holds of a customer until now; nodes do so within seconds."""
    show(run(_decided(customer, control, config, releases=True)), json)


@app.command("drop")
def drop(customer: Customer, control: Control, config: Config = None, json: Json = False) -> None:
    """End what a control holds of a customer until now as rejected; nodes do so within seconds."""
    show(run(_decided(customer, control, config, releases=False)), json)


async def _decided(customer: str, control: str, config: Config, *, releases: bool) -> dict[str, object]:
    name = one_of(control, CONTROLS, "CONTROL")
    async with open_desk(config) as desk:
        owner = await find_customer(desk, customer)
        acts, work, place = desk.ledger.acts, desk.ledger.work, (owner.id, name)
        try:
            await decide(acts, work, desk.clock, COMMAND_LINE, place, owner.public_id, releases=releases)
        except NothingHeld:
            raise Failed("this control holds no message of this customer", "nothing_held") from None
        return {"customer": owner.public_id, "control": name, "decided": "release" if releases else "drop"}
