"""What controls stopped, or would have: sums by customer, control and day, in the ledger's counters.

So that whoever only watches a control learns what enforcing it would have refused. Nothing of a message is in them.
"""

import asyncio
from collections.abc import Sequence
from typing import Final

from gateway.fraud.windows import DAY_MS
from gateway.ledger.contract import Count
from gateway.ledger.journal import Journal
from gateway.model.fraud_controls import Control
from gateway.model.verdict import Verdict

PREFIX: Final = "fraud:"
_CONTROLS: Final = frozenset(each.value for each in Control)


class Findings:
    """Of one process."""

    def __init__(self) -> None:
        self._fresh: dict[tuple[int, str, str, int], int] = {}

    def add(self, customer: int, found: Sequence[Verdict], now_ms: int) -> None:
        """These were given of one message."""
        for each in found:
            if each.rule in _CONTROLS:
                effect = "watch" if each.watched else each.severity.value
                place = customer, each.rule, effect, now_ms // DAY_MS
                self._fresh[place] = self._fresh.get(place, 0) + 1

    async def run(self, journal: Journal, interval_s: float = 5.0) -> None:
        """Have written what was found, until cancelled; what was found since the last time is lost with a process."""
        while True:
            await asyncio.sleep(interval_s)
            self.flush(journal)

    def flush(self, journal: Journal) -> None:
        """Queue what was found since the last time: one operation for each sum that has changed."""
        fresh, self._fresh = self._fresh, {}
        for (customer, control, effect, day), count in fresh.items():
            journal.post(Count(f"{PREFIX}{customer}:{control}:{effect}", day, count))
