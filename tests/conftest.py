"""Every run says which build of the gateway it tests, and stops when that is not the one that was asked for.

The files of tests lie in memory where the machine has room for them: then a slow or busy disk holds up nobody. What a
killed process wrote is there all the same. `--basetemp` and TMPDIR choose another place.
"""

import gc
import os
import re
import shutil
from pathlib import Path

import hypothesis
import pytest

from gateway.process.version import BUILD

VARIABLE = "CONNECT_GATEWAY_BUILD"
MEMORY = Path("/dev/shm")
MEMORY_NEEDED = 4 << 30
GZIP = b"\x1f\x8b"
ADDRESS = re.compile(r" at 0x[0-9a-f]{6,}>")

# How long an example takes is for the benchmarks to say; a busy machine takes any time.
hypothesis.settings.register_profile("gateway", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("gateway")


def pytest_configure() -> None:
    wanted = os.environ.get(VARIABLE, BUILD)
    if wanted != BUILD:
        pytest.exit(f"{VARIABLE} is {wanted}, but the gateway that Python finds is {BUILD}", returncode=1)
    if "TMPDIR" not in os.environ and MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > MEMORY_NEEDED:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if ADDRESS.search(item.nodeid):
            raise pytest.UsageError(f"a test's name holds an address, which is another in each process: {item.nodeid}")
        for case in item.iter_markers("case"):
            if (waits := case.kwargs.get("waits")) is not None:
                item.add_marker(pytest.mark.xfail(strict=True, reason=f"{case.args[0]} waits for {waits}"))
    if BUILD == "compiled":
        skip = pytest.mark.skip(reason="for the interpreted build")
        for item in items:
            if item.get_closest_marker("interpreted") is not None:
                item.add_marker(skip)


def pytest_collection_finish() -> None:
    """What was collected lives as long as the process: the collector need not walk it again and again."""
    gc.collect()
    gc.freeze()


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """All processes of a run have to give a test the same name, and gzip writes the time into what it packs."""
    return argname if isinstance(val, bytes) and val.startswith(GZIP) else None


def pytest_report_header() -> str:
    return f"gateway: {BUILD}"
