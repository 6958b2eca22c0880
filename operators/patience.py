"""A time limit that a pause of the process does not use up.

After a pause the loop runs its timers before it reads its sockets: what was answered long ago would count as
unanswered. So the limit is counted in slices, and a slice that ended late counts as one, with another one after it.
"""

import asyncio
from types import TracebackType
from typing import Final

SLICE_S: Final = 1.0
LATE_S: Final = 1.0


class Patience:
    """`async with` it, as `asyncio.timeout`. seconds: of the time in which the loop runs. Raises TimeoutError."""

    def __init__(self, seconds: float) -> None:
        self._left_s = seconds
        self._limit = asyncio.timeout(None)
        self._loop = asyncio.get_running_loop()
        self._slice_s = 0.0
        self._due = 0.0
        self._timer: asyncio.TimerHandle

    async def __aenter__(self) -> None:
        await self._limit.__aenter__()
        self._wait()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.cancel()
        await self._limit.__aexit__(kind, error, trace)

    def _wait(self) -> None:
        self._slice_s = min(SLICE_S, self._left_s)
        self._due = self._loop.time() + self._slice_s
        self._timer = self._loop.call_later(self._slice_s, self._tick)

    def _tick(self) -> None:
        self._left_s -= self._slice_s
        if self._loop.time() - self._due > LATE_S:
            self._left_s = max(self._left_s, SLICE_S)
        if self._left_s > 0:
            self._wait()
        else:
            self._limit.reschedule(self._loop.time())
