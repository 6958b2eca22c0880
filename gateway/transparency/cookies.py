"""The table of cookies: every cookie that a browser can get from the gateway, and what for (P-29 to P-31)."""

from typing import Final

import msgspec

from config.settings import Settings
from gateway.html.looks import LOOK_COOKIE, LOOK_S
from gateway.people.sessions import COOKIE, LONGEST_MS

COUNTED: Final = "__Host-counted"
"""The cookie of whoever agreed that views of pages are counted."""
COUNTED_S: Final = 180 * 86_400


class Cookie(msgspec.Struct, frozen=True, kw_only=True):
    """where: pages that set it. is_needed: it works without being asked for. seconds: its longest life."""

    name: str
    where: str
    purpose: str
    is_needed: bool
    seconds: int


def cookies(settings: Settings) -> tuple[Cookie, ...]:
    """Of an installation with these settings."""
    found: list[Cookie] = []
    if settings.admin.port is not None:
        found += [
            Cookie(name=COOKIE, where="console", purpose="signed_in", is_needed=True, seconds=LONGEST_MS // 1000),
            Cookie(name=LOOK_COOKIE, where="console", purpose="look", is_needed=True, seconds=LOOK_S),
        ]
    if settings.pages.count_views:
        found.append(Cookie(name=COUNTED, where="pages", purpose="counting", is_needed=False, seconds=COUNTED_S))
    return tuple(found)
