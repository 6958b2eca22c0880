"""Views of pages, counted of those who agreed to it: by page and language, without a number for anybody."""

from collections import Counter
from typing import Final

from gateway.http_api.browsers import look_wanted
from gateway.http_api.routes import Call
from gateway.transparency.cookies import COUNTED, COUNTED_S

_RULES: Final = "Path=/; Secure; HttpOnly; SameSite=Strict"
YES: Final = f"Set-Cookie: {COUNTED}=1; {_RULES}; Max-Age={COUNTED_S}\r\n".encode()
NO: Final = f"Set-Cookie: {COUNTED}=; {_RULES}; Max-Age=0\r\n".encode()


class Counting:
    """views: by page and language, since the start. is_on: whether anybody is asked."""

    def __init__(self, *, is_on: bool) -> None:
        self.is_on: Final = is_on
        self.views: Counter[tuple[str, str]] = Counter()

    def view(self, call: Call, page: str) -> None:
        if self.is_on and agreed(call):
            self.views[page, look_wanted(call).language] += 1


def agreed(call: Call) -> bool:
    """Whether the browser has the cookie that says so."""
    pairs = (each.strip(" \t").partition("=") for each in call.request.headers.get("Cookie", "").split(";"))
    return any(name == COUNTED and value == "1" for name, _, value in pairs)
