"""Whether the peer is still there: when it was last heard, and what was asked of it since (S-17, S-18)."""

from typing import Final

ENQUIRIES: Final = 2
"""Unanswered enquire_links that end a link."""


class Liveness:
    """Times in seconds. quiet_s: silence before an enquire_link; None asks never. pause_s: least time between two."""

    def __init__(self, quiet_s: float | None, pause_s: float, now: float) -> None:
        self._quiet_s = quiet_s
        self._pause_s = pause_s
        self._heard = now
        self._due: float | None = None
        self._unanswered = 0
        self.last_request = now
        """When a request last went either way, enquire_link aside; a host may set it."""

    @property
    def heard(self) -> float:
        """When anything last came."""
        return self._heard

    def hear(self, now: float) -> None:
        """Something came, whatever it was: the link is alive."""
        self._heard = now
        self._due = None
        self._unanswered = 0

    def asks(self, now: float) -> bool:
        """True when it is time for an enquire_link, which the caller sends now."""
        if self._quiet_s is None:
            return False
        due = self._heard + self._quiet_s if self._due is None else self._due
        if now < due:
            return False
        self._due = now + max(self._quiet_s, self._pause_s)
        return True

    def unanswered(self, sent: float) -> bool:
        """An enquire_link of that time got no answer. True when the link is to end: nothing at all came since."""
        if sent <= self._heard:
            return False
        self._unanswered += 1
        return self._unanswered >= ENQUIRIES
