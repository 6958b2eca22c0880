"""What the verbs of desired state share: their options, the desk they work at, and waiting until it is applied."""

import asyncio
import contextlib
import enum
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Annotated, Final

import typer

from gateway.audit.actor import COMMAND_LINE
from gateway.cli.output import Failed, personal
from gateway.cli.session import open_desk
from gateway.control.desk import Control, Hand
from gateway.control.wanted import W, Wanted
from gateway.keystore.platform_key import ensure_platform
from gateway.model.times import rfc3339, rfc3339_or_none
from redaction.errors import SealError
from redaction.personal import MessageText, Purpose

Reason = Annotated[
    str | None,
    typer.Option(help="Why, up to 200 characters; sealed. - reads a line, @FILE a file; without it you are asked."),
]
IfVersion = Annotated[
    int | None, typer.Option(min=0, help="Only over this version of what is wanted; 0 where nothing was ever set.")
]
Wait = Annotated[bool, typer.Option("--wait", help="Return once every process that is there has applied it.")]


class Turn(enum.StrEnum):
    ON = "on"
    OFF = "off"


WAIT_S: Final = 10.0
LOOK_S: Final = 0.1


def hand(reason: str | None, read: int | None) -> Hand:
    return Hand(actor=COMMAND_LINE, reason=MessageText(personal(reason, asks_for="reason")), read=read)


@contextlib.asynccontextmanager
async def open_control(config: Path | None) -> AsyncIterator[Control]:
    async with open_desk(config) as desk:
        yield Control(
            desk.ledger.acts,
            desk.clock,
            sealer=desk.sealer,
            ensure_key=partial(ensure_platform, desk.keystore, desk.clock),
            operators=[each.name for each in desk.settings.operators],
        )


async def steer(
    config: Path | None, verb: Callable[[Control], Awaitable[Wanted[W]]], *, wait: bool, node: str | None = None
) -> dict[str, object]:
    """Do a verb; what is wanted from then on. node: of whose processes it is alone. Raises Failed."""
    async with open_control(config) as control:
        wanted = await verb(control)
        if wait:
            await _until_applied(control, wanted.what, wanted.version, node)
    return shown(wanted)


def shown(wanted: Wanted[W]) -> dict[str, object]:
    """What is wanted, without why."""
    said = wanted.said
    by = None if said is None else f"{said.by.kind.value} {said.by.id}".rstrip()
    fields: dict[str, object] = {name: getattr(wanted.value, name) for name in wanted.value.__struct_fields__}
    if "throughput_until_ms" in fields:
        until_ms = fields.pop("throughput_until_ms")
        fields["throughput_until"] = rfc3339(until_ms) if isinstance(until_ms, int) else None
    at = rfc3339_or_none(None if said is None else said.at_ms)
    return {"what": wanted.what, **fields, "version": wanted.version, "by": by, "at": at}


def why(control: Control, wanted: Wanted[W]) -> str | None:
    """The reason; None where none was given, or it cannot be opened any more."""
    try:
        reason = control.reason(wanted, Purpose.SECURITY)
    except SealError:
        return None
    return None if reason is None else reason.reveal(Purpose.SECURITY)


async def _until_applied(control: Control, what: str, version: int, node: str | None) -> None:
    try:
        async with asyncio.timeout(WAIT_S):
            while await _lagging(control, what, version, node):  # noqa: ASYNC110
                await asyncio.sleep(LOOK_S)  # other processes say it in the ledger
    except TimeoutError:
        names = ", ".join(await _lagging(control, what, version, node))
        raise Failed(f"it is set, and not applied yet by {names}", "not_applied") from None


async def _lagging(control: Control, what: str, version: int, node: str | None) -> list[str]:
    return [
        f"{each.node}/{each.worker}"
        for each in await control.reports()
        if node in (None, each.node) and each.applied.get(what, 0) < version
    ]
