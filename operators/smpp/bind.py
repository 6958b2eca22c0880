"""One bind of an operator: how much may leave over it now.

The least of its window, its share of the agreed throughput, and, for a while after it came back, a window that opens
slowly: an SMSC that has just restarted is not met with everything that gathered meanwhile. Nothing leaves while the
peer is silent: what is swallowed is in doubt, and one window of it is enough. Time is an argument.
"""

from collections.abc import Callable
from typing import Final

from config.operators import SmppOperatorSettings
from operators.bucket import TokenBucket
from operators.smpp.connection import Connection
from operators.smpp.sent import Sent

RUN: Final = 16
"""A bind gets a sixteenth of its window in a row before the binds are compared again."""


class Bind:
    """connection: of which this is the sending side. again: the link was up before, so it starts slowly.

    run: how many requests it may get in a row. is_leaving: it gets no more.
    """

    __slots__ = (
        "_bucket",
        "_silent_from",
        "_slow_from",
        "_slow_s",
        "_timeout_s",
        "_useless_s",
        "_window",
        "connection",
        "is_leaving",
        "run",
        "session",
        "window",
    )

    def __init__(self, connection: Connection, settings: SmppOperatorSettings, now: float, *, again: bool) -> None:
        self.connection = connection
        self.session = connection.session
        self.is_leaving = False
        self.window = connection.session.window
        rate = settings.throughput_per_bind_per_s
        self._bucket = None if rate is None else TokenBucket(rate, max(1, round(rate)), now)
        self._window = settings.window
        self.run = max(1, settings.window // RUN)
        self._slow_s = settings.slow_start_s if again else 0.0
        self._slow_from = now
        self._useless_s = settings.rebind_after_s
        self._timeout_s = settings.response_timeout_s
        self._silent_from: float | None = None

    def started(self, now: float) -> None:
        """The bind was accepted: the slow start begins."""
        self._slow_from = now

    def answered(self) -> None:
        """A submit_sm was answered, whatever the answer."""
        self._silent_from = None

    def unanswered(self, now: float, waited_s: float | None = None) -> bool:
        """A submit_sm has timed out, or was not waited for longer than this; whether none was answered for so long that
        the bind is to be made anew.
        """
        if self._silent_from is None:
            self._silent_from = now - (self._timeout_s if waited_s is None else waited_s)
        return self._useless_s is not None and now - self._silent_from >= self._useless_s

    def doubt(self, is_meant: Callable[[object], bool], waited_s: float) -> list[Sent]:
        """What was submitted, has a token that is meant, and waits so long for its answer: unanswered from here on."""

        def is_theirs(context: object) -> bool:
            return isinstance(context, Sent) and is_meant(context.token)

        until = self.connection.now() + self._timeout_s - waited_s
        return [slot.context for slot in self.window.doubt(until, is_theirs)]

    def is_up(self) -> bool:
        return self.session.may_submit

    def room(self, now: float) -> int:
        """Requests that may be sent now."""
        if self.is_leaving or not self.session.may_submit or self.session.alive.silent or not self.connection.writable:
            return 0
        room = self.window.room()
        if self._slow_s:
            room = min(room, self._opened(now) - len(self.window))
        if self._bucket is not None:
            room = min(room, self._bucket.available(now))
        return room

    def _opened(self, now: float) -> int:
        """How far the window is open; at least one, so that answers keep coming that say so."""
        elapsed = now - self._slow_from
        if elapsed >= self._slow_s:
            self._slow_s = 0.0
            return self._window
        return max(1, int(self._window * elapsed / self._slow_s))

    def took(self, now: float) -> None:
        """One request was sent."""
        if self._bucket is not None:
            self._bucket.take(1, now)

    def wait_s(self, now: float) -> float | None:
        """Seconds until throughput, and not an answer, gives room; None where it is not what is missing."""
        if self._bucket is None or not self.session.may_submit or not self.window.room():
            return None
        return self._bucket.wait_s(1, now)
