"""The memory horizon: how long what is over may still be found in this process, by whoever reads its memory.

What is freed is overwritten at once (`gateway.process.overwriting`). What remains is let go of here, some times in each
horizon: caches are emptied (libraries have some for URLs), what refers to itself in circles is collected, and the
buffer into which the event loop reads from every socket is filled with zeros. docs/decisions/0051.
"""

import asyncio
import contextlib
import fcntl
import gc
import os
import sys
from collections.abc import Callable, Sequence
from functools import _lru_cache_wrapper
from typing import Final

from gateway.process.overwriting import give_back

TIMES: Final = 4
"""How often in a horizon: what was used just before one of them is gone with the next."""
RECEIVED_BYTES: Final = 256_000
"""Of uvloop's buffer, the same for all its sockets; asyncio's own loop has none."""

Forget = Callable[[], object]


class Scrubbing:
    """forget: called each time, to let go of what is kept beside what is under way; they must not raise.

    Made once everything is imported whose caches are emptied.
    """

    def __init__(self, horizon_s: float, forget: Sequence[Forget]) -> None:
        self._pause_s = horizon_s / TIMES
        self._forget = (*forget, *bounded_caches())

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(self._pause_s)
            await self.scrub()

    async def scrub(self) -> None:
        """Once."""
        for each in self._forget:
            each()
        gc.collect()
        await overwrite_received()
        give_back()


def bounded_caches() -> list[Forget]:
    """What empties each `functools.lru_cache` of a module or of its classes. One without a bound is a table.

    Modules are asked, since the collector does not list what it was told to pass over.
    """
    found: dict[int, Forget] = {}
    classes: dict[int, type] = {}
    for module in tuple(sys.modules.values()):
        for value in tuple(vars(module).values()):
            if type(value) is _lru_cache_wrapper:
                _add_bounded(found, value)
            elif isinstance(value, type):
                classes[id(value)] = value  # once, however many modules import it
    for each in classes.values():
        for value in tuple(vars(each).values()):
            function = value.__func__ if isinstance(value, staticmethod | classmethod) else value
            if type(function) is _lru_cache_wrapper:
                _add_bounded(found, function)
    return list(found.values())


def _add_bounded(found: dict[int, Forget], function: "_lru_cache_wrapper[object]") -> None:
    if function.cache_parameters()["maxsize"] is not None:
        found[id(function)] = function.cache_clear


async def overwrite_received() -> None:
    """Have the loop read zeros, as much as its buffer takes: from a pipe, which gives all that it holds in one read.

    Where the system refuses a pipe that large, what fits into a smaller one.
    """
    descriptors = os.pipe()
    reading, writing = (
        os.fdopen(each, mode, buffering=0) for each, mode in zip(descriptors, ("rb", "wb"), strict=True)
    )
    with reading, writing:
        os.set_blocking(writing.fileno(), False)
        with contextlib.suppress(OSError):  # this user has as many pages in pipes as it may
            fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, RECEIVED_BYTES)
        written = writing.write(bytes(RECEIVED_BYTES)) or 0
        transport, zeros = await asyncio.get_running_loop().connect_read_pipe(lambda: _Zeros(written), reading)
        try:
            await zeros.read
        finally:
            transport.close()


class _Zeros(asyncio.Protocol):
    """read: done when so many octets came, or the pipe ended."""

    def __init__(self, expected: int) -> None:
        self._expected = expected
        self.read: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def data_received(self, data: bytes) -> None:
        self._expected -= len(data)
        if self._expected <= 0:
            self._end()

    def connection_lost(self, error: Exception | None) -> None:
        self._end()

    def _end(self) -> None:
        if not self.read.done():
            self.read.set_result(None)
