"""Which pack applies at a moment: that of the day of submission, by the days of the pack's own zone."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Final

from config.rules import RulePack

_DAY_MS: Final = 86_400_000
_EPOCH: Final = date(1970, 1, 1)


class Packs:
    """known: oldest first, and at least one."""

    def __init__(self, known: Sequence[RulePack]) -> None:
        self.known: Final = tuple(known)
        self._begins: Final = [(_begins_ms(pack), pack) for pack in reversed(self.known)]

    def at(self, at_ms: int) -> RulePack:
        """Moments before the first one fall under the first."""
        for begins_ms, pack in self._begins:
            if at_ms >= begins_ms:
                return pack
        return self.known[0]

    def day(self, at_ms: int) -> date:
        """The day of this moment where the pack counts its days."""
        minutes = self.at(at_ms).utc_offset_minutes
        return (datetime.fromtimestamp(at_ms / 1000, UTC) + timedelta(minutes=minutes)).date()

    def next_switch_ms(self, at_ms: int) -> int | None:
        """When the next pack begins; None where none is known."""
        return min((begins_ms for begins_ms, _ in self._begins if begins_ms > at_ms), default=None)


def _begins_ms(pack: RulePack) -> int:
    return (pack.from_date - _EPOCH).days * _DAY_MS - pack.utc_offset_minutes * 60_000
