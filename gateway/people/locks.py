"""How long somebody waits after failed attempts to sign in: rules without a store.

An attempt is counted *before* anything is compared, and the count goes back when it succeeds: attempts at the same
time wait for one another as others do. Names that do not exist are counted as those that do.
"""

from typing import Final

import msgspec

MINUTE_MS: Final = 60_000
FORGOTTEN_MS: Final = 24 * 3600 * 1000
"""After the last failure it is as if there had been none."""


class Limits(msgspec.Struct, frozen=True):
    """free: attempts without a wait. first_ms: the wait after one more, which doubles. longest_ms: the longest one."""

    free: int
    first_ms: int
    longest_ms: int


ACCOUNT: Final = Limits(free=4, first_ms=1_000, longest_ms=15 * MINUTE_MS)
ADDRESS: Final = Limits(free=30, first_ms=2_000, longest_ms=15 * MINUTE_MS)
"""Of a network, from which many people may sign in; a success of one does not excuse the others."""


class Lock(msgspec.Struct, frozen=True, array_like=True):
    """attempts: that failed, or are under way. at_ms: the last one. until_ms: none is admitted before."""

    attempts: int = 0
    at_ms: int = 0
    until_ms: int = 0


OPEN: Final = Lock()


def is_over(lock: Lock, now_ms: int) -> bool:
    """Whether it says nothing any more."""
    return now_ms >= lock.at_ms + FORGOTTEN_MS


def counted(lock: Lock, limits: Limits, now_ms: int) -> Lock | None:
    """The lock with one attempt more; None while it is to wait."""
    standing = OPEN if is_over(lock, now_ms) else lock
    if now_ms < standing.until_ms:
        return None
    attempts = standing.attempts + 1
    beyond = attempts - limits.free
    wait_ms = min(limits.longest_ms, limits.first_ms << min(beyond, 20)) if beyond >= 0 else 0
    return Lock(attempts, now_ms, now_ms + wait_ms)


def excused(lock: Lock) -> Lock:
    """The lock of a network, after an attempt that succeeded."""
    return Lock(max(0, lock.attempts - 1), lock.at_ms, 0 if lock.attempts <= ADDRESS.free else lock.until_ms)
