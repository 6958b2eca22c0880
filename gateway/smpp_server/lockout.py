"""Who has guessed too often, and for how long it is not listened to. Pure; time is given, in seconds from any origin.

An account is locked for the address that guessed and not for everybody, or a stranger who knows a system_id could keep
its owner out; an address is locked, for every account that never bound from it, when it has guessed at many. A lock
begins short and doubles with each further wrong guess, since the address may be one that others share. An IPv6 address
stands for its /64.
"""

from collections import OrderedDict
from typing import Final

import msgspec

from operators.seats import subscriber

LIMIT: Final = 10_000
"""Pairs of account and address that are remembered; beyond it the oldest failures are forgotten."""
FIRST_S: Final = 5.0
"""The first lock."""
ANY: Final = ""
"""In the place of an account: every account that never bound from an address."""

Pair = tuple[str, str]


class _Failures(msgspec.Struct):
    count: int = 0
    until: float = 0.0
    forgiven: float = 0.0


class Lockout:
    """failures: wrong passwords in a row before the pair is locked. lock_s: for how long at the most, and how far a
    failure may lie back to count.
    """

    def __init__(self, failures: int, lock_s: float) -> None:
        self._failures = failures
        self._lock_s = lock_s
        self._known: OrderedDict[Pair, _Failures] = OrderedDict()

    def adopt(self, failures: int, lock_s: float) -> None:
        """For failures from now on."""
        self._failures = failures
        self._lock_s = lock_s

    def __len__(self) -> int:
        return len(self._known)

    def is_locked(self, system_id: str, address: str, now: float) -> bool:
        known = self._known.get((system_id, subscriber(address)))
        return known is not None and now < known.until

    def failed(self, system_id: str, address: str, now: float) -> bool:
        """Note a wrong password; whether the pair is locked by it."""
        pair = (system_id, subscriber(address))
        known = self._known.get(pair)
        if known is None or now >= known.forgiven:
            known = self._known[pair] = _Failures()
        known.count += 1
        beyond = known.count - self._failures
        if beyond >= 0:
            known.until = now + min(self._lock_s, FIRST_S * 2.0 ** min(beyond, 30))
        known.forgiven = max(now, known.until) + self._lock_s
        self._known.move_to_end(pair)
        if len(self._known) > LIMIT:
            self._known.popitem(last=False)
        return beyond >= 0

    def succeeded(self, system_id: str, address: str) -> None:
        self._known.pop((system_id, subscriber(address)), None)
