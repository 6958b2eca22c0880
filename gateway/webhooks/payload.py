"""The body of a webhook: what a customer learns of a message. The number is masked, the text is never part of it.

It says what held when the event happened: an event of a message that is not final says nothing of its end, even
when the message has gone on since.
"""

import base64
from collections.abc import Callable
from typing import Final

import msgspec

from gateway.model.content import Received
from gateway.model.message import OPEN, Message, OutboxEvent
from gateway.model.times import rfc3339, rfc3339_or_none
from redaction.personal import Personal, Purpose

TRIAL_TYPE: Final = "gateway.test"
BATCH_TYPE: Final = "batch"


class MessageData(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """What became of the message. Times are RFC 3339 UTC; what is not known is left out."""

    id: str
    status: str
    to: str
    segments: int
    error: str | None = None
    reference: str | None = None
    accepted_at: str
    submitted_at: str | None = None
    final_at: str | None = None

    def __repr__(self) -> str:
        return "MessageData(•••)"


class ReceivedData(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """What a person wrote to a number of the customer, which owns it. Either `text` or `octets` (Base64) is there.

    missing: the numbers of parts that never came; `text` is what the others say. header: user data header (Base64) of a
    message that has more in it than which part it is, such as ports.
    """

    id: str
    sender: str = msgspec.field(name="from")
    to: str
    text: str | None = None
    octets: str | None = None
    segments: int
    missing: tuple[int, ...] = ()
    header: str | None = None
    received_at: str

    def __repr__(self) -> str:
        return "ReceivedData(•••)"


class Webhook(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One webhook: its type (`message.delivered`), when the event happened, and the data."""

    type: str
    timestamp: str
    data: MessageData | ReceivedData | dict[str, str]


_encode: Callable[[object], bytes] = msgspec.json.Encoder().encode


def event_body(event: OutboxEvent, message: Message, person: str, reference: Personal | None = None) -> bytes:
    """The JSON of one event. person: what is shown of the other party's number. reference: the customer's own, given to
    that customer only.
    """
    status = event.status or message.status
    final = status not in OPEN
    data = MessageData(
        id=message.id.hex(),
        status=status,
        to=person,
        segments=message.segments,
        error=message.error if final else None,
        reference=None if reference is None else reference.reveal(Purpose.INFORM_CUSTOMER),
        accepted_at=rfc3339(message.accepted_ms),
        submitted_at=rfc3339_or_none(message.submitted_ms),
        final_at=rfc3339_or_none(message.final_ms) if final else None,
    )
    return _encode(Webhook(type=f"message.{status}", timestamp=rfc3339(event.at_ms), data=data))


def other_body(event: OutboxEvent) -> bytes:
    """The JSON of an event of another kind than a message's status: what is stored of it, as it stands."""
    data = msgspec.Raw(event.data or b"{}")
    return _encode({"type": event.kind, "timestamp": rfc3339(event.at_ms), "data": data})


def received_body(
    event: OutboxEvent,
    message: Message,
    received: Received,
) -> bytes:
    """The JSON of `message.received`."""
    shown = received.text.reveal(Purpose.INFORM_CUSTOMER)
    binary = message.encoding == "binary"
    number = received.source.reveal(Purpose.INFORM_CUSTOMER)
    data = ReceivedData(
        id=message.id.hex(),
        sender=f"+{number}" if message.country else number,
        to=received.destination,
        text=None if binary else shown,
        octets=base64.b64encode(shown.encode("latin-1")).decode() if binary else None,
        segments=message.segments,
        missing=received.missing,
        header=base64.b64encode(received.header).decode() if received.header else None,
        received_at=rfc3339(message.accepted_ms),
    )
    return _encode(Webhook(type=f"message.{event.status}", timestamp=rfc3339(event.at_ms), data=data))


def trial_body(now_ms: int) -> bytes:
    """The JSON of the event that only tries whether an endpoint answers."""
    return _encode(Webhook(type=TRIAL_TYPE, timestamp=rfc3339(now_ms), data={}))
