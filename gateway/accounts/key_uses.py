"""On which day an API key was last used: one document for a key, written once for a day that it is used on."""

import asyncio
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from typing import Annotated, Final

import msgspec

from gateway.ledger.contract import ROW_FAULTS, Document, DocumentWrite, LedgerUnavailable
from gateway.ledger.roles import Acts
from gateway.model.times import LATEST_MS
from gateway.process.clock import Clock

KIND: Final = "key_used"
EVERY_S: Final = 5.0
AT_ONCE: Final = 100
DAY_MS: Final = 86_400_000
KEPT_DAYS: Final = 400
"""Of a key that nobody uses, its last day is forgotten then."""

Day = Annotated[int, msgspec.Meta(ge=0, le=LATEST_MS // DAY_MS)]
"""Counted from the epoch, UTC."""

_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder(Day).decode


class KeyUses:
    """Of one process. taken: prefixes of keys that were used since it was called before."""

    def __init__(self, acts: Acts, clock: Clock, taken: Callable[[], Collection[str]]) -> None:
        self._acts = acts
        self._clock = clock
        self._taken = taken
        self._noted: set[str] = set()
        self._day = 0
        self._waiting: set[str] = set()

    async def run(self) -> None:
        """Until cancelled. What was used in the last seconds is not written where a process dies."""
        while True:
            await asyncio.sleep(EVERY_S)
            with suppress(LedgerUnavailable):
                await self.write()

    async def write(self) -> None:
        """Raises LedgerUnavailable; what was not written then is the next time."""
        day = self._clock.now_ms() // DAY_MS
        if day != self._day:
            self._noted, self._day = set(), day
            await self._forget(day)
        self._waiting |= set(self._taken()) - self._noted
        while self._waiting:
            some = sorted(self._waiting)[:AT_ONCE]
            await self._acts.act([DocumentWrite(KIND, each, _encode(day)) for each in some])
            self._noted |= set(some)
            self._waiting -= set(some)

    async def _forget(self, day: int) -> None:
        old = [key for key, last in (await last_days(self._acts)).items() if last < day - KEPT_DAYS]
        for begin in range(0, len(old), AT_ONCE):
            await self._acts.act([DocumentWrite(KIND, each, None) for each in old[begin : begin + AT_ONCE]])


async def last_days(acts: Acts) -> Mapping[str, int]:
    """By the prefix of a key, its last day since the epoch (UTC); none for one that was not used for long.

    Raises LedgerUnavailable.
    """
    found: dict[str, int] = {}
    after = ""
    while page := await acts.of_kind(KIND, after):
        after = page[-1].key
        found |= {each.key: day for each in page if (day := _read(each)) is not None}
    return found


def _read(document: Document) -> int | None:
    try:
        return _decode(document.octets)
    except ROW_FAULTS:
        return None
