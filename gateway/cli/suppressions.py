"""`connect-gateway suppression`: what people stopped. It holds until they opt in again."""

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.consents import DRY_RUN_HELP, Customer, Number, consent_desk, imported, number_of
from gateway.cli.output import Config, Failed, Json, run, show
from gateway.cli.session import Desk, find_customer, open_desk
from gateway.consent.desk import Of
from gateway.consent.purposes import scope_of
from gateway.consent.rows import Source, suppression_from
from gateway.ledger.permissions import PermissionKind
from gateway.model.times import rfc3339

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Suppressions: what people stopped.")

PAGE = 5_000


@app.command("add")
def add(
    customer: Customer,
    number: Number = None,
    scope: Annotated[str, typer.Option(help="all, purpose:promotional, purpose:awareness or sender:NAME.")] = "all",
    config: Config = None,
    json: Json = False,
) -> None:
    """Stop a customer's promotional and awareness messages to somebody; every node holds to it within a second."""

    async def work() -> dict[str, object]:
        async with open_desk(config) as desk:
            of = await _of(desk, customer)
            changed = await consent_desk(desk).suppress(of, number_of(desk, number), _scope(scope), Source.COMMAND)
            return {"customer": of.public_id, "scope": scope, "changed": changed}

    show(run(work()), json)


@app.command("remove")
def remove(
    customer: Customer,
    number: Number = None,
    scope: Annotated[str, typer.Option(help="As of `suppression add`; everything without it.")] = "",
    config: Config = None,
    json: Json = False,
) -> None:
    """Permit again what somebody stopped, because it asked for that."""

    async def work() -> dict[str, object]:
        async with open_desk(config) as desk:
            of = await _of(desk, customer)
            wanted = _scope(scope) if scope else ""
            removed = await consent_desk(desk).permit(of, number_of(desk, number), wanted)
            return {"customer": of.public_id, "removed": removed}

    show(run(work()), json)


@app.command("list")
def list_(customer: Customer, number: Number = "", config: Config = None, json: Json = False) -> None:
    """How many people stopped what, by scope and source; or with a number, what that person stopped."""

    async def work() -> list[dict[str, object]]:
        async with open_desk(config) as desk:
            of = await _of(desk, customer)
            return await _counts(desk, of) if number == "" else await _of_person(desk, of, number)

    show(run(work()), json)


@app.command("import")
def import_(
    customer: Customer,
    file: Annotated[Path, typer.Argument(help="CSV: number and scope; - reads on.")],
    dry_run: Annotated[bool, typer.Option(help=DRY_RUN_HELP)] = False,
    config: Config = None,
    json: Json = False,
) -> None:
    """Take in what people stopped elsewhere, from a file. Bad lines are left out, and named by number and reason."""
    show(run(imported(customer, file, config, dry_run=dry_run, what="suppressions")), json)


async def _of(desk: Desk, customer: str) -> Of:
    found = await find_customer(desk, customer)
    return Of(found.id, found.public_id)


def _scope(written: str) -> str:
    found = scope_of(written)
    if found is None:
        raise Failed("a scope is all, purpose:promotional, purpose:awareness or sender:NAME", "invalid_value")
    return found


async def _of_person(desk: Desk, of: Of, number: str | None) -> list[dict[str, object]]:
    standing = await consent_desk(desk).show(of, number_of(desk, number))
    return [
        {
            "scope": each.scope,
            "source": each.source.value,
            "since": rfc3339(each.since_ms),
            "until": rfc3339(each.until_ms) if each.until_ms else None,
        }
        for each in standing.suppressions
    ]


async def _counts(desk: Desk, of: Of) -> list[dict[str, object]]:
    counts: Counter[tuple[str, str]] = Counter()
    cursor: bytes | None = None
    while True:
        rows, cursor = await desk.ledger.permissions.page(cursor, PAGE)
        for row in rows:
            if row.name.kind is PermissionKind.SUPPRESSION and row.name.customer == of.id:
                counts[row.word, suppression_from(row).source.value] += 1
        if cursor is None:
            break
    return [{"scope": scope, "source": source, "people": count} for (scope, source), count in sorted(counts.items())]
