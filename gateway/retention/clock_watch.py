"""The node's eye on its clock, and what the ledger keeps of it: the last time that was known, and confirmations.

What is seen is logged once: a line when the clock jumps, and one when it is sound again. While it has jumped nothing is
destroyed because its time has come: sweeps and the upkeep of keys ask `Clock.is_sound`.
"""

import asyncio
from collections.abc import Mapping
from typing import Final

from gateway.ledger.contract import CLOCK_CONFIRMED, LedgerUnavailable
from gateway.ledger.roles import Marks
from gateway.process.clock import GuardedClock
from gateway.process.clock_guard import ClockGuard, ClockMark
from gateway.process.hosts import boot_number
from gateway.process.logs import logger

LOOK_S: Final = 1.0
MARK_S: Final = 60.0
"""Between two times that are written down."""

_WALL: Final = "clock_wall_ms"
_STEADY: Final = "clock_steady_ms"
_BOOT: Final = "clock_boot"

log = logger("gateway.clock")


class ClockWatch:
    """guard: of that clock. marks: of an open ledger."""

    def __init__(self, clock: GuardedClock, marks: Marks, boot: int | None = None) -> None:
        self.guard = ClockGuard(clock, boot_number() if boot is None else boot)
        self._clock = clock
        self._marks = marks
        self._asked = False
        self._confirmed_ms: int | None = None

    async def begin(self) -> None:
        """Go on from the last time that is known, if any is. Raises LedgerUnavailable."""
        marks = await self._marks.all()
        known = _known(marks)
        if known is not None:
            self.guard.resume(known)
        self._note(was_sound=True)

    async def look(self) -> None:
        """Every second, until cancelled. Never blocks."""
        while True:
            await asyncio.sleep(LOOK_S)
            was_sound = self._clock.is_sound
            self.guard.look()
            self._note(was_sound)

    async def keep(self) -> None:
        """Write down what time it is while that is known, and look for a confirmation while it is not."""
        marked_s = float("-inf")
        while True:
            try:
                if not self._clock.is_sound:
                    await self.ask()
                elif self._clock.monotonic() - marked_s >= MARK_S:
                    await self.write()
                    marked_s = self._clock.monotonic()
            except LedgerUnavailable:
                pass  # the journal says so
            await asyncio.sleep(LOOK_S)

    async def write(self) -> None:
        """The time of now, as the last that is known. Raises LedgerUnavailable."""
        self._asked = False
        await self._marks.set(_stored(self.guard.mark()))

    async def ask(self) -> None:
        """Whether the system's clock was confirmed since it was first asked for. Raises LedgerUnavailable."""
        confirmed_ms = (await self._marks.all()).get(CLOCK_CONFIRMED)
        is_new = self._asked and confirmed_ms != self._confirmed_ms
        self._asked, self._confirmed_ms = True, confirmed_ms
        if is_new and confirmed_ms is not None and self.guard.confirms(confirmed_ms):
            self.guard.accept()
            self._note(was_sound=False)
            await self.write()

    async def confirm(self) -> None:
        """What the system says is right, here and on every node whose clock says the same.

        Raises LedgerUnavailable.
        """
        self.guard.accept()
        mark = self.guard.mark()
        await self._marks.set({**_stored(mark), CLOCK_CONFIRMED: mark.wall_ms})

    def _note(self, was_sound: bool) -> None:
        if was_sound and not self._clock.is_sound:
            log.error("clock_jumped", seconds=self.guard.jump_ms / 1000)
        elif self._clock.is_sound and not was_sound:
            log.info("clock_sound")


def _known(marks: Mapping[str, int]) -> ClockMark | None:
    if _WALL not in marks:
        return None
    return ClockMark(wall_ms=marks[_WALL], steady_ms=marks.get(_STEADY, 0), boot=marks.get(_BOOT, 0))


def _stored(mark: ClockMark) -> dict[str, int]:
    return {_WALL: mark.wall_ms, _STEADY: mark.steady_ms, _BOOT: mark.boot}
