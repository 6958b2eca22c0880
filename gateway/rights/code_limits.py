"""How many codes leave in a day: to one number, for one network or customer, and in all. So a form that sends codes is
of no use to whoever earns by messages, and of little to whoever wants to bother people.

What is counted is digests under a pepper that is destroyed after two days, in one document a day that all nodes share.
"""

from collections.abc import Callable
from contextlib import suppress
from typing import Final

import msgspec

from config.rights import RightsSettings
from gateway.ledger.contract import ABSENT, ROW_FAULTS, ChangedMeanwhile, DocumentWrite
from gateway.ledger.roles import Acts
from gateway.process.clock import Clock
from gateway.rights.case_clocks import DAY_MS

TALLY: Final = "code_tally"
"""The kind of document; its key is the day since the epoch."""
_ATTEMPTS: Final = 20

Digest = Callable[[str, int], bytes]
"""Of what is counted, at a time in epoch milliseconds."""


class Tally(msgspec.Struct, frozen=True, array_like=True):
    """counts: codes by digest, of numbers and of networks alike. total: codes in all."""

    total: int = 0
    counts: dict[bytes, int] = {}


_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder(Tally).decode


class CodeLimits:
    def __init__(self, acts: Acts, digest: Digest, clock: Clock, settings: RightsSettings) -> None:
        self._acts = acts
        self._digest = digest
        self._clock = clock
        self._settings = settings

    async def take(self, digits: str, origin: str) -> bool:
        """Count one more code; false where that is too many. origin: a network, or the id of a customer.

        Raises LedgerUnavailable, KeysWithheld, and ChangedMeanwhile where too many ask at once.
        """
        for _ in range(_ATTEMPTS):
            with suppress(ChangedMeanwhile):
                return await self._take(digits, origin)
        raise ChangedMeanwhile

    async def _take(self, digits: str, origin: str) -> bool:
        now_ms, settings = self._clock.now_ms(), self._settings
        day = str(now_ms // DAY_MS)
        number, place = self._digest(f"number:{digits}", now_ms), self._digest(f"origin:{origin}", now_ms)
        document = await self._acts.find(TALLY, day)
        tally = Tally() if document is None else _read(document.octets)
        counts = tally.counts
        is_full = (
            tally.total >= settings.codes_per_day
            or counts.get(number, 0) >= settings.codes_per_number
            or counts.get(place, 0) >= settings.codes_per_network
        )
        if is_full:
            return False
        more = {each: counts.get(each, 0) + 1 for each in (number, place)}
        counted = _encode(Tally(tally.total + 1, counts | more))
        version = ABSENT if document is None else document.version
        await self._acts.act([DocumentWrite(TALLY, day, counted, version)])
        return True

    async def sweep(self) -> None:
        """Forget days that are over."""
        day = str(self._clock.now_ms() // DAY_MS)
        for each in await self._acts.of_kind(TALLY):
            if each.key != day:
                await self._acts.act([DocumentWrite(TALLY, each.key, None)])


def _read(octets: bytes) -> Tally:
    """Of what a later version wrote nothing is known; then the day begins anew."""
    try:
        return _decode(octets)
    except ROW_FAULTS:
        return Tally()
