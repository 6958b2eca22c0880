"""`connect-gateway message`: what became of a message, in words. Its text is never shown."""

from collections.abc import Callable
from typing import Annotated

import msgspec
import typer

from gateway.audit.actor import COMMAND_LINE
from gateway.audit.acts import Act
from gateway.cli.amounts import moment
from gateway.cli.output import Config, Failed, Json, note, personal, run, show
from gateway.cli.rights import erasure_row, rights_desk
from gateway.cli.session import Desk, find_customer, open_desk
from gateway.http_api.admin.finding import USUAL_MS, Found, Sought, by_reference
from gateway.http_api.admin.timeline import message_view
from gateway.http_api.admin.views import AdminMessageView
from gateway.model.identifiers import parse_message_id
from gateway.model.message import Message
from gateway.model.refusals import Refusal
from gateway.model.times import rfc3339
from gateway.retention.masks import Masks
from gateway.retention.policies import RetentionPolicies
from gateway.vault.vault import Vault
from redaction.errors import SealError
from redaction.personal import Purpose

app = typer.Typer(no_args_is_help=True, add_completion=False, help="What became of messages.")


@app.command("show")
def show_(
    message: Annotated[str, typer.Argument(help="The message's id.")], config: Config = None, json: Json = False
) -> None:
    """What happened to a message, step by step, and what its codes mean."""

    async def work() -> AdminMessageView:
        async with open_desk(config) as desk:
            identifier = parse_message_id(message)
            (found,) = await desk.ledger.messages.find_many([identifier or bytes(16)])
            if found is None:
                raise Failed("no message has this id", "unknown_message")
            mask = _masks(desk, _vault(desk))
            return message_view(found, mask.of(found), await _public_id(desk, found.customer))

    view = run(work())
    if json:
        show(_shown(view), True)
        return
    fields = {name: value for name, value in _shown(view).items() if name != "timeline"}
    show(fields, False)
    show(_steps(view), False)


@app.command("find")
def find(
    customer: Annotated[str, typer.Argument(help="Customer id.")],
    reference: Annotated[
        str | None,
        typer.Option(help="The customer's own reference; - reads a line, @FILE a file; default: it is asked for."),
    ] = None,
    since: Annotated[str | None, typer.Option(help="A time with its zone (RFC 3339); default 7 days ago.")] = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """A customer's messages by the customer's own reference. Every search is in the audit log."""
    wanted = personal(reference, asks_for="reference")

    async def work() -> list[dict[str, object]]:
        async with open_desk(config) as desk:
            owner = await find_customer(desk, customer)
            now_ms = desk.clock.now_ms()
            since_ms = now_ms - USUAL_MS if since is None else moment(since, option="--since")
            vault = _vault(desk)

            def reveal(message: Message) -> str | None:
                try:
                    opened = vault.open_private(message).reference
                except SealError:
                    return None
                return None if opened is None else opened.reveal(Purpose.INFORM_CUSTOMER)

            sought = Sought(customer=owner.id, reference=wanted, since_ms=max(0, since_ms))
            found = await _searched(desk, sought, reveal)
            await desk.audit.write(
                Act.MESSAGE_FIND, owner.public_id, what="reference", numbers={"found": len(found.messages)}
            )
            if found.cursor is not None:
                note(f"all were looked at since {rfc3339(found.since_ms)}; say --since for fewer")
            masks = _masks(desk, vault)
            return [_row(message_view(each, masks.of(each), owner.public_id)) for each in found.messages]

    show(run(work()), json)


@app.command("erase")
def erase(
    message: Annotated[str, typer.Argument(help="The message's id.")], config: Config = None, json: Json = False
) -> None:
    """Erase a message: the key of its content in every copy, then its record."""

    async def work() -> dict[str, object]:
        async with open_desk(config) as desk:
            (found,) = await desk.ledger.messages.find_many([parse_message_id(message) or bytes(16)])
            if found is None:
                raise Failed("no message has this id", "unknown_message")
            desks = await rights_desk(desk)
            try:
                done = await desks.desk.erase_message(COMMAND_LINE, found)
            except Refusal as refused:
                raise Failed(refused.kind.title, "others_wait") from None
            return erasure_row(desks, done)

    show(run(work()), json)


def _vault(desk: Desk) -> Vault:
    return Vault(desk.sealer, desk.rules, desk.clock.now_ms, desk.ledger.formats)


def _masks(desk: Desk, vault: Vault) -> Masks:
    return Masks(vault, RetentionPolicies(desk.rules), desk.clock.now_ms)


async def _searched(desk: Desk, sought: Sought, reveal: Callable[[Message], str | None]) -> Found:
    """Nobody else waits for this process: one search after the other, until one has found as many as are shown."""
    while True:
        found = await by_reference(desk.ledger.messages, sought, reveal, desk.clock.monotonic)
        if found.cursor is None or found.messages:
            return found
        sought = msgspec.structs.replace(sought, cursor=found.cursor)


async def _public_id(desk: Desk, number: int) -> str:
    return next((each.public_id for each in await desk.accounts.customers() if each.id == number), str(number))


def _row(view: AdminMessageView) -> dict[str, object]:
    last = view.timeline[-1]
    return {
        "id": view.id,
        "status": view.status,
        "to": view.to,
        "operator": view.operator,
        "error": view.error,
        "cause": last.cause,
    }


def _shown(view: AdminMessageView) -> dict[str, object]:
    return {
        "id": view.id,
        "customer": view.customer,
        "status": view.status,
        "to": view.to,
        "class": view.message_class,
        "segments": view.segments,
        "operator": view.operator,
        "attempts": view.attempts,
        "error": view.error,
        "expires_at": view.expires_at,
        "content_until": view.content_until,
        "record_until": view.record_until,
        "timeline": _steps(view),
    }


def _steps(view: AdminMessageView) -> list[dict[str, object]]:
    names = ("at", "what", "operator", "code", "cause", "cure")
    return [{name: getattr(step, name) for name in names} for step in view.timeline]
