"""A lock between the processes of one machine: a file that one of them holds, and that a death lets go of."""

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from gateway.ledger.base import LedgerUnavailable

_STEP_S: Final = 0.005


@contextlib.contextmanager
def locked(path: Path, timeout_s: float) -> Iterator[None]:
    """Hold the lock file. Another process holds it for milliseconds; raises LedgerUnavailable after `timeout_s`."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        for _ in range(round(timeout_s / _STEP_S)):
            if _try_lock(descriptor):
                break
            time.sleep(_STEP_S)
        else:
            raise LedgerUnavailable("key store: another process holds its lock")
        yield
    finally:
        os.close(descriptor)


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
