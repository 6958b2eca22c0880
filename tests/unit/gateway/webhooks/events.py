"""Messages and events to tell of."""

from typing import Any

from gateway.model.message import Message, MessageClass, OutboxEvent, Status
from redaction.retention import RetentionTag
from redaction.sealed import Pseudonym

NOW_MS = 1_800_000_000_000


def message(number: int = 1, **changes: Any) -> Message:
    fields: dict[str, Any] = {
        "id": NOW_MS.to_bytes(6, "big") + number.to_bytes(10, "big"),
        "customer": 1,
        "key_id": 1,
        "subject": Pseudonym(b"p" * 16),
        "country": 966,
        "last_two": 78,
        "message_class": MessageClass.OTP,
        "tag": RetentionTag("otp"),
        "status": Status.DELIVERED,
        "segments": 1,
        "encoding": "gsm7",
        "operator": "north",
        "accepted_ms": NOW_MS,
        "due_ms": None,
        "expires_ms": NOW_MS + 300_000,
        "content_until_ms": NOW_MS + 600_000,
        "record_until_ms": NOW_MS + 90 * 86_400_000,
        "content": None,
    }
    return Message(**(fields | changes))


def event(told: Message, seq: int = 1, **changes: Any) -> OutboxEvent:
    at_ms = told.final_ms or NOW_MS
    fields: dict[str, Any] = {
        "seq": seq,
        "customer": told.customer,
        "message": told.id,
        "status": told.status,
        "at_ms": at_ms,
        "next_ms": at_ms,
    }
    return OutboxEvent(**(fields | changes))
