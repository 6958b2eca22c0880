"""Watches the operators: what their answers say of them, and for how long what waits for them does not move."""

from collections.abc import Sequence
from typing import Final

from config.settings import DispatchSettings
from gateway.delivery.dispatch.lanes import Lane, Lanes
from gateway.delivery.dispatch.send import Sender
from gateway.process.clock import Clock
from gateway.process.logs import logger
from operators.base import ABOUT_LINK, NOT_ASKED, Accepted, DeferReason, Deferred, Refused, SubmitResult

TICK_LIMIT_S: Final = 1.0
"""What one look adds to a wait at most: a pause of this process is none of the operator's."""

log = logger("gateway.delivery")


class Watch:
    """Opens and closes the circuits of the lanes, with a line in the log for each.

    standstill_s: for how long an operator may take nothing.
    """

    def __init__(self, lanes: Lanes, sender: Sender, settings: DispatchSettings, clock: Clock) -> None:
        self._lanes = lanes
        self._sender = sender
        self.standstill_s = settings.circuit_standstill_s
        self._clock = clock
        self._looked_at = clock.monotonic()

    def adopt(self, settings: DispatchSettings) -> None:
        """From the next look on."""
        self.standstill_s = settings.circuit_standstill_s

    def note(self, lane: Lane, result: SubmitResult, now: float) -> None:
        """An answer that came in time. now: monotonic."""
        if isinstance(result, Accepted):
            lane.has_moved = True
            if lane.circuit.succeeded():
                self._closed(lane, now)
        elif isinstance(result, Refused) and result.status not in ABOUT_LINK:
            lane.has_moved = True
            if result.status in NOT_ASKED:
                lane.circuit.came_back()
            elif lane.circuit.succeeded():
                self._closed(lane, now)
        elif isinstance(result, Deferred) and result.reason is DeferReason.NOT_SENT:
            lane.circuit.came_back()
        elif lane.circuit.failed(now):
            self._opened(lane, "failures")

    def look(self) -> Sequence[str]:
        """Open the circuits of lanes that stand still; the lanes that one-time codes are to leave now.

        To be called about every `refill_interval_s`.
        """
        now = self._clock.monotonic()
        elapsed_s, self._looked_at = min(now - self._looked_at, TICK_LIMIT_S), now
        may_send = self._sender.may_send()
        return [name for name, lane in self._lanes.every() if self._is_useless(lane, elapsed_s, may_send, now)]

    def _is_useless(self, lane: Lane, elapsed_s: float, may_send: bool, now: float) -> bool:
        is_up = lane.operator.is_up()
        is_blocked = not may_send or not is_up
        still_s = lane.stood_still_s(elapsed_s, is_blocked)
        urgent_wait_s = lane.urgent_wait_s(elapsed_s, is_blocked)
        if still_s >= self.standstill_s and lane.circuit.stood_still(now):
            self._opened(lane, "standstill")
        if not is_up:
            return lane.down_since is not None and now - lane.down_since >= self.standstill_s
        return not lane.circuit.is_closed or urgent_wait_s >= self.standstill_s

    def took_nothing(self, lane: Lane) -> None:
        """Codes that the operator was sent are unanswered for too long, and it took nothing else meanwhile."""
        if lane.circuit.stood_still(self._clock.monotonic()):
            self._opened(lane, "standstill")

    @staticmethod
    def _opened(lane: Lane, reason: str) -> None:
        log.warning("operator_circuit_open", operator=lane.operator.name, reason=reason, waiting=len(lane))

    def _closed(self, lane: Lane, now: float) -> None:
        seconds = round(now - lane.circuit.since, 1)
        log.info("operator_circuit_closed", operator=lane.operator.name, seconds=seconds)
        lane.tied.clear()
        lane.passed.clear()
        self._lanes.look_again(lane.operator.name)
