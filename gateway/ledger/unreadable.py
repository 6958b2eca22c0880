"""Rows that cannot be read: each is passed over, counted, and reported once, and what else there is goes on."""

from typing import Final

from operators.contained import report

KEPT_LIMIT: Final = 100_000


class Unreadable:
    """Of the outbox. They stay in the ledger for whoever looks there, and this process does not look at them again."""

    def __init__(self) -> None:
        self._rows: set[int | bytes] = set()

    def __contains__(self, row: int | bytes) -> bool:
        return row in self._rows

    def __len__(self) -> int:
        return len(self._rows)

    def note(self, row: int | bytes, error: Exception) -> None:
        """row: its number, or its octets where it has none."""
        if row not in self._rows and len(self._rows) < KEPT_LIMIT:
            self._rows.add(row)
            report("delivery", error)
