"""What operators answer to submissions: a message is settled, or it is to be tried again."""

from collections.abc import Callable, Sequence
from typing import Final

from config.settings import DispatchSettings
from gateway.delivery.dispatch.candidates import Candidates, Next
from gateway.delivery.dispatch.counters import DispatchCounters
from gateway.delivery.dispatch.lanes import Lanes
from gateway.delivery.dispatch.send import Sender
from gateway.delivery.dispatch.watch import Watch
from gateway.delivery.records import Records
from gateway.ledger.contract import Change
from gateway.model.attempt import Attempt
from gateway.model.message import Link, Message, MessageClass, Part, Status, snapshot
from gateway.model.state import is_final, is_named, segment_taken, set_part, unmark_attempted, unsent
from gateway.process.clock import Clock
from operators.base import (
    ABOUT_ADDRESS,
    ABOUT_LINK,
    DOUBTS,
    Accepted,
    DeferReason,
    Deferred,
    Refused,
    Submitted,
    Unknown,
)

_FREE: Final = frozenset({DeferReason.THROTTLED, DeferReason.QUEUE_FULL, DeferReason.NOT_SENT})
"""Deferrals that burn no attempt (S-33)."""
_PATIENCE: Final = 2
"""Failures of a promotional message at an operator that is up, before the next one is asked: by then it shows whether
the operator is sick.
"""


Concluded = Callable[[Attempt, str, int], None]
"""Told of an attempt before anything follows from it, at which operator it was, and when it was over."""


class Answers:
    """candidates: for the operator of the next attempt. watch: hears of every answer that came in time.

    concluded: hears of every attempt that is over; None where nobody wants to.
    """

    def __init__(
        self,
        lanes: Lanes,
        records: Records,
        sender: Sender,
        candidates: Candidates,
        watch: Watch,
        settings: DispatchSettings,
        counters: DispatchCounters,
        clock: Clock,
    ) -> None:
        self._lanes = lanes
        self._records = records
        self._sender = sender
        self._candidates = candidates
        self._watch = watch
        self._settings = settings
        self._counters = counters
        self._clock = clock
        self.concluded: Concluded | None = None

    def adopt(self, settings: DispatchSettings) -> None:
        """For attempts from now on."""
        self._settings = settings

    def on_submitted(self, answers: Sequence[Submitted]) -> None:
        """Answers of operators, as one read brought them."""
        touched: set[str] = set()
        now_ms, now = self._clock.now_ms(), self._clock.monotonic()
        for answer in answers:
            touched.add(answer.operator)
            attempt = answer.token
            assert isinstance(attempt, Attempt)
            lane = self._lanes.by_name.get(answer.operator)
            if answer.late:
                if lane is not None and isinstance(answer.result, Accepted):
                    lane.has_moved = True
                self._late(answer, attempt.message)
                continue
            if lane is not None:
                self._watch.note(lane, answer.result, now)
            if attempt.message.status is not Status.SUBMITTED or isinstance(answer.result, Accepted):
                self._note(answer, attempt)
            attempt.outstanding -= 1
            if not attempt.outstanding:
                touched.add(self._conclude(attempt, answer.operator, now_ms))
        for name in touched & self._lanes.by_name.keys():
            self._sender.pump(name)

    def _note(self, answer: Submitted, attempt: Attempt) -> None:
        """What one segment's answer says, kept until the last segment of the attempt is answered."""
        message = attempt.message
        match answer.result:
            case Accepted(operator_message_id):
                self._note_taken(answer, message, operator_message_id, attempt.links)
            case Deferred(reason, status, after_s):
                self._counters.deferred += 1
                code = f"{status:08x}" if status else reason.value
                self._counters.said(answer.operator, code)
                attempt.retry_after_s = max(attempt.retry_after_s, after_s)
                attempt.free = attempt.free and reason in _FREE
                attempt.misdirected |= status in ABOUT_ADDRESS
                if reason is DeferReason.NOT_SENT and message.parts[answer.segment] == Part.ATTEMPTED:
                    set_part(message, answer.segment, Part.WAITING)  # so the next operator may have it
                if message.error not in DOUBTS:  # one stays until the message is taken
                    message.error = code
            case Refused(status) if status in ABOUT_LINK and self._may_go_on(message, answer.operator):
                self._counters.refuse(answer.operator, f"{status:08x}")
                attempt.free = False
                message.error = f"{status:08x}"
            case Refused(status):
                self._counters.refuse(answer.operator, f"{status:08x}")
                set_part(message, answer.segment, Part.REJECTED)
                attempt.verdict = attempt.verdict or (Status.REJECTED, f"{status:08x}")
            case Unknown(reason, known_as):
                self._counters.unknown += 1
                self._counters.said(answer.operator, reason.value)
                attempt.free = False
                message.error = reason.value
                self._note_unknown(answer, attempt, known_as)

    def _note_unknown(self, answer: Submitted, attempt: Attempt, known_as: str) -> None:
        """Where a receipt would name the segment, it is found; what must not be sent twice waits for it then."""
        message = attempt.message
        if known_as and not message.retry_unknown:
            self._note_taken(answer, message, known_as, attempt.links)
        elif known_as:
            self._link(answer, message, self._records.ids.kept(answer.operator, known_as), attempt.links)
        elif not message.retry_unknown:
            attempt.verdict = attempt.verdict or (Status.FAILED, "outcome_unknown")

    def _may_go_on(self, message: Message, refusing: str) -> bool:
        """A code that was refused for what its operator is may be taken by the next one."""
        return message.message_class is MessageClass.OTP and self._candidates.next_operator(message, refusing)[1]

    def _note_taken(self, answer: Submitted, message: Message, identifier: str, links: list[Link]) -> None:
        self._counters.segments_accepted += 1
        records = self._records
        kept = records.ids.kept(answer.operator, identifier)
        is_asked = records.settler.follow_up.is_asked(answer.operator)
        if not is_named(message, answer.segment):
            segment_taken(message, answer.segment, kept, records.ids.sealed(message, identifier) if is_asked else "")
        if kept:
            self._link(answer, message, kept, links)

    def _link(self, answer: Submitted, message: Message, kept: str, links: list[Link]) -> None:
        links.append(Link(answer.operator, kept, answer.segment))
        self._records.inflight.learn(answer.operator, kept, message, answer.segment)

    def _conclude(self, attempt: Attempt, operator: str, now_ms: int) -> str:
        """Every segment of the attempt is answered: settle, or come back for what is missing.

        The operator that may have something to send by that.
        """
        message, records = attempt.message, self._records
        links = tuple(attempt.links)
        self._counters.answered(operator, now_ms - attempt.begun_ms)
        if self.concluded is not None:
            self.concluded(attempt, operator, now_ms)
        if is_final(message) or message.status is Status.SUBMITTED:  # by a late answer of an earlier attempt
            records.write(Change(message=snapshot(message), links=links))
        elif attempt.verdict is not None:
            status, error = attempt.verdict
            records.end(message, status, error, now_ms, links)
        elif not unsent(message):
            message.error = None
            records.write(records.settler.submitted(message, now_ms, links))
            message.content = None
        elif attempt.free:
            self._again_at_once(attempt, operator, links, now_ms)
        else:
            return self._again_later(attempt, operator, links, now_ms)
        return operator

    def _again_at_once(self, attempt: Attempt, operator: str, links: tuple[Link, ...], now_ms: int) -> None:
        """The operator only asked to slow down: the message keeps its place, and its budget."""
        attempt.message.attempts -= 1
        lane = self._lanes.by_name.get(operator)
        if lane is None or lane.is_leaving:  # it is found another lane by way of the ledger
            unmark_attempted(attempt.message)
            attempt.message.due_ms = now_ms
            self._records.write(Change(message=snapshot(attempt.message), links=links))
            return
        if links:
            self._records.journal.post(Change(message=snapshot(attempt.message), links=links))
        if self._records.neighbours.works_on(attempt.message.id):
            self._sender.put_back(lane, attempt.message)
        else:
            self._records.let_go(attempt.message)

    def _again_later(self, attempt: Attempt, operator: str, links: tuple[Link, ...], now_ms: int) -> str:
        """The operator that is to send it now."""
        message, records = attempt.message, self._records
        if message.attempts >= self._settings.max_attempts:
            records.end(message, Status.FAILED, message.error, now_ms, links)
            return operator
        unmark_attempted(message)
        message.operator, goes_on = self._next_operator(attempt, operator)
        at_once = goes_on and message.message_class is MessageClass.OTP
        # a code pauses between rounds, not on its way through the operators of its route
        wait_s = 0.0 if at_once else max(attempt.retry_after_s, self._retry_wait_s(message.attempts))
        message.status = Status.QUEUED
        message.due_ms = min(now_ms + round(wait_s * 1000), max(message.expires_ms, now_ms))
        change, lane = Change(message=snapshot(message), links=links), self._lanes.by_name.get(message.operator)
        if at_once and lane is not None and lane.backlog_room() and records.neighbours.works_on(message.id):
            records.journal.post(change)
            lane.add_backlog(message)
        else:
            records.write(change)
            self._lanes.note_overflow(message.operator)
        return message.operator

    def _next_operator(self, attempt: Attempt, failed: str) -> Next:
        """A promotional message waits for an operator that is up and sick, so that the next one is not flooded with all
        that the first cannot take; it goes on when it alone fails, twice, and from a wrong address.
        """
        message, lane = attempt.message, self._lanes.by_name.get(failed)
        if message.message_class is MessageClass.PROMOTIONAL and lane is not None and not attempt.misdirected:
            is_sick = message.attempts < _PATIENCE or not lane.circuit.is_closed
            if is_sick and self._lanes.is_up(failed):
                return failed, False
        return self._candidates.next_operator(message, failed)

    def _retry_wait_s(self, attempts: int) -> float:
        settings = self._settings
        return float(min(settings.retry_limit_s, settings.retry_first_s * 2 ** min(attempts - 1, 16)))

    def _late(self, answer: Submitted, attempted: Message) -> None:
        """An answer after its deadline still settles the segment when the message is not final (S-23).

        The message may have come back from the ledger meanwhile, to be tried again: then that object is the one to
        settle. Another operator may have it by now, or been asked to take it: the id is kept beside that one's.
        """
        self._counters.late_answers += 1
        records = self._records
        message = records.inflight.active.get(attempted.id, attempted)
        if is_final(message) or not isinstance(answer.result, Accepted) or answer.segment >= message.segments:
            return
        links: list[Link] = []
        by_name = self._lanes.by_name
        lane = by_name.get(message.operator)
        waited = lane is not None and message.status is not Status.SUBMITTED and lane.remove(message)
        if not any(message.operator_ids):
            message.operator = answer.operator
        self._note_taken(answer, message, answer.result.operator_message_id, links)
        message.error = None
        if unsent(message) or message.status is Status.SUBMITTED:
            records.journal.post(Change(message=snapshot(message), links=tuple(links)))
            if lane is not None and waited:  # the rest goes the way of what was taken
                by_name.get(message.operator, lane).put_back(message)
            return
        records.write(records.settler.submitted(message, self._clock.now_ms(), tuple(links)))
