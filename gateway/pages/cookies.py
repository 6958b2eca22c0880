"""`/cookies`: every cookie that a browser can get here, and the choice of whoever may choose."""

from collections.abc import Callable

from gateway.http_api.browsers import Browsers, look_wanted, read_form
from gateway.http_api.replies import Reply
from gateway.http_api.routes import Call
from gateway.pages import said
from gateway.pages.counting import NO, YES, Counting, agreed
from gateway.pages.frame import Frame, look_of_form, words
from gateway.pages.spans import span
from gateway.transparency.versions import Version


class CookiePage:
    """version: of the notice, which has the table."""

    def __init__(self, frame: Frame, browsers: Browsers, counting: Counting, version: Callable[[], Version]) -> None:
        self._frame = frame
        self._browsers = browsers
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

    async def choose(self, call: Call) -> Reply:
        """What somebody chose, and the page again. Raises Refusal."""
        form = await read_form(call)
        look = look_of_form(call, form)
        says_yes = self._counting.is_on and form.get("counted") == "yes"
        return self._browsers.go(f"/cookies?lang={look.value}", more=YES if says_yes else NO)
