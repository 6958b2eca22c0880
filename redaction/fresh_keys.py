"""Keys of fields that were sealed a moment ago, for whoever opens them next: mostly dispatch, milliseconds later."""

from typing import Final

from redaction.sealed import Sealed
from redaction.stored_keys import Fresh

FRESH: Final = 1_024
"""Keys of fields at hand, about 3.5 MB: more than usually are between acceptance and the first attempt."""


class FreshKeys:
    """Derived from keys that live. Whoever destroys a key clears these first."""

    __slots__ = ("_kept",)

    def __init__(self) -> None:
        self._kept: dict[bytes, Fresh] = {}

    def keep(self, fresh: Fresh) -> None:
        """Have it for `take`, until `clear`, or until too many others came."""
        kept = self._kept
        kept[fresh.context.message_id] = fresh
        if len(kept) > FRESH:
            del kept[next(iter(kept))]

    def take(self, sealed: Sealed, message_id: bytes) -> Fresh | None:
        """The key of a field that was kept, if it is this object and not one that looks like it; once. Every key that
        it came from lives.
        """
        fresh = self._kept.get(message_id)
        if fresh is None or fresh.sealed is not sealed:
            return None
        del self._kept[message_id]
        return fresh

    def clear(self) -> None:
        self._kept.clear()
