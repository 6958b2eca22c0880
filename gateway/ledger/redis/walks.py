"""How far a walk round tables should have come: small steps, and as many as a round in its time takes. Pure.

In steps of one size a round would take the longer the more rows there are, and so would what it looks for. So the steps
follow from the time that has passed, in row groups, whose number never changes.
"""

from typing import Final

CATCH_UP_MS: Final = 60_000
"""What a pause longer than this was for is not made up for: it would hold up what comes after the walk."""


class Round:
    """One kind of table. rows: row groups of a slot. round_ms: within which each of them is looked at."""

    def __init__(self, kind: str, rows: int, round_ms: int) -> None:
        self.kind = kind
        self.rows = rows
        self._round_ms = round_ms
        self._walked: dict[int, int] = {}
        self._turn = 0
        self._last_ms: int | None = None

    def owed(self, slots: int, now_ms: int) -> float:
        """Row groups that are to be looked at since this was asked before."""
        last_ms, self._last_ms = self._last_ms, now_ms
        passed_ms = 0 if last_ms is None else min(max(0, now_ms - last_ms), CATCH_UP_MS)
        return slots * self.rows * passed_ms / self._round_ms

    def next_slots(self, slots: list[int], count: int) -> list[int]:
        """Those whose turn it is."""
        at = self._turn if self._turn < len(slots) else 0
        self._turn = at + count
        return slots[at : at + count]

    def after(self, slot: int, now_ms: int) -> int:
        """The last row group of a slot that was looked at. A slot that is new here begins where the clock is in its
        round, as it does at every node: so slots that change hands often are walked to their end all the same.
        """
        return self._walked.get(slot, now_ms % self._round_ms * self.rows // self._round_ms - 1)

    def came_to(self, slot: int, after: int, now_ms: int) -> int:
        """Where a walk ended; -1 behind the last row group. How many row groups it has passed."""
        before = self.after(slot, now_ms)
        self._walked[slot] = after
        return (self.rows - 1 if after < 0 else after) - before
