"""The pages put together, and where each of them stands."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import msgspec

from config.settings import Settings
from gateway.accept.request import OperatorView
from gateway.html.templates import Templates
from gateway.http_api.browsers import Browsers
from gateway.http_api.replies import HTML, JSON, TEXT, Replies
from gateway.http_api.routes import Answer, Handler, Operation, Parameter, Route
from gateway.pages.cookies import CookiePage
from gateway.pages.counting import Counting
from gateway.pages.frame import PACKAGE, Frame
from gateway.pages.notice import NoticePages
from gateway.pages.security import SecurityPage
from gateway.pages.status import StatusPage
from gateway.process.clock import Clock
from gateway.transparency.versions import Version

TAG: Final = "Pages"
LANG: Final = Parameter(
    name="lang",
    schema={"type": "string"},
    description="`ar`, `en` or `ar-u-nu-arab`; what the browser speaks without it.",
)


class PublicSources(msgspec.Struct, frozen=True, kw_only=True):
    """What pages show. version: the notice that holds; versions: all of them, oldest first. checks: what readiness
    depends on. operators: the links as they stand.
    """

    version: Callable[[], Version]
    versions: Callable[[], Sequence[Version]]
    checks: Callable[[], Mapping[str, bool]]
    operators: Callable[[], Sequence[OperatorView]]


class PublicPages:
    """counting: views of pages."""

    def __init__(self, sources: PublicSources, settings: Settings, replies: Replies, clock: Clock) -> None:
        templates = Templates(PACKAGE)
        self._browsers = browsers = Browsers(replies, templates.assets)
        self.counting: Final = Counting(browsers, is_on=settings.pages.count_views)
        self._frame = frame = Frame(
            templates, browsers, lambda: sources.version().notice.controller, self.counting.view
        )
        self._notice = NoticePages(frame, replies, sources.version, sources.versions)
        self._cookies = CookiePage(frame, self.counting, sources.version)
        self._status = StatusPage(frame, replies, clock, sources.checks, sources.operators)
        self._security = SecurityPage(settings.pages, replies, clock)

    def routes(self) -> list[Route]:
        return [
            self._page("GET", "/privacy", self._notice.show, "privacy", "Show the privacy notice that holds."),
            self._page("GET", "/privacy/{version}", self._notice.show_version, "privacy_version", _OLDER),
            self._page("GET", "/cookies", self._cookies.show, "cookies", "Show every cookie, and what was chosen."),
            self._page("POST", "/cookies", self.counting.choose, "choose_cookies", "Choose, by the page's form."),
            self._page("GET", "/status", self._status.show, "status_page", "Show whether the service works."),
            Route("GET", "/privacy.json", self._notice.tell, _told("privacy_json", "Tell the notice.", JSON)),
            Route("GET", "/status.json", self._status.tell, _told("status_json", "Tell whether it works.", JSON)),
            Route(
                "GET",
                "/.well-known/security.txt",
                self._security.show,
                _told("security_txt", "Say whom to tell of weaknesses (RFC 9116).", TEXT, "not_found"),
            ),
            Route("GET", "/assets/{name}", self._browsers.asset, _ASSET),
        ]

    def _page(self, method: str, path: str, handler: Handler, name: str, summary: str) -> Route:
        argument = path.partition("{")[2].rstrip("}")
        placed = (Parameter(name=argument, place="path", schema={"type": "string"}, description="Its number."),)
        operation = Operation(
            id=name,
            summary=summary,
            tag=TAG,
            parameters=((*placed, LANG) if argument else (LANG,)),
            answers=(Answer(description="A page.", media=HTML),),
        )
        return Route(method, path, self._frame.guarded(handler), operation, is_shared=True)


def _told(name: str, summary: str, media: str, *codes: str) -> Operation:
    body = dict if media == JSON else None
    answer = Answer(description="What it says.", body=body, media=media)
    return Operation(id=name, summary=summary, tag=TAG, answers=(answer,), codes=codes)


_OLDER: Final = "Show the privacy notice of a version."
_ASSET: Final = Operation(
    id="asset",
    summary="What pages load: a style sheet, a script.",
    tag=TAG,
    parameters=(Parameter(name="name", place="path", schema={"type": "string"}, description="Its name."),),
    answers=(Answer(description="Kept for good under its name.", media="text/css"),),
    codes=("not_found",),
)
