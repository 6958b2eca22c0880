"""One place among the workers: a process in it, another one after its death, and what it says of itself."""

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from gateway.process.logs import logger
from gateway.workers.exchange import ask
from operators.backoff import Backoff

FIRST_S: Final = 0.5
LIMIT_S: Final = 30.0
LASTING_S: Final = 60.0
_PAGE_BYTES: Final = os.sysconf("SC_PAGE_SIZE")
LOOK_S: Final = 0.1
"""How often a starting worker is asked whether it is there."""

log = logger("gateway.workers")

Command = Callable[[int, int], Sequence[str]]
"""The command line of a worker, given its number and the descriptor of the socket that it listens on for metrics."""


class Worker:
    """number: from 1. restarts: processes after the first. code: how the last one ended. kept: descriptors for it."""

    def __init__(
        self,
        number: int,
        command: Command,
        *,
        kept: Sequence[int] = (),
        monotonic: Callable[[], float],
        random: Callable[[], float],
    ) -> None:
        self.number = number
        self.restarts = 0
        self.code: int | None = None
        self.up = asyncio.Event()
        self._command = command
        self._kept = tuple(kept)
        self._monotonic = monotonic
        self._random = random
        self._backoff = Backoff(FIRST_S, LIMIT_S, lasting_s=LASTING_S)
        self._process: asyncio.subprocess.Process | None = None
        self._port = 0
        self._signalled: int | None = None

    @property
    def pid(self) -> int | None:
        return None if self._process is None else self._process.pid

    async def run(self) -> int:
        """Start a process, say when it is up, and wait for its end; its exit code."""
        process = await self._start()
        if self._signalled is not None:
            self.signal(self._signalled)
        looking = asyncio.ensure_future(self._until_up())
        try:
            self.code = await process.wait()
        finally:
            looking.cancel()
            self._process = None
            self.up.clear()
            self._backoff.down(self._monotonic())
        return self.code

    async def pause(self) -> None:
        """Between a death and the next start."""
        self.restarts += 1
        await asyncio.sleep(self._backoff.next(self._random()))

    def signal(self, number: int) -> None:
        """Also to one that is being started just now."""
        self._signalled = number
        self._send(number)

    def kill(self) -> None:
        """End the process that is there; another one is started."""
        self._send(signal.SIGKILL)

    def pass_on(self, number: int) -> None:
        """To one that is up, and not to those after it."""
        if self.pid is not None and self.up.is_set():
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    async def ask(self, path: str) -> tuple[int, bytes]:
        """A page of its metrics listener. Raises OSError."""
        if self._process is None:
            raise ConnectionError("no process")
        return await ask(self._port, path)

    def resident_bytes(self) -> int:
        """Memory of its process; 0 without one."""
        return 0 if self.pid is None else resident_bytes(self.pid)

    def _send(self, number: int) -> None:
        """Not by way of the library, which looks whether the process has ended, and its exit code is lost to who
        waits.
        """
        if self._process is not None and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._process.pid, number)

    async def _start(self) -> asyncio.subprocess.Process:
        """The process alone has the socket then, so that it closes when the process is gone."""
        with socket.create_server(("127.0.0.1", 0), backlog=32) as listening:
            self._port = listening.getsockname()[1]
            descriptor = listening.fileno()
            words = self._command(self.number, descriptor)
            self._process = await asyncio.create_subprocess_exec(*words, pass_fds=(descriptor, *self._kept))
        return self._process

    async def _until_up(self) -> None:
        while True:
            with contextlib.suppress(OSError):
                if (await self.ask("/healthz"))[0] == 200:
                    break
            await asyncio.sleep(LOOK_S)
        self._backoff.up(self._monotonic())
        self.up.set()
        log.info("worker_up", worker=self.number)


def resident_bytes(pid: int | str) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text("ascii").split()[1]) * _PAGE_BYTES
    except (OSError, IndexError, ValueError):
        return 0
