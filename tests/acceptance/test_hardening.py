"""A running gateway cannot be made to write its memory into a file."""

import asyncio
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.tools.trial_site import Stage

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="limits of other processes are read from /proc")


@pytest.fixture
def dumps_allowed() -> Iterator[None]:
    """This process and its children may write core files, as far as the machine lets them."""
    soft, hard = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))
    yield
    resource.setrlimit(resource.RLIMIT_CORE, (soft, hard))


def core_limits(pid: int) -> list[str]:
    lines = Path(f"/proc/{pid}/limits").read_text(encoding="ascii").splitlines()
    return next(line for line in lines if line.startswith("Max core file size")).split()[4:6]


@pytest.mark.policy("P-05")
async def test_a_crashing_gateway_leaves_no_core_dump(tmp_path: Path, dumps_allowed: None) -> None:
    stage = Stage(tmp_path / "stage")
    try:
        await asyncio.to_thread(stage.prepare)
        assert core_limits(stage.gateway.pid) == ["0", "0"]
        stage.gateway.send_signal(signal.SIGABRT)
        end = await asyncio.to_thread(os.waitid, os.P_PID, stage.gateway.pid, os.WEXITED | os.WNOWAIT)
        assert end is not None
        assert (end.si_code, end.si_status) == (os.CLD_KILLED, signal.SIGABRT)
    finally:
        await asyncio.to_thread(stage.stop)
    assert not list(tmp_path.rglob("core*"))


@pytest.mark.policy("P-05")
def test_the_process_is_not_dumpable_and_cannot_raise_its_limit() -> None:
    program = """
import ctypes, resource
from gateway.process.hardening import forbid_core_dumps
before = ctypes.CDLL(None).prctl(3, 0, 0, 0, 0)
assert forbid_core_dumps()
print(before, ctypes.CDLL(None).prctl(3, 0, 0, 0, 0), resource.getrlimit(resource.RLIMIT_CORE))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "1 0 (0, 0)\n"
