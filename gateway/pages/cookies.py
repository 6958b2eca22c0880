"""`/cookies`: every cookie that a browser can get here, and the choice of whoever may choose."""

from collections.abc import Callable

from gateway.http_api.browsers import look_wanted
from gateway.http_api.replies import Reply
from gateway.http_api.routes import Call
from gateway.pages import said
from gateway.pages.counting import Counting, agreed
from gateway.pages.frame import Frame, words
from gateway.pages.spans import span
from gateway.transparency.versions import Version


class CookiePage:
    """version: of the notice, which has the table."""

    def __init__(self, frame: Frame, counting: Counting, version: Callable[[], Version]) -> None:
        self._frame = frame
        self._counting = counting
        self._version = version

    async def show(self, call: Call) -> Reply:
        look = look_wanted(call)
        known = words(look)
        rows = [
            {
                "name": each.name,
                "where": known.gettext(said.PLACES[each.where]),
                "purpose": known.gettext(said.COOKIES[each.purpose]),
                "is_needed": each.is_needed,
                "life": span(each.seconds, known),
            }
            for each in self._version().notice.cookies
        ]
        values = {"cookies": rows, "asks": self._counting.is_on, "agreed": agreed(call)}
        return self._frame.show(call, "cookies", look, "/cookies", values)
