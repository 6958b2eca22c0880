"""Locks between the processes of one machine: a file that one of them holds, and that a death lets go of."""

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from gateway.ledger.contract import LedgerLocked, LedgerUnavailable

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


def own(path: Path) -> int:
    """Take the lock beside a ledger's file, in a directory for this user alone. Raises LedgerLocked.

    It lasts until every copy of the descriptor is closed, so that a process that was handed it and the one that took it
    hold it together.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(path.with_name(path.name + ".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    if _try_lock(descriptor):
        return descriptor
    os.close(descriptor)
    raise LedgerLocked("another node owns this ledger")


class NodeLock:
    """A node's hold on a ledger's file.

    descriptors: for processes that are to hold it too; empty while it is not held.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.descriptors: tuple[int, ...] = ()

    def take(self) -> None:
        """Raises LedgerLocked, OSError. Again is harmless."""
        if not self.descriptors:
            self.descriptors = (own(self._path),)

    def let_go(self) -> None:
        """Over once every process that holds it has ended. Again is harmless."""
        descriptors, self.descriptors = self.descriptors, ()
        for each in descriptors:
            os.close(each)


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
