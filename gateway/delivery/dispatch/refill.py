"""Fetches from the ledger what memory has room for: this is also restart, retry, schedule and failover."""

import asyncio
from contextlib import suppress
from typing import Final

from config.settings import DispatchSettings
from gateway.delivery.dispatch.failover import Failover
from gateway.delivery.dispatch.lanes import Lane, Lanes
from gateway.delivery.dispatch.send import Sender
from gateway.delivery.follow_up import AGAIN_SOON_MS
from gateway.delivery.records import Records
from gateway.ledger.contract import Change, LedgerUnavailable
from gateway.model.message import Message, Part, Status, snapshot
from gateway.model.state import is_final
from gateway.process.clock import Clock
from gateway.vault.vault import Vault
from operators.base import Query
from redaction.errors import SealError

REHOME_S: Final = 60.0
"""How often messages of operators that are no more are looked for, when there was nothing to do."""


class Refill:
    """Start `run` as a task."""

    def __init__(
        self,
        lanes: Lanes,
        records: Records,
        sender: Sender,
        failover: Failover,
        vault: Vault,
        settings: DispatchSettings,
        clock: Clock,
    ) -> None:
        self._lanes = lanes
        self._records = records
        self._sender = sender
        self._failover = failover
        self._vault = vault
        self._settings = settings
        self._clock = clock
        self._next_look = 0.0

    async def run(self) -> None:
        """Fetch due work from the ledger when a lane runs low, and look for retries and schedules in between.

        A ledger that is away is asked again.
        """
        self._next_look = self._clock.monotonic()
        while True:
            with suppress(LedgerUnavailable):
                await self._look()
            self._lanes.wake.clear()
            await self._pause()

    async def _look(self) -> None:
        if self._clock.monotonic() >= self._next_look:
            moved = await self._failover.rehome()
            self._next_look = self._clock.monotonic() + (0 if moved else REHOME_S)
        for name, lane in self._lanes.by_name.items():
            if lane.operator.is_up():
                await self._refill(name, lane)
            elif self._failover.should_steer(name, lane):
                await self._failover.steer(name)

    async def _pause(self) -> None:
        try:
            async with asyncio.timeout(self._settings.refill_interval_s):
                await self._lanes.wake.wait()
        except TimeoutError:
            pass

    async def _refill(self, name: str, lane: Lane) -> None:
        room = lane.backlog_room()
        if not room or self._sender.is_stopping or not self._vault.may_open():
            return
        active = self._records.inflight.active
        found = await self._records.ledger.claim_due(name, self._clock.now_ms(), room, active)
        lane.overflowed = len(found) == room
        now_ms = self._clock.now_ms()
        for message in found:
            if message.id not in active:
                active[message.id] = message
                self._take(lane, message, now_ms)
        if found:
            self._sender.pump(name)

    def _take(self, lane: Lane, message: Message, now_ms: int) -> None:
        if message.status is Status.SUBMITTED:
            self._look_after(lane, message, now_ms)
        elif _was_cut_off(message):
            self._records.end(message, Status.FAILED, "outcome_unknown", now_ms)
        else:
            lane.add_backlog(message)

    def _look_after(self, lane: Lane, claimed: Message, now_ms: int) -> None:
        """No receipt came so far: ask, where the operator answers such questions, and in the end give up."""
        records = self._records
        known = records.inflight.find(claimed.operator, [each for each in claimed.operator_ids if each])
        message = claimed if known is None else known[0]
        follow_up = records.settler.follow_up
        if is_final(message):  # written already, or about to be
            records.let_go(claimed)
        elif follow_up.is_over(message, now_ms):
            records.end(message, Status.UNKNOWN, "no_receipt", now_ms)
        else:
            asked = not follow_up.is_asked(message.operator) or self._ask(lane, claimed)
            message.due_ms = follow_up.next_ms(message, now_ms) if asked else now_ms + AGAIN_SOON_MS
            records.write(Change(message=snapshot(message)))

    def _ask(self, lane: Lane, message: Message) -> bool:
        """What became of its segments? False when not all questions could leave."""
        try:
            source = lane.exit.contract.source(self._vault.open_content(message).source)
        except SealError:
            source = ""  # forgotten meanwhile; many operators find the message by its id alone
        return all(
            lane.operator.query(Query(operator_message_id=identifier, source=source))
            for identifier, part in zip(message.operator_ids, message.parts, strict=False)
            if identifier and part == Part.ACCEPTED
        )


def _was_cut_off(message: Message) -> bool:
    """A recorded attempt whose answer a crash took away, of a message that must not be sent twice."""
    return not message.retry_unknown and Part.ATTEMPTED in message.parts
