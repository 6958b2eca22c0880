"""Jasmin's sendbatch: many messages in one JSON object, each to one receiver or several, with what all share."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

import msgspec

from gateway.accounts.customers import ApiKey
from gateway.http_api.facades.dialect import Asked, Order
from gateway.http_api.facades.fields import Fields, Value, decoded, of_object
from gateway.http_api.facades.jasmin.reading import read
from gateway.http_api.facades.taking import MOST
from gateway.model.refusals import Refusal
from gateway.model.times import rfc3339
from redaction.errors import alone

_SECONDS: Final = re.compile(r"([0-9]{1,8})s", re.ASCII)
_Said = dict[str, Value | list[Value]]


class _Config(msgspec.Struct):
    """callback_url, errback_url: that Jasmin calls for each message once it has taken it, or not. Not called here: when
    the batch is answered all of that is known.
    """

    callback_url: str | None = None
    errback_url: str | None = None
    schedule_at: str | None = None


class _Batch(msgspec.Struct):
    messages: list[_Said]
    globals: _Said = {}
    batch_config: _Config = msgspec.field(default_factory=_Config)


def orders(asked: Asked, key: ApiKey, now_ms: int) -> list[Order]:
    """A message to each receiver of each. Raises Refusal."""
    batch = decoded(asked.body, _Batch)
    at = batch.batch_config.schedule_at
    schedule_at = _schedule(at, now_ms) if at else None
    found: list[Order] = []
    for each in _single(batch):
        if len(found) >= MOST:
            raise Refusal("batch_too_long", "messages")
        found.extend(_scheduled(order, schedule_at) for order in read(_asking(asked, each), key, now_ms))
    if not found:
        raise Refusal("batch_empty", "messages")
    return found


def dashed(fields: Fields) -> Fields:
    """Names of the REST variant may have `_` where those of the HTTP API have `-`."""
    return Fields(
        (name if name == "custom_tlvs" else name.replace("_", "-"), fields.octets(name) or b"") for name in fields
    )


def _single(batch: _Batch) -> Iterator[_Said]:
    """Each message with what all share, once for each of its receivers."""
    for each in batch.messages:
        said = {**batch.globals, **each}
        to = said.get("to")
        for receiver in to if isinstance(to, list) else [to]:
            yield {**said, "to": receiver}


def _asking(asked: Asked, said: _Said) -> Asked:
    return msgspec.structs.replace(asked, fields=dashed(Fields(of_object(said))))


def _scheduled(order: Order, schedule_at: str | None) -> Order:
    """As the batch is, unless the message says so itself."""
    if schedule_at is None or order.request.schedule_at is not None:
        return order
    return Order(msgspec.structs.replace(order.request, schedule_at=schedule_at), order.form)


def _schedule(written: str, now_ms: int) -> str:
    """`YYYY-MM-DD hh:mm:ss`, UTC, or seconds from now as `600s`. Raises Refusal."""
    seconds = _SECONDS.fullmatch(written)
    if seconds is not None:
        return rfc3339(now_ms + int(seconds[1]) * 1000)
    try:
        at = datetime.strptime(written, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
    except ValueError:
        raise alone(Refusal("invalid_schedule", "schedule_at")) from None
    return rfc3339(int(at.timestamp()) * 1000)
