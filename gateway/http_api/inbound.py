"""What people wrote to a customer's numbers, for a customer that asks instead of being told (`message.received`).

The text is there while its content lives. The sender is masked as in every list: the whole number is told once, by the
notification.
"""

import base64
from collections.abc import Callable
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from gateway.accept.request import RetentionView
from gateway.http_api.auth import Gatekeeper
from gateway.http_api.listing import wanted
from gateway.http_api.records import message_id_of
from gateway.http_api.replies import Replies, Reply
from gateway.http_api.routes import Call
from gateway.ledger.roles import Messages
from gateway.model.content import Received
from gateway.model.identifiers import write_cursor
from gateway.model.message import Message, Status
from gateway.model.refusals import Refusal
from gateway.model.times import rfc3339
from redaction.personal import Purpose

SCOPE: Final = "inbound"
OpenReceived = Callable[[Message], Received | None]
"""What a person wrote, while it can be opened. Raises KeysWithheld."""
_encode = msgspec.json.Encoder().encode


class InboundView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A message from a person. Without `to` its content is destroyed; else `text` or `octets` is there."""

    id: str
    sender: Annotated[str, Meta(description="Masked: country code and last two digits.")] = msgspec.field(name="from")
    to: Annotated[str | None, Meta(description="Your number or short code.")] = None
    text: str | None = None
    octets: Annotated[str | None, Meta(description="Of a binary message, in Base64.")] = None
    header: Annotated[str | None, Meta(description="Its user data header, in Base64, where it has more in it.")] = None
    segments: int
    missing: Annotated[tuple[int, ...], Meta(description="The numbers of parts that never came.")] = ()
    received_at: str
    retention: RetentionView

    def __repr__(self) -> str:
        return "InboundView(•••)"


class InboundList(msgspec.Struct, frozen=True):
    """Newest first."""

    messages: list[InboundView]
    cursor: str | None


class InboundEndpoints:
    """mask: what is shown of a message's number."""

    def __init__(
        self,
        messages: Messages,
        open_received: OpenReceived,
        mask: Callable[[Message], str],
        gatekeeper: Gatekeeper,
        replies: Replies,
    ) -> None:
        self._messages = messages
        self._mask = mask
        self._open = open_received
        self._gatekeeper = gatekeeper
        self._replies = replies

    async def list_inbound(self, call: Call) -> Reply:
        key = self._gatekeeper.open(call.request, SCOPE)
        asked = wanted(call.query)
        page = await self._messages.list_messages(
            key.customer.id,
            status=Status.RECEIVED,
            since_ms=asked.since_ms,
            cursor=asked.before,
            limit=asked.limit,
        )
        cursor = None if page.cursor is None else write_cursor(page.cursor)
        views = [inbound_view(each, self._mask(each), self._open(each)) for each in page.messages]
        return self._replies.of(200, _encode(InboundList(views, cursor)))

    async def show_inbound(self, call: Call) -> Reply:
        key = self._gatekeeper.open(call.request, SCOPE)
        found = await self._messages.find(key.customer.id, message_id_of(call.argument))
        if found is None or found.status is not Status.RECEIVED:
            raise Refusal("not_found")
        return self._replies.of(200, _encode(inbound_view(found, self._mask(found), self._open(found))))


def inbound_view(message: Message, person: str, received: Received | None) -> InboundView:
    """person: what is shown of its sender's number. received: what was opened; None where nothing can be any more."""
    text, octets, header = None, None, b""
    if received is not None:
        shown, header = received.text.reveal(Purpose.INFORM_CUSTOMER), received.header
        if message.encoding == "binary":
            octets = base64.b64encode(shown.encode("latin-1")).decode()
        else:
            text = shown
    return InboundView(
        id=message.id.hex(),
        sender=person,
        to=None if received is None else received.destination,
        text=text,
        octets=octets,
        header=base64.b64encode(header).decode() if header else None,
        segments=message.segments,
        missing=() if received is None else received.missing,
        received_at=rfc3339(message.accepted_ms),
        retention=RetentionView(message.tag, rfc3339(message.content_until_ms), rfc3339(message.record_until_ms)),
    )
