"""What customers look up, list and take back: the records of their messages."""

from collections.abc import Awaitable, Callable, Sequence
from functools import cache
from typing import Protocol

import msgspec
from msgspec import UNSET, UnsetType

from gateway.accept.request import MessageList, OperatorList, OperatorView
from gateway.accounts.customers import ApiKey
from gateway.control.reports import Report
from gateway.http_api.auth import Gatekeeper
from gateway.http_api.consents import ConsentSource
from gateway.http_api.listing import Lister, Wanted, wanted
from gateway.http_api.replies import Replies, Reply
from gateway.http_api.routes import Call, Route
from gateway.http_api.searching import OwnSearch
from gateway.http_api.views import message_view
from gateway.http_api.webhooks import WebhookSource
from gateway.ledger.contract import Page
from gateway.ledger.roles import Messages, Usage
from gateway.model.content import Received
from gateway.model.identifiers import parse_message_id, write_cursor
from gateway.model.message import Message
from gateway.model.refusals import Refusal
from gateway.model.times import rfc3339
from gateway.process.clock import Clock
from redaction.errors import KeysWithheld, alone

_encode = msgspec.json.Encoder().encode


Reports = Callable[[], Awaitable[Sequence[Report]]]
"""Raises LedgerUnavailable."""


async def _unreported() -> Sequence[Report]:
    return ()


class Canceller(Protocol):
    """Takes back what is not yet submitted."""

    async def cancel(self, customer: int, message_id: bytes) -> Message | None:
        """The cancelled message; None when there is none of that id. Raises Refusal("not_cancellable")."""


class Sources(msgspec.Struct, frozen=True, kw_only=True):
    """Where records are. reveal_reference: opens the customer's own reference of a message. mask: what is shown of its
    number. operators: the links as they stand. consents: what people permitted and stopped; None where nothing of it is
    kept. report: whether the code of a customer's message was entered; None where nobody counts it. search: of messages
    to a number; None where that is not done. received: opens what a person wrote to a customer; None where people write
    to nobody. more: routes of pages for everybody, where there are any. left: what a customer who pays in advance may
    still spend, in millionths, None for any other; None where nobody does. reports: what the processes of the
    installation say of themselves. webhooks: what customers do with their own endpoints; None where nothing is sent to
    any.
    """

    messages: Messages
    usage: Usage
    canceller: Canceller
    reveal_reference: Callable[[Message], str | None]
    mask: Callable[[Message], str]
    operators: Callable[[], Sequence[OperatorView]]
    consents: ConsentSource | None = None
    report: Callable[[int, bytes, bool], None] | None = None
    more: Callable[[Replies], Sequence[Route]] | None = None
    search: OwnSearch | None = None
    received: Callable[[Message], Received | None] | None = None
    left: Callable[[int], Awaitable[int | None]] | None = None
    reports: Reports = _unreported
    webhooks: WebhookSource | None = None


class RecordEndpoints:
    def __init__(self, sources: Sources, gatekeeper: Gatekeeper, replies: Replies, clock: Clock) -> None:
        self._sources = sources
        self._gatekeeper = gatekeeper
        self._replies = replies
        self._clock = clock
        self._lister = Lister(sources.messages, sources.reveal_reference, clock.monotonic)

    async def show(self, call: Call) -> Reply:
        key = self._gatekeeper.open(call.request, "status")
        return self.shown(await self._sources.messages.find(key.customer.id, message_id_of(call.argument)))

    async def cancel(self, call: Call) -> Reply:
        key = self._gatekeeper.open(call.request, "send")
        return self.shown(await self._sources.canceller.cancel(key.customer.id, message_id_of(call.argument)))

    async def list_messages(self, call: Call) -> Reply:
        key = self._gatekeeper.open(call.request, "status")
        asked, number = wanted(call.query), call.query.get("recipient")
        if number is None:
            page = await self._lister.page(key.customer.id, asked)
            since: str | UnsetType = UNSET
        else:
            page, since = await self._of_person(key, asked, number)
        cursor = None if page.cursor is None else write_cursor(page.cursor)
        now_ms, country_of, reference_of = self._clock.now_ms(), cache(self._country_of), self._sources.reveal_reference
        mask = self._sources.mask
        views = [
            message_view(each, mask(each), country_of=country_of, reference=reference_of(each), now_ms=now_ms)
            for each in page.messages
        ]
        return self._replies.of(200, _encode(MessageList(views, cursor, since)))

    async def _of_person(self, key: ApiKey, asked: Wanted, number: str) -> tuple[Page, str | UnsetType]:
        """And from when on it is complete: names of earlier times cannot be made any more."""
        if self._sources.search is None:
            raise Refusal("unsupported", "recipient")
        try:
            found = await self._sources.search.find(key, number)
        except KeysWithheld:
            raise alone(Refusal("keys_unavailable", retry_after_s=1)) from None
        since_ms = found.since_ms if found.is_whole else found.messages[-1].accepted_ms
        return self._lister.among(found.messages, asked), UNSET if since_ms is None else rfc3339(since_ms)

    async def list_operators(self, call: Call) -> Reply:
        self._gatekeeper.open(call.request, "operators")
        return self._replies.of(200, _encode(OperatorList(list(self._sources.operators()))))

    def shown(self, message: Message | None) -> Reply:
        """Raises Refusal where there is none."""
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
