"""One-time codes leave a lane whose operator does not do its work, for the next one of their route."""

from collections import deque
from typing import Final

from gateway.delivery.dispatch.candidates import Candidates
from gateway.delivery.dispatch.counters import DispatchCounters
from gateway.delivery.dispatch.lanes import Lane, Lanes
from gateway.delivery.records import Records
from gateway.model.message import Message, MessageClass

MISSES: Final = 64
"""Codes that find no place, after which no more are looked at in one go: each has to be opened for that."""


class Diversion:
    """Works in memory only: what a code's record in the ledger says of its lane changes with its next state."""

    def __init__(self, lanes: Lanes, records: Records, candidates: Candidates, counters: DispatchCounters) -> None:
        self._lanes = lanes
        self._active = records.inflight.active
        self._candidates = candidates
        self._counters = counters

    def has_target(self, lane: Lane) -> bool:
        """Whether any operator that shares a route with this one takes codes now."""
        for name in self._candidates.alternatives(lane.operator.name):
            if self._lanes.takes_codes(name) and self._has_room(name):
                return True
        return False

    def divert(self, lane: Lane) -> set[str]:
        """Give away the codes that wait here; the names of the lanes that got any. What finds no place stays."""
        touched: set[str] = set()
        if not self.has_target(lane):
            return touched
        codes, missed = deque(lane.take_codes()), list[Message]()
        while codes and len(missed) < MISSES:
            message = codes.popleft()
            target = self.place(message, lane)
            if target is None:
                missed.append(message)
            else:
                touched.add(target)
        for message in (*codes, *missed):  # those that were not looked at are first next time
            lane.add_backlog(message)
        return touched

    def place(self, message: Message, lane: Lane) -> str | None:
        """Put a message that is in no lane into that of the next operator, which is returned; None leaves it be."""
        target = self.target(message, lane)
        if target is None:
            return None
        self._counters.rerouted += 1
        message.operator = target
        self._active[message.id] = message
        self._lanes.by_name[target].add_backlog(message)
        return target

    def target(self, message: Message, lane: Lane) -> str | None:
        """The next operator for a code of this lane, if there is one that works and has room."""
        if message.message_class is not MessageClass.OTP or message.id in lane.tied:
            return None
        name = lane.operator.name
        candidates = self._candidates.of(message)
        if not candidates:
            return None
        if len(candidates) == 1 or name not in candidates:
            self._tie(message, lane)
            return None
        target, _ = self._candidates.following(candidates, name, message.message_class)
        return target if target != name and self._has_room(target) else None

    @staticmethod
    def _tie(message: Message, lane: Lane) -> None:
        if len(lane.tied) >= 2 * lane.limit:  # most of them have gone since
            lane.tied.clear()
        lane.tied.add(message.id)

    def _has_room(self, name: str) -> bool:
        lane = self._lanes.by_name[name]
        return len(lane) < lane.limit
