"""`connect-gateway begin-anew`: a new installation in the place of one that cannot be opened any more."""

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from config.loader import load
from config.settings import Settings
from gateway.audit.actor import COMMAND_LINE
from gateway.audit.log import AuditLog
from gateway.cli.output import Config, Failed, Json, note, run, show
from gateway.cli.session import write_beginning
from gateway.keystore.aside import put_aside
from gateway.keystore.installation import KeysMissing, LedgerMissing, Opened, StoresDiffer, open_together, shown
from gateway.keystore.opening import keystore as keystore_of
from gateway.keystore.root_slot import KeystoreLost
from gateway.ledger.contract import LedgerLocked, NothingThere
from gateway.ledger.file_lock import NodeLock
from gateway.ledger.opening import desk_ledger
from gateway.process.clock import SystemClock
from gateway.process.hardening import forbid_core_dumps

app = typer.Typer(add_completion=False)


@app.command("begin-anew")
def begin_anew(
    confirm: Annotated[
        bool, typer.Option("--confirm", help="Do it; without this it only says what would be put aside.")
    ] = False,
    config: Config = None,
    json: Json = False,
) -> None:
    """Begin a new installation where ledger, key store or root was lost, with all nodes stopped.

    What is left of the old one is put aside under another name, and nothing of it is deleted.
    """
    forbid_core_dumps()
    settings = load(config, os.environ)
    show(run(_begin_anew(settings, confirm)), json)


async def _begin_anew(settings: Settings, confirm: bool) -> dict[str, object]:
    lock = _alone(settings)
    try:
        reason = await _what_is_lost(settings)
        files = [each for each in _files(settings) if each.exists()]
        await _check_servers(settings)
        if files and not confirm:
            names = ", ".join(map(str, files))
            raise Failed(f"{reason}. This would put aside {names}: say --confirm to do it", "not_confirmed")
        aside = put_aside(files, time.strftime("%Y%m%dT%H%M%SZ", time.gmtime()))
    finally:
        lock.let_go()
    opened = await _opened(settings, may_begin=True)
    if aside:
        note("what was put aside opens as long as its keys are there: destroy it when you do not need it any more")
    return {"installation": shown(opened.installation), "put_aside": list(map(str, aside))}


def _alone(settings: Settings) -> NodeLock:
    """Held, where a node of this place would hold it. Raises Failed."""
    lock = NodeLock(Path(settings.ledger.path))
    if settings.ledger.engine == "sqlite" and Path(settings.ledger.path).parent.exists():
        try:
            lock.take()
        except LedgerLocked:
            raise Failed("a running gateway owns this ledger; stop it first", "node_running") from None
    return lock


async def _what_is_lost(settings: Settings) -> str:
    """What hinders a start. Raises Failed when nothing does."""
    try:
        await _opened(settings, may_begin=False, beside=True)
    except NothingThere as nothing:
        return str(nothing)
    except (KeysMissing, LedgerMissing, StoresDiffer, KeystoreLost) as lost:
        return str(lost)
    raise Failed("ledger and key store belong together: there is nothing to begin anew", "nothing_lost")


async def _opened(settings: Settings, *, may_begin: bool, beside: bool = False) -> Opened:
    """And closed again. beside: another process holds the node's lock."""
    clock = SystemClock()
    keystore = keystore_of(settings.keystore, clock, node=False)
    ledger = desk_ledger(settings.ledger, clock, alone=not beside)
    opened = await open_together(keystore, ledger, may_begin=may_begin, random=clock.random)
    try:
        await write_beginning(AuditLog(ledger.acts, clock, COMMAND_LINE), opened)
    finally:
        keystore.close()
        await ledger.close()
    return opened


def _files(settings: Settings) -> Iterator[Path]:
    keystore, root = settings.keystore, settings.keystore.root
    if settings.ledger.engine == "sqlite":
        yield Path(settings.ledger.path)
    if keystore.engine == "file":
        yield Path(keystore.path)
    if root.kind == "file" or (root.kind == "transit" and keystore.engine == "file"):
        yield Path(root.path)


async def _check_servers(settings: Settings) -> None:
    """What lies on a server is neither renamed nor deleted from here. Raises Failed."""
    taken: list[str] = []
    ledger = desk_ledger(settings.ledger, SystemClock(), alone=False)
    if settings.ledger.engine == "redis" and (await ledger.look()).is_there:
        taken.append("ledger.redis.prefix")
    if settings.keystore.engine == "redis" and _has_keys(settings):
        taken.append("keystore.redis.prefix")
    if taken:
        names = " and ".join(taken)
        raise Failed(f"what is left lies on a server, and stays there: give {names} another value", "place_taken")


def _has_keys(settings: Settings) -> bool:
    try:
        return keystore_of(settings.keystore, SystemClock(), node=False).look().is_there
    except KeystoreLost:  # of a root that is none; the keys under it are not looked for
        return True
