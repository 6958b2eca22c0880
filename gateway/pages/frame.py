"""How every page is drawn: the words of its language, the frame around it, and which page a browser sees next."""

import gettext
import re
from collections.abc import Callable, Mapping
from typing import Final

from gateway.html.catalogue import translations
from gateway.html.looks import Look, look_of
from gateway.html.templates import Templates
from gateway.http_api.browsers import Browsers, look_wanted
from gateway.http_api.replies import Reply
from gateway.http_api.routes import Call, Handler
from gateway.ledger.contract import ChangedMeanwhile, LedgerUnavailable
from gateway.model.refusals import Refusal
from gateway.pages.said import PROBLEMS
from redaction.errors import KeysWithheld

PACKAGE: Final = "gateway.pages"
PASSING: Final = (LedgerUnavailable, KeysWithheld, ChangedMeanwhile)
"""What is over when somebody tries again."""


class Frame:
    """controller: who is responsible, by its name. viewed: counts a page that somebody who agreed to it looks at."""

    def __init__(
        self,
        templates: Templates,
        browsers: Browsers,
        controller: Callable[[], str],
        viewed: Callable[[Call, str], None],
    ) -> None:
        self._templates = templates
        self._browsers = browsers
        self._controller = controller
        self._viewed = viewed

    def draw(self, name: str, look: Look, path: str, values: Mapping[str, object]) -> bytes:
        """path: of the page, which its links to other languages lead to."""
        around = {"path": path, "controller": _brand(self._controller())}
        return self._templates.page(f"{name}.html", look, around | dict(values))

    def show(
        self, call: Call, name: str, look: Look, path: str, values: Mapping[str, object], *, status: int = 200
    ) -> Reply:
        """A page that is drawn for this call alone."""
        self._viewed(call, name)
        return self._browsers.page(status, self.draw(name, look, path, values))

    def ready(self, call: Call, name: str, body: bytes) -> Reply:
        """A page that was drawn before."""
        self._viewed(call, name)
        return self._browsers.page(200, body)

    def guarded(self, handler: Handler) -> Handler:
        """Whatever is refused is said by a page and not by a problem document: people read it."""

        async def handle(call: Call) -> Reply:
            try:
                return await handler(call)
            except (Refusal, *PASSING) as fault:
                return self.refuse(call, refusal_to(fault))

        return handle

    def refuse(self, call: Call, refusal: Refusal) -> Reply:
        """The connection ends: something of a form may not have been read."""
        look = look_wanted(call)
        said = words(look).gettext(PROBLEMS.get(refusal.code, PROBLEMS["other"]))
        self._viewed(call, "problem")
        page = self.draw("problem", look, "/privacy", {"code": refusal.code, "said": said})
        return self._browsers.refusal(refusal, page).closing()


def _brand(controller: str) -> str:
    """The name alone of what a controller is said to be with its address, whose comma may be Arabic."""
    return re.split("[,،]", controller, maxsplit=1)[0]


def refusal_to(fault: Exception) -> Refusal:
    """What a page says of it: of a refusal itself, or of one of `PASSING`."""
    if isinstance(fault, Refusal):
        return fault
    if isinstance(fault, ChangedMeanwhile):
        return Refusal("changed_meanwhile")
    return Refusal("keys_unavailable" if isinstance(fault, KeysWithheld) else "ledger_unavailable")


def words(look: Look) -> gettext.NullTranslations:
    """Of the pages, in the language of a look."""
    return translations(PACKAGE, look)


def look_of_form(call: Call, form: Mapping[str, str]) -> Look:
    """As the form that was filled in was drawn."""
    return look_of(form.get("lang", "")) or look_wanted(call)
