"""How long to wait before the next try to connect and bind (S-25). Knows no clock and no dice: both are arguments."""


class Backoff:
    """Waits grow from `first_s` to `limit_s` by `multiplier`.

    jitter: each wait is stretched by a random part of up to so much of itself, so that links do not come back in step.
    refusal_weight: how many times longer the wait is after a bind that the peer refused than after a connection that
    it refused. Wrong credentials do not heal by asking often, and some peers lock accounts.
    lasting_s: how long a bind must have been up to count as good. A shorter one leaves the waits growing.
    """

    __slots__ = (
        "_first_s",
        "_jitter",
        "_lasting_s",
        "_limit_s",
        "_multiplier",
        "_refusal_weight",
        "_up_since",
        "_wait_s",
    )

    def __init__(
        self,
        first_s: float = 1.0,
        limit_s: float = 60.0,
        multiplier: float = 2.0,
        jitter: float = 0.5,
        *,
        refusal_weight: float = 5.0,
        lasting_s: float = 30.0,
    ) -> None:
        if not 0 < first_s <= limit_s or multiplier < 1 or jitter < 0 or refusal_weight < 1:
            raise ValueError("waits grow from first_s to limit_s")
        self._first_s = first_s
        self._limit_s = limit_s
        self._multiplier = multiplier
        self._jitter = jitter
        self._refusal_weight = refusal_weight
        self._lasting_s = lasting_s
        self._wait_s = first_s
        self._up_since: float | None = None

    def next(self, random: float, *, refused: bool = False) -> float:
        """Seconds to wait now. `random` is from 0 up to 1; `refused` says that the peer answered the bind with no.

        Between `first_s` and `limit_s`, both times `refusal_weight` after a refusal.
        """
        base = min(self._wait_s, max(self._first_s, self._limit_s / (1 + self._jitter)))
        self._wait_s = min(self._limit_s, self._wait_s * self._multiplier)
        wait_s = min(self._limit_s, base * (1 + self._jitter * random))
        return wait_s * self._refusal_weight if refused else wait_s

    def up(self, now: float) -> None:
        """A bind was accepted."""
        self._up_since = now

    def down(self, now: float) -> None:
        """The bind is gone; if it had lasted, waits begin at `first_s` again."""
        if self._up_since is not None and now - self._up_since >= self._lasting_s:
            self.reset()
        self._up_since = None

    def reset(self) -> None:
        """Begin again with `first_s`."""
        self._wait_s = self._first_s
