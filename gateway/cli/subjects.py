"""`connect-gateway subject`: what people whom customers write to may ask for. Numbers stand on no command line."""

from pathlib import Path
from typing import Annotated

import typer

from gateway.accounts.settings import read_customer
from gateway.audit.actor import COMMAND_LINE
from gateway.audit.acts import Act
from gateway.cli.amounts import moment
from gateway.cli.consents import (
    checked_option,
    consent_desk,
    given_ms_of,
    number_of,
    of_customer,
    one_of,
    wording_of,
)
from gateway.cli.output import Config, Failed, Json, note, run, show
from gateway.cli.rights import (
    case_of,
    erasure_row,
    read_answered,
    read_numbers,
    rights_desk,
    say_walk,
    since_of,
    subjects_of,
)
from gateway.cli.session import open_desk
from gateway.consent.correcting import Corrections, UnknownConsent
from gateway.consent.desk import ConsentDesk, Of
from gateway.consent.purposes import ALL, PURPOSES
from gateway.consent.rows import Means, Source
from gateway.keystore.permission_keys import PermissionKeys
from gateway.model.consent_mode import ConsentMode
from gateway.rights.access import Accesses, Held
from gateway.rights.building import tracer
from gateway.rights.desk import horizon_ms
from gateway.rights.erasing import Erasure, Purpose

app = typer.Typer(no_args_is_help=True, add_completion=False, help="People whom customers write to.")

Numbers = Annotated[
    str | None,
    typer.Option("--number", help="- reads a line, @FILE a file of one number a line; without it you are asked."),
]
Customer = Annotated[str | None, typer.Option(help="Customer id; by default all customers.")]
Case = Annotated[str | None, typer.Option(help="Id of the case that it is done for.")]
AnswerFile = Annotated[
    Path | None, typer.Option("--answer", help="What the custodian answered about the case.", exists=True)
]


@app.command("erase")
def erase(
    number: Numbers = None,
    customer: Customer = None,
    case: Case = None,
    answer: AnswerFile = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Erase people: keys of what is sealed, in every copy, then all rows. Again goes on where it was cut short."""

    async def work() -> dict[str, object]:
        async with open_desk(config) as desk:
            numbers = read_numbers(number, desk.settings.messages.default_region)
            answered = read_answered(answer, case or "")
            desks = await rights_desk(desk)
            await desks.eraser.resume()
            people = await subjects_of(desk, desks, numbers, customer, platform=True)
            traces = await tracer(desks.on).trace(people, answered, say_walk)

            def told(so_far: Erasure) -> None:
                if len(traces) > 1_000:
                    note(f"{so_far.subjects:,} of {len(traces):,} done, {so_far.messages:,} messages")

            done = await desks.eraser.erase(traces, Purpose(case=case_of(case)), told)
            return erasure_row(desks, done)

    show(run(work()), json)


@app.command("access")
def access(
    number: Numbers = None,
    customer: Customer = None,
    case: Case = None,
    answer: AnswerFile = None,
    since: Annotated[str | None, typer.Option(help="A time with its zone (RFC 3339); default 30 days ago.")] = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """What is held of a person: records of messages, never a text. The audit log says that it was looked at."""

    async def work() -> Held:
        async with open_desk(config) as desk:
            numbers = read_numbers(number, desk.settings.messages.default_region)
            answered = read_answered(answer, case or "")
            desks = await rights_desk(desk)
            since_ms = horizon_ms(desks.on) if since is None else moment(since, option="--since")
            places = {each.name: each.register.place for each in desk.settings.operators}
            accesses = Accesses(tracer(desks.on), desks.on.public_id, places.get, since_of(desk))
            people = await subjects_of(desk, desks, numbers, customer, platform=True)
            held = await accesses.look(people, max(0, since_ms), answered, holder=since is None)
            counts = {"messages": len(held.messages), "customers": len({each.customer for each in held.messages})}
            await desk.audit.write(Act.SUBJECT_ACCESS, case_of(case), numbers=counts)
            return held

    held = run(work())
    if json:
        show(held, True)
        return
    show({"since": held.since, "complete_since": held.complete_since, "complete": held.complete}, False)
    show([_row(each) for each in held.messages], False, spare=("segments", "country"))


def _row(held: object) -> dict[str, object]:
    names = ("id", "customer", "direction", "status", "accepted_at", "operator", "country", "segments")
    return {name: getattr(held, name) for name in names}


@app.command("correct")
def correct(
    customer: Annotated[str, typer.Option(help="Id of the customer that the consent was given to.")],
    number: Annotated[str | None, typer.Option(help="- reads a line, @FILE a file; without it you are asked.")] = None,
    purpose: Annotated[str, typer.Option(help="promotional or awareness.")] = PURPOSES[0],
    option: Annotated[str, typer.Option(help="The sender to whose messages it is limited.")] = "",
    given_at: Annotated[str | None, typer.Option(help="When it was given (RFC 3339).")] = None,
    means: Annotated[Means | None, typer.Option(help="How it was given.")] = None,
    wording: Annotated[str | None, typer.Option(help="What was agreed to: name, name:version or id.")] = None,
    prior: Annotated[bool | None, typer.Option(help="Whether there was prior interaction with the person.")] = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Correct what was written down wrong of a person's consent; the audit log names the fields, and no value."""

    async def work() -> dict[str, object]:
        async with open_desk(config) as desk:
            of, person = await of_customer(desk, customer), number_of(desk, number)
            right = Corrections(
                given_ms=None if given_at is None else given_ms_of(given_at, desk.clock.now_ms()),
                means=means,
                wording=None if wording is None else await wording_of(desk, of, wording),
                prior=prior,
            )
            name = one_of(purpose, PURPOSES, "--purpose"), checked_option(option)
            try:
                changed = await consent_desk(desk).correct(of, person, *name, right)
            except UnknownConsent:
                raise Failed("nothing is known of such a consent of this person", "unknown_consent") from None
            return {"customer": of.public_id, "corrected": changed}

    show(run(work()), json)


@app.command("object")
def object_(number: Numbers = None, customer: Customer = None, config: Config = None, json: Json = False) -> None:
    """Take down that people object: every consent is withdrawn, and nothing that needs one is sent any more."""
    show(run(_stopped(number, customer, None, config)), json)


@app.command("restrict")
def restrict(
    until: Annotated[str, typer.Option(help="Until when: a time with its zone (RFC 3339).")],
    number: Numbers = None,
    customer: Customer = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Send people nothing that needs consent while something is being looked at; consents stay."""
    show(run(_stopped(number, customer, moment(until, option="--until"), config)), json)


async def _stopped(number: str | None, customer: str | None, until_ms: int | None, config: Path | None) -> object:
    """until_ms: of a restriction; None for an objection, which withdraws consents and has no end."""
    async with open_desk(config) as desk:
        numbers = read_numbers(number, desk.settings.messages.default_region)
        desks = await rights_desk(desk)
        people = await subjects_of(desk, desks, numbers, customer)
        tokens = PermissionKeys(desk.keyring).tokens
        consents = ConsentDesk(desk.ledger.permissions, tokens, desk.clock, COMMAND_LINE)
        withdrawn = 0
        for each in people:
            of = Of(each.customer, desks.names[each.customer])
            if until_ms is None:
                withdrawn += await consents.withdraw(of, each.number, Means.VERBAL)
            await consents.suppress(of, each.number, ALL, Source.COMMAND, until_ms or 0)
        modes = {each.id: read_customer(each.settings).settings.consent for each in await desk.accounts.customers()}
        owners = sorted({each.customer for each in people})
        idle = [desks.names[each] for each in owners if modes.get(each) is not ConsentMode.ENFORCE]
        return {
            "customers": [desks.names[each] for each in owners],
            "withdrawn": withdrawn,
            "not_enforced_at": idle,
        }
