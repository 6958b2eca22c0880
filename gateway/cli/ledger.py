"""`connect-gateway ledger`: the ledger as a whole: the format of what it stores, and copies to another engine."""

import enum
import os
import time
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.status import Status

from config.loader import load
from config.settings import LedgerSettings
from gateway.audit.actor import COMMAND_LINE
from gateway.audit.acts import Act
from gateway.audit.log import AuditLog
from gateway.cli.output import Config, Failed, Json, run, show
from gateway.cli.restored import accept
from gateway.keystore.installation import LedgerOlder
from gateway.ledger.contract import LedgerFormat, LedgerLocked, LedgerUnavailable
from gateway.ledger.opening import desk_ledger
from gateway.ledger.roles import Ledger
from gateway.ledger.sqlite.backup import back_up
from gateway.process.clock import SystemClock
from gateway.process.hardening import forbid_core_dumps
from gateway.process.logs import logger
from gateway.tools.ledger_copy import Copied, copy_ledger

log = logger("gateway.ledger")

app = typer.Typer(no_args_is_help=True, add_completion=False, help="The ledger as a whole.")


@app.callback()
def _group() -> None:
    """The ledger as a whole."""


class Action(enum.StrEnum):
    RAISE = "raise"


@app.command("format")
def show_format(
    action: Annotated[Action | None, typer.Argument(help="`raise`: write the newest format from now on.")] = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Which format of records is written, and what this version and the nodes that are alive read."""
    forbid_core_dumps()
    settings, clock = load(config, os.environ).ledger, SystemClock()

    async def work() -> LedgerFormat:
        ledger = desk_ledger(settings, clock, alone=False)
        await ledger.open(create=False)
        try:
            if action is None:
                return await ledger.formats.state()
            audit = AuditLog(ledger.acts, clock, COMMAND_LINE)
            async with audit.around(Act.LEDGER_FORMAT) as outcome:
                raised = await ledger.formats.raise_to_newest()
                outcome.say(numbers={"after": raised.written})
            return raised
        finally:
            await ledger.close()

    found = run(work())
    nodes = {each.node: each.reads for each in found.nodes}
    shown = nodes if json else [f"{node} up to {reads}" for node, reads in nodes.items()]
    reads = {"oldest": found.oldest, "newest": found.newest}
    show({"written": found.written, **reads, "nodes": shown}, json)


@app.command("accept-restore")
def accept_restore(config: Config = None, json: Json = False) -> None:
    """The ledger is older than the key store, because a copy was brought back, and is to be used as it is."""
    accept(LedgerOlder, config, json=json)


@app.command()
def backup(
    path: Annotated[Path, typer.Argument(help="File to write; the one that is there is replaced.")],
    every: Annotated[float | None, typer.Option(min=1, help="Again after so many seconds, until it is ended.")] = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Copy the file of a ledger, also beside a gateway that runs. Never to where keys or the root are."""
    forbid_core_dumps()
    settings = load(config, os.environ)
    if settings.ledger.engine != "sqlite":
        raise Failed("this ledger is on a server: give that a replica", "no_file")
    source = Path(settings.ledger.path)
    for each in (Path(settings.keystore.path), Path(settings.keystore.root.path), source):
        if path.resolve().parent == each.resolve().parent:
            raise Failed("a copy must not lie beside ledger, keys or root", "same_place")
    show({"octets": back_up(source, path)}, json)
    while every is not None:
        time.sleep(every)
        try:
            back_up(source, path)
        except LedgerUnavailable as error:
            log.error("backup_failed", reason=str(error))


@app.command()
def copy(
    source: Annotated[Path, typer.Option("--from", help="Settings of the ledger to read.", exists=True)],
    target: Annotated[Path, typer.Option("--to", help="Settings of the ledger to write.", exists=True)],
    running: Annotated[
        bool, typer.Option("--running", help="Nodes of the source run: copy what is final, and the rest later.")
    ] = False,
    json: Json = False,
) -> None:
    """Copy a ledger to another engine; again as often as needed, the last time with all nodes stopped."""
    forbid_core_dumps()
    clock = SystemClock()
    reading, writing = (load(each, os.environ).ledger for each in (source, target))
    _check(reading, writing)

    async def work() -> Copied:
        old = await _opened(reading, clock, alone=not running, name="source", create=False)
        try:
            await AuditLog(old.acts, clock, COMMAND_LINE).write(Act.LEDGER_COPY, what="begin")
            new = await _opened(writing, clock, alone=True, name="target", create=True)
            try:
                with _progress(json) as status:
                    return await copy_ledger(
                        old, new, clock, source_runs=running, told=lambda copied: status.update(_line(copied))
                    )
            finally:
                await new.close()
        finally:
            await old.close()

    copied = run(work())
    show(msgspec.structs.asdict(copied), json)
    if copied.unreadable:
        raise Failed("some accounts of the source cannot be read, and were not copied", "copy_differs")
    if copied.different or copied.events_missing:
        raise Failed(
            "the target does not have what the source has; was it in use? Begin with an empty one", "copy_differs"
        )


def _check(source: LedgerSettings, target: LedgerSettings) -> None:
    if (source.engine, source.path, source.redis) == (target.engine, target.path, target.redis):
        raise Failed("both settings name the same ledger", "same_place")


async def _opened(settings: LedgerSettings, clock: SystemClock, *, alone: bool, name: str, create: bool) -> Ledger:
    ledger = desk_ledger(settings, clock, alone=alone)
    try:
        await ledger.open(create=create)
    except LedgerLocked:
        raise Failed(
            f"nodes of the {name} run: stop them first, or copy what is final with --running", "node_running"
        ) from None
    return ledger


def _progress(quiet: bool) -> Status:
    """On standard error: standard output is for what was asked."""
    return Status("reading", console=Console(stderr=True, quiet=quiet))


def _line(copied: Copied) -> str:
    return f"{copied.messages:,} messages copied, {copied.present:,} were there, {copied.verified:,} verified"
