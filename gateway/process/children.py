"""Children that do not outlive who started them, not even when that was killed: of a demo, a benchmark or a test."""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

_PROGRAM: Final = """
import ctypes, os, signal, sys
ctypes.CDLL(None).prctl(1, signal.SIGKILL, 0, 0, 0)
if os.getppid() == int(sys.argv[1]):
    os.execvp(sys.argv[2], sys.argv[2:])
"""
"""PR_SET_PDEATHSIG (prctl(2)), which an exec keeps; a parent that died before is noticed too."""

_STARTER: Final = ThreadPoolExecutor(1, "starter")
"""The signal comes when the thread that started the child ends: this one lasts as long as the process."""


def start_mortal(words: Sequence[str], **options: Any) -> "subprocess.Popen[bytes]":
    """As `Popen`, and the system kills the child once this process has ended. Linux; elsewhere as `Popen` alone."""
    if sys.platform != "linux":
        return _start(words, options)
    preface = [sys.executable, "-I", "-S", "-c", _PROGRAM, str(os.getpid())]
    return _STARTER.submit(_start, [*preface, *words], options).result()


def _start(words: Sequence[str], options: Mapping[str, Any]) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(words, **options)  # noqa: S603  our own programs
