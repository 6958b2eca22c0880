"""Small builders of the records that the contract's tests store."""

import itertools
from copy import copy
from typing import Any

from gateway.ledger.contract import Accept, Change, StoredCustomer, StoredEndpoint, StoredEsme, StoredKey, Written
from gateway.model.message import Link, Message, MessageClass, OutboxEvent, Part, Status, message_id, no_message
from redaction.personal import mask_number
from redaction.retention import TRANSACTIONAL
from redaction.sealed import Pseudonym, Sealed

NOW = 1_800_000_000_000
DAY_MS = 24 * 3600 * 1000
DONE, NOT_DONE, ELSEWHERE = Written.DONE, Written.NOT_DONE, Written.ELSEWHERE

_numbers = itertools.count(1)


def a_message(**fields: Any) -> Message:
    """A fresh message of customer 7 in lane "stc", due now; every field may be replaced."""
    number = next(_numbers)
    base: dict[str, Any] = {
        "id": message_id(NOW, number, number.to_bytes(8, "big")),
        "customer": 7,
        "key_id": 3,
        "subject": Pseudonym(number.to_bytes(16, "big")),
        "country": 966,
        "last_two": 78,
        "message_class": MessageClass.TRANSACTIONAL,
        "tag": TRANSACTIONAL,
        "status": Status.ACCEPTED,
        "segments": 1,
        "encoding": "gsm7",
        "operator": "stc",
        "accepted_ms": NOW,
        "due_ms": NOW,
        "expires_ms": NOW + DAY_MS,
        "content_until_ms": NOW + 3 * DAY_MS,
        "record_until_ms": NOW + 90 * DAY_MS,
        "content": Sealed(b"\x01sealed content"),
        "private": Sealed(b"\x01sealed private"),
    }
    return Message(**(base | fields))


def mask_of(message: Message) -> str:
    """What is shown of a message whose digits are not covered, as those made here."""
    return mask_number(message.country, message.last_two)


def identifier(number: int, at_ms: int = NOW) -> bytes:
    """An id with a chosen place in time and in the order of its millisecond."""
    return message_id(at_ms, number, b"\x07" * 8)


def submitted(message: Message, *operator_ids: str, **options: Any) -> Change:
    """Every segment is with the operator under these ids. Changes `message`."""
    message.status = Status.SUBMITTED
    message.submitted_ms = NOW + 100
    message.due_ms = None
    message.attempts = 1
    message.operator_ids = operator_ids
    message.parts = bytes([Part.ACCEPTED]) * message.segments
    message.disclosure = 31
    links = tuple(Link(message.operator, each, segment) for segment, each in enumerate(operator_ids))
    return Change(message=copy(message), links=links, **options)


def final(message: Message, status: Status = Status.DELIVERED, *, tell: bool = False, **options: Any) -> Change:
    """The message has reached its end. Changes `message`."""
    message.status = status
    message.final_ms = NOW + 2_000
    message.due_ms = None
    message.content_until_ms = NOW + DAY_MS
    message.parts = bytes([Part.DELIVERED]) * message.segments
    return Change(message=copy(message), event=an_event(message) if tell else None, **options)


def an_event(message: Message, **fields: Any) -> OutboxEvent:
    base: dict[str, Any] = {
        "customer": message.customer,
        "message": message.id,
        "status": message.status,
        "at_ms": NOW + 2_000,
        "next_ms": NOW,
    }
    return OutboxEvent(**(base | fields))


def a_notice(**fields: Any) -> OutboxEvent:
    """An event of another kind, about no message."""
    customer = fields.get("customer", 7)
    base: dict[str, Any] = {
        "customer": customer,
        "message": no_message(customer),
        "kind": "notice",
        "data": b'{"number":%d}' % next(_numbers),
        "at_ms": NOW,
        "next_ms": NOW,
    }
    return OutboxEvent(**(base | fields))


def accepts(*messages: Message) -> list[Accept]:
    return [Accept(copy(message)) for message in messages]


def a_customer(**fields: Any) -> StoredCustomer:
    number = next(_numbers)
    base: dict[str, Any] = {
        "id": 0,
        "public_id": f"cus_{number}",
        "account": Sealed(b"\x01account"),
        "settings": b"{}",
        "created_ms": NOW,
    }
    return StoredCustomer(**(base | fields))


def a_key(customer: int = 1, **fields: Any) -> StoredKey:
    number = next(_numbers)
    base: dict[str, Any] = {
        "id": 0,
        "customer": customer,
        "prefix": f"cgk_{number}",
        "digest": number.to_bytes(32, "big"),
        "scopes": ("send", "status"),
        "settings": b"{}",
        "created_ms": NOW,
    }
    return StoredKey(**(base | fields))


def an_esme(customer: int = 1, **fields: Any) -> StoredEsme:
    base: dict[str, Any] = {
        "id": 0,
        "customer": customer,
        "system_id": f"esme{next(_numbers)}",
        "password": "$argon2id$",
        "settings": b"{}",
        "created_ms": NOW,
    }
    return StoredEsme(**(base | fields))


def an_endpoint(customer: int = 1, **fields: Any) -> StoredEndpoint:
    base: dict[str, Any] = {
        "customer": customer,
        "url": Sealed(b"\x01url"),
        "secret": Sealed(b"\x01secret"),
        "settings": b"{}",
    }
    return StoredEndpoint(**(base | fields))
