"""What the endpoints of the admin API share: the gate, replies, a clock, and bodies of their own types."""

from typing import Final, TypeVar

import msgspec

from gateway.http_api.admin.gate import AdminGate
from gateway.http_api.body import read_json_body
from gateway.http_api.decoding import decode
from gateway.http_api.proxies import Proxies
from gateway.http_api.replies import Replies, Reply
from gateway.http_api.routes import Call
from gateway.process.clock import Clock

BODY_BYTES: Final = 16_384
BODY_S: Final = 10.0

BODY: Final = (
    "malformed_json",
    "not_an_object",
    "body_incomplete",
    "request_timeout",
    "body_too_large",
    "unsupported_media_type",
    "unsupported_encoding",
    "missing_field",
    "unknown_field",
    "wrong_type",
    "empty_field",
    "field_too_long",
)
"""Codes with which what takes a body may refuse."""

T = TypeVar("T")
_encode: Final = msgspec.json.Encoder().encode


class Parts:
    """gate: who may do what. proxies: that are trusted to tell whom they speak for."""

    def __init__(self, gate: AdminGate, replies: Replies, clock: Clock, proxies: Proxies) -> None:
        self.gate: Final = gate
        self.replies: Final = replies
        self.clock: Final = clock
        self.proxies: Final = proxies

    def answer(self, view: object, status: int = 200, *, more: bytes = b"") -> Reply:
        """more: further header lines, each with its line end."""
        return self.replies.of(status, _encode(view), more=more)

    async def body(self, call: Call, of: type[T]) -> T:
        """What the request's body says. Raises Refusal."""
        return decode(msgspec.json.Decoder(of), await read_json_body(call.request, BODY_BYTES, BODY_S))
