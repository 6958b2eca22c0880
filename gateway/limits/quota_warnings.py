"""Tells a customer that much of a quota is used: at each of `WARN_AT` per cent, once in a period over all processes.

What was said is a document per customer, written before the event is stored: a process that dies between the two costs
one warning, and no warning comes twice.
"""

import asyncio
from contextlib import suppress
from typing import Final

import msgspec

from gateway.ledger.contract import (
    ABSENT,
    ROW_FAULTS,
    ChangedMeanwhile,
    Document,
    DocumentWrite,
    LedgerUnavailable,
    Notify,
)
from gateway.ledger.journal import Journal
from gateway.ledger.roles import Acts
from gateway.limits.quotas import Crossing, Quotas
from gateway.model.message import OutboxEvent, no_message
from gateway.model.times import rfc3339
from gateway.process.clock import Clock

KIND: Final = "quota"
EVENT: Final = "quota.warning"

Said = dict[str, tuple[int, int]]
"""By period: its bucket, and the highest per cent that was said of it."""

_decode: Final = msgspec.msgpack.Decoder(Said).decode
_encode: Final = msgspec.msgpack.Encoder().encode
_to_json: Final = msgspec.json.Encoder().encode


class QuotaWarnings:
    """told: warnings that this process stored, by period and per cent."""

    def __init__(self, quotas: Quotas, acts: Acts, journal: Journal, clock: Clock) -> None:
        self._quotas = quotas
        self._acts = acts
        self._journal = journal
        self._clock = clock
        self._late: list[Crossing] = []
        self.told: Final[dict[tuple[str, str], float]] = {}

    async def run(self, interval_s: float = 1.0) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(interval_s)
            await self.look()

    async def look(self) -> None:
        """Say what is to be said now. What cannot be written now is said at the next look."""
        found = [*self._late, *self._quotas.crossings()]
        self._late = []
        for at, each in enumerate(found):
            try:
                await self._say(each)
            except LedgerUnavailable:
                self._late = found[at:]
                return

    async def _say(self, crossing: Crossing) -> None:
        key, period = str(crossing.customer), crossing.standing.period
        while True:
            document = await self._acts.find(KIND, key)
            said = _said(document)
            if said.get(period.value, (0, 0)) >= (crossing.bucket, crossing.percent):
                return
            written = {**said, period.value: (crossing.bucket, crossing.percent)}
            read = ABSENT if document is None else document.version
            with suppress(ChangedMeanwhile):
                await self._acts.act([DocumentWrite(KIND, key, _encode(written), read)])
                break
        self._journal.post(Notify(_event(crossing, self._clock.now_ms())))
        place = period.value, str(crossing.percent)
        self.told[place] = self.told.get(place, 0) + 1


def _said(document: Document | None) -> Said:
    if document is None:
        return {}
    try:
        return _decode(document.octets)
    except ROW_FAULTS:
        return {}


def _event(crossing: Crossing, now_ms: int) -> OutboxEvent:
    standing = crossing.standing
    said = {
        "period": standing.period.value,
        "percent": crossing.percent,
        "limit": standing.limit,
        "used": standing.used,
        "ends_at": rfc3339(standing.end_ms),
    }
    return OutboxEvent(
        customer=crossing.customer,
        message=no_message(crossing.customer),
        at_ms=now_ms,
        next_ms=now_ms,
        kind=EVENT,
        data=_to_json(said),
    )
