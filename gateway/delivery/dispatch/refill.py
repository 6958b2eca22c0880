"""Fetches from the ledger what memory has room for: this is also restart, retry and schedule."""

from collections.abc import Sequence
from typing import Final

from gateway.delivery.dispatch.divert import Diversion
from gateway.delivery.dispatch.expiry import Expiry
from gateway.delivery.dispatch.hold import Hold
from gateway.delivery.dispatch.lanes import Lane, Lanes
from gateway.delivery.dispatch.send import Sender
from gateway.delivery.follow_up import AGAIN_SOON_MS
from gateway.delivery.records import Records
from gateway.ledger.contract import Change
from gateway.model.message import Message, MessageClass, Part, Status, snapshot
from gateway.model.state import is_final
from gateway.process.clock import Clock
from gateway.vault.vault import Vault
from operators.base import Query
from redaction.errors import SealError

SIFT_AT_ONCE: Final = 500
PASSED_LIMIT: Final = 10_000
"""Messages of a useless operator that are passed over in search of codes: every look goes over them again."""


class Refill:
    def __init__(
        self,
        lanes: Lanes,
        records: Records,
        sender: Sender,
        diversion: Diversion,
        hold: Hold,
        vault: Vault,
        clock: Clock,
    ) -> None:
        self._lanes = lanes
        self._records = records
        self._active: Final = records.inflight.active
        self._sender = sender
        self._diversion = diversion
        self._hold = hold
        self._vault = vault
        self._clock = clock
        self.expiry: Final = Expiry(lanes, records, clock)

    async def fill(self, name: str, lane: Lane) -> None:
        """Give the lane what is due, as far as it has room."""
        room = lane.backlog_room()
        if not room or not self._sender.may_send() or not self._hold.may_fetch():
            return
        found = await self._records.claim_due(name, self._clock.now_ms(), room, self._active)
        if lane.is_leaving:
            return
        lane.overflowed = len(found) == room
        now_ms = self._clock.now_ms()
        for message in self._fresh(found):
            self._active[message.id] = message
            self._take(lane, message, now_ms)
        if found:
            self._sender.pump(name)

    async def sift(self, name: str, lane: Lane) -> None:
        """The same for an operator that is useless now: the codes among what is due go to other operators."""
        room = lane.backlog_room()
        searches = len(lane.passed) < PASSED_LIMIT and self._diversion.has_target(lane)
        lane.overflowed = False
        if (searches or room) and self._sender.may_send():
            limit = max(room, SIFT_AT_ONCE) if searches else room
            passed = {*self._active, *lane.passed}
            found = await self._records.claim_due(name, self._clock.now_ms(), limit, passed)
            if lane.is_leaving:
                return
            lane.overflowed = searches and len(found) == limit
            for target in self._sift(lane, self._fresh(found)):
                self._sender.pump(target)
        self._sender.pump(name)

    def _sift(self, lane: Lane, found: Sequence[Message]) -> set[str]:
        """The lanes that got codes. What is no code and has no room here is passed over until the circuit closes."""
        touched: set[str] = set()
        now_ms = self._clock.now_ms()
        for message in found:
            target = None
            if message.status is not Status.SUBMITTED and not self._lanes.takes_codes(lane.operator.name):
                target = self._diversion.place(message, lane)
            if target is not None:
                touched.add(target)
            elif lane.backlog_room() or message.status is Status.SUBMITTED:
                self._active[message.id] = message
                self._take(lane, message, now_ms)
            elif message.message_class is not MessageClass.OTP or message.id in lane.tied:
                lane.passed.add(message.id)
        return touched

    def _fresh(self, found: Sequence[Message]) -> list[Message]:
        """Without those that came to memory by another way while the ledger was asked."""
        return [message for message in found if message.id not in self._active]

    def _take(self, lane: Lane, message: Message, now_ms: int) -> None:
        if message.status is Status.SUBMITTED:
            self._look_after(lane, message, now_ms)
        elif _was_cut_off(message):
            self._records.end(message, Status.FAILED, "outcome_unknown", now_ms)
        elif self._hold.keeps(message) and message.expires_ms > now_ms:
            self._hold.take(message, lane.operator.name)
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
        identifiers = [self._asked(message, at) for at, part in enumerate(message.parts) if part == Part.ACCEPTED]
        return all(lane.operator.query(Query(operator_message_id=each, source=source)) for each in identifiers if each)

    def _asked(self, message: Message, segment: int) -> str:
        """The operator's id, as long as the keys of the content live."""
        try:
            return self._records.ids.asked(message, segment)
        except SealError:
            return ""


def _was_cut_off(message: Message) -> bool:
    """A recorded attempt whose answer a crash took away, of a message that must not be sent twice."""
    return not message.retry_unknown and Part.ATTEMPTED in message.parts
