"""What the API says of itself: health, readiness, its description, a page to read it, and what each problem means."""

from collections.abc import Callable, Mapping
from typing import Final

import msgspec

from gateway.accept.request import HealthView, ReadinessView
from gateway.http_api.api_page import page_policy, render_page
from gateway.http_api.problems import problem_list, told_of
from gateway.http_api.replies import HTML, TEXT, Replies, Reply
from gateway.http_api.routes import Call

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
    """The description and its page are made once, by `describe`."""

    def __init__(self, replies: Replies) -> None:
        self._replies = replies
        self._document = b"{}"
        self._page = b""
        self._policy = ""

    def describe(self, document: Mapping[str, object]) -> None:
        self._document = _encode(document)
        self._page = render_page(document).encode()
        self._policy = page_policy()

    async def openapi(self, _: Call) -> Reply:
        return self._replies.of(200, self._document)

    async def docs(self, _: Call) -> Reply:
        return self._replies.of(200, self._page, HTML, policy=self._policy)

    async def problem(self, call: Call) -> Reply:
        return self._replies.of(200, told_of(call.argument).encode(), TEXT)

    async def problems(self, _: Call) -> Reply:
        return self._replies.of(200, _PROBLEMS)
