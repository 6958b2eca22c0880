"""The clock of tests: it stands still."""


class ManualClock:
    """A clock that stands still until it is told to move."""

    def __init__(self, now_ms: int = 1_800_000_000_000) -> None:
        self._now_ms = now_ms
        self._start_ms = now_ms
        self._drawn = 0

    def now_ms(self) -> int:
        return self._now_ms

    def monotonic(self) -> float:
        return (self._now_ms - self._start_ms) / 1000

    def random(self, size: int) -> bytes:
        """Distinct but repeatable bytes."""
        self._drawn += 1
        return self._drawn.to_bytes(8, "big").rjust(size, b"\0")[-size:]

    def advance(self, seconds: float) -> None:
        self._now_ms += round(seconds * 1000)
