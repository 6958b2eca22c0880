"""`connect-gateway clock`: whether the system's clock goes as it should, and that it does where it was set by hand."""

import contextlib
import os
from collections.abc import AsyncIterator
from pathlib import Path

import typer

from config.loader import load
from gateway.audit.actor import COMMAND_LINE
from gateway.audit.acts import Act
from gateway.audit.log import AuditLog
from gateway.cli.output import Config, Json, run, show
from gateway.ledger.opening import desk_ledger
from gateway.model.times import rfc3339
from gateway.process.clock import SystemClock
from gateway.process.hardening import forbid_core_dumps
from gateway.retention.clock_watch import ClockWatch

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Whether the system's clock goes as it should.")


@app.command()
def status(config: Config = None, json: Json = False) -> None:
    """The system's time beside the one that the gateway goes by, and how far they are apart."""

    async def work() -> dict[str, object]:
        async with _watching(config) as (clock, watch, _):
            return _status(clock, watch)

    show(run(work()), json)


@app.command()
def confirm(config: Config = None, json: Json = False) -> None:
    """The system's time is right: go by it from now on. Nodes whose clock says the same do so within seconds."""

    async def work() -> dict[str, object]:
        async with _watching(config) as (clock, watch, audit):
            before = _status(clock, watch)
            async with audit.around(Act.CLOCK_CONFIRM, numbers={"away_ms": abs(watch.guard.jump_ms)}):
                await watch.confirm()
            return {**_status(clock, watch), "was": before["gateway"]}

    show(run(work()), json)


@contextlib.asynccontextmanager
async def _watching(config: Path | None) -> AsyncIterator[tuple[SystemClock, ClockWatch, AuditLog]]:
    """On the ledger alone: this opens nothing that is sealed, and destroys nothing."""
    forbid_core_dumps()
    clock = SystemClock()
    ledger = desk_ledger(load(config, os.environ).ledger, clock, alone=False)
    await ledger.open(create=False)
    try:
        watch = ClockWatch(clock, ledger.marks)
        await watch.begin()
        yield clock, watch, AuditLog(ledger.acts, clock, COMMAND_LINE)
    finally:
        await ledger.close()


def _status(clock: SystemClock, watch: ClockWatch) -> dict[str, object]:
    return {
        "system": rfc3339(clock.wall_ms()),
        "gateway": rfc3339(clock.now_ms()),
        "sound": clock.is_sound,
        "away_s": watch.guard.jump_ms / 1000,
    }
