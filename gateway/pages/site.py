"""The pages put together, and where each of them stands."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import msgspec

from config.settings import Settings
from gateway.accept.request import OperatorView
from gateway.html.templates import Templates
from gateway.http_api.browsers import Browsers
from gateway.http_api.proxies import Proxies
from gateway.http_api.replies import HTML, JSON, TEXT, Replies
from gateway.http_api.routes import Answer, Handler, Operation, Parameter, Route
from gateway.pages.cookies import CookiePage
from gateway.pages.counting import Counting
from gateway.pages.frame import PACKAGE, Frame
from gateway.pages.notice import NoticePages
from gateway.pages.rights import RightsPages
from gateway.pages.security import SecurityPage
from gateway.pages.status import StatusPage
from gateway.process.clock import Clock
from gateway.rights.asking import PublicRequests
from gateway.transparency.versions import Version

TAG: Final = "Pages"
LANG: Final = Parameter(
    name="lang",
    schema={"type": "string"},
    description="`ar`, `en` or `ar-u-nu-arab`; what the browser speaks without it.",
)


class PublicSources(msgspec.Struct, frozen=True, kw_only=True):
    """What pages show. version: the notice that holds; versions: all of them, oldest first. checks: what readiness
    depends on. operators: the links as they stand. requests: what people ask for. region: of numbers without
    a country code.
    """

    version: Callable[[], Version]
    versions: Callable[[], Sequence[Version]]
    checks: Callable[[], Mapping[str, bool]]
    operators: Callable[[], Sequence[OperatorView]]
    requests: PublicRequests
    region: Callable[[], str]


class PublicPages:
    """counting: views of pages."""

    def __init__(self, sources: PublicSources, settings: Settings, clock: Clock) -> None:
        self._sources = sources
        self._settings = settings
        self._clock = clock
        self.counting: Final = Counting(is_on=settings.pages.count_views)

    def routes(self, replies: Replies) -> list[Route]:
        """replies: of the listener that they stand on."""
        sources, settings, templates = self._sources, self._settings, Templates(PACKAGE)
        browsers = Browsers(replies, templates.assets)
        frame = Frame(templates, browsers, lambda: sources.version().notice.controller, self.counting.view)
        notice = NoticePages(frame, replies, sources.version, sources.versions)
        status = StatusPage(frame, replies, self._clock, sources.checks, sources.operators)
        security = SecurityPage(settings.pages, replies, self._clock)
        rights = RightsPages(
            frame,
            sources.requests,
            Proxies(settings.http.trusted_proxies),
            lambda: sources.version().notice.contact,
            sources.region,
        )
        pages = Table(frame)
        return [
            pages.page("GET", "/privacy", notice.show, "privacy", "Show the privacy notice that holds."),
            pages.page("GET", "/privacy/{version}", notice.show_version, "privacy_version", "Show an older notice."),
            *_choices(pages, CookiePage(frame, browsers, self.counting, sources.version)),
            pages.page("GET", "/status", status.show, "status_page", "Show whether the service works."),
            *_rights(pages, rights),
            Route("GET", "/privacy.json", notice.tell, _told("privacy_json", "Tell the notice.", JSON)),
            Route("GET", "/status.json", status.tell, _told("status_json", "Tell whether the service works.", JSON)),
            Route("GET", "/.well-known/security.txt", security.show, _SECURITY),
        ]


def _choices(pages: "Table", cookies: CookiePage) -> list[Route]:
    return [
        pages.page("GET", "/cookies", cookies.show, "cookies", "Show every cookie, and what was chosen."),
        pages.page("POST", "/cookies", cookies.choose, "choose_cookies", "Take what the page's form says."),
    ]


def _rights(pages: "Table", rights: RightsPages) -> list[Route]:
    return [
        pages.page("GET", "/rights", rights.show, "rights", "Show what people may ask for."),
        pages.page("POST", "/rights", rights.ask, "ask", "Take a request, and send a code to the number."),
        pages.page("POST", "/rights/code", rights.prove, "prove", "Take the code."),
        pages.page("POST", "/rights/again", rights.send_again, "send_again", "Send another code."),
        pages.page("POST", "/rights/status", rights.follow, "follow", "Show where a request stands."),
    ]


class Table:
    """Makes the rows of pages, on which whatever is refused is said by a page."""

    def __init__(self, frame: Frame) -> None:
        self._frame = frame

    def page(self, method: str, path: str, handler: Handler, name: str, summary: str) -> Route:
        argument = path.partition("{")[2].rstrip("}")
        placed = (Parameter(name=argument, place="path", schema={"type": "string"}, description="Its number."),)
        operation = Operation(
            id=name,
            summary=summary,
            tag=TAG,
            parameters=((*placed, LANG) if argument else (LANG,)),
            answers=(Answer(description="A page.", media=HTML),),
        )
        return Route(method, path, self._frame.guarded(handler), operation, is_page=True)


def _told(name: str, summary: str, media: str, *codes: str) -> Operation:
    body = dict if media == JSON else None
    answer = Answer(description="What it says.", body=body, media=media)
    return Operation(id=name, summary=summary, tag=TAG, answers=(answer,), codes=codes)


_SECURITY: Final = _told("security_txt", "Say whom to tell of weaknesses (RFC 9116).", TEXT, "not_found")
