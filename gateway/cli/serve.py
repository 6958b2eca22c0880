"""`connect-gateway serve`: a node in this process, or the supervisor of several."""

import os
import signal
import socket
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final, NoReturn

import typer

from config.descriptors import TooFew
from config.reading import Source
from config.settings import Settings
from config.share import Share
from config.workers import obstacles, parse_share
from gateway.cli.output import Config, Failed, run
from gateway.limits.buckets import SharedBuckets
from gateway.node.node import Inherited, Origin, serve
from gateway.node.stores import check_stores
from gateway.process.clock import SystemClock
from gateway.process.descriptors import within_limit
from gateway.process.hardening import end_with_parent, forbid_core_dumps
from gateway.process.logs import catch_the_uncaught, configure, logger
from gateway.process.overwriting import overwrite_freed

KILLED_AFTER_S: Final = 5.0
"""Past its deadline, for a worker whose supervisor is gone."""

app = typer.Typer(add_completion=False)


@app.command("serve")
def serve_command(
    workers: Annotated[
        int,
        typer.Option(min=1, max=256, help="Processes that share ports and binds; needs a Redis ledger."),
    ] = 1,
    share: Annotated[str | None, typer.Option(hidden=True, help="Set by the supervisor: 2/4.")] = None,
    descriptors: Annotated[str, typer.Option(hidden=True, help="Set by the supervisor.")] = "",
    machine: Annotated[str | None, typer.Option(hidden=True, help="Set by the supervisor.")] = None,
    supervisor: Annotated[int | None, typer.Option(hidden=True, help="Set by the supervisor: its process.")] = None,
    config: Config = None,
) -> None:
    """Run a gateway node until SIGTERM; then drain and exit 0."""
    if supervisor is not None:
        end_with_parent(signal.SIGTERM, supervisor)  # which may have died while this was loaded
    dumps_are_off = forbid_core_dumps()
    part = None if share is None else parse_share(share)
    source = Source(path=config, share=part)
    reading = source.read()
    settings = reading.own
    if workers > 1:
        _become_supervisor(settings, workers, config)
    configure(settings.log.level, settings.log.format, worker=None if part is None else part.number)
    catch_the_uncaught()
    if not dumps_are_off:
        logger("gateway").warning("core_dumps_possible")
    if not overwrite_freed(may_begin_anew=False):
        logger("gateway").warning("freed_memory_kept")
    if part is not None:
        end_with_parent(signal.SIGTERM, supervisor, killed_after_s=settings.shutdown.deadline_s + KILLED_AFTER_S)
        os.environ.pop("NOTIFY_SOCKET", None)  # the supervisor speaks for all
    try:
        settings = within_limit(settings)
    except TooFew:
        raise Failed(
            "the system allows too few open files for a node; raise the limit", "descriptors_too_few"
        ) from None
    shares = {} if part is None else {each.name: each.part_of(part) for each in reading.said.operators}
    inherited = _inherited(descriptors, machine, part, shares)
    raise SystemExit(run(serve(settings, inherited, Origin(source=source, said=reading.said))))


def _inherited(descriptors: str, machine: str | None, part: Share | None, shares: Mapping[str, float]) -> Inherited:
    """What a supervisor hands down: a socket for metrics, the table of throughput, whose workers share it, and what
    part of each link this one has.
    """
    if not descriptors or part is None:
        return Inherited()
    metrics, table = map(int, descriptors.split(","))
    return Inherited(
        metrics=socket.socket(fileno=metrics),
        buckets=SharedBuckets(table),
        machine=machine,
        worker=part.number,
        shares=shares,
    )


def _become_supervisor(settings: Settings, workers: int, config: Path | None) -> NoReturn:
    """In this process, without what is loaded by now. Raises Failed."""
    for line in obstacles(settings, workers):
        raise Failed(line, "workers_impossible")
    run(check_stores(settings, SystemClock()))  # one line, and not one of each worker
    if config is not None:
        os.environ["CONNECT_GATEWAY_CONFIG"] = str(config)
    os.execv(sys.executable, [sys.executable, "-m", "gateway.workers", str(workers)])  # noqa: S606  ourselves
