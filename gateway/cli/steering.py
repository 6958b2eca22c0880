"""What the verbs of desired state share: their options, the desk they work at, and waiting until it is applied."""

import asyncio
import contextlib
import enum
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Annotated, Final

import msgspec
import typer

from gateway.audit.actor import COMMAND_LINE
from gateway.cli.output import Failed, personal, run, show
from gateway.cli.session import open_desk
from gateway.control.desk import Control, Hand
from gateway.control.wanted import Switch, W, Wanted
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


class Options(msgspec.Struct, frozen=True):
    """Of every verb, as they were given."""

    reason: str | None
    if_version: int | None
    wait: bool
    config: Path | None
    json: bool

    def __repr__(self) -> str:
        return "Options(•••)"


def carry_out(
    verb: Callable[[Control, Hand], Awaitable[Wanted[W]]], options: Options, *, node: str | None = None
) -> None:
    """Ask why, do it, and show what is wanted from then on. node: of whose processes it is alone. Raises Failed."""
    reason = MessageText(personal(options.reason, asks_for="reason"))
    by = Hand(actor=COMMAND_LINE, reason=reason, read=options.if_version)

    async def work() -> dict[str, object]:
        async with open_control(options.config) as control:
            wanted = await verb(control, by)
            if options.wait:
                await _until_applied(control, wanted.what, wanted.version, node)
        return shown(wanted)

    show(run(work()), options.json)


def switch(
    read: Callable[[Control], Awaitable[Wanted[Switch]]],
    turned: Callable[[Control, Hand, bool], Awaitable[Wanted[Switch]]],
    turn: Turn | None,
    options: Options,
) -> None:
    """Turn something on or off for all nodes; without a turn, show how it stands and why."""

    async def standing() -> dict[str, object]:
        async with open_control(options.config) as control:
            wanted = await read(control)
            return {**shown(wanted), "reason": why(control, wanted)}

    if turn is None:
        show(run(standing()), options.json)
    else:
        carry_out(lambda control, by: turned(control, by, turn is Turn.ON), options)


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
        reason = control.book.reason(wanted, Purpose.SECURITY)
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
