"""`/.well-known/security.txt` (RFC 9116): whom to tell of weaknesses."""

from typing import Final

from config.settings import PagesSettings
from gateway.http_api.replies import TEXT, Replies, Reply
from gateway.http_api.routes import Call
from gateway.model.refusals import Refusal
from gateway.model.times import rfc3339
from gateway.process.clock import Clock

DAY_MS: Final = 86_400_000
GOOD_FOR_DAYS: Final = 180
"""The standard asks for less than a year; whoever keeps a copy for longer asks again."""


class SecurityPage:
    def __init__(self, settings: PagesSettings, replies: Replies, clock: Clock) -> None:
        self._settings = settings
        self._replies = replies
        self._clock = clock

    async def show(self, _: Call) -> Reply:
        """Raises Refusal where nobody is named."""
        settings = self._settings
        if settings.security_contact is None:
            raise Refusal("not_found")
        return self._replies.of(200, text(settings.security_contact, settings.security_policy, self._clock), TEXT)


def text(contact: str, policy: str | None, clock: Clock) -> bytes:
    """The whole file. It expires at the end of a day, so that all nodes say the same."""
    until_ms = (clock.now_ms() // DAY_MS + GOOD_FOR_DAYS) * DAY_MS
    lines = [f"Contact: {contact}", f"Expires: {rfc3339(until_ms)}", "Preferred-Languages: ar, en"]
    lines += [] if policy is None else [f"Policy: {policy}"]
    return "".join(f"{each}\n" for each in lines).encode()
