"""What customers look up, list and take back: the records of their messages."""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Final, Protocol

import msgspec

from gateway.accept.request import MessageList, OperatorList, OperatorView
from gateway.accept.validation import parse_time
from gateway.accounts.customers import ApiKey
from gateway.http_api.auth import Gatekeeper
from gateway.http_api.consents import ConsentSource
from gateway.http_api.replies import Replies, Reply
from gateway.http_api.routes import Call
from gateway.http_api.views import message_view
from gateway.ledger.roles import Messages, Usage
from gateway.model.identifiers import parse_cursor, parse_message_id, write_cursor
from gateway.model.message import Message, Status
from gateway.model.refusals import Refusal
from gateway.process.clock import Clock

DEFAULT_PAGE: Final = 50
MAX_PAGE: Final = 200

_LIMIT: Final = re.compile(r"[1-9][0-9]{0,2}", re.ASCII)
_encode = msgspec.json.Encoder().encode


class Canceller(Protocol):
    """Takes back what is not yet submitted."""

    async def cancel(self, key: ApiKey, message_id: bytes) -> Message | None:
        """The cancelled message; None when there is none of that id. Raises Refusal("not_cancellable")."""


class Sources(msgspec.Struct, frozen=True, kw_only=True):
    """Where records are. reveal_reference: opens the customer's own reference of a message. mask: what is shown of its
    number. operators: the links as they stand. consents: what people permitted and stopped; None where nothing of it is
    kept. report: whether the code of a customer's message was entered; None where nobody counts it.
    """

    messages: Messages
    usage: Usage
    canceller: Canceller
    reveal_reference: Callable[[Message], str | None]
    mask: Callable[[Message], str]
    operators: Callable[[], Sequence[OperatorView]]
    consents: ConsentSource | None = None
    report: Callable[[int, bytes, bool], None] | None = None


class RecordEndpoints:
    def __init__(self, sources: Sources, gatekeeper: Gatekeeper, replies: Replies, clock: Clock) -> None:
        self._sources = sources
        self._gatekeeper = gatekeeper
        self._replies = replies
        self._clock = clock

    async def show(self, call: Call) -> Reply:
        key = self._gatekeeper.open(call.request, "status")
        return self._shown(await self._sources.messages.find(key.customer.id, message_id_of(call.argument)))

    async def cancel(self, call: Call) -> Reply:
        key = self._gatekeeper.open(call.request, "send")
        return self._shown(await self._sources.canceller.cancel(key, message_id_of(call.argument)))

    async def list_messages(self, call: Call) -> Reply:
        key = self._gatekeeper.open(call.request, "status")
        query = call.query
        page = await self._sources.messages.list_messages(
            key.customer.id,
            status=_status(query),
            since_ms=_since(query),
            cursor=_cursor(query),
            limit=_limit(query),
        )
        cursor = None if page.cursor is None else write_cursor(page.cursor)
        now_ms, country_of, reference_of = self._clock.now_ms(), cache(self._country_of), self._sources.reveal_reference
        mask = self._sources.mask
        views = [
            message_view(each, mask(each), country_of=country_of, reference=reference_of(each), now_ms=now_ms)
            for each in page.messages
        ]
        return self._replies.of(200, _encode(MessageList(views, cursor)))

    async def list_operators(self, call: Call) -> Reply:
        self._gatekeeper.open(call.request, "operators")
        return self._replies.of(200, _encode(OperatorList(list(self._sources.operators()))))

    def _shown(self, message: Message | None) -> Reply:
        if message is None:
            raise Refusal("not_found")
        reference = self._sources.reveal_reference(message)
        view = message_view(
            message,
            self._sources.mask(message),
            country_of=self._country_of,
            reference=reference,
            now_ms=self._clock.now_ms(),
        )
        return self._replies.of(200, _encode(view))

    def _country_of(self, operator: str) -> str | None:
        return next((each.country for each in self._sources.operators() if each.name == operator), None)


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
