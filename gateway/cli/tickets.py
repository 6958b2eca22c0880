"""`connect-gateway ticket`: the support desk."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Annotated

import typer

from gateway.audit.actor import COMMAND_LINE
from gateway.cli.output import Config, Failed, Json, personal, run, show
from gateway.cli.rights import rights_desk
from gateway.cli.session import Desk, find_customer, open_desk
from gateway.model.times import rfc3339
from gateway.rights.building import own_tickets
from gateway.support.record import State, Ticket, Topic
from gateway.support.tickets import Asked, Tickets
from redaction.personal import MessageText, Purpose

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="The support desk: tickets of customers and of the platform.",
)

Id = Annotated[str, typer.Argument(help="Ticket id, T-...")]
Text = Annotated[
    str | None, typer.Option("--text", help="What is written; masked, then sealed. - reads a line, @FILE a file.")
]


@asynccontextmanager
async def _opened(config: Config) -> AsyncIterator[tuple[Desk, Tickets]]:
    async with open_desk(config) as desk:
        yield desk, own_tickets((await rights_desk(desk)).on, desk.sealer, COMMAND_LINE)


@app.command("open")
def open_(
    topic: Annotated[Topic, typer.Argument(help="What it is about.")],
    text: Text = None,
    customer: Annotated[
        str | None, typer.Option(help="Id of the customer whose it is; by default the platform's.")
    ] = None,
    message: Annotated[str, typer.Option(help="Id of the message that it is about.")] = "",
    config: Config = None,
    json: Json = False,
) -> None:
    """Open a ticket. Numbers, ids, accounts, addresses and codes are taken out of the text before it is stored."""
    said = MessageText(personal(text, asks_for="text"))

    async def work() -> dict[str, object]:
        async with _opened(config) as (desk, found):
            owner = None if customer is None else await find_customer(desk, customer)
            public, number = ("", 0) if owner is None else (owner.public_id, owner.id)
            asked = Asked(topic=topic, text=said, customer=public, number=number, message=message)
            return _row(await found.open(asked))

    show(run(work()), json)


@app.command("list")
def list_(
    state: Annotated[State | None, typer.Option(help="Only those that stand there.")] = None,
    customer: Annotated[str | None, typer.Option(help="Only those of this customer.")] = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Tickets, without words; what waits for the platform comes first."""

    async def work() -> list[dict[str, object]]:
        async with _opened(config) as (_, found):
            return [
                _row(each)
                for each in await found.all()
                if state in (None, each.of.state) and customer in (None, each.of.customer)
            ]

    show(run(work()), json, spare=("message", "by", "opened_at", "posts"))


@app.command("show")
def show_(
    ticket: Id,
    content: Annotated[bool, typer.Option("--content", help="With what was written in it; it is noted.")] = False,
    config: Config = None,
    json: Json = False,
) -> None:
    """One ticket."""

    async def work() -> dict[str, object]:
        async with _opened(config) as (_, found):
            one = await found.find(ticket)
            if not content:
                return _row(one)
            posts: list[dict[str, object]] = [
                {
                    "at": rfc3339(each.at_ms),
                    "by": each.by,
                    "internal": each.internal,
                    "masked": dict(each.masked),
                    "text": None if each.text is None else each.text.reveal(Purpose.DATA_SUBJECT),
                }
                for each in await found.posts(one)
            ]
            return _row(one) | {"written": posts}

    show(run(work()), json)


@app.command("write")
def write(
    ticket: Id,
    text: Text = None,
    internal: Annotated[bool, typer.Option("--internal", help="For the platform's people alone.")] = False,
    config: Config = None,
    json: Json = False,
) -> None:
    """Write in a ticket; masked as when it is opened."""
    said = MessageText(personal(text, asks_for="text"))
    _do(lambda found, _: found.write(ticket, said, internal=internal), config, json)


@app.command("assign")
def assign(
    ticket: Id,
    person: Annotated[str | None, typer.Option(help="Id of somebody of the platform; by default nobody.")] = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Say who works at a ticket."""

    async def work(found: Tickets, desk: Desk) -> Ticket:
        whom = None if person is None else await desk.people.find(person)
        if person is not None and (whom is None or whom.customer or not whom.is_enabled):
            raise Failed("nobody of the platform has this id", "unknown_person")
        return await found.assign(ticket, "" if whom is None else whom.id)

    _do(work, config, json)


@app.command("close")
def close(ticket: Id, config: Config = None, json: Json = False) -> None:
    """End a ticket. What was written in it is kept for its time."""
    _do(lambda found, _: found.close(ticket), config, json)


def _do(step: Callable[[Tickets, Desk], Awaitable[Ticket]], config: Config, json: bool) -> None:
    async def work() -> dict[str, object]:
        async with _opened(config) as (desk, found):
            return _row(await step(found, desk))

    show(run(work()), json)


def _row(ticket: Ticket) -> dict[str, object]:
    of = ticket.of
    return {
        "ticket": ticket.id,
        "topic": of.topic.value,
        "state": of.state.value,
        "customer": of.customer,
        "message": of.message,
        "by": of.by,
        "assigned": of.assigned,
        "opened_at": rfc3339(of.opened_ms),
        "changed_at": rfc3339(of.changed_ms),
        "posts": of.posts,
    }
