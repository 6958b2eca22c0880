"""Epoch milliseconds as people and programs read them: RFC 3339, UTC, with milliseconds."""

from datetime import UTC, datetime
from functools import lru_cache
from typing import Annotated, Final

from msgspec import Meta

LATEST_MS: Final = 253_402_300_799_999
"""The last moment of the year 9999: RFC 3339 writes none after it."""
EpochMs = Annotated[int, Meta(ge=0, le=LATEST_MS)]

_DAY_S: Final = 86_400
_MILLISECONDS: Final = tuple(f".{each:03d}Z" for each in range(1000))


@lru_cache(maxsize=256)
def _day(days: int) -> str:
    return datetime.fromtimestamp(days * _DAY_S, UTC).strftime("%Y-%m-%dT")


@lru_cache(maxsize=4_096)
def _second(epoch_s: int) -> str:
    days, rest = divmod(epoch_s, _DAY_S)
    minutes, seconds = divmod(rest, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{_day(days)}{hours:02d}:{minutes:02d}:{seconds:02d}"


def rfc3339(epoch_ms: int) -> str:
    """`2026-11-20T09:00:00.123Z`. Seconds are remembered, because one second has thousands of messages; a list of old
    ones has a few of each, so the calendar is asked once a day.
    """
    return _second(epoch_ms // 1000) + _MILLISECONDS[epoch_ms % 1000]


def rfc3339_or_none(epoch_ms: int | None) -> str | None:
    return None if epoch_ms is None else rfc3339(epoch_ms)
