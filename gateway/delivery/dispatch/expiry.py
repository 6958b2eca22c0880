"""Ends messages whose validity is over while they wait, whether or not their operator can be reached.

What waits in memory is looked at as a whole. Of what waits in the ledger behind it, the validity of the first
`KNOWN_LIMIT` of each operator that is down, useless or behind is remembered by id; a message is read again only when
its time has come.
"""

import heapq
from typing import Final

from gateway.delivery.dispatch.lanes import Lanes
from gateway.delivery.records import Records
from gateway.model.message import WAITING, Message, Status
from gateway.model.state import expiry_code
from gateway.process.clock import Clock

LOOK_S: Final = 1.0
PAGE: Final = 1_000
KNOWN_LIMIT: Final = 20_000


class _Known:
    """Messages of one lane in the ledger, and when each expires."""

    def __init__(self) -> None:
        self.ids: set[bytes] = set()
        self._times: list[tuple[int, bytes]] = []

    def add(self, message: Message) -> None:
        self.ids.add(message.id)
        heapq.heappush(self._times, (message.expires_ms, message.id))

    def take_over(self, now_ms: int) -> set[bytes]:
        """Those whose time has come."""
        over: set[bytes] = set()
        while self._times and self._times[0][0] <= now_ms and len(over) < PAGE:
            over.add(heapq.heappop(self._times)[1])
        self.ids -= over
        return over


class _AllBut:
    """Everything except these ids."""

    def __init__(self, ids: set[bytes]) -> None:
        self._ids = ids

    def __contains__(self, identifier: object) -> bool:
        return identifier not in self._ids


class Expiry:
    """Call `look` again and again."""

    def __init__(self, lanes: Lanes, records: Records, clock: Clock) -> None:
        self._lanes = lanes
        self._records = records
        self._active: Final = records.inflight.active
        self._clock = clock
        self._next_look = 0.0
        self._known: dict[str, _Known] = {}

    async def look(self) -> None:
        """Raises LedgerUnavailable."""
        if self._clock.monotonic() < self._next_look:
            return
        self._next_look = self._clock.monotonic() + LOOK_S
        for name, lane in self._lanes.every():
            now_ms = self._clock.now_ms()
            for message in lane.take_over(now_ms):
                self._end(message, now_ms)
            if lane.operator.is_up() and lane.circuit.is_closed and not lane.overflowed:
                self._known.pop(name, None)
            else:
                await self._look_into(name)

    async def _look_into(self, name: str) -> None:
        """The ledger's part of a lane."""
        known = self._known.setdefault(name, _Known())
        records, now_ms = self._records, self._clock.now_ms()
        if len(known.ids) < KNOWN_LIMIT:
            for message in await records.claim_due(name, now_ms, PAGE, {*known.ids, *self._active}):
                if message.status in WAITING:
                    known.add(message)
        over = known.take_over(now_ms) - self._active.keys()
        if over:
            for message in await records.claim_due(name, now_ms, PAGE, _AllBut(over)):
                if message.id not in self._active and message.status in WAITING and message.expires_ms <= now_ms:
                    self._active[message.id] = message
                    self._end(message, now_ms)

    def _end(self, message: Message, now_ms: int) -> None:
        self._records.end(message, Status.EXPIRED, expiry_code(message), now_ms)
