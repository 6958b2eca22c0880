"""What a process still has in memory of messages that were erased, by whatever process: it lets go of it at once.

Every process looks twice a second at one number, and reads what was done where it has changed.
"""

from collections.abc import Callable, Sequence
from typing import Final

from gateway.ledger.roles import Acts
from gateway.process.clock import Clock
from gateway.process.logs import logger
from gateway.rights.journal import done_since, split

OVERLAP_MS: Final = 120_000
"""Clocks of processes differ, and acts overtake each other."""

Hand = Callable[[Callable[[bytes], bool]], None]
"""Lets go of the messages for whose ids this is true."""

log = logger("gateway.rights")


class LettingGo:
    def __init__(self, acts: Acts, clock: Clock, hands: Sequence[Hand]) -> None:
        self._acts = acts
        self._clock = clock
        self._hands = tuple(hands)
        self._version: int | None = None
        self._seen: set[str] = set()

    async def look(self) -> None:
        """Raises LedgerUnavailable; what was not seen then is seen the next time."""
        version = await self._acts.version()
        if version == self._version:
            return
        after = f"{max(0, self._clock.now_ms() - OVERLAP_MS):013d}"
        found = [(key, done) for key, done in await done_since(self._acts, after) if key not in self._seen]
        self._version = version
        self._seen = {key for key in self._seen if key > after} | {key for key, _ in found}
        ids = {each for _, done in found for each in split(done.ids)}
        if ids:
            for hand in self._hands:
                hand(ids.__contains__)
            log.info("erased_let_go", count=len(ids))
