"""A session that is to end, once nothing is outstanding either way, or when an answer would be late (S-19)."""


class Ending:
    """reason: a short code; empty unless one side unbinds."""

    def __init__(self) -> None:
        self.reason = ""
        self._by = 0.0

    def begin(self, reason: str, by: float) -> None:
        """The first reason counts, and the last time."""
        self.reason = self.reason or reason
        self._by = by

    def is_due(self, now: float, owes: bool) -> bool:
        return bool(self.reason) and (now >= self._by or not owes)
