"""`connect-gateway case`: what people ask for, complaints, breaches and disclosures, with their clocks."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated

import typer

from gateway.audit.actor import COMMAND_LINE
from gateway.cli.amounts import moment
from gateway.cli.new_file import new_file
from gateway.cli.output import Config, Failed, Json, personal, run, secret, show
from gateway.cli.rights import erasure_row, read_numbers, rights_desk
from gateway.cli.session import Desk, find_customer, open_desk
from gateway.cli.two_persons import Request, claimed
from gateway.model.times import rfc3339, rfc3339_or_none
from gateway.people.roles import Action
from gateway.rights.building import cases, packages
from gateway.rights.case_record import Case, Said
from gateway.rights.case_states import REQUESTS, Channel, Delay, Kind, Proof, Reason, State
from gateway.rights.case_work import CaseWork
from gateway.rights.cases import Cases
from redaction.personal import MessageText, Purpose, Secret

app = typer.Typer(
    no_args_is_help=True, add_completion=False, help="What people ask for, complaints, breaches, with their clocks."
)

Id = Annotated[str, typer.Argument(help="Case id, R-...")]
By = Annotated[Proof | None, typer.Option("--proof", help="By what who asks is believed to be the person.")]
PERSONAL = "- reads a line, @FILE a file."


@asynccontextmanager
async def _opened(config: Config) -> AsyncIterator[tuple[Desk, Cases]]:
    async with open_desk(config) as desk:
        desks = await rights_desk(desk)
        yield desk, cases(desks.on, desk.sealer, COMMAND_LINE)


@app.command("open")
def open_(
    kind: Annotated[Kind, typer.Argument(help="What is asked, or what happened.")],
    channel: Annotated[Channel, typer.Option(help="How it came.")],
    number: Annotated[str | None, typer.Option(help=f"Whom it is about: {PERSONAL}")] = None,
    customer: Annotated[str | None, typer.Option(help="Id of the customer that it concerns; by default all.")] = None,
    received_at: Annotated[
        str | None, typer.Option(help="When it was received, also by word of mouth (RFC 3339); default now.")
    ] = None,
    contact: Annotated[str | None, typer.Option(help=f"How to reach who asks; sealed. {PERSONAL}")] = None,
    text: Annotated[str | None, typer.Option(help=f"In whose words; sealed. {PERSONAL}")] = None,
    proof: By = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Take down what was asked. The clock runs from when it was received."""

    async def work() -> dict[str, object]:
        async with _opened(config) as (desk, found):
            region = desk.settings.messages.default_region
            numbers = read_numbers(number, region) if kind in REQUESTS or number is not None else []
            if len(numbers) > 1:
                raise Failed("a case is about one person", "invalid_value")
            owner = "" if customer is None else (await find_customer(desk, customer)).public_id
            said = Said(
                kind=kind,
                channel=channel,
                customer=owner,
                received_ms=None if received_at is None else moment(received_at, option="--received-at"),
                number=numbers[0] if numbers else None,
                contact=MessageText("" if contact is None else personal(contact, asks_for="contact")),
                text=MessageText("" if text is None else personal(text, asks_for="text")),
                proof=proof,
            )
            return _row(await found.open(said), desk.clock.now_ms())

    show(run(work()), json)


@app.command("list")
def list_(
    state: Annotated[State | None, typer.Option(help="Only those that stand there.")] = None,
    due_before: Annotated[str | None, typer.Option(help="Only what is due before that time (RFC 3339).")] = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Cases; what is due first comes first."""

    async def work() -> list[dict[str, object]]:
        before_ms = None if due_before is None else moment(due_before, option="--due-before")
        async with _opened(config) as (desk, found):
            return [
                _row(each, desk.clock.now_ms())
                for each in await found.all()
                if state in (None, each.of.state) and (before_ms is None or each.of.due_ms < before_ms)
            ]

    show(run(work()), json, spare=("decisions", "certificates", "proof", "channel", "opened_at"))


@app.command("show")
def show_(
    case: Id,
    content: Annotated[bool, typer.Option("--content", help="With number, contact and words; it is noted.")] = False,
    config: Config = None,
    json: Json = False,
) -> None:
    """One case: its clock, and what was decided."""

    async def work() -> dict[str, object]:
        async with _opened(config) as (desk, found):
            row = _row(await found.find(case), desk.clock.now_ms())
            if not content:
                return row
            about = await found.content(case)
            number = about.number
            shown = "" if number is None else f"+{number.reveal(Purpose.DATA_SUBJECT)}"
            return row | {"number": shown, "contact": about.contact, "text": about.text}

    show(run(work()), json)


@app.command("prove")
def prove(
    case: Id,
    proof: Annotated[Proof, typer.Option(help="By what who asks is believed to be the person.")],
    config: Config = None,
    json: Json = False,
) -> None:
    """Take down that who asks has proved to be the person."""
    _do(case, lambda found: found.prove(case, proof), config, json)


@app.command("restrict")
def restrict(case: Id, config: Config = None, json: Json = False) -> None:
    """Say that nothing is done with the person's data while it is being looked at."""
    _do(case, lambda found: found.restrict(case), config, json)


@app.command("extend")
def extend(
    case: Id,
    reason: Annotated[Delay, typer.Option(help="Why it takes longer.")],
    days: Annotated[int, typer.Option(help="By how many days, up to 30.")] = 30,
    config: Config = None,
    json: Json = False,
) -> None:
    """Extend the time to answer, once, before it is over."""
    _do(case, lambda found: found.extend(case, reason.value, days), config, json)


@app.command("refuse")
def refuse(
    case: Id,
    reason: Annotated[Reason, typer.Option(help="Why.")],
    config: Config = None,
    json: Json = False,
) -> None:
    """Refuse what is asked; who asks is told why."""
    _do(case, lambda found: found.refuse(case, reason.value), config, json)


@app.command("answer")
def answer(case: Id, config: Config = None, json: Json = False) -> None:
    """Take down that it was answered by hand: a correction, complaint, breach or disclosure."""
    _do(case, lambda found: found.answer(case), config, json)


@app.command("close")
def close(case: Id, config: Config = None, json: Json = False) -> None:
    """End a case that was answered or refused. Whom it is about is destroyed 30 days later."""
    _do(case, lambda found: found.close(case), config, json)


@app.command("execute")
def execute(case: Id, config: Config = None, json: Json = False) -> None:
    """Do what a proven case asks for: erase, show what is held, or send nothing more that needs consent."""

    async def work() -> dict[str, object]:
        async with _opened(config) as (desk, found):
            desks = await rights_desk(desk)
            named = (await found.find(case)).of.customer
            owner = (await find_customer(desk, named)).id if named else None
            done = await CaseWork(found, desks.desk, COMMAND_LINE).execute(case, owner)
            row = _row(done.case, desk.clock.now_ms())
            if done.erased is not None:
                return row | {"erased": erasure_row(desks, done.erased)}
            return row | ({"stopped_at": done.stopped} if done.held is None else {"held_of_person": done.held})

    show(run(work()), json)


@app.command("package")
def package(case: Id, request: Request, config: Config = None, json: Json = False) -> None:
    """Make a package of what is held of the person, and show its secret once. It is given once, within seven days."""

    async def work() -> dict[str, object]:
        async with _opened(config) as (desk, found):
            desks, standing = await rights_desk(desk), await found.find(case)
            named = standing.of.customer
            owner = (await find_customer(desk, named)).id if named else None
            hands = await claimed(desk, request, Action.SUBJECT_EXPORT, standing.id)
            kept = packages(desks.on, desk.sealer, COMMAND_LINE)
            made = await CaseWork(found, desks.desk, COMMAND_LINE).pack(kept, standing.id, owner, hands.second)
            shown = made.secret.reveal(Purpose.CREDENTIAL)
            return {"case": standing.id, "secret": shown, "until": rfc3339(made.until_ms)}

    show(run(work()), json)


@app.command("download")
def download(
    case: Id,
    file: Annotated[Path, typer.Argument(help="The zip that is to be written.")],
    word: Annotated[str | None, typer.Option("--secret", help=f"The package's secret: {PERSONAL}")] = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Write a package into a file, once: then it is no more."""
    given = Secret(secret(word, asks_for="secret"))

    async def work() -> bytes:
        async with _opened(config) as (desk, found):
            desks = await rights_desk(desk)
            return await packages(desks.on, desk.sealer, COMMAND_LINE).take((await found.find(case)).id, given)

    with new_file(file) as package:
        octets = run(work())
        package.write(octets)
    show({"file": str(file), "octets": len(octets)}, json)


def _do(case: str, step: Callable[[Cases], Awaitable[Case]], config: Config, json: bool) -> None:
    async def work() -> dict[str, object]:
        async with _opened(config) as (desk, found):
            return _row(await step(found), desk.clock.now_ms())

    show(run(work()), json)


def _row(case: Case, now_ms: int) -> dict[str, object]:
    of = case.of
    return {
        "case": case.id,
        "kind": of.kind.value,
        "state": of.state.value,
        "due_at": rfc3339(of.due_ms),
        "overdue": case.is_overdue(now_ms),
        "customer": of.customer,
        "channel": of.channel.value,
        "received_at": rfc3339(of.received_ms),
        "opened_at": rfc3339(of.opened_ms),
        "proof": None if of.proof is None else of.proof.value,
        "extended_because": None if of.delay is None else of.delay.value,
        "refused_because": None if of.refusal is None else of.refusal.value,
        "duplicate_of": of.duplicate_of,
        "messages": of.messages,
        "held": of.held,
        "certificates": of.certificates,
        "ended_at": rfc3339_or_none(of.ended_ms or None),
        "decisions": [f"{each.step.value} {rfc3339(each.at_ms)} {each.by}" for each in of.decisions],
    }
