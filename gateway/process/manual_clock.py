"""The clock of tests: it stands still."""


class ManualClock:
    """A clock that stands still until it is moved."""

    def __init__(self, now_ms: int = 1_800_000_000_000) -> None:
        self.is_sound = True
        self._distance_ms = now_ms
        self._steady_ms = 0
        self._stepped_ms = now_ms
        self._drawn = 0

    def now_ms(self) -> int:
        return self._steady_ms + self._distance_ms

    def wall_ms(self) -> int:
        return self._steady_ms + self._stepped_ms

    def steady_ms(self) -> int:
        return self._steady_ms

    def set_distance(self, distance_ms: int) -> None:
        self._distance_ms = distance_ms

    def monotonic(self) -> float:
        return self._steady_ms / 1000

    def random(self, size: int) -> bytes:
        """Distinct but repeatable bytes."""
        self._drawn += 1
        return self._drawn.to_bytes(8, "big").rjust(size, b"\0")[-size:]

    def advance(self, seconds: float) -> None:
        """Time goes by."""
        self._steady_ms += round(seconds * 1000)

    def step(self, seconds: float) -> None:
        """Set the system's clock."""
        self._stepped_ms += round(seconds * 1000)
