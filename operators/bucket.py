"""A token bucket that gives way when the operator says so, and finds its way back.

The rate falls at once by a factor when the peer asks to slow down (ESME_RTHROTTLED) and rises again by so much a
second, never under a floor or above the ceiling that was agreed. Time is an argument, in seconds from any origin.
"""

import math

_ROUNDING = 1e-6
"""How much of a token may be missing, so that whoever waited `wait_s` is not sent away by the last bit of a float."""


class TokenBucket:
    """At most `rate_per_s` on average and `burst` at once.

    rate_per_s: the ceiling; None is no limit, and then only `pause` holds anything back.
    floor_per_s: how far `slow_down` may go; by default a twentieth of the ceiling, at least one in ten seconds.
    recovery_per_s2: how much rate comes back each second; by default a sixtieth of the ceiling.
    settle_s: how long after a `slow_down` further ones count as the same. A window full of refusals is one piece of
    news, not fifty.
    """

    __slots__ = (
        "_at",
        "_burst",
        "_ceiling",
        "_floor",
        "_paused_until",
        "_rate",
        "_recovery",
        "_settle_s",
        "_slowed_until",
        "_tokens",
    )

    def __init__(
        self,
        rate_per_s: float | None,
        burst: int,
        now: float,
        *,
        floor_per_s: float | None = None,
        recovery_per_s2: float | None = None,
        settle_s: float = 1.0,
    ) -> None:
        if burst < 1 or (rate_per_s is not None and rate_per_s <= 0):
            raise ValueError("rate and burst are above zero")
        self._ceiling = rate_per_s
        self._rate = rate_per_s or math.inf
        self._burst = burst
        self._floor = min(self._rate, max(0.1, self._rate / 20) if floor_per_s is None else floor_per_s)
        self._recovery = self._rate / 60 if recovery_per_s2 is None else recovery_per_s2
        self._settle_s = settle_s
        self._tokens = float(burst)
        self._at = now
        self._paused_until = -math.inf
        self._slowed_until = -math.inf

    def set_rate(self, rate_per_s: float | None, burst: int, now: float) -> None:
        """Another ceiling and burst; floor and recovery become those of the ceiling. A pause goes on."""
        if burst < 1 or (rate_per_s is not None and rate_per_s <= 0):
            raise ValueError("rate and burst are above zero")
        if self._ceiling is not None:
            self._refill(now)
        self._ceiling = rate_per_s
        self._rate = rate_per_s or math.inf
        self._burst = burst
        self._floor = min(self._rate, max(0.1, self._rate / 20))
        self._recovery = self._rate / 60
        self._tokens = min(self._tokens, float(burst))
        self._at = max(self._at, now)

    def take(self, n: int, now: float) -> bool:
        """Take `n` tokens if they are there.

        More than a whole burst may be taken from a full bucket (a message of many segments) and is paid back later.
        """
        if now < self._paused_until:
            return False
        if self._ceiling is None:
            return True
        self._refill(now)
        if self._tokens + _ROUNDING < min(n, self._burst):
            return False
        self._tokens -= n
        return True

    def available(self, now: float) -> int:
        """How many tokens may be taken one by one right now; the burst when there is no limit."""
        if now < self._paused_until:
            return 0
        if self._ceiling is None:
            return self._burst
        self._refill(now)
        return max(0, int(self._tokens + _ROUNDING))

    def wait_s(self, n: int, now: float) -> float:
        """Seconds until `take(n)` can succeed, at the present rate; 0 for at once."""
        paused = max(0.0, self._paused_until - now)
        if self._ceiling is None:
            return paused
        self._refill(now)
        return paused + max(0.0, min(n, self._burst) - self._tokens) / self._rate

    def rate_per_s(self, now: float) -> float | None:
        """The rate of the moment, None without limit."""
        if self._ceiling is None:
            return None
        self._refill(now)
        return self._rate

    def slow_down(self, factor: float, now: float) -> bool:
        """Multiply the rate by `factor` (0..1) and drop saved-up tokens. False when an earlier call still settles.

        Without a rate there is nothing to multiply: the caller pauses instead.
        """
        if now < self._slowed_until or self._ceiling is None:
            return False
        self._refill(now)
        self._rate = max(self._floor, self._rate * factor)
        self._tokens = min(self._tokens, 0.0)
        self._slowed_until = now + self._settle_s
        return True

    def pause(self, until: float) -> None:
        """Give nothing before `until`, and save nothing up for it. An earlier, longer pause stands."""
        self._paused_until = max(self._paused_until, until)
        self._tokens = min(self._tokens, 1.0)
        self._at = max(self._at, until)

    def _refill(self, now: float) -> None:
        elapsed = now - self._at
        if elapsed <= 0:
            return
        assert self._ceiling is not None
        before = self._rate
        self._rate = min(self._ceiling, before + self._recovery * elapsed)
        self._tokens = min(self._burst, self._tokens + elapsed * (before + self._rate) / 2)
        self._at = now
