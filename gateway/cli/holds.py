"""`connect-gateway hold`: what must not be destroyed yet. Each verb takes a request that two people agreed on."""

from typing import Annotated

import typer

from gateway.cli.amounts import moment
from gateway.cli.output import Config, Failed, Json, personal, run, show
from gateway.cli.rights import case_of, read_numbers, rights_desk, subjects_of
from gateway.cli.session import find_customer, open_desk
from gateway.cli.two_persons import Request, claimed
from gateway.model.identifiers import parse_message_id
from gateway.model.times import rfc3339
from gateway.people.roles import Action
from gateway.rights.building import holds, tracer
from gateway.rights.holds import Hold, every_hold
from redaction.personal import MessageText

app = typer.Typer(no_args_is_help=True, add_completion=False, help="What must not be destroyed yet.")

Until = Annotated[str, typer.Option(help="When it is over: a time with its zone (RFC 3339), within a year.")]
Id = Annotated[str, typer.Argument(help="Hold id, hold_...")]


@app.command("list")
def list_(config: Config = None, json: Json = False) -> None:
    """Holds that stand, are being placed, or were released."""

    async def work() -> list[dict[str, object]]:
        async with open_desk(config) as desk:
            return [_row(each) for each in await every_hold(desk.ledger.acts)]

    show(run(work()), json)


@app.command("place")
def place(
    customer: Annotated[str, typer.Argument(help="Customer id.")],
    request: Request,
    until: Until,
    number: Annotated[str | None, typer.Option(help="Whose messages; - reads a line, @FILE one number a line.")] = None,
    message: Annotated[list[str] | None, typer.Option(help="Id of a message; repeatable.")] = None,
    citation: Annotated[
        str | None, typer.Option(help="By which order or law; sealed. - reads a line, @FILE a file.")
    ] = None,
    case: Annotated[str | None, typer.Option(help="Id of the case.")] = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Keep copies of messages beyond their time, sealed under a key of the hold, which dies with it."""
    said = MessageText(personal(citation, asks_for="citation"))

    async def work() -> dict[str, object]:
        async with open_desk(config) as desk:
            owner, until_ms = await find_customer(desk, customer), moment(until, option="--until")
            desks = await rights_desk(desk)
            if message:
                ids = [parse_message_id(each) or bytes(16) for each in message]
                found = [await desk.ledger.messages.find(owner.id, each) for each in ids]
                messages = [each for each in found if each is not None]
            else:
                numbers = read_numbers(number, desk.settings.messages.default_region)
                messages = await tracer(desks.on).messages(await subjects_of(desk, desks, numbers, customer))
            if not messages:
                raise Failed("there is no such message", "unknown_message")
            hands = await claimed(desk, request, Action.HOLD_PLACE, owner.public_id)
            placed = await holds(desks.on, desk.sealer, desk.audit).place(
                messages, owner.public_id, said, hands, until_ms=until_ms, case=case_of(case)
            )
            return _row(placed)

    show(run(work()), json)


@app.command("extend")
def extend(hold: Id, request: Request, until: Until, config: Config = None, json: Json = False) -> None:
    """Let a hold stand longer, or shorter."""

    async def work() -> dict[str, object]:
        async with open_desk(config) as desk:
            until_ms, desks = moment(until, option="--until"), await rights_desk(desk)
            hands = await claimed(desk, request, Action.HOLD_PLACE, hold)
            return _row(await holds(desks.on, desk.sealer, desk.audit).extend(hold, until_ms, hands))

    show(run(work()), json)


@app.command("release")
def release(hold: Id, request: Request, config: Config = None, json: Json = False) -> None:
    """End a hold: its key in every copy, then what it held. Shows the id of a certificate."""

    async def work() -> dict[str, object]:
        async with open_desk(config) as desk:
            desks = await rights_desk(desk)
            hands = await claimed(desk, request, Action.HOLD_LIFT, hold)
            ended, certificate = await holds(desks.on, desk.sealer, desk.audit).release(hold, hands)
            return _row(ended) | {"certificate": certificate}

    show(run(work()), json)


def _row(each: Hold) -> dict[str, object]:
    return {
        "hold": each.id,
        "state": each.state.value,
        "customer": each.customer,
        "messages": each.messages,
        "placed_at": rfc3339(each.placed_ms),
        "until": rfc3339(each.until_ms),
        "case": each.case,
        "by": each.by,
        "second": each.second,
    }
