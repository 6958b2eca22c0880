"""Parts of pages that refresh themselves, kept for a moment: twenty who watch the same page have it drawn once.

Whoever asks is known by the session each time. A part is given to nobody but those who would be shown the same: with
the same roles, of the same customer, in the same language and digits. It holds nothing of a session.
"""

from typing import Final

from gateway.console.visits import Visit

KEPT_MS: Final = 500
MOST: Final = 256
"""Parts; above it all of them are drawn anew."""

Key = tuple[object, ...]


class KeptParts:
    """By the clock of the day, which may be set back: a part from the future is drawn anew."""

    def __init__(self) -> None:
        self._drawn: dict[Key, tuple[int, bytes]] = {}

    def find(self, visit: Visit, now_ms: int) -> bytes | None:
        """None for what is to be drawn anew."""
        found = self._drawn.get(_key(visit))
        return found[1] if found is not None and 0 <= now_ms - found[0] < KEPT_MS else None

    def keep(self, visit: Visit, octets: bytes, now_ms: int) -> None:
        if len(self._drawn) >= MOST:
            self._drawn.clear()
        self._drawn[_key(visit)] = now_ms, octets


def _key(visit: Visit) -> Key:
    return visit.path, visit.roles, visit.customer, visit.has_second, visit.look
