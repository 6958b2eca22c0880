"""How many of one customer's events are on their way at once, and when an endpoint rests. Pure; time is given.

Requests at once begin at `FIRST_AT_ONCE`, shrink by half with each failure and grow by one with each success, so an
endpoint that hangs holds one connection and not thirty. After `REST_AFTER` failures in a row the lane rests: nothing is
sent until its pause is over, then one request tries whether the endpoint is back. Such a probe comes every `PROBE_S` at
the latest; all else is put aside for longer, so that what waits for an endpoint that is away is not read again and
again, and is brought forward when a probe succeeds.
"""

from collections import deque
from typing import Final

from gateway.webhooks.delivery import Job

FIRST_AT_ONCE: Final = 8
REST_AFTER: Final = 4
PROBE_S: Final = 15.0
LONGEST_ASIDE_S: Final = 600.0
SHORTEST_WAIT_MS: Final = 1000.0
SLOW_MS: Final = 2000.0
_SMOOTHING: Final = 0.1


class Lane:
    """The events of one customer for its endpoint, or for one callback URL.

    most: requests at once. waiting: first events of their messages, in order. active: requests on the wire. size: all
    events of the customer in memory, those that follow another of their message included; apart: those of them that
    are in lanes of callback URLs. Both are kept in the lane of the endpoint. aside_until_ms: when what waits while the
    lane rests is looked at, if no probe succeeds before.
    """

    __slots__ = ("_most", "_pace_ms", "_schedule_s", "_slot_ms", "active", "apart", "aside_until_ms", "failures",
                 "limit", "rest_until_ms", "rests", "size", "waiting")  # fmt: skip

    def __init__(self, most: int, schedule_s: tuple[float, ...]) -> None:
        self._most = most
        self._schedule_s = schedule_s
        self._pace_ms = 0.0
        self._slot_ms = 0.0
        self.waiting: deque[Job] = deque()
        self.active = 0
        self.size = 0
        self.apart = 0
        self.limit = min(most, FIRST_AT_ONCE)
        self.failures = 0
        self.rests = 0
        self.rest_until_ms = 0
        self.aside_until_ms = 0

    def adopt(self, most: int, schedule_s: tuple[float, ...]) -> None:
        """As in the constructor, for requests from now on."""
        self._most = most
        self._schedule_s = schedule_s
        self.limit = min(most, self.limit)

    @property
    def own(self) -> int:
        """Events in memory that wait here and nowhere else."""
        return self.size - self.apart

    def has_turn(self) -> bool:
        """Whether the next waiting event may be sent."""
        return bool(self.waiting) and self.active < self.limit

    def took(self, seconds: float, events: int = 1) -> None:
        """How long a request with so many events was on its way."""
        self._pace_ms += (seconds * 1000 / events - self._pace_ms) * _SMOOTHING

    def succeeded(self) -> bool:
        """Whether the endpoint is back by this success."""
        is_back = self.rests > 0
        self.begin_anew()
        if self.limit < self._most:
            self.limit += 1
        return is_back

    def begin_anew(self) -> None:
        """Nothing is known against the endpoint."""
        self.failures = self.rests = self.rest_until_ms = self.aside_until_ms = 0

    def failed(self, now_ms: int) -> bool:
        """Whether the lane begins to rest by this failure."""
        self.failures += 1
        self.limit = max(1, self.limit // 2)
        if self.failures < REST_AFTER or self.is_resting(now_ms):
            return False
        pause_s = self._schedule_s[min(self.rests, len(self._schedule_s) - 1)]
        self.rests += 1
        self.rest_until_ms = now_ms + round(min(pause_s, PROBE_S) * 1000)
        self.aside_until_ms = now_ms + round(min(pause_s, LONGEST_ASIDE_S) * 1000)
        return True

    def rest(self, until_ms: int) -> bool:
        """Nothing is sent until then, as the endpoint asked; true, as `failed`."""
        self.rest_until_ms = max(self.rest_until_ms, until_ms)
        self.aside_until_ms = max(self.aside_until_ms, until_ms)
        return True

    def is_resting(self, now_ms: int) -> bool:
        return now_ms < self.rest_until_ms

    def is_slow(self) -> bool:
        """Whether what it has in memory takes it so long that others should not wait behind it."""
        return self.own * self._pace_ms / self.limit > SLOW_MS

    def next_slot_ms(self, now_ms: int) -> int:
        """When an event for which there is no room now should be looked at again.

        Each call gives a later time, at the lane's own pace, so a long backlog is not read again and again.
        """
        pace_ms = self._pace_ms / self.limit
        self._slot_ms = max(self._slot_ms + pace_ms, now_ms + self.own * pace_ms, now_ms + SHORTEST_WAIT_MS)
        return round(self._slot_ms)
