"""What a customer sent, for the customer."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from gateway.accept.validation import parse_time
from gateway.accounts.customers import ApiKey
from gateway.http_api.auth import Gatekeeper
from gateway.http_api.replies import Replies, Reply
from gateway.http_api.routes import Call
from gateway.ledger.roles import Usage
from gateway.ledger.usage import HOUR_MS
from gateway.limits.quotas import Period, Standing
from gateway.limits.small_cells import hidden_cells
from gateway.limits.usage import LONGEST_HOURS, Span, Sum, report
from gateway.model.message import MessageClass, Status
from gateway.model.refusals import Refusal
from gateway.model.times import rfc3339
from gateway.process.clock import Clock

USUAL_DAYS: Final = 31
OFFSET: Final = r"[+-](0[0-9]|1[0-4]):([0-5][0-9])|Z"
_OFFSET: Final = re.compile(OFFSET, re.ASCII)
_encode = msgspec.json.Encoder().encode

Time = Annotated[str, Meta(extra_json_schema={"format": "date-time"})]


class UsageSum(msgspec.Struct, frozen=True, kw_only=True):
    """Messages and segments that were accepted, or that ended so over an operator. fewer_than: they are not told,
    because they are fewer than so many messages, or would tell others that are.
    """

    start: Time
    message_class: MessageClass = msgspec.field(name="class")
    country: int
    status: Status
    operator: str | None = None
    messages: int | None
    segments: int | None
    fewer_than: int | None = None


class QuotaView(msgspec.Struct, frozen=True, kw_only=True):
    """A quota now, in messages. ends_at: when its day or month is over."""

    period: Period
    limit: int
    used: int
    left: int
    ends_at: Time


class UsageView(msgspec.Struct, frozen=True, kw_only=True):
    """Sums from `since`, and before `until`; and how the customer's quotas stand now."""

    since: Time
    until: Time
    by: Span
    items: list[UsageSum]
    quotas: list[QuotaView] = []


class Asked(msgspec.Struct, frozen=True):
    """Of which time sums are asked for. offset_min: of the clock that they go by, in minutes ahead of UTC."""

    by: Span
    since_ms: int
    until_ms: int
    offset_min: int


class UsageEndpoint:
    """standing: of the quotas of a key's customer."""

    def __init__(
        self,
        usage: Usage,
        standing: Callable[[ApiKey], Iterable[Standing]],
        gatekeeper: Gatekeeper,
        replies: Replies,
        clock: Clock,
    ) -> None:
        self._usage = usage
        self._standing = standing
        self._gatekeeper = gatekeeper
        self._replies = replies
        self._clock = clock

    async def show(self, call: Call) -> Reply:
        key = self._gatekeeper.open(call.request, "status")
        view = await usage_view(
            self._usage, key.customer.id, call.query, self._clock.now_ms(), quotas=self._standing(key)
        )
        return self._replies.of(200, _encode(view))


async def usage_view(
    usage: Usage,
    customer: int,
    query: Mapping[str, str],
    now_ms: int,
    *,
    quotas: Iterable[Standing] = (),
    smallest: int = 0,
) -> UsageView:
    """As the query of a request asks for it. smallest: cells of fewer messages are not told. Raises Refusal."""
    asked = asked_of(query, now_ms)
    sums = await report(usage, customer, asked.since_ms, asked.until_ms, asked.by, asked.offset_min)
    return UsageView(
        since=rfc3339(asked.since_ms),
        until=rfc3339(asked.until_ms),
        by=asked.by,
        items=_items(sums, smallest),
        quotas=quota_views(quotas),
    )


def asked_of(query: Mapping[str, str], now_ms: int) -> Asked:
    """Of which time sums are asked for. Raises Refusal."""
    by = _span(query)
    until_ms = _time(query, "until", now_ms + 1)
    since_ms = _time(query, "since", until_ms - min(USUAL_DAYS * 24, LONGEST_HOURS[by]) * HOUR_MS)
    if not 0 <= until_ms - since_ms <= LONGEST_HOURS[by] * HOUR_MS:
        raise Refusal("invalid_parameter", "since")
    return Asked(by, since_ms, until_ms, _offset_min(query))


def _items(sums: Sequence[Sum], smallest: int) -> list[UsageSum]:
    """What has a status, in all and at one time, adds up to what the sums over customers tell."""
    lines = defaultdict[object, list[int]](list)
    for at, each in enumerate(sums):
        lines[each.status].append(at)
        lines[each.status, each.start_ms].append(at)
    hidden = hidden_cells(dict(enumerate(each.messages for each in sums)), lines.values(), smallest)
    return [_item(each, smallest, hidden=at in hidden) for at, each in enumerate(sums)]


def _item(each: Sum, smallest: int, *, hidden: bool) -> UsageSum:
    return UsageSum(
        start=rfc3339(each.start_ms),
        message_class=each.message_class,
        country=each.country,
        status=each.status,
        operator=each.operator or None,
        messages=None if hidden else each.messages,
        segments=None if hidden else each.segments,
        fewer_than=smallest if hidden else None,
    )


def quota_views(standing: Iterable[Standing]) -> list[QuotaView]:
    return [
        QuotaView(
            period=each.period,
            limit=each.limit,
            used=each.used,
            left=max(0, each.limit - each.used),
            ends_at=rfc3339(each.end_ms),
        )
        for each in standing
    ]


def _span(query: Mapping[str, str]) -> Span:
    try:
        return Span(query.get("by", Span.DAY.value))
    except ValueError:
        raise Refusal("invalid_parameter", "by") from None


def _time(query: Mapping[str, str], name: str, usual_ms: int) -> int:
    raw = query.get(name)
    if raw is None:
        return max(0, usual_ms)
    found = parse_time(raw)
    if found is None or found < 0:
        raise Refusal("invalid_parameter", name)
    return found


def _offset_min(query: Mapping[str, str]) -> int:
    raw = query.get("offset", "Z")
    if not _OFFSET.fullmatch(raw):
        raise Refusal("invalid_parameter", "offset")
    if raw == "Z":
        return 0
    minutes = int(raw[1:3]) * 60 + int(raw[4:6])
    return minutes if raw[0] == "+" else -minutes
