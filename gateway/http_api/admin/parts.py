"""What the endpoints of the admin API share: the gate, replies, a clock, and bodies of their own types."""

from typing import Final, TypeVar

import msgspec

from gateway.accounts.invalid import InvalidSetting
from gateway.audit.actor import Actor
from gateway.control.reasons import Reasons
from gateway.http_api.admin.gate import AdminGate, Asker
from gateway.http_api.admin.views import Because
from gateway.http_api.body import read_json_body
from gateway.http_api.decoding import decode
from gateway.http_api.proxies import Proxies
from gateway.http_api.replies import Replies, Reply
from gateway.http_api.routes import Call
from gateway.model.refusals import Refusal
from gateway.process.clock import Clock
from redaction.errors import alone
from redaction.personal import MessageText

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
WHY: Final = (*BODY, "invalid_value")
"""Codes with which a verb may refuse that takes nothing but a reason."""

T = TypeVar("T")
_encode: Final = msgspec.json.Encoder().encode


class Parts:
    """gate: who may do what. proxies: that are trusted to tell whom they speak for. reasons: where they are kept."""

    def __init__(self, gate: AdminGate, replies: Replies, clock: Clock, proxies: Proxies, reasons: Reasons) -> None:
        self.gate: Final = gate
        self.replies: Final = replies
        self.clock: Final = clock
        self.proxies: Final = proxies
        self.reasons: Final = reasons

    def answer(self, view: object, status: int = 200, *, more: bytes = b"") -> Reply:
        """more: further header lines, each with its line end."""
        return self.replies.of(status, _encode(view), more=more)

    async def body(self, call: Call, of: type[T]) -> T:
        """What the request's body says. Raises Refusal."""
        return decode(msgspec.json.Decoder(of), await read_json_body(call.request, BODY_BYTES, BODY_S))

    async def actor(self, asker: Asker, asked: Because) -> Actor:
        """Who does what a body asks for, as entries of the audit log have it. Once it is allowed. Raises Refusal."""
        if not asked.reason:
            return asker.actor
        try:
            return await self.reasons.because(asker.actor, MessageText(asked.reason))
        except InvalidSetting:
            raise alone(Refusal("invalid_value", "reason")) from None

    async def why(self, call: Call, asker: Asker) -> Actor:
        """As `actor`, of a verb that takes nothing but a reason, and that only if there is one. Raises Refusal."""
        if not call.request.body_exists:
            return asker.actor
        return await self.actor(asker, await self.body(call, Because))
