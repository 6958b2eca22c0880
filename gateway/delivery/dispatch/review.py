"""Messages that a control against abuse holds until a person has decided: they wait in a lane of their own
(`gateway.model.held_lane`), in the ledger, and take no memory.

A decision is on all messages of a customer and a control that were accepted before it. Each process carries it out on
what is its own, again after a restart, and again when a lane holds other messages than it left there: some were
accepted before the decision and came to be durable after it, or come with another process's partition. What nobody
decides on ends with its validity.
"""

from typing import Final, Protocol

import msgspec

from gateway.delivery.dispatch.lanes import Lanes
from gateway.delivery.records import Records
from gateway.fraud.reviews import Decision
from gateway.ledger.contract import Change
from gateway.model.held_lane import operator_of, reviewed
from gateway.model.message import Message, Status
from gateway.model.state import expiry_code
from gateway.process.clock import Clock

AT_ONCE: Final = 500
AGAIN_S: Final = 60.0
"""How often what a lane holds is gone through for what came late."""
DROPPED: Final = "dropped_as_abuse"
_EVER: Final = 2**62


class Decisions(Protocol):
    """What people decided."""

    @property
    def version(self) -> object:
        """Another object whenever `decided` may say something else."""

    def decided(self, customer: int, control: str) -> Decision | None:
        """The last decision on a customer's messages that this control holds."""


class Undecided:
    """Nobody decides anything."""

    version: object = None

    def decided(self, _customer: int, _control: str) -> Decision | None:
        return None


class _Done(msgspec.Struct, frozen=True):
    """version: of the decision that was carried out. left: messages that stayed, as they came after it. again_s: until
    then none are looked for that came late.
    """

    version: int
    left: int
    again_s: float


class Review:
    """decisions: of people."""

    def __init__(self, lanes: Lanes, records: Records, decisions: Decisions, clock: Clock) -> None:
        self._lanes = lanes
        self._records = records
        self._decisions = decisions
        self._clock = clock
        self._done: dict[str, _Done] = {}
        """By lane."""

    @property
    def version(self) -> object:
        """Another object whenever there may be something to carry out."""
        return self._decisions.version

    async def look_into(self, lane: str) -> bool:
        """Carry out what was decided since, or end what is over; whether it was anything. Raises LedgerUnavailable."""
        place = reviewed(lane)
        decision = None if place is None else self._decisions.decided(*place)
        if decision is None or not await self._concerns(decision, lane):
            return await self._end_over(lane) > 0
        seen, before, carried_out = set[bytes](), await self._records.work.backlog(lane), 0
        while found := await self._claimed(lane, _EVER, seen):
            seen.update(each.id for each in found)
            changes = [change for each in found if (change := self._change(each, decision)) is not None]
            await self._write(changes)
            carried_out += len(changes)
        again_s = self._clock.monotonic() + AGAIN_S
        self._done[lane] = _Done(decision.version, before - carried_out, again_s)
        self._lanes.look_again(operator_of(lane))
        return carried_out > 0

    async def _concerns(self, decision: Decision, lane: str) -> bool:
        """Whether a lane may hold something that is to be released or dropped."""
        done = self._done.get(lane)
        if done is None or done.version != decision.version:
            return True
        return self._clock.monotonic() >= done.again_s and await self._records.work.backlog(lane) != done.left

    async def _end_over(self, lane: str) -> int:
        now_ms = self._clock.now_ms()
        found = await self._claimed(lane, now_ms, set())
        await self._write([self._over(each, now_ms) for each in found])
        return len(found)

    async def _claimed(self, lane: str, until_ms: int, seen: set[bytes]) -> list[Message]:
        taken = {*self._records.inflight.active, *seen}
        return list(await self._records.claim_due(lane, until_ms, AT_ONCE, taken))

    def _change(self, message: Message, decision: Decision) -> Change | None:
        """None for one that came after the decision."""
        now_ms = self._clock.now_ms()
        if message.expires_ms <= now_ms:
            return self._over(message, now_ms)
        if message.accepted_ms > decision.at_ms:
            return None
        message.operator = operator_of(message.operator)
        if not decision.releases:
            return self._records.settler.final(message, Status.REJECTED, DROPPED, now_ms)
        if message.due_ms is None or message.due_ms >= message.expires_ms:
            message.due_ms = now_ms
        return Change(message=message, only_waiting=True)

    def _over(self, message: Message, now_ms: int) -> Change:
        """At its end; one whose schedule has come waits on until then."""
        if message.expires_ms > now_ms:
            message.due_ms = message.expires_ms
            return Change(message=message, only_waiting=True)
        message.operator = operator_of(message.operator)
        return self._records.settler.final(message, Status.EXPIRED, expiry_code(message), now_ms)

    async def _write(self, changes: list[Change]) -> None:
        """Durable, all of them, when the last one is: the journal keeps their order."""
        for change in changes[:-1]:
            self._records.journal.post(change)
        for change in changes[-1:]:
            await self._records.journal.write(change)
