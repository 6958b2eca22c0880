"""Lines about what strangers do, who may do it as often as they like: one a minute for each kind of it.

What was left out is counted in the next line of its kind. Addresses are cut to /24 and /48: a log names no person.
"""

import ipaddress
from collections import OrderedDict
from collections.abc import Hashable
from typing import Final

EVERY_S: Final = 60.0
LIMIT: Final = 1_024
"""Kinds that are remembered; the oldest are forgotten."""


class Notices:
    """every_s: between two lines of a kind."""

    def __init__(self, every_s: float = EVERY_S, limit: int = LIMIT) -> None:
        self._every_s = every_s
        self._limit = limit
        self._kinds: OrderedDict[Hashable, tuple[float, int]] = OrderedDict()

    def count(self, kind: Hashable, now: float) -> int:
        """How often it happened since the last line, this time included, if a line is due; 0 if not. now: monotonic."""
        since, left_out = self._kinds.get(kind, (now - self._every_s, 0))
        if now - since < self._every_s:
            self._kinds[kind] = (since, left_out + 1)
            return 0
        self._kinds[kind] = (now, 0)
        self._kinds.move_to_end(kind)
        if len(self._kinds) > self._limit:
            self._kinds.popitem(last=False)
        return left_out + 1


def cut_address(address: str) -> str:
    """The network that an address is in, as far as a log may name it; '' for what is no address."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return ""
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped is not None:
        parsed = parsed.ipv4_mapped
    return str(ipaddress.ip_network((parsed, 24 if parsed.version == 4 else 48), strict=False))
