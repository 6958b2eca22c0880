"""Whether the peer is still there: when it was last heard, and what was asked of it since (S-17, S-18)."""

from typing import Final

ENQUIRIES: Final = 2
"""Unanswered enquire_links that end a link."""


class Liveness:
    """Times in seconds. quiet_s: silence before an enquire_link; None asks never. pause_s: least time between two.

    silent: a request got no answer, and nothing else came for a while: until something does, the host sends no more.
    """

    def __init__(self, quiet_s: float | None, pause_s: float, now: float) -> None:
        self._quiet_s = quiet_s
        self._pause_s = pause_s
        self._heard = now
        self._due: float | None = None
        self._unanswered = 0
        self.silent = False
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
        self.silent = False

    def doubt(self, now: float) -> None:
        """A request got no answer in time: unless something came just now, ask at once, and again without a pause."""
        if not self.silent and self._quiet_s is not None and now - self._heard >= self._pause_s / 2:
            self.silent = True
            self._due = now

    def asks(self, now: float) -> bool:
        """True when it is time for an enquire_link, which the caller sends now."""
        if self._quiet_s is None:
            return False
        due = self._heard + self._quiet_s if self._due is None else self._due
        if now < due:
            return False
        self._due = now + (self._pause_s if self.silent else max(self._quiet_s, self._pause_s))
        return True

    def unanswered(self, sent: float) -> bool:
        """An enquire_link of that time got no answer. True when the link is to end: nothing at all came since."""
        if sent <= self._heard:
            return False
        self._unanswered += 1
        return self._unanswered >= ENQUIRIES
