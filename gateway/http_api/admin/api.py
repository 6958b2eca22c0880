"""The platform's own API on a listener of its own, which stays inside unless the settings say otherwise."""

from collections.abc import Callable, Sequence
from typing import Final, Protocol

from aiohttp import web

from config.settings import AdminSettings
from gateway.http_api.admin.endpoints import routes_of
from gateway.http_api.admin.gate import AdminGate
from gateway.http_api.admin.parts import Parts
from gateway.http_api.admin.sources import Sources
from gateway.http_api.answering import Answering
from gateway.http_api.listener import Handler, Listener
from gateway.http_api.openapi import Api, describe_api
from gateway.http_api.pages import Health, Pages
from gateway.http_api.proxies import Proxies
from gateway.http_api.replies import Replies, Reply
from gateway.http_api.routes import RouteTable
from gateway.http_api.table import page_routes
from gateway.http_api.traffic import Traffic
from gateway.people.sessions import COOKIE
from gateway.process.clock import Clock
from gateway.process.tls import identity
from operators.entrance import Place
from operators.seats import Seats

MAX_CONNECTIONS: Final = 128
IDLE_S: Final = 75.0

ADMIN: Final = Api(
    title="Connect Gateway, administration",
    about="How the gateway stands, what became of a message, and the verbs that steer it. Errors are problem documents "
    "(RFC 9457) with a stable `code`. What changes something is in the audit log, with who did it.",
    needs="Needs the action `{scope}`, by a role or as a token's scope (docs/people.md).",
    codes=("not_signed_in", "not_allowed", "proof_needed", "form_token_missing", "keys_unavailable"),
    schemes={
        "token": {"type": "http", "scheme": "bearer", "description": "A machine's token: `cgt_…`."},
        "session": {"type": "apiKey", "in": "cookie", "name": COOKIE},
    },
    is_idempotent=False,
)


class PagesOver(Protocol):
    """Pages over this API, on its listener."""

    def takes(self, request: web.BaseRequest) -> bool:
        """Whether it is asked for a page, or for what pages load."""

    async def answer(self, request: web.BaseRequest) -> Reply:
        """The one answer to such a request. Never raises for what a client sent."""


MakePages = Callable[[Handler, Replies, Traffic, Clock], PagesOver]
"""Of the API's own answering."""


class AdminApi:
    """pages: over what this API answers. health: shared with the customers' listener. is_shared: other processes of the
    machine listen there as well. trusted_proxies: as of the customers' listener.

    idle_s: after so long without a request a connection ends.
    """

    def __init__(
        self,
        sources: Sources,
        settings: AdminSettings,
        health: Health,
        clock: Clock,
        *,
        pages: MakePages,
        is_shared: bool = False,
        trusted_proxies: Sequence[str] = (),
        idle_s: float = IDLE_S,
    ) -> None:
        shown = identity(settings.tls_certificate, settings.tls_key)
        tls = None if shown is None else shown.context
        replies = Replies(clock, secure=tls is not None or settings.tls_terminated_upstream)
        self.traffic = Traffic()
        description = Pages(replies)
        parts = Parts(AdminGate(sources.people), replies, clock, Proxies(trusted_proxies), sources.reasons)
        routes = [*routes_of(sources, parts), *page_routes(description, health)]
        self.table = RouteTable(routes, self.traffic)
        description.describe(describe_api(routes, ADMIN))
        answering = Answering(self.table, replies, health, self.traffic)
        self._answer = answering.answer
        self._pages = pages(answering.answer, replies, self.traffic, clock)
        self.listener = Listener(
            self._answered,
            Place(host=settings.host, port=settings.port or 0, shared=is_shared, tls=tls),
            replies,
            seats=Seats(MAX_CONNECTIONS, exempt=trusted_proxies),
            idle_s=idle_s,
            answers=answering.strays,
        )

    async def _answered(self, request: web.BaseRequest) -> Reply:
        pages = self._pages
        return await (pages.answer(request) if pages.takes(request) else self._answer(request))

    async def start(self) -> None:
        """Listen. Raises OSError."""
        await self.listener.start()

    async def stop(self) -> None:
        await self.listener.stop(0.1)
