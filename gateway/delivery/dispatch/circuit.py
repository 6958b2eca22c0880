"""Whether an operator does its work. Rules without clock or socket: the time is an argument, in monotonic seconds.

    closed ──► open        after `failures` in a row without a success between, or when the host says that nothing moves
    open ──► half open     a success: of a probe, or of what was on its way already
    half open ──► closed   `failures` successes
    half open ──► open     a failure

Closed, the operator gets whatever it has room for. Open, it gets one probe at a time, at intervals that double from
`probe_first_s` to `probe_limit_s`. Half open, each success is worth two more segments, so that what an operator gets
grows with what it takes; one that throttles gets about what it can take, and not a window full at once.
"""

import enum
from typing import Final

UNLIMITED: Final = 1 << 30
_GAIN: Final = 2
"""Segments that a success is worth while the circuit is half open."""


class CircuitState(enum.Enum):
    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class Circuit:
    """opened: how often it opened since the start. since: when it opened last."""

    __slots__ = (
        "_credit",
        "_failed",
        "_failures",
        "_first_s",
        "_interval_s",
        "_limit_s",
        "_probe_at",
        "_succeeded",
        "opened",
        "since",
        "state",
    )

    def __init__(self, failures: int, probe_first_s: float, probe_limit_s: float) -> None:
        self._failures = failures
        self._first_s = probe_first_s
        self._limit_s = probe_limit_s
        self._failed = 0
        self._succeeded = 0
        self._credit = 0
        self._interval_s = probe_first_s
        self._probe_at = 0.0
        self.state = CircuitState.CLOSED
        self.opened = 0
        self.since = 0.0

    def adopt(self, failures: int, probe_first_s: float, probe_limit_s: float) -> None:
        """From the next answer on."""
        self._failures = failures
        self._first_s = probe_first_s
        self._limit_s = probe_limit_s

    def close(self) -> None:
        """What was seen is of a link that is no more."""
        self.state = CircuitState.CLOSED
        self._failed = 0

    @property
    def is_closed(self) -> bool:
        return self.state is CircuitState.CLOSED

    def room(self, now: float) -> int:
        """Segments that may be sent now as far as the circuit is concerned."""
        if self.state is CircuitState.CLOSED:
            return UNLIMITED
        if self.state is CircuitState.HALF_OPEN:
            return max(0, self._credit)
        return 1 if now >= self._probe_at else 0

    def sent(self, segments: int, now: float) -> None:
        """So many segments are on their way."""
        if self.state is CircuitState.OPEN:
            self._probe_at = now + self._interval_s
            self._interval_s = min(self._limit_s, 2 * self._interval_s)
        elif self.state is CircuitState.HALF_OPEN:
            self._credit -= segments

    def succeeded(self) -> bool:
        """The operator took a segment, or refused one for its own sake; True when that closes the circuit."""
        self._failed = 0
        if self.state is CircuitState.CLOSED:
            return False
        if self.state is CircuitState.OPEN:
            self.state = CircuitState.HALF_OPEN
            self._succeeded = self._credit = 0
        self._succeeded += 1
        self._credit += _GAIN
        if self._succeeded < self._failures:
            return False
        self.state = CircuitState.CLOSED
        return True

    def failed(self, now: float) -> bool:
        """A throttle, a full queue, a refusal of the link, an error that passes, or no answer.

        True when that opens the closed circuit.
        """
        if self.state is CircuitState.CLOSED:
            self._failed += 1
            return self._failed >= self._failures and self.stood_still(now)
        if self.state is CircuitState.HALF_OPEN:
            self._open(now)
        return False

    def stood_still(self, now: float) -> bool:
        """What waits for the operator does not move; True when that opens the closed circuit."""
        was_closed = self.state is CircuitState.CLOSED
        if was_closed:
            self.opened += 1
            self.since = now
        if self.state is not CircuitState.OPEN:
            self._open(now)
        return was_closed

    def came_back(self) -> None:
        """A segment was not sent after all."""
        if self.state is CircuitState.HALF_OPEN:
            self._credit += 1

    def _open(self, now: float) -> None:
        self.state = CircuitState.OPEN
        self._failed = 0
        self._interval_s = self._first_s
        self._probe_at = now + self._interval_s
