"""Reading a request's body: bounded in bytes and in time, and never more of it than needed to refuse it."""

import asyncio
import re
from typing import Final

from aiohttp import web
from aiohttp.web_protocol import RequestPayloadError

from gateway.model.refusals import Refusal

_JSON_TYPE: Final = re.compile(r'application/json[ \t]*(?:;[ \t]*charset="?utf-?8"?[ \t]*)?', re.IGNORECASE)
_CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"


class UnreadBody(Refusal):
    """A refusal that leaves bytes of the body unread, so the connection cannot be used again."""


async def read_json_body(request: web.BaseRequest, limit_bytes: int, timeout_s: float) -> bytes:
    """The body. Raises Refusal for a media type that is not JSON, and UnreadBody beyond size or time."""
    _refuse_other_media(request)
    return await read_body(request, limit_bytes, timeout_s)


async def read_body(request: web.BaseRequest, limit_bytes: int, timeout_s: float) -> bytes:
    """The body, of whatever media type. Raises Refusal for one that is encoded, and UnreadBody beyond size or time."""
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise Refusal("unsupported_encoding")
    content = request.content
    if content.is_eof():  # it came with the headers: the usual case, one read and no waiting
        body = content.read_nowait()
        if len(body) > limit_bytes:
            raise UnreadBody("body_too_large")
        return body
    if (request.content_length or 0) > limit_bytes:
        raise UnreadBody("body_too_large")
    _invite(request)
    try:
        async with asyncio.timeout(timeout_s):
            return await _read_on(request, limit_bytes)
    except TimeoutError:
        raise UnreadBody("request_timeout") from None
    except RequestPayloadError:
        raise UnreadBody("body_incomplete") from None


def _refuse_other_media(request: web.BaseRequest) -> None:
    content_type = request.headers.get("Content-Type", "")
    content_type = content_type.rstrip("; \t")
    if content_type != "application/json" and not _JSON_TYPE.fullmatch(content_type):
        raise Refusal("unsupported_media_type")


def _invite(request: web.BaseRequest) -> None:
    """Tell a client that waits for it to send the body (RFC 9110 §10.1.1)."""
    transport = request.transport
    if request.headers.get("Expect", "").lower() == "100-continue" and transport is not None:
        transport.write(_CONTINUE)


async def _read_on(request: web.BaseRequest, limit_bytes: int) -> bytes:
    body = bytearray()
    while chunk := await request.content.readany():
        body += chunk
        if len(body) > limit_bytes:
            raise UnreadBody("body_too_large")
    return bytes(body)
