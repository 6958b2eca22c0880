"""The supervisor as a process: `python -m gateway.workers COUNT`, with the settings where a node looks for them.

`connect-gateway serve --workers COUNT` becomes this process. Ports that the system is to choose are chosen here, and
held, so that all workers have the same.
"""

import asyncio
import contextlib
import os
import random
import signal
import socket
import sys
import time
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Final

from config.loader import load
from config.settings import Settings
from gateway.limits.buckets import create_table
from gateway.process.early import be_calm
from gateway.process.hardening import forbid_core_dumps
from gateway.process.hosts import random_name
from gateway.process.logs import configure, logger
from gateway.process.notify import READY, STOPPING, notify
from gateway.process.signals import handle
from gateway.process.system_errors import system_code, system_text
from gateway.workers.exchange import Pages
from gateway.workers.supervisor import Supervisor

CONFIG: Final = "CONNECT_GATEWAY_CONFIG"
GATHER_S: Final = 5.0
"""Pause between two looks at the workers' counters, beside those of whoever scrapes."""

log = logger("gateway.workers")


async def supervise(settings: Settings, supervisor: Supervisor, port: int) -> int:
    """Until SIGTERM, or until no worker starts; the exit code."""
    handle(supervisor.stop, partial(supervisor.tell_one, signal.SIGHUP))
    pages = Pages({"/metrics": supervisor.metrics, "/healthz": supervisor.healthy, "/readyz": supervisor.ready})
    shown = await pages.start(settings.metrics.host, settings.metrics.port) if settings.metrics.enabled else None
    beside = [asyncio.ensure_future(_announce(supervisor, port, shown)), asyncio.ensure_future(_gather(supervisor))]
    try:
        return await supervisor.run()
    finally:
        notify(STOPPING)
        for each in beside:
            each.cancel()
        pages.stop()


async def _announce(supervisor: Supervisor, port: int, metrics_port: int | None) -> None:
    await supervisor.until_up()
    log.info("workers_up", count=len(supervisor.workers), port=port, metrics_port=metrics_port)
    notify(READY)


async def _gather(supervisor: Supervisor) -> None:
    while True:
        await asyncio.sleep(GATHER_S)
        await supervisor.gather_metrics()


def worker_command(count: int, machine: str, table: int, number: int, descriptor: int) -> Sequence[str]:
    """`connect-gateway serve` as one of so many. table: descriptor of what customers have used on this machine."""
    share = ("--share", f"{number}/{count}", "--descriptors", f"{descriptor},{table}", "--machine", machine)
    return sys.executable, "-m", "gateway", "serve", *share, "--supervisor", str(os.getpid())


@contextlib.contextmanager
def chosen_ports(settings: Settings) -> Iterator[int]:
    """The port of the API. Those that are 0 are chosen, handed to the workers in their environment, and held.

    A socket that is bound and does not listen gets no connections.
    """
    with contextlib.ExitStack() as stack:
        port = settings.http.port or _held(stack, settings.http.host, "HTTP")
        if settings.smpp_server.port == 0:
            _held(stack, settings.smpp_server.host, "SMPP_SERVER")
        yield port


def _held(stack: contextlib.ExitStack, host: str, section: str) -> int:
    family = socket.getaddrinfo(host, 0, type=socket.SOCK_STREAM)[0][0]
    held = stack.enter_context(socket.socket(family, socket.SOCK_STREAM))
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    held.bind((host, 0))
    port = int(held.getsockname()[1])
    os.environ[f"CONNECT_GATEWAY__{section}__PORT"] = str(port)
    return port


def main(count: int) -> int:
    be_calm()
    forbid_core_dumps()
    path = os.environ.get(CONFIG)
    settings = load(None if path is None else Path(path), os.environ)
    configure(settings.log.level, settings.log.format)
    try:
        with chosen_ports(settings) as port:
            return asyncio.run(_main(settings, count, port))
    except OSError as error:  # of a listener; workers say of themselves what hinders them
        print(f"connect-gateway: {system_text(error)} [{system_code(error)}]", file=sys.stderr)  # noqa: T201
        return 1


async def _main(settings: Settings, count: int, port: int) -> int:
    table = create_table()
    supervisor = Supervisor(
        count,
        partial(worker_command, count, random_name(), table),
        kept=(table,),
        deadline_s=settings.shutdown.deadline_s,
        liveness_s=settings.workers.liveness_s,
        monotonic=time.monotonic,
        random=random.random,
    )
    return await supervise(settings, supervisor, port)


if __name__ == "__main__":
    raise SystemExit(main(int(sys.argv[1])))
