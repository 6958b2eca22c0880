"""What a customer may ask about the people it writes to: erasure, and what is held of them."""

from typing import Final, TypeVar

import msgspec

from gateway.accept.validation import parse_time
from gateway.http_api.auth import Gatekeeper, actor_of
from gateway.http_api.body import read_json_body
from gateway.http_api.decoding import decode
from gateway.http_api.records import message_id_of
from gateway.http_api.replies import Replies, Reply
from gateway.http_api.routes import Call
from gateway.http_api.subject_views import AccessRequest, SubjectRequest, erased_view
from gateway.model.numbers import parse_number
from gateway.model.refusals import Refusal
from gateway.rights.desk import RightsDesk
from redaction.errors import KeysWithheld, alone
from redaction.personal import Msisdn

BODY_BYTES: Final = 4_096
BODY_S: Final = 10.0
SCOPE: Final = "subjects"

T = TypeVar("T")
_encode: Final = msgspec.json.Encoder().encode


class SubjectEndpoints:
    def __init__(self, desk: RightsDesk, gatekeeper: Gatekeeper, replies: Replies) -> None:
        self._desk = desk
        self._gatekeeper = gatekeeper
        self._replies = replies

    async def erase(self, call: Call) -> Reply:
        key = self._gatekeeper.open(call.request, SCOPE)
        asked = await body_of(call, SubjectRequest)
        number = number_of(self._desk, asked.number)
        try:
            done = await self._desk.erase(actor_of(key), [number], key.customer.id, asked.case)
        except KeysWithheld:
            raise alone(Refusal("keys_unavailable", retry_after_s=1)) from None
        return self._replies.of(200, _encode(erased_view(self._desk.on, done)))

    async def access(self, call: Call) -> Reply:
        key = self._gatekeeper.open(call.request, SCOPE)
        asked = await body_of(call, AccessRequest)
        number, since_ms = number_of(self._desk, asked.number), since_of(asked)
        try:
            held = await self._desk.look(actor_of(key), number, key.customer.id, asked.case, since_ms)
        except KeysWithheld:
            raise alone(Refusal("keys_unavailable", retry_after_s=1)) from None
        return self._replies.of(200, _encode(held))

    async def erase_message(self, call: Call) -> Reply:
        key = self._gatekeeper.open(call.request, SCOPE)
        found = await self._desk.on.ledger.messages.find(key.customer.id, message_id_of(call.argument))
        if found is None:
            raise Refusal("not_found")
        try:
            done = await self._desk.erase_message(actor_of(key), found)
        except KeysWithheld:
            raise alone(Refusal("keys_unavailable", retry_after_s=1)) from None
        return self._replies.of(200, _encode(erased_view(self._desk.on, done)))


def number_of(desk: RightsDesk, typed: str) -> Msisdn:
    """Raises Refusal."""
    number = parse_number(typed, desk.on.settings.messages.default_region)
    if number is None:
        raise Refusal("invalid_number", "number")
    return number


def since_of(asked: AccessRequest) -> int | None:
    """Raises Refusal."""
    if asked.since is None:
        return None
    since_ms = parse_time(asked.since)
    if since_ms is None:
        raise Refusal("invalid_value", "since")
    return max(0, since_ms)


async def body_of(call: Call, of: type[T], limit_bytes: int = BODY_BYTES) -> T:
    """Raises Refusal."""
    return decode(msgspec.json.Decoder(of), await read_json_body(call.request, limit_bytes, BODY_S))
