"""What the process does to itself before it holds anything secret: its memory must not end up in a file, nor outlive
its parent where it has one.

A core dump holds every number, text and key that was in memory. The soft and hard limits for core files go to zero, and
`PR_SET_DUMPABLE 0` covers what limits do not: a `core_pattern` that pipes to a collector ignores them, and other
processes of the same user may no longer read this one's memory (prctl(2), core(5), ptrace(2)).
"""

import ctypes
import os
import resource
import signal
import sys
import threading
import time
from typing import Final

LOOK_S: Final = 1.0

_PR_SET_PDEATHSIG: Final = 1
_PR_GET_DUMPABLE: Final = 3
_PR_SET_DUMPABLE: Final = 4


def end_with_parent(signal_number: int, parent: int | None = None, *, killed_after_s: float | None = None) -> None:
    """Have this process get the signal when the one that started it dies (prctl(2), and a look each second).

    parent: its process id, as it says itself: one that died before this call is noticed then, too. None: whoever is the
    parent now. killed_after_s: how long after the signal this process may still live, even if it hangs.
    """
    parent = os.getppid() if parent is None else parent
    if sys.platform == "linux":
        _prctl(_PR_SET_PDEATHSIG, signal_number)
    if os.getppid() != parent:
        os.kill(os.getpid(), signal_number)
    if killed_after_s is not None:
        watching = (parent, signal_number, killed_after_s)
        threading.Thread(target=_watch_parent, args=watching, name="parent", daemon=True).start()


def _watch_parent(parent: int, signal_number: int, killed_after_s: float) -> None:
    """In a thread of its own: an event loop that hangs would not see it."""
    while os.getppid() == parent:
        time.sleep(LOOK_S)
    os.kill(os.getpid(), signal_number)
    time.sleep(killed_after_s)
    os.kill(os.getpid(), signal.SIGKILL)


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
