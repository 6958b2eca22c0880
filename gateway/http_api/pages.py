"""What the API says of itself: health, readiness, its description, a page to read it, and what each problem means.

What pages are drawn with is loaded when the first is asked for: most nodes never are.
"""

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Final

import msgspec

from gateway.accept.request import HealthView, ReadinessView
from gateway.http_api.problems import problem_list, told_of
from gateway.http_api.replies import TEXT, Replies, Reply
from gateway.http_api.routes import Call

if TYPE_CHECKING:
    from gateway.http_api.browsers import Browsers

_encode: Final = msgspec.json.Encoder().encode
_PROBLEMS: Final = _encode(problem_list())
_HEALTHY: Final = _encode(HealthView("ok"))


class Health:
    """`/healthz` and `/readyz`, on every listener.

    checks: what readiness depends on, by name; no personal data. stopping: set once the node takes no more.
    """

    def __init__(self, replies: Replies, checks: Callable[[], Mapping[str, bool]]) -> None:
        self._replies = replies
        self._checks = checks
        self.stopping = False

    async def live(self, _: Call) -> Reply:
        return self._replies.of(200, _HEALTHY)

    def checks(self) -> Mapping[str, bool]:
        """What readiness depends on, and how it is."""
        return {**self._checks(), "not_stopping": not self.stopping}

    async def ready(self, _: Call) -> Reply:
        checks = self.checks()
        ready = all(checks.values())
        return self._replies.of(200 if ready else 503, _encode(ReadinessView(ready, checks)))


class Pages:
    """The description is made by `describe`, and its page when somebody first wants it."""

    def __init__(self, replies: Replies) -> None:
        self._replies = replies
        self._document = b"{}"
        self._page: bytes | None = None

    def describe(self, document: Mapping[str, object]) -> None:
        self._document = _encode(document)
        self._page = None

    async def openapi(self, _: Call) -> Reply:
        return self._replies.of(200, self._document)

    async def docs(self, _: Call) -> Reply:
        if self._page is None:
            from gateway.http_api.api_page import render_page

            self._page = render_page(msgspec.json.decode(self._document))
        return self._browsers.page(200, self._page)

    async def asset(self, call: Call) -> Reply:
        """What pages load, of whichever room."""
        return await self._browsers.asset(call)

    @cached_property
    def _browsers(self) -> "Browsers":
        from gateway.html.assets import Assets
        from gateway.html.catalogue import GROUND
        from gateway.http_api.browsers import Browsers

        return Browsers(self._replies, Assets(GROUND))

    async def problem(self, call: Call) -> Reply:
        return self._replies.of(200, told_of(call.argument).encode(), TEXT)

    async def problems(self, _: Call) -> Reply:
        return self._replies.of(200, _PROBLEMS)
