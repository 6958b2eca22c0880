"""What the process does to itself before it holds anything secret: its memory must not end up in a file, nor outlive
its parent where it has one.

A core dump holds every number, text and key that was in memory. The soft and hard limits for core files go to zero, and
`PR_SET_DUMPABLE 0` covers what limits do not: a `core_pattern` that pipes to a collector ignores them, and other
processes of the same user may no longer read this one's memory (prctl(2), core(5), ptrace(2)).
"""

import ctypes
import os
import resource
import sys
from typing import Final

_PR_SET_PDEATHSIG: Final = 1
_PR_GET_DUMPABLE: Final = 3
_PR_SET_DUMPABLE: Final = 4


def end_with_parent(signal_number: int) -> None:
    """Have the system send this signal when the process that started this one dies (prctl(2)); Linux only.

    A parent that died before is noticed too.
    """
    parent = os.getppid()
    if sys.platform == "linux":
        _prctl(_PR_SET_PDEATHSIG, signal_number)
        if os.getppid() != parent:
            os.kill(os.getpid(), signal_number)


def forbid_core_dumps() -> bool:
    """Whether both measures hold from now on; only Linux has the second. Cannot be undone without privileges."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform != "linux":
        return False
    return _prctl(_PR_SET_DUMPABLE, 0) == 0 and _prctl(_PR_GET_DUMPABLE, 0) == 0


def _prctl(option: int, value: int) -> int:
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    prctl.argtypes = [ctypes.c_int, *[ctypes.c_ulong] * 4]
    return int(prctl(option, value, 0, 0, 0))
