"""`connect-gateway disclosure`: what authorities are given, on an instrument and by two persons; and the register."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated

import typer

from gateway.audit.actor import COMMAND_LINE
from gateway.cli.amounts import moment
from gateway.cli.new_file import new_file
from gateway.cli.output import Config, Failed, Json, personal, run, show
from gateway.cli.rights import Desks, read_numbers, rights_desk, subjects_of
from gateway.cli.session import Desk, open_desk
from gateway.cli.two_persons import Request, claimed
from gateway.model.identifiers import parse_message_id
from gateway.model.message import Message
from gateway.model.times import rfc3339
from gateway.people.roles import Action
from gateway.rights.building import cases, disclosures, tracer
from gateway.rights.disclosures import Disclosure, Disclosures, Instrument, check_disclosable
from gateway.vault.vault import Vault

app = typer.Typer(no_args_is_help=True, add_completion=False, help="What authorities are given, and its register.")

Id = Annotated[str, typer.Argument(help="Disclosure id, disclosure_...")]
PERSONAL = "- reads a line, @FILE a file."


@asynccontextmanager
async def _opened(config: Config) -> AsyncIterator[tuple[Desk, Desks, Disclosures]]:
    async with open_desk(config) as desk:
        desks = await rights_desk(desk)
        vault = Vault(desk.sealer, desk.rules, desk.clock.now_ms, desk.ledger.formats)
        yield desk, desks, disclosures(desks.on, desk.sealer, vault, COMMAND_LINE)


@app.command("list")
def list_(config: Config = None, json: Json = False) -> None:
    """The register, the oldest first; without authorities and instruments."""

    async def work() -> list[dict[str, object]]:
        async with _opened(config) as (_, _, found):
            return [_row(each) for each in await found.all()]

    show(run(work()), json, spare=("digest", "second"))


@app.command("show")
def show_(disclosure: Id, config: Config = None, json: Json = False) -> None:
    """One disclosure, with authority and instrument."""

    async def work() -> dict[str, object]:
        async with _opened(config) as (_, _, found):
            made = await found.find(disclosure)
            on = await found.instrument(made)
            return _row(made) | {"authority": on.authority, "reference": on.reference}

    show(run(work()), json)


@app.command("make")
def make(
    case: Annotated[str, typer.Argument(help="Id of a case of kind disclosure, R-...")],
    file: Annotated[Path, typer.Argument(help="The file that is to be written: JSON.")],
    request: Request,
    authority: Annotated[str | None, typer.Option(help=f"Who asks; sealed. {PERSONAL}")] = None,
    instrument: Annotated[str | None, typer.Option(help=f"Order and law; sealed. {PERSONAL}")] = None,
    number: Annotated[str | None, typer.Option(help="Whose messages; - reads a line, @FILE one number a line.")] = None,
    message: Annotated[list[str] | None, typer.Option(help="Id of a message; repeatable.")] = None,
    customer: Annotated[str | None, typer.Option(help="Customer id; by default all customers.")] = None,
    since: Annotated[str | None, typer.Option(help="Nothing older (RFC 3339).")] = None,
    until: Annotated[str | None, typer.Option(help="Nothing from then on (RFC 3339).")] = None,
    texts: Annotated[bool, typer.Option("--texts", help="With numbers and texts that can still be opened.")] = False,
    config: Config = None,
    json: Json = False,
) -> None:
    """Write what an authority is given into a file, once two people agreed on it: `disclosure.make` of the case."""
    on = Instrument(personal(authority, asks_for="authority"), personal(instrument, asks_for="instrument"))

    async def work() -> tuple[dict[str, object], bytes]:
        async with _opened(config) as (desk, desks, found):
            standing = await cases(desks.on, desk.sealer, COMMAND_LINE).find(case)
            check_disclosable(standing)
            if message:
                ids = [parse_message_id(each) or bytes(16) for each in message]
                rows: Sequence[Message | None] = await desk.ledger.messages.find_many(ids)
            else:
                numbers = read_numbers(number, desk.settings.messages.default_region)
                rows = await tracer(desks.on).messages(await subjects_of(desk, desks, numbers, customer, platform=True))
            since_ms = 0 if since is None else moment(since, option="--since")
            until_ms = None if until is None else moment(until, option="--until")
            messages = [each for each in rows if each is not None and _is_within(each, since_ms, until_ms)]
            if not messages:
                raise Failed("there is no such message", "unknown_message")
            hands = await claimed(desk, request, Action.DISCLOSURE_MAKE, standing.id)
            made, octets = await found.make(standing, messages, on, hands, texts=texts)
            return _row(made), octets

    with new_file(file) as given:
        row, octets = run(work())
        given.write(octets)
    show(row | {"file": str(file)}, json)


def _is_within(message: Message, since_ms: int, until_ms: int | None) -> bool:
    return since_ms <= message.accepted_ms and (until_ms is None or message.accepted_ms < until_ms)


def _row(each: Disclosure) -> dict[str, object]:
    return {
        "disclosure": each.id,
        "case": each.of.case,
        "made_at": rfc3339(each.of.made_ms),
        "messages": each.of.messages,
        "with_texts": each.of.with_texts,
        "digest": each.of.digest.hex(),
        "by": each.of.by,
        "second": each.of.second,
    }
