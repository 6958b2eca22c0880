"""What customers have used of their throughput, kept in memory that the workers of a machine share.

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

from operators.bucket import TokenBucket

SETS: Final = 1_024
WAYS: Final = 8
_SLOT: Final = struct.Struct("=qddd")
"""Owner, tokens, monotonic time at which they were so many, and the time at which the bucket is full again."""
_SET_BYTES: Final = WAYS * _SLOT.size


class Bucket(Protocol):
    """Tokens of one owner. Times are monotonic seconds."""

    def wait_s(self, n: int, now: float) -> float:
        """Seconds until `n` may be taken; 0 for at once."""

    def take(self, n: int, now: float) -> bool: ...


class Buckets(Protocol):
    """Makes buckets; `owner` is a number of its own, and never 0."""

    def bucket(self, owner: int, rate_per_s: float, burst: int, now: float) -> Bucket: ...


class OwnBuckets:
    """For a node that is one process."""

    def bucket(self, owner: int, rate_per_s: float, burst: int, now: float) -> Bucket:
        return TokenBucket(rate_per_s, burst, now)


class SharedBuckets:
    """descriptor: of a file that `create_table` made."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._memory = mmap.mmap(descriptor, SETS * _SET_BYTES)

    def bucket(self, owner: int, rate_per_s: float, burst: int, now: float) -> Bucket:
        return SharedBucket(self, owner, rate_per_s, burst)

    @contextlib.contextmanager
    def slot(self, owner: int, now: float) -> Iterator[tuple[int, float, float] | None]:
        """Where the owner's slot is, its tokens and their time; None when all slots that it may have are in use.

        Tokens of a new one are infinite: the caller knows the burst.
        """
        start = (owner * 0x9E3779B97F4A7C15 >> 20) % SETS * _SET_BYTES
        fcntl.lockf(self._descriptor, fcntl.LOCK_EX, _SET_BYTES, start)
        try:
            yield self._find(owner, start, now)
        finally:
            fcntl.lockf(self._descriptor, fcntl.LOCK_UN, _SET_BYTES, start)

    def put(self, place: int, owner: int, tokens: float, at: float, full: float) -> None:
        _SLOT.pack_into(self._memory, place, owner, tokens, at, full)

    def _find(self, owner: int, start: int, now: float) -> tuple[int, float, float] | None:
        free = None
        for place in range(start, start + _SET_BYTES, _SLOT.size):
            holder, tokens, at, full = _SLOT.unpack_from(self._memory, place)
            if holder == owner:
                return place, tokens, at
            if free is None and (not holder or full <= now):
                free = place
        return None if free is None else (free, float("inf"), now)


class SharedBucket:
    """One owner's bucket in the table, as `operators.bucket.TokenBucket` without slowing down."""

    def __init__(self, table: SharedBuckets, owner: int, rate_per_s: float, burst: int) -> None:
        self._table = table
        self._owner = owner
        self._rate = rate_per_s
        self._burst = burst

    def wait_s(self, n: int, now: float) -> float:
        with self._table.slot(self._owner, now) as found:
            return 0.0 if found is None else max(0.0, min(n, self._burst) - self._tokens(found, now)) / self._rate

    def take(self, n: int, now: float) -> bool:
        """Whoever asked `wait_s` before takes what it may; what another took in between is owed by both."""
        with self._table.slot(self._owner, now) as found:
            if found is not None:
                tokens = self._tokens(found, now) - n
                full = now + (self._burst - tokens) / self._rate
                at = max(now, found[2])  # another worker may have looked at its clock later than this one
                self._table.put(found[0], self._owner, tokens, at, full)
        return True

    def _tokens(self, found: tuple[int, float, float], now: float) -> float:
        _, tokens, at = found
        return min(float(self._burst), tokens + max(0.0, now - at) * self._rate)


def create_table() -> int:
    """The descriptor of an empty table, which children may inherit."""
    descriptor = os.memfd_create("throughput")
    os.ftruncate(descriptor, SETS * _SET_BYTES)
    return descriptor
