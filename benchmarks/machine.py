"""Where a run took place, and how fast Python ran there before and after."""

import importlib.metadata
import os
import platform
import subprocess
import timeit
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from benchmarks.figures import Machine

ROUNDS: Final = 5
CALLS: Final = 20_000


def add() -> int:
    """100 additions in a plain loop."""
    total = 0
    for number in range(100):
        total += number
    return total


def reference_us() -> float:
    """Microseconds of 100 additions: what this machine gives Python at this moment. The fastest round counts."""
    return min(timeit.repeat(add, number=CALLS, repeat=ROUNDS)) / CALLS * 1e6


def describe(began: datetime, before_us: float) -> Machine:
    """The machine, once everything has run."""
    return Machine(
        cores=len(os.sched_getaffinity(0)),
        python=platform.python_version(),
        system=f"{platform.system()} {platform.machine()}",
        version=version(),
        began=began.strftime("%Y-%m-%d %H:%M UTC"),
        reference_us=(before_us, reference_us()),
    )


def version() -> str:
    """Of the sources, as git tells; of the distribution where there is no git."""
    root = Path(__file__).resolve().parents[1]
    try:
        done = subprocess.run(
            ["git", "-C", str(root), "describe", "--always", "--dirty"], capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return importlib.metadata.version("connect-gateway")
    return done.stdout.strip()


def now() -> datetime:
    return datetime.now(UTC)
