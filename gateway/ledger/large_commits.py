"""Whether commits have been large for a while, so that it pays to write them in a process of their own.

What such a process costs, two wake-ups a commit, is little beside a large commit and much beside a small one.
"""

from typing import Final

LARGE_ROWS: Final = 256
ENOUGH_ROWS: Final = 16_000
_SMALL_WEIGHS: Final = 3


class LargeCommits:
    """Rows in large commits speak for it, rows in small ones three times as much against it.

    large_rows: of a commit that counts as large. enough_rows: how many more must have spoken for it than against it: of
    the default a busy node writes as many in half a second.
    """

    def __init__(self, large_rows: int = LARGE_ROWS, enough_rows: int = ENOUGH_ROWS) -> None:
        self._large_rows = large_rows
        self._enough_rows = enough_rows
        self._lead_rows = 0

    def pay(self, rows: int) -> bool:
        """After one more commit, of so many rows."""
        lead = self._lead_rows + (rows if rows >= self._large_rows else -_SMALL_WEIGHS * rows)
        self._lead_rows = min(max(lead, 0), self._enough_rows)
        return self._lead_rows >= self._enough_rows
