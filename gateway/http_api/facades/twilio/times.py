"""Times as Twilio writes them (RFC 2822, in GMT), and those that its clients send."""

import re
from datetime import UTC, date, datetime
from email.utils import format_datetime
from functools import lru_cache
from typing import Final

from gateway.accept.validation import parse_time

DAY_MS: Final = 86_400_000
_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_SECOND_MS: Final = 1_000
_SECONDS_KEPT: Final = 1_024


def written(ms: int) -> str:
    """`Thu, 30 Jul 2015 20:12:31 +0000`."""
    return _second(ms // _SECOND_MS)


@lru_cache(maxsize=_SECONDS_KEPT)
def _second(second: int) -> str:
    """Which takes 10 µs, and every message of a second asks for it twice."""
    return format_datetime(datetime.fromtimestamp(second, UTC))


def written_or_none(ms: int | None) -> str | None:
    return None if ms is None else written(ms)


def span(raw: str) -> tuple[int, int] | None:
    """The moments that a filter's value stands for, the last one not among them: a day in GMT, or a second of it. None
    for what is neither.
    """
    if _DAY.fullmatch(raw):
        try:
            day = date.fromisoformat(raw)
        except ValueError:
            return None
        from_ms = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) * _SECOND_MS
        return from_ms, from_ms + DAY_MS
    found = parse_time(raw)
    if found is None:
        return None
    from_ms = found - found % _SECOND_MS
    return from_ms, from_ms + _SECOND_MS
