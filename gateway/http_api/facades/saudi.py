"""What the APIs of Saudi providers have in common: how they write numbers and times, and what they say of money."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Final

import msgspec
from msgspec import UNSET, UnsetType

from gateway.accept.request import MessageRequest
from gateway.accounts.customers import ApiKey
from gateway.http_api.facades.dialect import Asked, Order
from gateway.http_api.facades.groups import Said, Words
from gateway.http_api.facades.parts import Parts
from gateway.http_api.replies import Replies, Reply
from gateway.limits.balance import MICRO
from gateway.model.refusals import Refusal
from gateway.model.times import rfc3339
from redaction.errors import alone

RIYADH: Final = timezone(timedelta(hours=3))
UNLIMITED: Final = 999_999.0
"""What is told of the balance of a customer who does not pay in advance: programs send nothing where it is 0."""
_LOCAL: Final = 9
"""Digits of a number without its country code: `5XXXXXXXX`."""
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?", re.ASCII)
encode: Final = msgspec.json.Encoder().encode


class Names(msgspec.Struct, frozen=True):
    """What an API calls the fields of a message."""

    text: str
    to: str
    source: str


def recipient(written: str) -> str:
    """As the door reads numbers: these APIs write them with their country code, and without plus or zeros."""
    number = written.strip()
    return f"+{number}" if number.isdigit() and not number.startswith("0") and len(number) > _LOCAL else number


def recipients(written: list[str], field: str) -> list[str]:
    """Of a list, or of one text with commas between. Raises Refusal where there is none."""
    found = [recipient(each) for part in written for each in part.split(",") if each.strip()]
    if not found:
        raise Refusal("empty_field" if written else "missing_field", field)
    return found


def sender_of(source: str | None, key: ApiKey) -> str:
    """A customer that has one sender only need not name it, as where the provider has a default one. Raises Refusal."""
    if source:
        return source.strip()
    senders = key.customer.settings.senders
    if len(senders) != 1:
        raise Refusal("missing_field", "from")
    return next(iter(senders))


def orders(
    asked: Asked,
    key: ApiKey,
    names: Names,
    *,
    message_class: str | UnsetType = UNSET,
    reference: str | None = None,
    schedule_at: str | None = None,
    read_text: Callable[[str], str] = str,
) -> list[Order]:
    """A message to each receiver. Raises Refusal. read_text: what a text stands for."""
    fields = asked.fields
    text = fields.text(names.text)
    if text is None:
        raise Refusal("missing_field", "text")
    numbers = recipients(fields.texts(names.to), "to")
    said, source = read_text(text), sender_of(fields.text(names.source), key)
    return [
        Order(
            MessageRequest(
                to=each,
                source=source,
                text=said,
                message_class=message_class,
                reference=reference,
                schedule_at=schedule_at,
            )
        )
        for each in numbers
    ]


def refused(replies: Replies, refusal: Refusal, words: Words, frame: Callable[[Said], object]) -> Reply:
    """The answer to a refusal. frame: the JSON that says it."""
    said = words.of(refusal)
    more = replies.retry_after(refusal) if said.status in (429, 503) else b""
    return replies.of(said.status, encode(frame(said)), more=more)


def riyadh_time(written: str, field: str) -> str:
    """A time of the Kingdom's clock in RFC 3339. Raises Refusal."""
    if not _TIME.fullmatch(written.strip()):
        raise Refusal("invalid_schedule", field)
    try:
        at = datetime.fromisoformat(written.strip()).replace(tzinfo=RIYADH)
        return rfc3339(int(at.timestamp() * 1000))
    except (ValueError, OverflowError):  # in UTC the first hours of all are before the year 1
        raise alone(Refusal("invalid_schedule", field)) from None


def riyadh_clock(at_ms: int) -> str:
    """A time as their answers write it."""
    return datetime.fromtimestamp(at_ms / 1000, RIYADH).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]


async def balance(parts: Parts, key: ApiKey) -> float:
    """What is left to its customer. Raises LedgerUnavailable."""
    left_micro = None if parts.sources.left is None else await parts.sources.left(key.customer.id)
    return UNLIMITED if left_micro is None else left_micro / MICRO
