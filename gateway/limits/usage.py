"""What a customer sent, by hour, day or month of its own clock: sums of the ledger's hourly cells."""

import asyncio
import enum
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec

from gateway.ledger.roles import Usage
from gateway.ledger.usage import HOUR_MS
from gateway.model.message import MessageClass, Status

AT_ONCE_HOURS: Final = 31 * 24
"""Read in one go; other work of the loop goes on between."""


class Span(enum.Enum):
    """What is summed."""

    HOUR = "hour"
    DAY = "day"
    MONTH = "month"


LONGEST_HOURS: Final = {Span.HOUR: 31 * 24, Span.DAY: 93 * 24, Span.MONTH: 396 * 24}
"""The longest report by each."""


class Sum(msgspec.Struct, frozen=True):
    """start: when its hour, day or month begins, in milliseconds since the epoch. operator: '' of what was accepted."""

    start_ms: int
    message_class: MessageClass
    country: int
    status: Status
    operator: str
    messages: int
    segments: int


async def report(
    usage: Usage, customer: int, from_ms: int, until_ms: int, span: Span = Span.DAY, offset_min: int = 0
) -> Sequence[Sum]:
    """The hours that begin within these times, in the order of time. offset_min: of the clock that days and months go
    by, in minutes ahead of UTC; whole hours only are told apart.
    """
    first, end = -(-from_ms // HOUR_MS), -(-until_ms // HOUR_MS)
    sums: dict[tuple[int, MessageClass, int, Status, str], list[int]] = {}
    starts: dict[int, int] = {}
    for begin in range(first, end, AT_ONCE_HOURS):
        for each in await usage.of_customer(customer, begin, min(end, begin + AT_ONCE_HOURS)):
            start = starts.get(each.hour)
            if start is None:
                start = starts[each.hour] = _start_ms(each.hour, span, offset_min)
            cell = start, each.message_class, each.country, each.status, each.operator
            of_cell = sums.setdefault(cell, [0, 0])
            of_cell[0] += each.messages
            of_cell[1] += each.segments
        await asyncio.sleep(0)
    found = [Sum(*cell, *of_cell) for cell, of_cell in sums.items() if any(of_cell)]
    return sorted(found, key=lambda s: (s.start_ms, s.message_class.value, s.country, s.status.value, s.operator))


def _start_ms(hour: int, span: Span, offset_min: int) -> int:
    if span is Span.HOUR:
        return hour * HOUR_MS
    offset = timedelta(minutes=offset_min)
    local = datetime.fromtimestamp(hour * 3600, UTC) + offset
    start = local.replace(hour=0, minute=0)
    if span is Span.MONTH:
        start = start.replace(day=1)
    return int((start - offset).timestamp() * 1000)
