"""Where a run took place, how fast Python ran there before and after, and what two reports differ in."""

import importlib.metadata
import os
import platform
import re
import statistics
import sys
import tempfile
import time
import timeit
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import psutil

from benchmarks.checkout import HERE, version_of
from benchmarks.figures import Machine

ROUNDS: Final = 5
CALLS: Final = 20_000
SYNCS: Final = 50
SETTINGS: Final = "CONNECT_GATEWAY_"
_PLAIN: Final = re.compile(r"-?\d{0,9}(?:\.\d+)?|[a-z_]{1,16}")
_SECRETS: Final = ("PASS", "SECRET", "TOKEN", "KEY", "CREDENTIAL")
STEADY: Final = 1.25
"""Times as long for the same loop is another machine, or one that was busy."""


def add() -> int:
    """100 additions in a plain loop."""
    total = 0
    for number in range(100):
        total += number
    return total


def reference_us() -> float:
    """Microseconds of 100 additions: what this machine gives Python at this moment. The fastest round counts."""
    return min(timeit.repeat(add, number=CALLS, repeat=ROUNDS)) / CALLS * 1e6


def describe(began: datetime, before_us: float, folder: Path) -> Machine:
    """The machine, once everything has run. folder: what the data lay in."""
    return Machine(
        cores=len(os.sched_getaffinity(0)),
        python=platform.python_version(),
        system=f"{platform.system()} {platform.release()} {platform.machine()}",
        version=version_of(HERE) or importlib.metadata.version("connect-gateway"),
        began=began.strftime("%Y-%m-%d %H:%M UTC"),
        reference_us=(before_us, reference_us()),
        cpu=_cpu(),
        memory_gb=round(psutil.virtual_memory().total / 2**30, 1),
        file_system=_file_system(folder),
        sync_ms=_sync_ms(folder),
        arguments=sys.argv[1:],
        settings={name: _shown(name, value) for name, value in sorted(os.environ.items()) if name.startswith(SETTINGS)},
    )


def differences(before: Machine, after: Machine) -> list[str]:
    """Why figures of two reports are not of one machine. What one of them does not say is taken as another."""
    pairs = (
        ("processor", before.cpu, after.cpu),
        ("cores", before.cores, after.cores),
        ("Python", before.python, after.python),
        ("system", before.system, after.system),
        ("file system", before.file_system, after.file_system),
        ("settings", before.settings, after.settings),
    )
    return [f"{what} {one or 'unknown'}, then {other or 'unknown'}" for what, one, other in pairs if one != other]


def is_steady(before: Machine, after: Machine) -> bool:
    """Whether both gave Python about the same, so that times of theirs may stand beside each other."""
    slow, fast = sorted((min(before.reference_us), min(after.reference_us)), reverse=True)
    return slow <= fast * STEADY


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")


def _file_system(folder: Path) -> str:
    """Of the longest mount point above the folder."""
    path = folder.resolve()
    above = [each for each in psutil.disk_partitions(all=True) if path.is_relative_to(each.mountpoint)]
    return max(above, key=lambda each: len(each.mountpoint)).fstype if above else ""


def _sync_ms(folder: Path) -> float:
    """Of one page that is written and forced to the disk."""
    waits = []
    with tempfile.TemporaryFile(dir=folder if folder.exists() else None) as file:
        for _ in range(SYNCS):
            file.write(bytes(4096))
            file.flush()
            began = time.perf_counter()
            os.fsync(file.fileno())
            waits.append(time.perf_counter() - began)
    return statistics.median(waits) * 1000


def _shown(name: str, value: str) -> str:
    """A number or a plain word is written down as it is; what else a setting holds may be a secret."""
    is_plain = _PLAIN.fullmatch(value) and not any(word in name for word in _SECRETS)
    return value if is_plain else "set"


def now() -> datetime:
    return datetime.now(UTC)
