"""`connect-gateway breach`: from when it is known to when everybody was told, within 72 hours."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated

import typer

from gateway.audit.actor import COMMAND_LINE
from gateway.cli.amounts import moment
from gateway.cli.new_file import new_file
from gateway.cli.output import Config, Failed, Json, personal, run, show
from gateway.cli.rights import rights_desk
from gateway.cli.session import Desk, find_customer, open_desk
from gateway.model.times import rfc3339, rfc3339_or_none
from gateway.rights.breach_estimate import FEWEST, Span, estimate
from gateway.rights.breach_notice import To, Words, draft
from gateway.rights.breaches import Breach, Breaches
from gateway.rights.building import Stands, breaches
from gateway.rights.case_states import Channel
from redaction.personal import MessageText

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Breaches: estimate, notices, clock of 72 hours.")

Id = Annotated[str, typer.Argument(help="Case id, R-...")]
Customer = Annotated[str | None, typer.Option(help="Id of the customer that it concerns; by default all.")]


@asynccontextmanager
async def _opened(config: Config) -> AsyncIterator[tuple[Desk, Stands, Breaches]]:
    async with open_desk(config) as desk:
        on = (await rights_desk(desk)).on
        yield desk, on, breaches(on, desk.sealer, COMMAND_LINE)


@app.command("open")
def open_(
    text: Annotated[str | None, typer.Option(help="What happened; sealed. - reads a line, @FILE a file.")] = None,
    known_at: Annotated[str | None, typer.Option(help="When it became known (RFC 3339); default now.")] = None,
    channel: Annotated[Channel, typer.Option(help="How it became known.")] = Channel.EMAIL,
    customer: Customer = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Take down a breach: a case that is due 72 hours after it became known."""
    said = MessageText(personal(text, asks_for="text"))

    async def work() -> dict[str, object]:
        async with _opened(config) as (desk, _, found):
            owner = "" if customer is None else (await find_customer(desk, customer)).public_id
            known_ms = None if known_at is None else moment(known_at, option="--known-at")
            return _row(await found.open(said, known_ms, channel=channel, customer=owner))

    show(run(work()), json)


@app.command("list")
def list_(config: Config = None, json: Json = False) -> None:
    """Breaches; what is due first comes first."""

    async def work() -> list[dict[str, object]]:
        async with _opened(config) as (_, _, found):
            return [_row(each) for each in await found.all()]

    show(run(work()), json, spare=("groups",))


@app.command("estimate")
def estimate_(
    case: Id,
    since: Annotated[str, typer.Option(help="From when on messages may have been seen (RFC 3339).")],
    until: Annotated[str | None, typer.Option(help="Until when; default now.")] = None,
    customer: Customer = None,
    fewest: Annotated[int, typer.Option(min=FEWEST, help="Fewer people than this are not counted.")] = FEWEST,
    config: Config = None,
    json: Json = False,
) -> None:
    """Count from pseudonyms how many people and messages it may concern, by customer and tag."""

    async def work() -> dict[str, object]:
        async with _opened(config) as (desk, on, found):
            breach = await found.find(case)
            span = Span(
                since_ms=moment(since, option="--since"),
                until_ms=desk.clock.now_ms() if until is None else moment(until, option="--until"),
                customer=None if customer is None else (await find_customer(desk, customer)).id,
            )
            counted = await estimate(desk.ledger.copies, on.public_id, span, fewest)
            return _row(await found.keep(breach, counted))

    show(run(work()), json)


@app.command("draft")
def draft_(
    case: Id,
    file: Annotated[Path, typer.Argument(help="The page that is to be written.")],
    to: Annotated[To, typer.Option(help="Whom it is for.")],
    language: Annotated[str, typer.Option(help="ar or en.")] = "ar",
    data: Annotated[str, typer.Option(help="Categories of personal data.")] = "",
    risks: Annotated[str, typer.Option(help="What may come of it.")] = "",
    measures: Annotated[str, typer.Option(help="What was done, and will be.")] = "",
    advice: Annotated[str, typer.Option(help="What people can do.")] = "",
    config: Config = None,
    json: Json = False,
) -> None:
    """Draft the notice to the authority, or to people; what the law wants and is missing is marked and listed."""
    if language not in ("ar", "en"):
        raise Failed("a draft is in ar or en", "invalid_value")

    async def work() -> dict[str, object]:
        async with _opened(config) as (desk, _, found):
            facts = await found.facts(await found.find(case), to)
            words = Words(data=data, risks=risks, measures=measures, advice=advice)
            made = draft(facts, words, desk.settings.privacy, to, "ar" if language == "ar" else "en")
            page.write(made.page.encode())
            return {"file": str(file), "missing": made.missing, "due_at": rfc3339(facts.due_ms)}

    with new_file(file) as page:
        drafted = run(work())
    show(drafted, json)


@app.command("close")
def close(
    case: Id,
    authority_at: Annotated[
        str | None, typer.Option(help="When the authority was told (RFC 3339); left out where no harm is likely.")
    ] = None,
    people_at: Annotated[str | None, typer.Option(help="When the people were told (RFC 3339).")] = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """End a breach, with when the authority and the people were told."""

    async def work() -> dict[str, object]:
        async with _opened(config) as (_, _, found):
            authority_ms = 0 if authority_at is None else moment(authority_at, option="--authority-at")
            people_ms = 0 if people_at is None else moment(people_at, option="--people-at")
            return _row(await found.close(case, authority_ms=authority_ms, people_ms=people_ms))

    show(run(work()), json)


def _row(breach: Breach) -> dict[str, object]:
    case, counted = breach.case.of, breach.of.estimate
    return {
        "case": breach.case.id,
        "state": case.state.value,
        "customer": case.customer,
        "known_at": rfc3339(case.received_ms),
        "due_at": rfc3339(case.due_ms),
        "messages": None if counted is None else counted.messages,
        "people_at_least": None if counted is None else counted.at_least,
        "people_at_most": None if counted is None else counted.at_most,
        "groups": [] if counted is None else counted.groups,
        "authority_told_at": rfc3339_or_none(breach.of.authority_ms or None),
        "people_told_at": rfc3339_or_none(breach.of.people_ms or None),
    }
