"""One-time codes leave operators that do not do their work: those that wait, and those that are sent and unanswered.

What `response_timeout_s` is for the link is too long for a code where the next operator works. While an operator takes
nothing at all, a code that it was sent is taken for unanswered after `circuit_standstill_s`. That is Law 3's case: only
a code that may be sent twice goes on, and only when another operator of its route takes it now. An answer that comes
after all is a late one (S-23).
"""

from gateway.delivery.dispatch.divert import Diversion
from gateway.delivery.dispatch.lanes import Lane, Lanes
from gateway.delivery.dispatch.send import Sender
from gateway.delivery.dispatch.watch import Watch
from gateway.model.attempt import Attempt
from gateway.model.state import is_final


class Rescue:
    def __init__(self, lanes: Lanes, sender: Sender, diversion: Diversion, watch: Watch) -> None:
        self._lanes = lanes
        self._sender = sender
        self._diversion = diversion
        self._watch = watch

    def look(self) -> None:
        """To be called about every `refill_interval_s`."""
        useless = set(self._watch.look())
        if self._sender.may_send():
            useless |= {name for name, lane in self._lanes.every() if self._is_quiet(lane) and self._doubt(lane)}
        for name in useless:
            self._sender.divert(name)

    def _is_quiet(self, lane: Lane) -> bool:
        return lane.quiet_s >= self._watch.standstill_s and lane.operator.is_up() and self._diversion.has_target(lane)

    def _doubt(self, lane: Lane) -> bool:
        """Whether the operator has codes that go on."""

        def may_go_on(token: object) -> bool:
            assert isinstance(token, Attempt)
            message = token.message
            is_open = message.retry_unknown and token.verdict is None and not is_final(message)
            return is_open and self._diversion.target(message, lane) is not None

        if not lane.operator.doubt(may_go_on, self._watch.standstill_s):
            return False
        self._watch.took_nothing(lane)
        return True
