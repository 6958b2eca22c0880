"""Who has guessed too often. Pure; time is given, in seconds from any origin.

An account is locked for the address that guessed and not for everybody, or a stranger who knows a system_id could keep
its owner out. An IPv6 address stands for its /64, which is what one subscriber has.
"""

import ipaddress
from collections import OrderedDict
from typing import Final

import msgspec

LIMIT: Final = 10_000
"""Pairs of account and address that are remembered; beyond it the oldest failures are forgotten."""

Pair = tuple[str, str]


class _Failures(msgspec.Struct):
    count: int = 0
    until: float = 0.0


class Lockout:
    """failures: wrong passwords in a row before the pair is locked. lock_s: for how long."""

    def __init__(self, failures: int, lock_s: float) -> None:
        self._failures = failures
        self._lock_s = lock_s
        self._known: OrderedDict[Pair, _Failures] = OrderedDict()

    def __len__(self) -> int:
        return len(self._known)

    def is_locked(self, system_id: str, address: str, now: float) -> bool:
        known = self._known.get(_pair(system_id, address))
        return known is not None and known.count >= self._failures and now < known.until

    def failed(self, system_id: str, address: str, now: float) -> bool:
        """Note a wrong password; whether the pair is locked by it. What lies further back than a lock is forgiven."""
        pair = _pair(system_id, address)
        known = self._known.get(pair)
        if known is None or now >= known.until:
            known = self._known[pair] = _Failures()
        known.count += 1
        known.until = now + self._lock_s
        self._known.move_to_end(pair)
        if len(self._known) > LIMIT:
            self._known.popitem(last=False)
        return known.count >= self._failures

    def succeeded(self, system_id: str, address: str) -> None:
        self._known.pop(_pair(system_id, address), None)


def _pair(system_id: str, address: str) -> Pair:
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return system_id, address
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped is None:
        return system_id, str(ipaddress.ip_network((parsed, 64), strict=False))
    return system_id, address
