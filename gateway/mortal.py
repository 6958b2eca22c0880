"""Children that do not outlive who started them, not even when that was killed: of a demo, a benchmark or a test."""

import os
import sys
from collections.abc import Sequence
from typing import Final

_PROGRAM: Final = """
import ctypes, os, signal, sys
ctypes.CDLL(None).prctl(1, signal.SIGKILL, 0, 0, 0)
if os.getppid() == int(sys.argv[1]):
    os.execvp(sys.argv[2], sys.argv[2:])
"""
"""PR_SET_PDEATHSIG (prctl(2)), which an exec keeps; a parent that died before is noticed too."""


def mortal(words: Sequence[str]) -> list[str]:
    """The command, whose process the system kills once the thread that started it has ended. Linux; elsewhere the
    command as it is. It takes some 15 ms, and keeps the process's number.
    """
    if sys.platform != "linux":
        return list(words)
    return [sys.executable, "-I", "-S", "-c", _PROGRAM, str(os.getpid()), *words]
