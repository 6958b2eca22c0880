"""Asking the admin API within the process: the same routes, gate, audit entries and refusals as from outside.

A page's request is made into one of the API's, with its cookie and what says from where it comes, and goes to the
API's own answering. So the console can do nothing that the API does not do, and nothing without whoever is signed in.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final
from urllib.parse import quote

import msgspec
from aiohttp import web
from aiohttp.streams import EMPTY_PAYLOAD, StreamReader

from gateway.http_api.admin.gate import FORM_TOKEN, PASSIVE
from gateway.http_api.replies import JSON, PROBLEM, Reply
from gateway.model.refusals import Refusal

Answer = Callable[[web.BaseRequest], Awaitable[Reply]]
Said = Mapping[str, Any]
"""A JSON object, as the API's types have it."""

_PASSED_ON: Final = ("Host", "Cookie", "User-Agent", "Sec-Fetch-Site", "X-Forwarded-For", PASSIVE)
_LIMIT: Final = 65_536


class Told(msgspec.Struct, frozen=True):
    """An answer of the API. said: its body; of a refusal the problem document. cookie: `Set-Cookie`, "" for none.
    retry_after_s: after which it may be asked again, where it says so.
    """

    status: int
    said: Said
    cookie: str = ""
    octets: bytes = b""
    retry_after_s: int | None = None

    @property
    def is_done(self) -> bool:
        return self.status < 400

    @property
    def code(self) -> str:
        """Of a refusal; "" where there is none."""
        return "" if self.is_done else str(self.said.get("code", ""))

    @property
    def refusal(self) -> Refusal:
        """What it refused, for a page to say."""
        return Refusal(self.code, retry_after_s=self.retry_after_s)


class Asking:
    """answer: of the admin API."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer

    async def look(self, request: web.BaseRequest, path: str) -> Told:
        """What a page needs to know. path: with its query."""
        return await self._ask(request, "GET", path, {}, EMPTY_PAYLOAD)

    async def do(
        self,
        request: web.BaseRequest,
        method: str,
        path: str,
        body: Mapping[str, object] | None,
        *,
        form_token: str = "",
        over: str = "",
    ) -> Told:
        """What a form asks for. over: the version over which it is meant; "" for any."""
        headers = {FORM_TOKEN: form_token, **({"If-Match": f'"{over}"'} if over else {})}
        if body is None:
            return await self._ask(request, method, path, headers, EMPTY_PAYLOAD)
        octets = msgspec.json.encode(body)
        payload = StreamReader(request.protocol, _LIMIT, loop=asyncio.get_running_loop())
        payload.feed_data(octets)
        payload.feed_eof()
        headers |= {"Content-Type": JSON, "Content-Length": str(len(octets))}
        return await self._ask(request, method, path, headers, payload)

    async def _ask(
        self, request: web.BaseRequest, method: str, path: str, headers: Mapping[str, str], payload: StreamReader
    ) -> Told:
        passed = [(name, value) for name in _PASSED_ON for value in request.headers.getall(name, ())]
        inner = request.clone(method=method, rel_url=path, headers=[*passed, *headers.items()])
        inner._payload = payload  # aiohttp has no way to clone a request with another body
        return _told(await self._answer(inner))


def _told(reply: Reply) -> Told:
    head = reply.head.decode("latin-1").split("\r\n")
    fields = {name.lower(): value for name, _, value in (line.partition(": ") for line in head)}
    is_json = fields.get("content-type") in (JSON, PROBLEM)
    said = msgspec.json.decode(reply.content) if is_json and reply.content else {}
    wait = fields.get("retry-after")
    return Told(
        reply.status,
        said,
        fields.get("set-cookie", ""),
        b"" if is_json else reply.content,
        None if wait is None else int(wait),
    )


def segment(value: str) -> str:
    """As a segment of a path, or a value of a query."""
    return quote(value, safe="")
