"""Whether commits have been large for a while, so that it pays to write them in a process of their own.

What such a process costs, two wake-ups a commit, is little beside a large commit and much beside a small one. What
comes over SMPP speaks for it in small commits, too: windows hold hundreds of messages, and their commits grow once the
loop has no part in writing.
"""

from typing import Final

LARGE_ROWS: Final = 224
"""Single messages over 64 connections come in commits of 192 rows and pay a tenth of their CPU for a process; over 128
they come in commits of 384, and batches of 100 in commits of 128 to 640, and pay next to nothing."""

ENOUGH_ROWS: Final = 8_000
"""Some 2,700 messages: what a busy node writes in a quarter of a second."""


class LargeCommits:
    """Rows in large commits, and of what came over SMPP, speak for it, rows in others against it.

    large_rows: of a commit that is large. enough_rows: how many more must have spoken for it than against it.
    """

    def __init__(self, large_rows: int = LARGE_ROWS, enough_rows: int = ENOUGH_ROWS) -> None:
        self._large_rows = large_rows
        self._enough_rows = enough_rows
        self._lead_rows = 0

    def pay(self, rows: int, over_binds: bool = False) -> bool:
        """After one more commit, of so many rows. over_binds: most of them of messages that came over SMPP."""
        lead = self._lead_rows + (rows if over_binds or rows >= self._large_rows else -rows)
        self._lead_rows = min(max(lead, 0), self._enough_rows)
        return self._lead_rows >= self._enough_rows
