"""Epoch milliseconds as people and programs read them: RFC 3339, UTC, with milliseconds."""

from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

_MILLISECONDS: Final = tuple(f".{each:03d}Z" for each in range(1000))


@lru_cache(maxsize=4_096)
def _second(epoch_s: int) -> str:
    return datetime.fromtimestamp(epoch_s, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def rfc3339(epoch_ms: int) -> str:
    """`2026-11-20T09:00:00.123Z`. Seconds are remembered, because one second has thousands of messages."""
    return _second(epoch_ms // 1000) + _MILLISECONDS[epoch_ms % 1000]


def rfc3339_or_none(epoch_ms: int | None) -> str | None:
    return None if epoch_ms is None else rfc3339(epoch_ms)
