"""Links by kind. `config.operators.OperatorSettings` lists the kinds; the package of a kind's name builds its links.

So a new kind touches its own modules (settings in `config.operators`, a package here with `building.build`) and that
list. A test builds one of each.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime
from importlib import import_module
from typing import Protocol

from config.operators import LinkSettings
from operators.base import Operator


class Surroundings(Protocol):
    """Where a link has time and chance from."""

    def monotonic(self) -> float:
        """Seconds from any origin."""

    def now_ms(self) -> int:
        """The time of day, in milliseconds of the epoch."""

    def random(self, size: int) -> bytes:
        """So many random octets."""


def operator(settings: LinkSettings, around: Surroundings) -> Operator:
    """The link itself, not started. Raises config.secret.SecretMissing."""
    built: Operator = import_module(f"operators.{settings.kind}.building").build(settings, around)
    return built


def today_of(around: Surroundings) -> Callable[[], date]:
    """The date in UTC."""
    return lambda: datetime.fromtimestamp(around.now_ms() / 1000, UTC).date()
