"""Twilio's endpoints of messages: sent, looked up, listed, emptied, cancelled, deleted."""

from collections.abc import Sequence
from typing import Final

import msgspec

from gateway.accounts.customers import ApiKey
from gateway.http_api.auth import actor_of
from gateway.http_api.facades.dialect import Asked, Errand, Order
from gateway.http_api.facades.parts import Parts
from gateway.http_api.facades.sending import IDEMPOTENCY
from gateway.http_api.facades.twilio.calls import FROM, NAME, SERVICE
from gateway.http_api.facades.twilio.form import Form, Sent, sent
from gateway.http_api.facades.twilio.listing import page_asked, wanted
from gateway.http_api.facades.twilio.owner import owner, service
from gateway.http_api.facades.twilio.resources import Account, MessageObject, PageAsked, created, page, stored
from gateway.http_api.facades.twilio.sids import message_of, service_sid
from gateway.http_api.listing import Lister, Wanted
from gateway.http_api.replies import Reply
from gateway.http_api.sending import idempotency_of
from gateway.ledger.contract import Page
from gateway.model.message import Message
from gateway.model.refusals import Refusal
from gateway.model.reports import ENDS, SUBMITTED
from gateway.model.submission import CallbackForm, SmppForm
from gateway.rights.desk import RightsDesk

ONCE: Final = "I-Twilio-Idempotency-Token"
CANCELED: Final = "canceled"
_encode: Final = msgspec.json.Encoder().encode


class Messages:
    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._messages = parts.sources.messages
        self._lister = Lister(self._messages, parts.sources.reveal_reference, parts.clock.monotonic)

    def created(self, asked: Asked, key: ApiKey) -> Errand:
        """The collection: POST sends. Raises Refusal."""
        account = owner(asked, key)
        written = asked.header(ONCE) or asked.header(IDEMPOTENCY)
        once = idempotency_of(written) if written else None
        wish = sent(form_of(asked), service(key), self._parts.clock.now_ms())
        return Errand(
            [_order(wish, key)], lambda taken: self._shown(201, created(taken[0].message, wish, account)), once
        )

    async def listed(self, asked: Asked, key: ApiKey) -> Reply:
        """And GET lists."""
        account = owner(asked, key)
        shown = page_asked(asked.path, form_of(asked))
        found = await self._page(key, shown, wanted(shown))
        return self._listed("messages", [self._stored(each, account) for each in found.messages], shown, found.cursor)

    async def one(self, asked: Asked, key: ApiKey) -> Reply:
        """A message: GET shows, POST changes, DELETE deletes."""
        account = owner(asked, key)
        identifier = message_of(asked.places["sid"])
        found = None if identifier is None else await self._messages.find(key.customer.id, identifier)
        if found is None:
            raise Refusal("not_found")
        match asked.method:
            case "GET":
                return self._shown(200, self._stored(found, account))
            case "DELETE":
                await self._desk.delete_message(actor_of(key), found)
                return self._parts.replies.empty(b"")
            case _:
                return self._shown(200, self._stored(await self._changed(form_of(asked), key, found), account))

    async def media(self, asked: Asked, key: ApiKey) -> Reply:
        """There never are any."""
        owner(asked, key)
        return self._listed("media_list", [], PageAsked(path=asked.path, filters={}, size=50), None)

    async def _page(self, key: ApiKey, asked: PageAsked, wish: Wanted) -> Page:
        """By number, where one is named: of whom a message goes to, or from whom it comes."""
        to, source = asked.filters.get("To"), asked.filters.get("From")
        if source in key.customer.settings.senders:
            if len(key.customer.settings.senders) > 1:
                raise Refusal("unsupported", "From")  # which of them sent is sealed in each message
            wish, source = msgspec.structs.replace(wish, is_inbound=False), None
        if to is None and source is None:
            return await self._lister.page(key.customer.id, wish)
        if to is not None and source is not None:
            return Page((), None)
        search = self._parts.sources.search
        if search is None:
            raise Refusal("unsupported", "To")
        found = await search.find(key, to or source or "")
        return self._lister.among(found.messages, msgspec.structs.replace(wish, is_inbound=to is None))

    async def _changed(self, form: Form, key: ApiKey, message: Message) -> Message:
        """Emptied, or cancelled. Raises Refusal."""
        if "Status" in form:
            if form["Status"] != CANCELED:
                raise Refusal("invalid_value", "Status")
            cancelled = await self._parts.sources.canceller.cancel(key.customer.id, message.id)
            if cancelled is None:
                raise Refusal("not_found")
            return cancelled
        if form.get("Body") != "":
            raise Refusal("unsupported" if form.get("Body") else "missing_field", "Body")
        await self._desk.empty_message(actor_of(key), message)
        return message

    @property
    def _desk(self) -> RightsDesk:
        if self._parts.rights is None:
            raise Refusal("unsupported")
        return self._parts.rights.desk

    def _stored(self, message: Message, account: Account) -> MessageObject:
        return stored(message, self._parts.sources.mask(message), account)

    def _shown(self, status: int, shown: MessageObject) -> Reply:
        return self._parts.replies.of(status, _encode(shown))

    def _listed(self, name: str, items: Sequence[object], asked: PageAsked, cursor: bytes | None) -> Reply:
        return self._parts.replies.of(200, page(name, items, asked, cursor))


def form_of(asked: Asked) -> Form:
    """The fields by name, the first where one is given twice. Raises Refusal for what is not UTF-8."""
    return {name: asked.fields.text(name) or "" for name in asked.fields}


def _order(wish: Sent, key: ApiKey) -> Order:
    """Its callback is told of when an operator has it, and of its end."""
    if wish.request.callback_url is None:
        return Order(wish.request)
    said = {SERVICE: service_sid(key.customer.public_id)} if wish.is_by_service else {}
    form = SmppForm(notify=ENDS | SUBMITTED, callback=CallbackForm(NAME, {FROM: wish.source, **said}))
    return Order(wish.request, form)
