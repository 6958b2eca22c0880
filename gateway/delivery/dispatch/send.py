"""Sends what waits in the lanes: one attempt at a time per message, as long as its operator has room.

No task and no timer per message. `pump` moves a lane; it is called when messages arrive, when answers free the window
and when the operator says `Ready`.

Law 3: with `on_unknown` = `fail` the attempt is written down before the first byte leaves, so that a crash in between
cannot send twice; with `retry` it is not, and a crash may.
"""

from collections.abc import Callable, Sequence
from math import inf
from typing import Final

from gateway.delivery.dispatch.counters import DispatchCounters
from gateway.delivery.dispatch.divert import Diversion
from gateway.delivery.dispatch.gate import Gate
from gateway.delivery.dispatch.lanes import Lane, Lanes
from gateway.delivery.records import Records
from gateway.ledger.contract import Change, WriteOp, WriteResult, Written
from gateway.model.attempt import Attempt
from gateway.model.message import Message, Part, Status, snapshot
from gateway.model.state import expiry_code, is_final, mark_attempted, unmark_attempted, unsent
from gateway.process.clock import Clock
from gateway.vault.vault import Content, Vault
from operators.contained import report
from redaction.errors import IntegrityError, KeyDestroyed, KeysWithheld, SealError


class Sender:
    """is_held: nothing is to be sent to anybody for now. active_until: monotonic time after which nothing is sent,
    because other nodes may have our messages by then.

    observe_wait: called with the milliseconds between a message's acceptance and its first attempt.
    """

    def __init__(
        self,
        lanes: Lanes,
        records: Records,
        vault: Vault,
        clock: Clock,
        counters: DispatchCounters,
        diversion: Diversion,
        gate: Gate,
        observe_wait: Callable[[int], None],
    ) -> None:
        self._lanes = lanes
        self._records = records
        self._active: Final = records.inflight.active
        self._vault = vault
        self._clock = clock
        self._counters = counters
        self._diversion = diversion
        self._gate = gate
        self._hold = gate.hold
        self._observe_wait = observe_wait
        self.is_stopping = False
        self.is_held = False
        self.active_until = inf

    def take(self, messages: Sequence[Message]) -> None:
        """Messages that were just made durable. What does not fit or is not yet due stays in the ledger."""
        now_ms = self._clock.now_ms()
        touched: set[str] = set()
        for message in messages:
            lane = self._lanes.by_name.get(message.operator)
            if lane is None or message.due_ms is None or message.due_ms > now_ms:
                continue
            if message.id in self._active:  # the refill loop saw it between its commit and this call
                continue
            if lane.operator.is_up() and lane.add_fresh(message):
                self._active[message.id] = message
                touched.add(message.operator)
            elif not self._lanes.takes_codes(message.operator) and self._diversion.place(message, lane) is not None:
                touched.add(message.operator)
            else:
                lane.overflowed = True
        for name in touched:
            self.pump(name)

    def on_ready(self, operator: str) -> None:
        """The operator has room again, or came up."""
        lane = self._lanes.by_name.get(operator)
        if lane is None or lane.is_paused:
            return
        came_up, lane.down_since = lane.down_since is not None, None
        if lane.overflowed or came_up:
            self._lanes.wake.set()
        self.pump(operator)

    def on_down(self, operator: str) -> None:
        """The operator cannot be submitted to. Its messages wait, at no cost (S-63)."""
        lane = self._lanes.by_name.get(operator)
        if lane is not None and not lane.is_paused:
            lane.down_since = self._clock.monotonic()
            self._unbegin(lane)

    def hold(self, *, held: bool) -> None:
        """Send nothing to anybody, or go on. Messages are taken meanwhile, and wait."""
        self.is_held = held
        if held:
            for lane in self._lanes.by_name.values():
                self._unbegin(lane)
        else:
            self.look_everywhere()

    def pause(self, lane: Lane) -> None:
        """Send nothing to this operator, as if its link were down: it is left out where messages may go elsewhere."""
        lane.pause()
        lane.down_since = self._clock.monotonic()
        self._unbegin(lane)

    def resume(self, lane: Lane) -> None:
        """Send to it again."""
        lane.resume()
        lane.passed.clear()
        lane.overflowed = True
        if lane.operator.is_up():
            self.on_ready(lane.operator.name)

    def put_back(self, lane: Lane, message: Message) -> None:
        """It was begun, and its operator has nothing of what is left of it: it goes first when the lane is moved."""
        lane.put_back(message)
        if self.is_stopping or self.is_held or not lane.operator.is_up():
            self._take_back(message)

    def _unbegin(self, lane: Lane) -> None:
        for message in lane.begun():
            self._take_back(message)

    def _take_back(self, message: Message) -> None:
        """What was begun and not sent has not been attempted: a restart may come before it goes on (Law 3)."""
        if not message.retry_unknown:  # the ledger has it as attempted, whatever memory says since
            unmark_attempted(message)
            self._records.journal.post(Change(message=snapshot(message)))

    def look_everywhere(self) -> None:
        """The ledger has work for every lane, or may have; or keys may be used again."""
        for lane in self._lanes.by_name.values():
            lane.overflowed = True
        self._lanes.wake.set()
        for name in tuple(self._lanes.by_name):
            self.pump(name)

    def stop(self) -> None:
        """Submit nothing more; answers are still taken."""
        self.is_stopping = True
        for lane in self._lanes.by_name.values():
            self._unbegin(lane)

    def may_send(self) -> bool:
        """Whether anything may be sent now, whatever the operators say."""
        return (
            not (self.is_stopping or self.is_held)
            and self._clock.monotonic() < self.active_until
            and self._vault.may_open()
        )

    def pump(self, operator: str) -> None:
        """Submit as long as there is room and something waits; codes need not wait for an operator that is useless."""
        lane, now = self._lanes.by_name.get(operator), self._clock.monotonic()
        if self.is_stopping or self.is_held or now >= self.active_until or lane is None or lane.is_leaving:
            return
        room, now_ms = _room(lane, now), self._clock.now_ms()
        while room > 0 and self._vault.may_open():
            message = lane.next()
            if message is None:
                break
            room -= self._attempt(lane, message, now_ms, now)
            if room <= 0:
                room = _room(lane, now)
        if lane.overflowed and lane.runs_low():
            self._lanes.wake.set()
        if not lane.circuit.is_closed:
            self.divert(operator)

    def divert(self, operator: str) -> None:
        """Have other operators send the one-time codes that wait for this one, as far as those can."""
        lane = self._lanes.by_name.get(operator)
        if lane is not None and self._vault.may_open():
            for name in self._diversion.divert(lane):
                self.pump(name)

    def _attempt(self, lane: Lane, message: Message, now_ms: int, now: float) -> int:
        """Do what is to be done with a message now; how many segments take up room."""
        if is_final(message):
            self._records.let_go(message)
        elif message.expires_ms <= now_ms:
            self._records.end(message, Status.EXPIRED, expiry_code(message), now_ms)
        elif self._hold.keeps(message):
            self._hold.take(message, lane.operator.name)
        elif message.retry_unknown or message.parts[0] == Part.ATTEMPTED:
            segments = self._send(lane, message, now_ms)
            lane.circuit.sent(segments, now)
            return segments
        else:
            self._record_then_send(lane, message)
            return 1
        return 0

    def _record_then_send(self, lane: Lane, message: Message) -> None:
        """Law 3, `fail`: the ledger knows of the attempt before the operator does.

        No more are marked than the operator has room for: what is marked and not answered at a restart has failed.
        """
        mark_attempted(message)
        lane.recording += 1

        def recorded(_op: WriteOp | None, applied: WriteResult) -> None:
            lane.recording -= 1
            if applied is Written.ELSEWHERE:
                self._records.let_go(message)
                return
            if lane.is_leaving:
                self.give_back(message)
                return
            self.put_back(lane, message)
            self.pump(lane.operator.name)

        self._records.journal.post(Change(message=snapshot(message)), recorded)

    def give_back(self, message: Message) -> None:
        """To the ledger, for whatever lane it is given next: its operator is leaving and has nothing of it."""
        if not message.retry_unknown:  # the ledger may have it as attempted
            unmark_attempted(message)
            self._records.write(Change(message=snapshot(message)))
        else:
            self._records.let_go(message)

    def _send(self, lane: Lane, message: Message, now_ms: int) -> int:
        try:
            content = self._vault.open_content(message)
        except KeysWithheld:  # since `pump` asked; its next look ends the turn
            lane.put_back(message)
            return 0
        except SealError as error:
            self._unopenable(message, error, now_ms)
            return 0
        try:
            if self._gate.stops(lane, message, content, now_ms):
                return 0
            return self._submit(lane, message, content, now_ms)
        except Exception as error:  # an unforeseen message ends alone
            report("delivery", error)
            self._records.end(message, Status.FAILED, "failed", now_ms)
            return 0

    def _submit(self, lane: Lane, message: Message, content: Content, now_ms: int) -> int:
        segments = unsent(message)
        attempt = Attempt(message, len(segments), [], begun_ms=now_ms)
        if not message.attempts:
            self._observe_wait(now_ms - message.accepted_ms)
        message.attempts += 1
        message.operator = lane.operator.name
        message.disclosure |= lane.exit.disclosure(message, content)
        self._counters.attempts += 1
        attempt.outstanding = lane.operator.submit(lane.exit.cut_down(message, content, attempt, segments, now_ms))
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
        self._counters.unopenable += 1
        code = "failed"
        if isinstance(error, KeyDestroyed):
            code = "content_destroyed"
        elif isinstance(error, IntegrityError):
            code = "integrity_error"
        self._records.end(message, Status.FAILED, code, now_ms)


def _room(lane: Lane, now: float) -> int:
    """Segments that may be submitted: as far as the operator goes, and as far as it is trusted."""
    return min(lane.operator.room(), lane.circuit.room(now)) - lane.recording
