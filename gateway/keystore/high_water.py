"""How far ledger and key store have come: the same time in both, so that a start notices one that went back.

Each node writes the time that it goes by into the key store and then into the ledger, every `MARK_S`, and neither
before the other has the last one: so they are never farther apart than that while both are the ones that they were. A
copy that is put in the place of one is behind by its age. Times are written while the clock is sound only.
"""

import asyncio
from contextlib import suppress
from typing import Final

from gateway.keystore.store import Keystore
from gateway.ledger.contract import REACHED, LedgerUnavailable
from gateway.ledger.roles import Marks
from gateway.process.clock import Clock

MARK_S: Final = 30.0


class HighWater:
    """keystore, marks: of the ledger; open. Start `run` as a task."""

    def __init__(self, keystore: Keystore, marks: Marks, clock: Clock) -> None:
        self._keystore = keystore
        self._marks = marks
        self._clock = clock
        self._pending: int | None = None

    async def run(self) -> None:
        """Until cancelled. A store that is away is waited for."""
        while True:
            with suppress(LedgerUnavailable):
                await self.write()
            await asyncio.sleep(MARK_S)

    async def write(self) -> None:
        """Raises LedgerUnavailable: then the next call goes on with what the key store has already."""
        if self._pending is None:
            if not self._clock.is_sound:
                return
            now_ms = self._clock.now_ms()
            await asyncio.shield(asyncio.to_thread(self._keystore.join, {REACHED: now_ms}))
            self._pending = now_ms
        await self._marks.set({REACHED: self._pending})
        self._pending = None
