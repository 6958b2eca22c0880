"""The message endpoints: send, send many, look up, list, cancel. Thin: parse, admit, accept, answer."""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Final, Protocol

import msgspec
from aiohttp import web

from gateway.accept.request import BatchAccepted, MessageList, MessageRequest, MessageView
from gateway.accept.validation import parse_time
from gateway.accounts.customers import ApiKey
from gateway.http_api.auth import Gatekeeper
from gateway.http_api.batch import BatchSender
from gateway.http_api.body import read_json_body
from gateway.http_api.decoding import decode_batch, decode_message
from gateway.http_api.door import Door, Pending
from gateway.http_api.replay import earlier_message
from gateway.http_api.replies import Replies, Reply
from gateway.http_api.routes import Call
from gateway.http_api.views import accepted_view, message_view
from gateway.ledger.contract import Ledger, LedgerUnavailable
from gateway.limits.admission import Admission
from gateway.model.identifiers import parse_cursor, parse_message_id, write_cursor
from gateway.model.message import Message, Status
from gateway.model.refusals import Refusal
from gateway.process.clock import Clock

DEFAULT_PAGE: Final = 50
MAX_PAGE: Final = 200
MAX_BATCH_READS: Final = 32

_LIMIT: Final = re.compile(r"[1-9][0-9]{0,2}", re.ASCII)
_IDEMPOTENCY: Final = re.compile(r"[ -~]{1,255}", re.ASCII)
REPLAYED: Final = b"Idempotent-Replayed: true\r\n"
_encode = msgspec.json.Encoder().encode


class Canceller(Protocol):
    """Takes back what is not yet submitted."""

    async def cancel(self, key: ApiKey, message_id: bytes) -> Message | None:
        """The cancelled message; None when there is none of that id. Raises Refusal("not_cancellable")."""


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """Bytes of a body, messages of a batch, seconds for a body to arrive."""

    max_body_bytes: int
    max_batch_body_bytes: int
    max_batch: int
    read_timeout_s: float


class MessageEndpoints:
    """reveal_reference: opens the customer's own reference of a message. country_of: where an operator is."""

    def __init__(
        self,
        *,
        door: Door,
        ledger: Ledger,
        gatekeeper: Gatekeeper,
        admission: Admission,
        canceller: Canceller,
        reveal_reference: Callable[[Message], str | None],
        country_of: Callable[[str], str | None],
        limits: Limits,
        replies: Replies,
        clock: Clock,
    ) -> None:
        self._door = door
        self._batches = BatchSender(door, ledger, limits.max_body_bytes)
        self._ledger = ledger
        self._gatekeeper = gatekeeper
        self._admission = admission
        self._canceller = canceller
        self._reveal_reference = reveal_reference
        self._country_of = country_of
        self._limits = limits
        self._replies = replies
        self._clock = clock
        self._reading = 0

    async def send(self, call: Call) -> Reply:
        request = call.request
        key = self._gatekeeper.open(request, "send")
        idempotency = idempotency_key(request)
        self._admission.admit(key, 1, self._clock.now_ms())
        refused = 1
        try:
            body = await read_json_body(request, self._limits.max_body_bytes, self._limits.read_timeout_s)
            pending = self._door.accept(key, decode_message(body), idempotency=idempotency)
            standing = await self._standing(key, pending)
            refused = 0
        finally:
            self._admission.settle(key, 1, refused)
        more = b"" if standing is pending.message else REPLAYED
        return self._replies.of(202, _encode(accepted_view(standing)), more=more)

    async def send_batch(self, call: Call) -> Reply:
        request = call.request
        key = self._gatekeeper.open(request, "send")
        idempotency = idempotency_key(request)
        self._admission.precheck(key, self._clock.now_ms())
        messages = await self._read_batch(request)
        self._admission.admit(key, len(messages), self._clock.now_ms())
        refused = len(messages)
        try:
            items = await self._batches.send(key, messages, idempotency)
            refused = sum(item.error is not None for item in items)
        finally:
            self._admission.settle(key, len(messages), refused)
        return self._replies.of(202, _encode(BatchAccepted(len(items) - refused, refused, items)))

    async def show(self, call: Call) -> Reply:
        key = self._gatekeeper.open(call.request, "status")
        message = await self._ledger.find(key.customer.id, message_id_of(call.argument))
        return self._shown(message)

    async def cancel(self, call: Call) -> Reply:
        key = self._gatekeeper.open(call.request, "send")
        return self._shown(await self._canceller.cancel(key, message_id_of(call.argument)))

    async def list_messages(self, call: Call) -> Reply:
        key = self._gatekeeper.open(call.request, "status")
        query = call.query
        page = await self._ledger.list_messages(
            key.customer.id,
            status=_status(query),
            since_ms=_since(query),
            cursor=_cursor(query),
            limit=_limit(query),
        )
        cursor = None if page.cursor is None else write_cursor(page.cursor)
        now_ms, country_of, reference_of = self._clock.now_ms(), cache(self._country_of), self._reveal_reference
        views = [
            message_view(each, country_of=country_of, reference=reference_of(each), now_ms=now_ms)
            for each in page.messages
        ]
        return self._replies.of(200, _encode(MessageList(views, cursor)))

    async def _read_batch(self, request: web.BaseRequest) -> Sequence[MessageRequest | bytes]:
        """The messages of a batch. Only so many are read at a time, which bounds the memory that bodies take."""
        limits = self._limits
        if self._reading >= MAX_BATCH_READS:
            raise Refusal("overloaded")
        self._reading += 1
        try:
            body = await read_json_body(request, limits.max_batch_body_bytes, limits.read_timeout_s)
        finally:
            self._reading -= 1
        messages = decode_batch(body, limits.max_body_bytes)
        if not messages:
            raise Refusal("batch_empty", "messages")
        if len(messages) > limits.max_batch:
            raise Refusal("batch_too_long", "messages")
        return messages

    async def _standing(self, key: ApiKey, pending: Pending) -> Message:
        """Wait for the disk; the message that now stands, an earlier one if this was a repeat. Raises Refusal."""
        try:
            standing = await pending.durable
        except LedgerUnavailable:
            raise Refusal("ledger_unavailable") from None
        if standing == pending.message.id:
            return pending.message
        assert isinstance(standing, bytes)
        return await earlier_message(self._ledger, key.customer.id, standing)

    def _shown(self, message: Message | None) -> Reply:
        if message is None:
            raise Refusal("not_found")
        return self._replies.of(200, _encode(self._view(message)))

    def _view(self, message: Message) -> MessageView:
        reference = self._reveal_reference(message)
        return message_view(message, country_of=self._country_of, reference=reference, now_ms=self._clock.now_ms())


def idempotency_key(request: web.BaseRequest) -> str | None:
    """The Idempotency-Key header. Raises Refusal for one that is malformed or given twice."""
    if "Idempotency-Key" not in request.headers:
        return None
    values = request.headers.getall("Idempotency-Key")
    if len(values) > 1 or not _IDEMPOTENCY.fullmatch(values[0]):
        raise Refusal("invalid_idempotency_key")
    return values[0]


def message_id_of(argument: str) -> bytes:
    """16 bytes. Raises Refusal for what cannot be an id: the same as for an unknown one."""
    identifier = parse_message_id(argument)
    if identifier is None:
        raise Refusal("not_found")
    return identifier


def _status(query: Mapping[str, str]) -> Status | None:
    raw = query.get("status")
    if raw is None:
        return None
    try:
        return Status(raw)
    except ValueError:
        raise Refusal("invalid_parameter", "status") from None


def _since(query: Mapping[str, str]) -> int | None:
    raw = query.get("since")
    if raw is None:
        return None
    since_ms = parse_time(raw)
    if since_ms is None:
        raise Refusal("invalid_parameter", "since")
    return max(0, since_ms)


def _limit(query: Mapping[str, str]) -> int:
    raw = query.get("limit")
    if raw is None:
        return DEFAULT_PAGE
    if not _LIMIT.fullmatch(raw) or int(raw) > MAX_PAGE:
        raise Refusal("invalid_parameter", "limit")
    return int(raw)


def _cursor(query: Mapping[str, str]) -> bytes | None:
    raw = query.get("cursor")
    if raw is None:
        return None
    cursor = parse_cursor(raw)
    if cursor is None:
        raise Refusal("invalid_parameter", "cursor")
    return cursor
