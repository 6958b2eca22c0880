"""What the process does to itself before it holds anything secret: its memory must not end up in a file.

A core dump holds every number, text and key that was in memory. The soft and hard limits for core files go to zero, and
`PR_SET_DUMPABLE 0` covers what limits do not: a `core_pattern` that pipes to a collector ignores them, and other
processes of the same user may no longer read this one's memory (prctl(2), core(5), ptrace(2)).
"""

import ctypes
import resource
import sys
from typing import Final

_PR_GET_DUMPABLE: Final = 3
_PR_SET_DUMPABLE: Final = 4


def forbid_core_dumps() -> bool:
    """Whether both measures hold from now on; only Linux has the second. Cannot be undone without privileges."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform != "linux":
        return False
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    prctl.argtypes = [ctypes.c_int, *[ctypes.c_ulong] * 4]
    return bool(prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0) == 0 and prctl(_PR_GET_DUMPABLE, 0, 0, 0, 0) == 0)
