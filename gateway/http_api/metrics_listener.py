"""The metrics listener: a port of its own, so that it can stay inside. Metrics, health, readiness, and what was last
signed of the audit log; nothing else.
"""

from collections.abc import Awaitable, Callable
from typing import Final

from aiohttp import web

from gateway.http_api.listener import Listener
from gateway.http_api.pages import Health
from gateway.http_api.replies import Replies, Reply
from gateway.http_api.routes import Call
from gateway.model.refusals import Refusal, refusal_of
from operators.entrance import Place

PROMETHEUS: Final = "text/plain; version=0.0.4; charset=utf-8"
NOTE: Final = "text/plain; charset=utf-8"
_ALLOW: Final = b"Allow: GET, HEAD\r\n"


class MetricsApi:
    """render: the metrics as Prometheus text. health: shared with the API's listener. checkpoint: the newest signed
    note of the audit log; None where there is none here.
    """

    def __init__(
        self,
        *,
        render: Callable[[], bytes],
        health: Health,
        checkpoint: Callable[[], bytes | None],
        replies: Replies,
        place: Place,
    ) -> None:
        self._render = render
        self._checkpoint = checkpoint
        self._replies = replies
        self._pages: dict[str, Callable[[Call], Awaitable[Reply]]] = {
            "/metrics": self._metrics,
            "/audit/checkpoint": self._signed,
            "/healthz": health.live,
            "/readyz": health.ready,
        }
        self.listener = Listener(self.answer, place, replies)

    async def start(self) -> None:
        """Listen. Raises OSError."""
        await self.listener.start()

    async def stop(self) -> None:
        await self.listener.stop(0.1)

    async def answer(self, request: web.BaseRequest) -> Reply:
        """The one answer to a request."""
        page = self._pages.get(request.raw_path.partition("?")[0])
        if page is None:
            return self._replies.problem(Refusal("not_found"))
        if request.method not in ("GET", "HEAD"):
            return self._replies.problem(Refusal("method_not_allowed"), _ALLOW)
        try:
            return await page(Call(request, "", {}))
        except Exception as error:
            return self._replies.problem(refusal_of(error, "request"))

    async def _metrics(self, _: Call) -> Reply:
        return self._replies.of(200, self._render(), PROMETHEUS)

    async def _signed(self, _: Call) -> Reply:
        note = self._checkpoint()
        return self._replies.problem(Refusal("not_found")) if note is None else self._replies.of(200, note, NOTE)
