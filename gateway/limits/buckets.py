"""What customers have used of their throughput on this machine, kept in memory that its workers share.

A customer's binds and connections may be with any worker, or all with one, so its limit is neither divided nor applied
by each: workers take from the same buckets. The table is a memory file that the supervisor made and each worker maps; a
slot is locked while it is looked at and changed, and the system lets go of the lock of a worker that dies.

A bucket that has been full again for long says no more than a new one would, so its slot may be given away.
"""

import contextlib
import fcntl
import mmap
import os
import struct
from collections.abc import Iterator
from typing import Final, Protocol

from gateway.model.owners import LimitOwner

SETS: Final = 1_024
WAYS: Final = 8
_SLOT: Final = struct.Struct("=qddd")
"""Owner, tokens, monotonic time at which they were so many, and the time at which the bucket is full again."""
_SET_BYTES: Final = WAYS * _SLOT.size


class Bucket(Protocol):
    """Tokens of one owner. Times are monotonic seconds."""

    def wait_s(self, n: int, now: float) -> float:
        """Seconds until `n` may be taken; 0 for at once."""

    def take(self, n: int, now: float) -> float:
        """Take as many, whether they are there or not; `wait_s` says beforehand. What is left: below 0 is owed."""

    def change(self, rate_per_s: float, burst: int, now: float) -> None:
        """Fill at another rate from now on, up to another burst. What is there stays, as far as there is room."""


class Buckets(Protocol):
    """Makes buckets, one for each owner of a limit."""

    def bucket(self, owner: LimitOwner, rate_per_s: float, burst: int, now: float) -> Bucket: ...


class OwnBuckets:
    """For a node that is one process."""

    def bucket(self, owner: LimitOwner, rate_per_s: float, burst: int, now: float) -> Bucket:
        return OwnBucket(rate_per_s, burst, now)


class OwnBucket:
    """In this process's memory, and full at first."""

    __slots__ = ("_at", "_burst", "_rate", "_tokens")

    def __init__(self, rate_per_s: float, burst: int, now: float) -> None:
        self._rate = rate_per_s
        self._burst = burst
        self._tokens = float(burst)
        self._at = now

    def wait_s(self, n: int, now: float) -> float:
        self._fill(now)
        return max(0.0, min(n, self._burst) - self._tokens) / self._rate

    def take(self, n: int, now: float) -> float:
        self._fill(now)
        self._tokens -= n
        return self._tokens

    def change(self, rate_per_s: float, burst: int, now: float) -> None:
        self._fill(now)
        self._rate, self._burst = rate_per_s, burst
        self._tokens = min(float(burst), self._tokens)

    def _fill(self, now: float) -> None:
        if now > self._at:
            self._tokens = min(float(self._burst), self._tokens + (now - self._at) * self._rate)
            self._at = now


class SharedBuckets:
    """descriptor: of a file that `create_table` made."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._memory = mmap.mmap(descriptor, SETS * _SET_BYTES)

    def bucket(self, owner: LimitOwner, rate_per_s: float, burst: int, now: float) -> Bucket:
        return SharedBucket(self, owner, rate_per_s, burst)

    @contextlib.contextmanager
    def slot(self, owner: LimitOwner, now: float) -> Iterator[tuple[int, float, float] | None]:
        """Where the owner's slot is, its tokens and their time; None when all slots that it may have are in use.

        Tokens of a new one are infinite: the caller knows the burst.
        """
        start = (owner * 0x9E3779B97F4A7C15 >> 20) % SETS * _SET_BYTES
        fcntl.lockf(self._descriptor, fcntl.LOCK_EX, _SET_BYTES, start)
        try:
            yield self._find(owner, start, now)
        finally:
            fcntl.lockf(self._descriptor, fcntl.LOCK_UN, _SET_BYTES, start)

    def put(self, place: int, owner: LimitOwner, tokens: float, at: float, full: float) -> None:
        _SLOT.pack_into(self._memory, place, owner, tokens, at, full)

    def _find(self, owner: LimitOwner, start: int, now: float) -> tuple[int, float, float] | None:
        free = None
        for place in range(start, start + _SET_BYTES, _SLOT.size):
            holder, tokens, at, full = _SLOT.unpack_from(self._memory, place)
            if holder == owner:
                return place, tokens, at
            if free is None and (not holder or full <= now):
                free = place
        return None if free is None else (free, float("inf"), now)


class SharedBucket:
    """One owner's bucket in the table."""

    def __init__(self, table: SharedBuckets, owner: LimitOwner, rate_per_s: float, burst: int) -> None:
        self._table = table
        self._owner = owner
        self._rate = rate_per_s
        self._burst = burst

    def wait_s(self, n: int, now: float) -> float:
        with self._table.slot(self._owner, now) as found:
            return 0.0 if found is None else max(0.0, min(n, self._burst) - self._tokens(found, now)) / self._rate

    def take(self, n: int, now: float) -> float:
        """What another worker took since `wait_s` was asked is owed by both."""
        with self._table.slot(self._owner, now) as found:
            if found is None:
                return float(self._burst)
            left = self._tokens(found, now) - n
            self._put(found, left, now)
            return left

    def change(self, rate_per_s: float, burst: int, now: float) -> None:
        """The first worker that changes settles at its old rate; for the others nothing is left to settle."""
        with self._table.slot(self._owner, now) as found:
            tokens = None if found is None else self._tokens(found, now)
            self._rate, self._burst = rate_per_s, burst
            if found is not None and tokens is not None:
                self._put(found, min(float(burst), tokens), now)

    def _put(self, found: tuple[int, float, float], tokens: float, now: float) -> None:
        full = now + (self._burst - tokens) / self._rate
        at = max(now, found[2])  # another worker may have looked at its clock later than this one
        self._table.put(found[0], self._owner, tokens, at, full)

    def _tokens(self, found: tuple[int, float, float], now: float) -> float:
        _, tokens, at = found
        return min(float(self._burst), tokens + max(0.0, now - at) * self._rate)


def create_table() -> int:
    """The descriptor of an empty table, which children may inherit."""
    descriptor = os.memfd_create("throughput")
    os.ftruncate(descriptor, SETS * _SET_BYTES)
    return descriptor
