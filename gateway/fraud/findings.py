"""What controls stopped, or would have: sums by customer, control and day, in the ledger's counters.

So that whoever only watches a control learns what enforcing it would have refused. Nothing of a message is in them.
"""

import asyncio
from collections.abc import Sequence
from typing import Final

import msgspec

from gateway.fraud.windows import DAY_MS
from gateway.ledger.contract import Count
from gateway.ledger.journal import Journal
from gateway.ledger.roles import Counters
from gateway.model.fraud_controls import Control
from gateway.model.verdict import Verdict

PREFIX: Final = "fraud:"
DAYS: Final = 7
_CONTROLS: Final = frozenset(each.value for each in Control)


class Findings:
    """Of one process."""

    def __init__(self) -> None:
        self._fresh: dict[tuple[str, int], int] = {}

    def add(self, customer: int, found: Sequence[Verdict], now_ms: int) -> None:
        """These were given of one message."""
        for each in found:
            if each.rule in _CONTROLS:
                effect = "watch" if each.watched else each.severity.value
                place = f"{PREFIX}{customer}:{each.rule}:{effect}", now_ms // DAY_MS
                self._fresh[place] = self._fresh.get(place, 0) + 1

    async def run(self, journal: Journal, interval_s: float = 5.0) -> None:
        """Have written what was found, until cancelled; what was found since the last time is lost with a process."""
        while True:
            await asyncio.sleep(interval_s)
            self.flush(journal)

    def flush(self, journal: Journal) -> None:
        """Queue what was found since the last time: one operation for each sum that has changed."""
        fresh, self._fresh = self._fresh, {}
        for (name, day), count in fresh.items():
            journal.post(Count(name, day, count))


class Found(msgspec.Struct, frozen=True):
    """Messages of a customer on which a control said the same. effect: `watch` where nothing followed; `refuse`."""

    customer: int
    control: str
    effect: str
    messages: int


async def report(counters: Counters, now_ms: int, days: int = DAYS) -> list[Found]:
    """Of this day (UTC) and the ones before, in the order of customers. Raises LedgerUnavailable."""
    sums: dict[tuple[int, str, str], int] = {}
    for day in range(now_ms // DAY_MS - days + 1, now_ms // DAY_MS + 1):
        for name, count in (await counters.counts(day)).items():
            if name.startswith(PREFIX):
                customer, control, effect = name.removeprefix(PREFIX).split(":")
                place = int(customer), control, effect
                sums[place] = sums.get(place, 0) + count
    return [Found(*place, count) for place, count in sorted(sums.items())]
