"""`connect-gateway consent`: what people permitted, with its proof. A person is named by its number, never kept."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final

import typer
from click import open_file

from gateway.accept.validation import parse_time
from gateway.audit.actor import COMMAND_LINE
from gateway.audit.acts import Act
from gateway.audit.entries import known
from gateway.cli.output import Config, Failed, Json, personal, run, show
from gateway.cli.session import Desk, find_customer, open_desk
from gateway.consent.desk import ConsentDesk, Of
from gateway.consent.importing import AHEAD_MS, Imported, Read, Reading, take_in
from gateway.consent.purposes import PURPOSES, is_option, option_key
from gateway.consent.rows import Consent, Means, Proof
from gateway.consent.views import consent_view
from gateway.consent.wordings import Wording, Wordings, named, shown
from gateway.keystore.permission_keys import PermissionKeys
from gateway.model.numbers import parse_number
from gateway.model.times import rfc3339
from redaction.personal import Msisdn

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Consents: what people permitted, and its proof.")

Customer = Annotated[str, typer.Argument(help="Customer id.")]
Number = Annotated[
    str | None,
    typer.Argument(help="The person's number. - reads a line, @FILE a file; without it you are asked."),
]
Purpose = Annotated[str, typer.Option(help="promotional or awareness.")]
Option = Annotated[str, typer.Option(help="A sender of the customer's, to whose messages it is limited.")]
MEANS: Final = ", ".join(Means)
DRY_RUN_HELP: Final = "Read everything, store nothing."


@app.command("add")
def add(
    customer: Customer,
    number: Number = None,
    purpose: Purpose = PURPOSES[0],
    option: Option = "",
    means: Annotated[str, typer.Option(help=f"How it was given: {MEANS}.")] = Means.WEB.value,
    given_at: Annotated[str | None, typer.Option(help="When, RFC 3339; now by default.")] = None,
    wording: Annotated[str, typer.Option(help="What was agreed to: name, name:version or id of a wording.")] = "",
    prior: Annotated[bool, typer.Option(help="There was prior interaction with the person.")] = False,
    config: Config = None,
    json: Json = False,
) -> None:
    """Write down that somebody consents; what that covers and was stopped before is permitted again."""

    async def work() -> dict[str, object]:
        async with open_desk(config) as desk:
            of, person = await of_customer(desk, customer), number_of(desk, number)
            now_ms = desk.clock.now_ms()
            proof = Proof(
                given_ms=given_ms_of(given_at, now_ms),
                means=Means(one_of(means, tuple(Means), "--means")),
                wording=await wording_of(desk, of, wording),
                prior=prior,
            )
            consent = Consent(
                purpose=one_of(purpose, PURPOSES, "--purpose"), option=checked_option(option), proof=proof
            )
            changed = await consent_desk(desk).give(of, person, consent)
            return {"customer": of.public_id, "purpose": purpose, "changed": changed}

    show(run(work()), json)


@app.command("withdraw")
def withdraw(
    customer: Customer,
    number: Number = None,
    purpose: Annotated[str, typer.Option(help="promotional or awareness; all without it.")] = "",
    option: Option = "",
    means: Annotated[str, typer.Option(help=f"How it was withdrawn: {MEANS}.")] = Means.WEB.value,
    config: Config = None,
    json: Json = False,
) -> None:
    """Write down that somebody withdraws; every node holds to it within a second."""

    async def work() -> dict[str, object]:
        async with open_desk(config) as desk:
            of, person = await of_customer(desk, customer), number_of(desk, number)
            purposes = PURPOSES if not purpose else (one_of(purpose, PURPOSES, "--purpose"),)
            rows = await consent_desk(desk).withdraw(
                of,
                person,
                Means(one_of(means, tuple(Means), "--means")),
                purpose=purposes[0] if purpose else "",
                option=checked_option(option),
            )
            return {"customer": of.public_id, "purposes": list(purposes), "changed": rows}

    show(run(work()), json)


@app.command("import")
def import_(
    customer: Customer,
    file: Annotated[Path, typer.Argument(help="CSV: number,purpose,time,means,wording and an option; - reads on.")],
    dry_run: Annotated[bool, typer.Option(help=DRY_RUN_HELP)] = False,
    config: Config = None,
    json: Json = False,
) -> None:
    """Take consents in from a file, as often as one likes. Bad lines are left out, and named by number and reason."""
    show(run(imported(customer, file, config, dry_run=dry_run, what="consents")), json)


@app.command("export")
def export(customer: Customer, number: Number = None, config: Config = None, json: Json = True) -> None:
    """The proof of what one person permitted, as JSON, with the wordings; for whoever has its number."""

    async def work() -> dict[str, object]:
        async with open_desk(config) as desk:
            of = await of_customer(desk, customer)
            standing = await consent_desk(desk).show(of, number_of(desk, number))
            wordings = await Wordings(desk.ledger.acts, desk.clock, COMMAND_LINE).of(of.id)
            return {"customer": of.public_id, **consent_view(standing, wordings)}

    show(run(work()), json)


@app.command("show")
def show_(customer: Customer, number: Number = None, config: Config = None, json: Json = False) -> None:
    """What one person permitted and withdrew."""

    async def work() -> list[dict[str, object]]:
        async with open_desk(config) as desk:
            standing = await consent_desk(desk).show(await of_customer(desk, customer), number_of(desk, number))
            return [
                {
                    "purpose": each.purpose,
                    "option": each.option,
                    "state": "given" if each.is_given else "withdrawn",
                    "at": rfc3339(each.proof.withdrawn_ms or each.proof.given_ms),
                    "means": each.proof.means.value if each.is_given else each.proof.withdrawn_by,
                    "wording": shown(each.proof.wording),
                }
                for each in standing.consents
            ]

    show(run(work()), json)


@app.command("wording")
def wording(
    customer: Customer,
    name: Annotated[str, typer.Option(help="What the customer calls it; without it all wordings are listed.")] = "",
    version: Annotated[str, typer.Option(help="Of the wording.")] = "",
    arabic: Annotated[str, typer.Option(help="The text in Arabic. - reads a line, @FILE a file.")] = "",
    english: Annotated[str, typer.Option(help="The text in English. - reads a line, @FILE a file.")] = "",
    config: Config = None,
    json: Json = False,
) -> None:
    """Store a text that people agree to, once; or list those that there are."""
    texts = [personal(each, asks_for="text") if each else "" for each in (arabic, english)]
    if name and not any(texts):
        raise Failed("a wording has a text, --arabic or --english", "invalid_value")

    async def work() -> list[dict[str, object]]:
        async with open_desk(config) as desk:
            of, kept = await of_customer(desk, customer), Wordings(desk.ledger.acts, desk.clock, COMMAND_LINE)
            if name:
                said = Wording(customer=of.id, name=name, version=version, arabic=texts[0], english=texts[1])
                await kept.add(of, said)
            return [
                {
                    "wording": shown(digest),
                    "name": each.name,
                    "version": each.version,
                    "arabic": bool(each.arabic),
                    "english": bool(each.english),
                    "since": rfc3339(each.created_ms),
                }
                for digest, each in (await kept.of(of.id)).items()
                if name in ("", each.name)
            ]

    show(run(work()), json)


# ------------------------------------------------------------------------------------------- shared with suppressions


def consent_desk(desk: Desk) -> ConsentDesk:
    return ConsentDesk(desk.ledger.permissions, PermissionKeys(desk.keyring).tokens, desk.clock, COMMAND_LINE)


async def of_customer(desk: Desk, customer: str) -> Of:
    found = await find_customer(desk, customer)
    return Of(found.id, found.public_id)


def number_of(desk: Desk, written: str | None) -> Msisdn:
    """Raises Failed."""
    found = parse_number(personal(written, asks_for="number"), desk.settings.messages.default_region)
    if found is None:
        raise Failed("this is no phone number", "invalid_number")
    return found


def one_of(written: str, allowed: tuple[str, ...], option: str) -> str:
    """Raises Failed."""
    if written not in allowed:
        raise Failed(f"{option} is one of {', '.join(allowed)}", "invalid_value")
    return written


def checked_option(written: str) -> str:
    """Raises Failed."""
    if not is_option(written):
        raise Failed("an option has up to 32 characters that can be printed", "invalid_value")
    return option_key(written)


async def imported(customer: str, file: Path, config: Path | None, *, dry_run: bool, what: str) -> dict[str, object]:
    """what: `consents` or `suppressions`."""
    async with open_desk(config) as desk:
        of = await of_customer(desk, customer)
        reading = Reading(
            of=of,
            tokens=PermissionKeys(desk.keyring).tokens,
            region=desk.settings.messages.default_region,
            now_ms=desk.clock.now_ms(),
            wordings=await Wordings(desk.ledger.acts, desk.clock, COMMAND_LINE).of(of.id),
            file=desk.clock.random(8),
        )
        read: Mapping[str, Read] = {"consents": reading.consents, "suppressions": reading.suppressions}
        if dry_run:
            return _report(await _take_in(desk, file, read[what], dry_run=True))
        obj = known("cus", of.public_id)
        async with desk.audit.around(Act.CONSENT_IMPORT, obj, what=what) as outcome:
            done = await _take_in(desk, file, read[what], dry_run=False)
            refused = sum(done.refused.values())
            outcome.say(numbers={"lines": done.lines, "taken": done.taken, "refused": refused})
        return _report(done)


async def _take_in(desk: Desk, file: Path, read: Read, *, dry_run: bool) -> Imported:
    async def turn() -> None:
        await asyncio.sleep(0)

    try:
        with open_file(str(file), encoding="utf-8", errors="replace") as lines:
            return await take_in(lines, read, desk.ledger.permissions, dry_run=dry_run, turn=turn)
    except OSError as error:
        raise Failed(f"the file cannot be read: {error.strerror}", "invalid_value") from None


def _report(done: Imported) -> dict[str, object]:
    return {
        "lines": done.lines,
        "taken": done.taken,
        "known": done.known,
        "refused": dict(done.refused),
        "bad_lines": [f"{each.line}: {each.reason}" for each in done.bad],
    }


def given_ms_of(written: str | None, now_ms: int) -> int:
    if written is None:
        return now_ms
    found = parse_time(written)
    if found is None or not 0 < found <= now_ms + AHEAD_MS:
        raise Failed("--given-at is a moment that is past, as RFC 3339 with an offset", "invalid_value")
    return found


async def wording_of(desk: Desk, of: Of, written: str) -> bytes:
    if not written:
        return b""
    found = named(await Wordings(desk.ledger.acts, desk.clock, COMMAND_LINE).of(of.id), written)
    if found is None:
        raise Failed("the customer has no such wording, or several: see `consent wording`", "invalid_value")
    return found
