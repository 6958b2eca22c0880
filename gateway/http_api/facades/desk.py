"""One answer to each request of a façade, in that façade's words whatever goes wrong: never a problem document.

A request is read whole, its credentials are taken out of it, and only then does anything else see it. HEAD is no method
of any endpoint: it sends nothing.
"""

import asyncio
from collections.abc import Awaitable, Callable

from aiohttp import web

from gateway.http_api.answering import named, refusal_to_any
from gateway.http_api.auth import Gatekeeper
from gateway.http_api.body import UnreadBody, read_body
from gateway.http_api.facades.asking import asked_of
from gateway.http_api.facades.dialect import Header
from gateway.http_api.facades.places import FacadePlaces, Found
from gateway.http_api.facades.sending import carry_out
from gateway.http_api.messages import Limits
from gateway.http_api.pages import Health
from gateway.http_api.replies import Replies, Reply
from gateway.http_api.sending import SendPath
from gateway.http_api.traffic import NO_ROUTE, Traffic
from gateway.model.refusals import Refusal
from operators.seated_handler import SeatedHandler

Otherwise = Callable[[web.BaseRequest], Awaitable[Reply]]


class FacadeDesk:
    """Answers what is asked of façades, and hands over everything else. otherwise: who answers that. limits: of bodies,
    for requests from now on.
    """

    def __init__(
        self,
        places: FacadePlaces,
        path: SendPath,
        gatekeeper: Gatekeeper,
        traffic: Traffic,
        health: Health,
        limits: Limits,
        otherwise: Otherwise,
        replies: Replies,
    ) -> None:
        self._places = places
        self._path = path
        self._replies = replies
        self._gatekeeper = gatekeeper
        self._traffic = traffic
        self._health = health
        self.limits = limits
        self._otherwise = otherwise
        self._strays = traffic.answers(NO_ROUTE)

    async def answer(self, request: web.BaseRequest) -> Reply:
        """The one answer to a request. Never raises for what a client sent."""
        path, _, query = request.raw_path.partition("?")
        found = self._places.find(path, _header(request), query)
        facade = self._places.of_prefix(path) if found is None else found.place.facade
        page = self._places.page(path) if request.method == "GET" else None
        if facade is None and page is None:
            return await self._otherwise(request)
        if isinstance(request.protocol, SeatedHandler) and request.protocol.has_more:
            await asyncio.sleep(0)  # see `gateway.http_api.answering`
        if page is not None:
            page.answers[200] += 1
            return named(self._replies, request, page.made())
        assert facade is not None
        self._traffic.began()
        try:
            if found is None:
                raise Refusal("not_found")
            reply = await self._work(request, found, path, query)
        except ConnectionError:
            raise
        except Exception as error:
            refusal = refusal_to_any(error)
            reply = (facade.refused if found is None else found.place.refused)(refusal)
            if isinstance(refusal, UnreadBody) or self._health.stopping:
                reply.closing()
        finally:
            self._traffic.left()
        (self._strays if found is None else found.place.answers)[reply.status] += 1
        return named(self._replies, request, reply)

    async def _work(self, request: web.BaseRequest, found: Found, path: str, query: str) -> Reply:
        place, method = found.place, request.method
        endpoint = place.endpoint
        if self._health.stopping:
            raise Refusal("stopping")
        if method not in endpoint.methods:
            raise Refusal("method_not_allowed")
        body = b""
        if method != "GET":
            body = await read_body(request, self.limits.max_body_bytes, self.limits.read_timeout_s)
        asked = asked_of(found, method, path, query, _header(request), body)
        login = endpoint.login(asked)
        key = self._gatekeeper.open_facade(request, login, place.facade.name, endpoint.scope_of(method))
        read = endpoint.sends.get(method)
        if read is not None:
            return await carry_out(self._path, key, read(asked, key))
        assert endpoint.work is not None
        return await endpoint.work(asked, key)


def _header(request: web.BaseRequest) -> Header:
    return lambda name: request.headers.get(name, "")
