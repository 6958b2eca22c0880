"""One answer to each request of a façade, in that façade's words whatever goes wrong: never a problem document.

A request is read whole, its credentials are taken out of it, and only then does anything else see it. HEAD is no method
of any endpoint: it sends nothing.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Final

from aiohttp import web

from gateway.http_api.answering import named, refusal_to_any
from gateway.http_api.auth import Gatekeeper
from gateway.http_api.body import UnreadBody, read_body
from gateway.http_api.facades.dialect import Asked, Endpoint, Facade
from gateway.http_api.facades.fields import Fields, of_body, of_query
from gateway.http_api.messages import Limits
from gateway.http_api.pages import Health
from gateway.http_api.replies import Replies, Reply
from gateway.http_api.traffic import NO_ROUTE, Traffic
from gateway.model.refusals import Refusal
from operators.seated_handler import SeatedHandler

Otherwise = Callable[[web.BaseRequest], Awaitable[Reply]]
_NOWHERE: Final[Mapping[str, str]] = {}


class _Place:
    """An endpoint of a façade, and where its answers are counted."""

    __slots__ = ("answers", "endpoint", "facade")

    def __init__(self, facade: Facade, endpoint: Endpoint, answers: list[int]) -> None:
        self.facade: Final = facade
        self.endpoint: Final = endpoint
        self.answers: Final = answers


class FacadeDesk:
    """Answers what is asked of façades, and hands over everything else. otherwise: who answers that. limits: of bodies,
    for requests from now on.
    """

    def __init__(
        self,
        facades: Iterable[Facade],
        gatekeeper: Gatekeeper,
        traffic: Traffic,
        health: Health,
        limits: Limits,
        otherwise: Otherwise,
        replies: Replies,
    ) -> None:
        self._replies = replies
        self._gatekeeper = gatekeeper
        self._traffic = traffic
        self._health = health
        self.limits = limits
        self._otherwise = otherwise
        self._strays = traffic.answers(NO_ROUTE)
        self._exact: dict[str, _Place] = {}
        self._open: list[tuple[re.Pattern[str], _Place]] = []
        self._prefixes: list[tuple[str, Facade]] = []
        self._pages: dict[str, tuple[Callable[[], Reply], list[int]]] = {}
        for facade in facades:
            for path, page in facade.pages.items():
                self._pages[path] = (page, traffic.answers(path))
            self._prefixes.extend((prefix, facade) for prefix in facade.prefixes)
            for endpoint in facade.endpoints:
                self._add(_Place(facade, endpoint, traffic.answers(endpoint.path)))

    def _add(self, place: _Place) -> None:
        pattern = place.endpoint.pattern
        if pattern is not None:
            self._open.append((pattern, place))
        elif place.endpoint.path in self._exact:
            raise ValueError(f"{place.endpoint.path} is an endpoint twice")
        else:
            self._exact[place.endpoint.path] = place

    async def answer(self, request: web.BaseRequest) -> Reply:
        """The one answer to a request. Never raises for what a client sent."""
        path, _, query = request.raw_path.partition("?")
        if path in self._pages and request.method == "GET":
            return self._page(request, path)
        place, places = self._find(path)
        if place is not None and not _is_claimed(request, place.endpoint, query):
            place = None
        facade = self._of_prefix(path) if place is None else place.facade
        if facade is None:
            return await self._otherwise(request)
        if isinstance(request.protocol, SeatedHandler) and request.protocol.has_more:
            await asyncio.sleep(0)  # see `gateway.http_api.answering`
        self._traffic.began()
        try:
            if place is None:
                raise Refusal("not_found")
            reply = await self._work(request, place, path, places, query)
        except ConnectionError:
            raise
        except Exception as error:
            refusal = refusal_to_any(error)
            refused = facade.refused if place is None else place.endpoint.refused or facade.refused
            reply = refused(refusal)
            if isinstance(refusal, UnreadBody) or self._health.stopping:
                reply.closing()
        finally:
            self._traffic.left()
        (self._strays if place is None else place.answers)[reply.status] += 1
        return named(self._replies, request, reply)

    def _page(self, request: web.BaseRequest, path: str) -> Reply:
        page, answers = self._pages[path]
        reply = page()
        answers[reply.status] += 1
        return named(self._replies, request, reply)

    def _find(self, path: str) -> tuple[_Place | None, Mapping[str, str]]:
        """The endpoint of a path, and what stands in its open places."""
        place = self._exact.get(path)
        if place is None:
            for pattern, each in self._open:
                found = pattern.fullmatch(path)
                if found is not None:
                    return each, found.groupdict()
        return place, _NOWHERE

    def _of_prefix(self, path: str) -> Facade | None:
        return next((facade for prefix, facade in self._prefixes if path.startswith(prefix)), None)

    async def _work(
        self, request: web.BaseRequest, place: _Place, path: str, places: Mapping[str, str], query: str
    ) -> Reply:
        endpoint = place.endpoint
        if self._health.stopping:
            raise Refusal("stopping")
        if request.method not in endpoint.methods:
            raise Refusal("method_not_allowed")
        pairs, body = of_query(query), b""
        if request.method != "GET":
            body = await read_body(request, self.limits.max_body_bytes, self.limits.read_timeout_s)
            form = None if endpoint.reads_body else of_body(body, request.headers.get("Content-Type", ""))
            if form is not None:
                pairs, body = pairs + form, b""
        asked = Asked(
            method=request.method,
            path=path,
            places=places,
            fields=Fields(pairs),
            header=lambda name: request.headers.get(name, ""),
            body=body,
        )
        scope = endpoint.scope_of(request.method)
        key = self._gatekeeper.open_facade(request, endpoint.login(asked), place.facade.name, scope)
        return await endpoint.work(asked, key)


def _is_claimed(request: web.BaseRequest, endpoint: Endpoint, query: str) -> bool:
    claims = endpoint.claims
    return claims is None or claims(lambda name: request.headers.get(name, ""), query)
