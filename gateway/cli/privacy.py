"""`connect-gateway privacy`: what shows that the promises to people are kept, and the records that the law asks for."""

import enum
from collections.abc import Sequence
from typing import Annotated

import msgspec
import typer

from gateway.cli.output import Config, Json, run, show
from gateway.cli.privacy_seen import facts_of, recipients_of, sources_of
from gateway.cli.session import open_desk
from gateway.tools.evidence import Row, State, report
from gateway.transparency.record import Activity, activities
from gateway.transparency.record_words import Lang
from gateway.transparency.transfers import Recipient

app = typer.Typer(no_args_is_help=True, add_completion=False, help="What shows that the promises to people are kept.")

Strict = Annotated[bool, typer.Option("--strict", help="Fail for promises that this version lacks something of, too.")]


class Format(enum.StrEnum):
    CSV = "csv"
    JSON = "json"
    HTML = "html"


class Language(enum.StrEnum):
    EN = "en"
    AR = "ar"


@app.command("report")
def report_(strict: Strict = False, config: Config = None, json: Json = False) -> None:
    """Every promise, and what shows it in this installation as it runs. Exit code 1 where one is not kept.

    pass, fail: by a look at settings, stores, keys and log. test: none can
    tell, and the test that is named shows it. open: this version lacks
    something of it, which is said. Also beside a running gateway.
    """

    async def work() -> list[Row]:
        async with open_desk(config) as desk:
            return report(await facts_of(desk))

    rows = run(work())
    show([_shown(each, json) for each in rows], json)
    bad = (State.FAILED, State.OPEN) if strict else (State.FAILED,)
    if any(each.state in bad for each in rows):
        raise SystemExit(1)


@app.command()
def ropa(
    format_: Annotated[Format, typer.Option("--format", help="csv, json or html.")] = Format.CSV,
    lang: Annotated[Language, typer.Option(help="en or ar.")] = Language.EN,
    config: Config = None,
) -> None:
    """The record of processing activities, from inventory, settings, usage and rules. What nobody said is `unknown`."""
    words: Lang = "ar" if lang is Language.AR else "en"

    async def work() -> list[Activity]:
        async with open_desk(config) as desk:
            return activities(await sources_of(desk), words)

    print(_written(run(work()), format_, words), end="")  # noqa: T201  a file, for whoever keeps it


@app.command()
def transfers(config: Config = None, json: Json = False) -> None:
    """Who is given personal data, by country, with safeguard and counts. Exit code 1 where one of them is not known.

    Counts are of the last 396 days, by operator.
    """

    async def work() -> Sequence[Recipient]:
        async with open_desk(config) as desk:
            return await recipients_of(desk)

    rows = sorted(run(work()), key=lambda each: (each.country, each.kind, each.name))
    show([_recipient(each, json) for each in rows], json, spare=("contract", "risk assessment", "method"))
    if any(each.is_sound is False for each in rows):
        raise SystemExit(1)


def _written(found: list[Activity], form: Format, lang: Lang) -> str:
    from gateway.transparency.record_page import page, table  # not for the other verbs

    if form is Format.JSON:
        return msgspec.json.encode(found).decode() + "\n"
    return page(found, lang) if form is Format.HTML else table(found, lang)


def _recipient(each: Recipient, as_json: bool) -> dict[str, object]:
    if as_json:
        said: dict[str, object] = msgspec.to_builtins(each)
        return said
    given = each.given
    return {
        "country": each.country,
        "kind": each.kind,
        "name": each.name,
        "safeguard": each.safeguard,
        "transfer record": each.transfer_record,
        "risk assessment": each.risk_assessment,
        "contract": each.contract,
        "method": each.method,
        "given": "" if given is None else f"{given.messages} messages, {given.first} to {given.last}",
    }


def _shown(row: Row, as_json: bool) -> dict[str, object]:
    common = {"id": row.id, "promise": row.promise, "state": row.state.value}
    if as_json:
        return {**common, "seen": row.seen, "lacks": row.lacks, "shown_by": row.shown_by}
    tests = "" if row.state is State.PASSED else ", ".join(row.shown_by)
    return {**common, "what shows it": "; ".join(filter(None, (row.lacks, row.seen, tests)))}
