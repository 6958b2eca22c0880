"""Sends what was accepted: a bounded lane per operator, one attempt at a time per message, answers in batches.

No task and no timer per message. Messages come by `take` right after their commit, or from the ledger by the refill
loop, which is also restart, retry, schedule and failover. `pump` moves a lane as long as its operator has room; it is
called when messages arrive, when answers free the window and when the operator says `Ready`.

Law 3: with `on_unknown` = `fail` the attempt is written down before the first byte leaves, so that a crash in between
cannot send twice; with `retry` it is not, and a crash may.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from math import inf
from typing import Final

import msgspec

from config.settings import DispatchSettings
from gateway.delivery.follow_up import AGAIN_SOON_MS
from gateway.delivery.inflight import InFlight
from gateway.delivery.lanes import Lane
from gateway.delivery.neighbours import NOBODY, Neighbours
from gateway.delivery.routing import Router, first_up
from gateway.delivery.settler import Settler
from gateway.ledger.contract import Change, Ledger, LedgerUnavailable, Replace, WriteOp, WriteResult
from gateway.ledger.journal import Journal
from gateway.model.attempt import Attempt
from gateway.model.identifiers import concat_reference
from gateway.model.message import WAITING, Link, Message, Part, Status, snapshot
from gateway.model.refusals import Refusal
from gateway.model.state import is_final, mark_attempted, segment_taken, set_part, unsent
from gateway.process.clock import Clock
from gateway.vault.vault import Content, Vault
from operators.base import Accepted, DeferReason, Deferred, MtMessage, Operator, Query, Refused, Submitted, Unknown
from redaction.egress import EgressContract, EgressField, disclosure_code
from redaction.errors import IntegrityError, KeyDestroyed, KeysWithheld, SealError
from redaction.personal import Purpose

REHOME_S: Final = 60.0
"""How often messages of operators that are no more are looked for, when there was nothing to do."""
REHOME_AT_ONCE: Final = 500
_EVER: Final = 2**62

_FREE: Final = frozenset({DeferReason.THROTTLED, DeferReason.QUEUE_FULL, DeferReason.NOT_SENT})
"""Deferrals that burn no attempt (S-33)."""


class DispatchCounters:
    """Plain numbers for the metrics; see `gateway.metrics.exposition`."""

    def __init__(self) -> None:
        self.attempts = 0
        self.segments_accepted = 0
        self.deferred = 0
        self.refused = 0
        self.unknown = 0
        self.late_answers = 0
        self.unopenable = 0
        self.rerouted = 0


class Dispatch:
    """active_until: monotonic time after which nothing is sent, because other nodes may have our messages by then."""

    def __init__(
        self,
        *,
        operators: Mapping[str, Operator],
        contracts: Mapping[str, EgressContract],
        router: Router,
        ledger: Ledger,
        journal: Journal,
        vault: Vault,
        settler: Settler,
        inflight: InFlight,
        settings: DispatchSettings,
        clock: Clock,
        observe_wait: Callable[[int], None],
        neighbours: Neighbours = NOBODY,
    ) -> None:
        self._lanes = {name: Lane(operator, settings.active_per_operator) for name, operator in operators.items()}
        self._exits = {name: _Exit(contract) for name, contract in contracts.items()}
        self._router = router
        self._ledger = ledger
        self._journal = journal
        self._vault = vault
        self._settler = settler
        self._inflight = inflight
        self._settings = settings
        self._clock = clock
        self._observe_wait = observe_wait
        self._neighbours = neighbours
        self._wake = asyncio.Event()
        self._stopping = False
        self.active_until = inf
        self._next_look = 0.0
        self.counters = DispatchCounters()

    # ------------------------------------------------------------------------------------------------- what comes in

    def take(self, messages: Sequence[Message]) -> None:
        """Messages that were just made durable. What does not fit or is not yet due stays in the ledger."""
        now_ms = self._clock.now_ms()
        touched: set[str] = set()
        for message in messages:
            lane = self._lanes.get(message.operator)
            if lane is None or message.due_ms is None or message.due_ms > now_ms:
                continue
            if message.id in self._inflight.active:  # the refill loop saw it between its commit and this call
                continue
            if lane.operator.is_up() and lane.add_fresh(message):
                self._inflight.active[message.id] = message
                touched.add(message.operator)
            else:
                lane.overflowed = True
        for name in touched:
            self.pump(name)

    def on_submitted(self, answers: Sequence[Submitted]) -> None:
        """Answers of operators, as one read brought them."""
        touched: set[str] = set()
        now_ms = self._clock.now_ms()
        for answer in answers:
            touched.add(answer.operator)
            attempt = answer.token
            assert isinstance(attempt, Attempt)
            if answer.late:
                self._late(answer, attempt.message)
                continue
            self._note(answer, attempt)
            attempt.outstanding -= 1
            if not attempt.outstanding:
                self._conclude(attempt, answer.operator, now_ms)
        for name in touched:
            self.pump(name)

    def on_ready(self, operator: str) -> None:
        """The operator has room again, or came up."""
        lane = self._lanes[operator]
        came_up, lane.down_since = lane.down_since is not None, None
        if lane.overflowed or came_up:
            self._wake.set()
        self.pump(operator)

    def on_down(self, operator: str) -> None:
        """The operator cannot be submitted to. Its messages wait, at no cost (S-63)."""
        self._lanes[operator].down_since = self._clock.monotonic()

    async def cancel(self, customer: int, identifier: bytes) -> Message | None:
        """Cancel what is not yet submitted. None when there is no such message of this customer.

        Raises Refusal("not_cancellable") when it is with an operator, on its way there, or final.
        """
        message = self._inflight.active.get(identifier)
        if message is None:
            message = await self._ledger.find(customer, identifier)
        if message is None or message.customer != customer:
            return None
        if message.status not in WAITING or any(message.parts) or not self._withdraw(message):
            raise Refusal("not_cancellable")
        change = self._settler.final(message, Status.CANCELLED, None, self._clock.now_ms())
        applied = await self._journal.write(msgspec.structs.replace(change, only_waiting=True))
        self._inflight.active.pop(identifier, None)
        if not applied:
            raise Refusal("not_cancellable")
        return message

    async def replace(self, customer: int, identifier: bytes, revise: Callable[[Message], Message]) -> Message | None:
        """Put what `revise` makes of a message in its place, as long as it is not yet submitted.

        None when there is no such message of this customer. Raises Refusal("not_replaceable"), and as `revise`.
        """
        message = self._inflight.active.get(identifier) or await self._ledger.find(customer, identifier)
        if message is None or message.customer != customer:
            return None
        if message.status not in WAITING or any(message.parts) or not self._withdraw(message):
            raise Refusal("not_replaceable")
        try:
            revised = revise(message)
            applied = await self._journal.write(Replace(revised))
        finally:
            self._inflight.active.pop(identifier, None)
            self._look_again(message.operator)
        if not applied:
            raise Refusal("not_replaceable")
        return revised

    def _look_again(self, operator: str) -> None:
        """The ledger has something of this lane that memory let go of."""
        if operator in self._lanes:
            self._lanes[operator].overflowed = True
            self._wake.set()

    def _withdraw(self, message: Message) -> bool:
        """Take a message out of its lane and keep the refill loop from it; False when it is on its way already."""
        if message.id in self._inflight.active:
            return self._lanes[message.operator].remove(message)
        self._inflight.active[message.id] = message
        return True

    def waiting(self) -> dict[str, int]:
        """Messages in memory per lane."""
        return {name: len(lane) for name, lane in self._lanes.items()}

    def let_go(self, has_gone: Callable[[bytes], bool]) -> None:
        """Forget what waits here of messages that are another node's now. What is with an operator is still answered,
        and stays in `active` until that is written.
        """
        for lane in self._lanes.values():
            for message in lane.take_where(lambda each: has_gone(each.id)):
                self._inflight.active.pop(message.id, None)
        self._inflight.forget_where(has_gone)

    def look_everywhere(self) -> None:
        """The ledger has work for every lane, or may have; or keys may be used again."""
        for lane in self._lanes.values():
            lane.overflowed = True
        self._wake.set()
        for name in self._lanes:
            self.pump(name)

    def stop(self) -> None:
        """Submit nothing more; answers are still taken."""
        self._stopping = True

    # ------------------------------------------------------------------------------------------------------ sending

    def pump(self, operator: str) -> None:
        """Submit as long as there is room and something waits."""
        lane = self._lanes[operator]
        if self._stopping or self._clock.monotonic() >= self.active_until:
            return
        room, now_ms = lane.operator.room(), self._clock.now_ms()
        while room > 0 and self._vault.may_open():
            message = lane.next()
            if message is None:
                break
            room -= self._attempt(lane, message, now_ms)
            if room <= 0:
                room = lane.operator.room()
        if lane.overflowed and lane.runs_low():
            self._wake.set()

    def _attempt(self, lane: Lane, message: Message, now_ms: int) -> int:
        """Do what is to be done with a message now; how many segments were submitted."""
        if is_final(message):
            self._inflight.active.pop(message.id, None)
        elif message.expires_ms <= now_ms:
            self._end(message, Status.EXPIRED, "expired_here", now_ms)
        elif message.retry_unknown or message.parts[0] == Part.ATTEMPTED:
            return self._send(lane, message, now_ms)
        else:
            self._record_then_send(lane, message)
        return 0

    def _record_then_send(self, lane: Lane, message: Message) -> None:
        """Law 3, `fail`: the ledger knows of the attempt before the operator does."""
        mark_attempted(message)

        def recorded(_op: WriteOp | None, applied: WriteResult) -> None:
            if applied is None:  # another node has it by now
                self._inflight.active.pop(message.id, None)
                return
            lane.put_back(message)
            self.pump(lane.operator.name)

        self._journal.post(Change(message=snapshot(message)), recorded)

    def _send(self, lane: Lane, message: Message, now_ms: int) -> int:
        try:
            content = self._vault.open_content(message)
        except KeysWithheld:  # since `pump` asked; its next look ends the turn
            lane.put_back(message)
            return 0
        except SealError as error:
            self._unopenable(message, error, now_ms)
            return 0
        name = lane.operator.name
        segments = unsent(message)
        attempt = Attempt(message, len(segments), [])
        if not message.attempts:
            self._observe_wait(now_ms - message.accepted_ms)
        message.attempts += 1
        message.operator = name
        leaves = self._exits[name]
        message.disclosure |= leaves.several if message.segments > 1 or content.header else leaves.single
        self.counters.attempts += 1
        attempt.outstanding = lane.operator.submit(_cut_down(leaves, message, content, attempt, segments, now_ms))
        if attempt.outstanding != len(segments):
            self._recount(message, attempt.outstanding)
        return attempt.outstanding

    @staticmethod
    def _recount(message: Message, segments: int) -> None:
        """This operator joins long messages in another way than the one the message was planned for."""
        message.segments = segments
        message.parts = bytes(segments)
        message.operator_ids = ()

    def _unopenable(self, message: Message, error: SealError, now_ms: int) -> None:
        """The content is gone or was tampered with: it cannot be sent, and must not be tried again."""
        self.counters.unopenable += 1
        code = "failed"
        if isinstance(error, KeyDestroyed):
            code = "content_destroyed"
        elif isinstance(error, IntegrityError):
            code = "integrity_error"
        self._end(message, Status.FAILED, code, now_ms)

    # ------------------------------------------------------------------------------------------------------ answers

    def _note(self, answer: Submitted, attempt: Attempt) -> None:
        """What one segment's answer says, kept until the last segment of the attempt is answered."""
        message = attempt.message
        match answer.result:
            case Accepted(operator_message_id):
                self._note_taken(answer, message, operator_message_id, attempt.links)
            case Deferred(reason, status, after_s):
                self.counters.deferred += 1
                attempt.retry_after_s = max(attempt.retry_after_s, after_s)
                attempt.free = attempt.free and reason in _FREE
                message.error = f"{status:08x}" if status else reason.value
            case Refused(status):
                self.counters.refused += 1
                set_part(message, answer.segment, Part.REJECTED)
                attempt.verdict = attempt.verdict or (Status.REJECTED, f"{status:08x}")
            case Unknown(reason):
                self.counters.unknown += 1
                attempt.free = False
                message.error = reason.value
                if not message.retry_unknown:
                    attempt.verdict = attempt.verdict or (Status.FAILED, "outcome_unknown")

    def _note_taken(self, answer: Submitted, message: Message, identifier: str, links: list[Link]) -> None:
        self.counters.segments_accepted += 1
        segment_taken(message, answer.segment, identifier)
        if identifier:
            links.append(Link(answer.operator, identifier, answer.segment))
            self._inflight.learn(answer.operator, identifier, message, answer.segment)

    def _conclude(self, attempt: Attempt, operator: str, now_ms: int) -> None:
        """Every segment of the attempt is answered: settle, or come back for what is missing."""
        message = attempt.message
        links = tuple(attempt.links)
        if is_final(message):
            self._write(Change(message=snapshot(message), links=links))
        elif attempt.verdict is not None:
            status, error = attempt.verdict
            self._write(self._settler.final(message, status, error, now_ms, links))
        elif not unsent(message):
            message.error = None
            self._write(self._settler.submitted(message, now_ms, links))
            message.content = None
        elif attempt.free:
            self._again_at_once(attempt, operator, links)
        else:
            self._again_later(attempt, operator, links, now_ms)

    def _again_at_once(self, attempt: Attempt, operator: str, links: tuple[Link, ...]) -> None:
        """The operator only asked to slow down: the message keeps its place, and its budget."""
        attempt.message.attempts -= 1
        if links:
            self._journal.post(Change(message=snapshot(attempt.message), links=links))
        if self._neighbours.works_on(attempt.message.id):
            self._lanes[operator].put_back(attempt.message)
        else:
            self._inflight.active.pop(attempt.message.id, None)

    def _again_later(self, attempt: Attempt, operator: str, links: tuple[Link, ...], now_ms: int) -> None:
        message = attempt.message
        if message.attempts >= self._settings.max_attempts:
            self._write(self._settler.final(message, Status.FAILED, message.error, now_ms, links))
            return
        wait_s = max(attempt.retry_after_s, self._retry_wait_s(message.attempts))
        message.status = Status.QUEUED
        message.due_ms = now_ms + round(wait_s * 1000)
        message.operator = self._next_operator(message, operator)
        self._write(Change(message=snapshot(message), links=links))
        self._lanes[message.operator].overflowed = True

    def _retry_wait_s(self, attempts: int) -> float:
        settings = self._settings
        return float(min(settings.retry_limit_s, settings.retry_first_s * 2 ** min(attempts - 1, 16)))

    def _next_operator(self, message: Message, failed: str) -> str:
        """Ordered failover: the next candidate after the one that failed, if no segment is with any of them yet."""
        if any(part != Part.WAITING for part in message.parts) or not self._router.alternatives(failed):
            return failed
        candidates = self._candidates(message)
        if failed not in candidates:
            return candidates[0] if candidates else failed
        start = candidates.index(failed)
        for name in candidates[start + 1 :] + candidates[:start]:
            if self.is_up(name):
                return name
        return failed

    def _candidates(self, message: Message) -> tuple[str, ...]:
        try:
            content = self._vault.open_content(message)
        except SealError:
            return ()
        return self._router.candidates(content.to.reveal(Purpose.DELIVER), message.message_class)

    def _late(self, answer: Submitted, attempted: Message) -> None:
        """An answer after its deadline still settles the segment when the message is not final (S-23).

        The message may have come back from the ledger meanwhile, to be tried again: then that object is the one to
        settle.
        """
        self.counters.late_answers += 1
        message = self._inflight.active.get(attempted.id, attempted)
        if is_final(message) or not isinstance(answer.result, Accepted) or answer.segment >= message.segments:
            return
        links: list[Link] = []
        self._note_taken(answer, message, answer.result.operator_message_id, links)
        message.error = None
        if unsent(message) or message.status is Status.SUBMITTED:
            self._journal.post(Change(message=snapshot(message), links=tuple(links)))
            return
        if message.operator in self._lanes:
            self._lanes[message.operator].remove(message)
        self._write(self._settler.submitted(message, self._clock.now_ms(), tuple(links)))

    def _end(self, message: Message, status: Status, error: str | None, now_ms: int) -> None:
        self._write(self._settler.final(message, status, error, now_ms))

    def _write(self, change: Change) -> None:
        """Write, and let the message out of the active set once that is durable."""
        self._journal.post(change, self._written)

    def _written(self, op: WriteOp | None, _applied: WriteResult) -> None:
        assert isinstance(op, Change)
        self._inflight.active.pop(op.message.id, None)

    # ------------------------------------------------------------------------------------------------------- refill

    async def run(self) -> None:
        """Fetch due work from the ledger when a lane runs low, and look for retries and schedules in between.

        A ledger that is away is asked again.
        """
        self._next_look = self._clock.monotonic()
        while True:
            with suppress(LedgerUnavailable):
                await self._look()
            self._wake.clear()
            await self._pause()

    async def _look(self) -> None:
        if self._clock.monotonic() >= self._next_look:
            moved = await self._rehome()
            self._next_look = self._clock.monotonic() + (0 if moved else REHOME_S)
        for name, lane in self._lanes.items():
            if lane.operator.is_up():
                await self._refill(name, lane)
            elif self._should_steer(name, lane):
                await self._steer(name)

    async def _pause(self) -> None:
        try:
            async with asyncio.timeout(self._settings.refill_interval_s):
                await self._wake.wait()
        except TimeoutError:
            pass

    async def _refill(self, name: str, lane: Lane) -> None:
        room = lane.backlog_room()
        if not room or self._stopping or not self._vault.may_open():
            return
        found = await self._ledger.claim_due(name, self._clock.now_ms(), room, self._inflight.active)
        lane.overflowed = len(found) == room
        now_ms = self._clock.now_ms()
        for message in found:
            if message.id in self._inflight.active:
                continue
            self._inflight.active[message.id] = message
            if message.status is Status.SUBMITTED:
                self._look_after(message, lane.operator, now_ms)
            elif self._was_cut_off(message):
                self._end(message, Status.FAILED, "outcome_unknown", now_ms)
            else:
                lane.add_backlog(message)
        if found:
            self.pump(name)

    def _look_after(self, claimed: Message, operator: Operator, now_ms: int) -> None:
        """No receipt came so far: ask, where the operator answers such questions, and in the end give up."""
        known = self._inflight.find(claimed.operator, [each for each in claimed.operator_ids if each])
        message = claimed if known is None else known[0]
        follow_up = self._settler.follow_up
        if is_final(message):  # written already, or about to be
            self._inflight.active.pop(claimed.id, None)
        elif follow_up.is_over(message, now_ms):
            self._end(message, Status.UNKNOWN, "no_receipt", now_ms)
        else:
            asked = not follow_up.is_asked(message.operator) or self._ask(claimed, operator)
            message.due_ms = follow_up.next_ms(message, now_ms) if asked else now_ms + AGAIN_SOON_MS
            self._write(Change(message=snapshot(message)))

    def _ask(self, message: Message, operator: Operator) -> bool:
        """What became of its segments? False when not all questions could leave."""
        contract = self._exits[operator.name].contract
        try:
            source = contract.source(self._vault.open_content(message).source)
        except SealError:
            source = ""  # forgotten meanwhile; many operators find the message by its id alone
        return all(
            operator.query(Query(operator_message_id=identifier, source=source))
            for identifier, part in zip(message.operator_ids, message.parts, strict=False)
            if identifier and part == Part.ACCEPTED
        )

    async def _rehome(self) -> int:
        """Find a new lane for messages of operators that the settings name no more; how many moved or expired.

        What no route takes waits for its operator to come back, or for the end of its validity.
        """
        changes: list[Change] = []
        for name in await self._ledger.lanes():
            if name not in self._lanes:
                found = await self._ledger.claim_due(name, _EVER, REHOME_AT_ONCE, self._inflight.active)
                changes += [change for message in found if (change := self._new_home(message)) is not None]
        await asyncio.gather(*(self._journal.write(change) for change in changes))
        for change in changes:
            if change.message.operator in self._lanes:
                self._lanes[change.message.operator].overflowed = True
        return len(changes)

    def _new_home(self, message: Message) -> Change | None:
        now_ms = self._clock.now_ms()
        if message.status is Status.SUBMITTED:
            over = self._settler.follow_up.is_over(message, now_ms)
            return self._settler.final(message, Status.UNKNOWN, "no_receipt", now_ms) if over else None
        if message.expires_ms <= now_ms:
            return self._settler.final(message, Status.EXPIRED, "expired_here", now_ms)
        candidates = () if any(part != Part.WAITING for part in message.parts) else self._candidates(message)
        if not candidates:
            return None
        message.operator = first_up(candidates, self.is_up)
        self.counters.rerouted += 1
        return Change(message=message, only_waiting=True)

    @staticmethod
    def _was_cut_off(message: Message) -> bool:
        """A recorded attempt whose answer a crash took away, of a message that must not be sent twice."""
        return not message.retry_unknown and Part.ATTEMPTED in message.parts

    def is_up(self, name: str) -> bool:
        """Whether this operator can be submitted to now."""
        lane = self._lanes.get(name)
        return lane is not None and lane.operator.is_up()

    def _should_steer(self, name: str, lane: Lane) -> bool:
        """Down for long, and another operator on the same routes is up."""
        if lane.down_since is None or self._clock.monotonic() - lane.down_since < self._settings.failover_after_s:
            return False
        return any(self.is_up(other) for other in self._router.alternatives(name))

    async def _steer(self, name: str) -> None:
        """Give a dead lane's messages to the next candidate of each, as far as that one's lane has room.

        What finds no place keeps it here when it was in memory, and in the ledger otherwise, until the next look.
        """
        room = sum(self._lanes[other].backlog_room() for other in self._router.alternatives(name) if self.is_up(other))
        lane = self._lanes[name]
        touched = {self._move(message, name, lane.add_backlog) for message in lane.take_all()} if room else set()
        if room:
            due = await self._ledger.claim_due(name, self._clock.now_ms(), min(room, 500), self._inflight.active)
            touched |= {self._move(message, name, None) for message in due if message.id not in self._inflight.active}
        for target in touched - {name}:
            self.pump(target)

    def _move(self, message: Message, name: str, stays: Callable[[Message], None] | None) -> str:
        """To another lane, which is returned; otherwise `stays` has it."""
        target = self._next_operator(message, name)
        if target == name or not self._lanes[target].backlog_room():
            if stays is not None:
                stays(message)
            return name
        self.counters.rerouted += 1
        message.operator = target
        self._inflight.active[message.id] = message
        self._lanes[target].add_backlog(message)
        return target


class _Exit:
    """What an operator's egress contract lets out of every message (P-16).

    single, several: the masks of every field that an attempt forwards, of a message of one segment and of more.
    """

    __slots__ = ("contract", "receipt", "several", "single", "validity")

    def __init__(self, contract: EgressContract) -> None:
        single = {
            EgressField.SOURCE,
            EgressField.DESTINATION,
            EgressField.TEXT,
            EgressField.DATA_CODING,
            EgressField.REGISTERED_DELIVERY,
            EgressField.VALIDITY,
            EgressField.ESM_CLASS,
        }
        several = single | {EgressField.UDH, EgressField.REFERENCE}
        self.contract: Final = contract
        self.receipt: Final = contract.allows(EgressField.REGISTERED_DELIVERY)
        self.validity: Final = contract.allows(EgressField.VALIDITY)
        self.single: Final = disclosure_code(field for field in single if contract.allows(field))
        self.several: Final = disclosure_code(field for field in several if contract.allows(field))


def _cut_down(
    leaves: _Exit, message: Message, content: Content, attempt: Attempt, segments: tuple[int, ...], now_ms: int
) -> MtMessage:
    """Only what the operator's egress contract lets out (P-16)."""
    return MtMessage(
        token=attempt,
        source=leaves.contract.source(content.source),
        destination=content.to,
        text=content.text,
        concat_ref=concat_reference(message.id),
        only=None if len(segments) == message.segments else segments,
        receipt=content.receipt and leaves.receipt,
        validity_s=(message.expires_ms - now_ms + 999) // 1000 if leaves.validity else None,
        flash=content.flash,
        data_coding=content.data_coding,
        header=content.header,
    )
