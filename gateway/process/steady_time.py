"""Time that goes on steadily, whatever the system's clock is set to: by `compiling/steady.c` where that is built."""

import time
from typing import TYPE_CHECKING, Final

_STEADY: Final[int] = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
"""Linux counts the time that a machine was suspended apart; elsewhere the monotonic clock does, or nothing does."""


def steady_ms_by_python() -> int:
    """Milliseconds since the machine was started, its sleep included."""
    return time.clock_gettime_ns(_STEADY) // 1_000_000


if TYPE_CHECKING:
    steady_ms = steady_ms_by_python
else:
    try:
        from gateway.process.steady import steady_ms
    except ImportError:
        steady_ms = steady_ms_by_python
