"""One answer to each request of an API: routed by its table, and whatever goes wrong becomes a problem document
(RFC 9457) here and nowhere else. There is no access log; an unexpected exception is reported (`operators.contained`)
and the answer says nothing of it.
"""

import asyncio
from typing import Final

from aiohttp import web

from gateway.http_api.body import UnreadBody
from gateway.http_api.pages import Health
from gateway.http_api.replies import Replies, Reply
from gateway.http_api.request_ids import HEADER
from gateway.http_api.routes import Call, Methods, RouteTable, parse_query
from gateway.http_api.traffic import NO_ROUTE, Traffic
from gateway.ledger.contract import LedgerUnavailable
from gateway.model.refusals import Refusal, refusal_of
from gateway.process.logs import logger
from operators.seated_handler import SeatedHandler
from redaction.errors import KeysWithheld

HEALTH: Final = frozenset({"/healthz", "/readyz"})
"""Answered while stopping too."""

INTERNAL: Final = 500
_log = logger(__name__)


def say_failed(request_id: str) -> None:
    """Of a request that failed here, so that whoever asked and whoever reads the log mean the same."""
    _log.error("request_failed", request=request_id)


def named(replies: Replies, request: web.BaseRequest, reply: Reply) -> Reply:
    """The same answer, saying which request it is to."""
    request_id = replies.ids.of(request.headers.get(HEADER))
    if reply.status == INTERNAL:
        say_failed(request_id)
    return reply.named(request_id)


class Answering:
    """strays: where answers to what has no route are counted, by status."""

    def __init__(self, table: RouteTable, replies: Replies, health: Health, traffic: Traffic) -> None:
        self.table: Final = table
        self._replies = replies
        self._health = health
        self._traffic = traffic
        self.strays: Final = traffic.answers(NO_ROUTE)

    async def answer(self, request: web.BaseRequest) -> Reply:
        """The one answer to a request. Never raises for what a client sent."""
        if isinstance(request.protocol, SeatedHandler) and request.protocol.has_more:
            await asyncio.sleep(0)  # a handler that never waits would be called again and again, and nobody else's
        self._traffic.began()
        answers = self.strays
        try:
            path, _, query = request.raw_path.partition("?")
            methods, argument = self.table.find(path if path.startswith("/") else request.rel_url.raw_path)
            answers = methods.answers
            reply = await self._dispatch(request, methods, argument, query)
        except ConnectionError:
            raise
        except Exception as error:
            refusal = refusal_to_any(error)
            reply = self._replies.problem(refusal)
            if isinstance(refusal, UnreadBody) or self._health.stopping:
                reply.closing()
        finally:
            self._traffic.left()
        answers[reply.status] += 1
        return named(self._replies, request, reply)

    async def _dispatch(self, request: web.BaseRequest, methods: Methods, argument: str, query: str) -> Reply:
        if self._health.stopping and methods.path not in HEALTH:
            raise Refusal("stopping")
        found = methods.find(request.method)
        if found is None:
            return self._without_handler(request, methods)
        handler, known = found
        return await handler(Call(request, argument, parse_query(query, known)))

    def _without_handler(self, request: web.BaseRequest, methods: Methods) -> Reply:
        allow = b"Allow: %s\r\n" % methods.allow
        if request.method == "OPTIONS":
            return self._replies.empty(allow)
        return self._replies.problem(Refusal("method_not_allowed"), allow)


def refusal_to_any(error: Exception) -> Refusal:
    """What an error of any handler is to its caller. What is no refusal and no known trouble is reported."""
    if isinstance(error, LedgerUnavailable):
        return Refusal("ledger_unavailable")
    if isinstance(error, KeysWithheld):
        return Refusal("keys_unavailable", retry_after_s=1)
    return refusal_of(error, "request")
