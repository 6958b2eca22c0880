"""New lanes for what waits: when a link is down for long, and when an operator is no more."""

import asyncio
from collections.abc import Callable
from typing import Final

from config.settings import DispatchSettings
from gateway.delivery.dispatch.candidates import Candidates
from gateway.delivery.dispatch.counters import DispatchCounters
from gateway.delivery.dispatch.lanes import Lane, Lanes
from gateway.delivery.dispatch.send import Sender
from gateway.delivery.records import Records
from gateway.ledger.contract import Change
from gateway.model.gathering_lane import gathered_from
from gateway.model.held_lane import held_customer
from gateway.model.message import Message, Part, Status
from gateway.model.state import expiry_code
from gateway.process.clock import Clock

REHOME_AT_ONCE: Final = 500
STEER_AT_ONCE: Final = 500
PASSED_LIMIT: Final = 10_000
"""Messages of a paused operator that are passed over, as it has them in part: every look goes over them again."""
_EVER: Final = 2**62


class Failover:
    def __init__(
        self,
        lanes: Lanes,
        records: Records,
        candidates: Candidates,
        sender: Sender,
        settings: DispatchSettings,
        clock: Clock,
        counters: DispatchCounters,
    ) -> None:
        self._lanes = lanes
        self._records = records
        self._candidates = candidates
        self._sender = sender
        self._settings = settings
        self._clock = clock
        self._counters = counters

    def adopt(self, settings: DispatchSettings) -> None:
        """From the next look on."""
        self._settings = settings

    # ------------------------------------------------------------------------------------------ links that are down

    def should_steer(self, name: str, lane: Lane) -> bool:
        """Down for long, and another operator on the same routes is up."""
        if lane.down_since is None or self._clock.monotonic() - lane.down_since < self._settings.failover_after_s:
            return False
        return any(self._lanes.takes_new(other) for other in self._candidates.alternatives(name))

    async def steer(self, name: str) -> None:
        """Give a dead lane's messages to the next candidate of each, as far as that one's lane has room.

        What finds no place keeps it here when it was in memory, and in the ledger otherwise, until the next look.
        """
        lanes, active = self._lanes, self._records.inflight.active
        others = self._candidates.alternatives(name)
        room = sum(lanes.by_name[other].backlog_room() for other in others if lanes.takes_new(other))
        if not room:
            return
        lane = lanes.by_name.get(name)
        if lane is None:
            return
        touched = {self._move(message, name, lane.add_backlog) for message in lane.take_all()}
        limit = min(room, STEER_AT_ONCE)
        due = await self._records.claim_due(name, self._clock.now_ms(), limit, active)
        touched |= {self._move(message, name, None) for message in due if message.id not in active}
        for target in touched - {name}:
            self._sender.pump(target)

    def _move(self, message: Message, name: str, stays: Callable[[Message], None] | None) -> str:
        """To another lane, which is returned; otherwise `stays` has it."""
        target, _ = self._candidates.next_operator(message, name)
        if target == name or target not in self._lanes.by_name or not self._lanes.by_name[target].backlog_room():
            if stays is not None:
                stays(message)
            return name
        self._counters.rerouted += 1
        message.operator = target
        self._records.inflight.active[message.id] = message
        self._lanes.by_name[target].add_backlog(message)
        return target

    # ------------------------------------------------------------------------- what a person wants another one to have

    async def reroute(self, lane: Lane) -> None:
        """Give what waits in a lane to the operator that is to have it, whatever the routes, as far as that has room.

        What the first operator has in part stays with it. Raises LedgerUnavailable.
        """
        target, active = self._lanes.by_name.get(lane.reroute_to), self._records.inflight.active
        if target is None or target.is_leaving:  # the settings name it no more
            return
        for message in lane.take_all():
            if not self._give(message, target):
                lane.add_backlog(message)
        limit = min(target.backlog_room(), STEER_AT_ONCE)
        if limit and len(lane.passed) < PASSED_LIMIT:
            passed = {*active, *lane.passed}
            found = await self._records.claim_due(lane.operator.name, self._clock.now_ms(), limit, passed)
            if target.is_leaving or lane.reroute_to != target.operator.name:  # that has changed meanwhile
                return
            for message in found:
                if message.id not in active and not self._give(message, target):
                    lane.passed.add(message.id)
        self._sender.pump(lane.reroute_to)

    def _give(self, message: Message, target: Lane) -> bool:
        """False where it stays: a segment may be with an operator, or the other lane is full."""
        if any(part != Part.WAITING for part in message.parts) or not target.backlog_room():
            return False
        self._counters.rerouted += 1
        message.operator = target.operator.name
        self._records.inflight.active[message.id] = message
        target.add_backlog(message)
        return True

    # --------------------------------------------------------------------------------------- operators that are no more

    async def rehome(self) -> int:
        """Find a new lane for messages of operators that the settings name no more; how many moved or expired.

        What no route takes waits for its operator to come back, or for the end of its validity.
        """
        records, lanes = self._records, self._lanes.by_name
        active = records.inflight.active
        changes: list[Change] = []
        for name in await records.work.lanes():
            if name not in lanes and held_customer(name) is None and gathered_from(name) is None:
                found = await records.claim_due(name, _EVER, REHOME_AT_ONCE, active)
                if name not in lanes:  # a reload may have brought its operator back meanwhile
                    changes += [change for message in found if (change := self._new_home(message)) is not None]
        active.update((change.message.id, change.message) for change in changes)
        try:
            await asyncio.gather(*(records.journal.write(change) for change in changes))
        finally:
            for change in changes:
                records.let_go(change.message)
        for change in changes:
            self._lanes.note_overflow(change.message.operator)
        return len(changes)

    def _new_home(self, message: Message) -> Change | None:
        now_ms, settler = self._clock.now_ms(), self._records.settler
        if message.status is Status.SUBMITTED:
            over = settler.follow_up.is_over(message, now_ms)
            return settler.final(message, Status.UNKNOWN, "no_receipt", now_ms) if over else None
        if message.expires_ms <= now_ms:
            return settler.final(message, Status.EXPIRED, expiry_code(message), now_ms)
        candidates = self._candidates.of(message)
        if not candidates:
            return None
        message.operator = self._lanes.pick(candidates, message.message_class)
        self._counters.rerouted += 1
        return Change(message=message, only_waiting=True)
