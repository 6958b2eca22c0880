"""Names to checked addresses, remembered for a short while.

Lookups block a thread of the loop's pool each, so only a few run at a time: a name server that hangs must not hold up
whatever else the pool does.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from gateway.process.clock import Clock
from gateway.webhooks.targets import Origin, Target, checked_addresses

CACHE_S: Final = 30.0
CACHE_LIMIT: Final = 1000
LOOKUPS_AT_ONCE: Final = 2

Lookup = Callable[[str, int], Awaitable[Sequence[str]]]
"""Host and port to address texts, best first; none when the name does not resolve."""


async def system_lookup(host: str, port: int) -> Sequence[str]:
    """The machine's own resolver."""
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError:
        return ()
    return [str(entry[4][0]) for entry in found]


class Resolver:
    """Resolves and checks. A name is looked up again when what is known of it is older than `CACHE_S`."""

    def __init__(self, clock: Clock, *, lookup: Lookup = system_lookup, allow_loopback: bool = False) -> None:
        self._clock = clock
        self._lookup = lookup
        self._allow_loopback = allow_loopback
        self._known: dict[Origin, tuple[float, tuple[str, ...]]] = {}
        self._slots = asyncio.Semaphore(LOOKUPS_AT_ONCE)

    async def addresses(self, target: Target) -> tuple[str, ...]:
        """Addresses that may be connected to. Raises TargetRefused: `unresolved` or `address`."""
        known = self._remembered(target)
        if known is not None:
            return known
        async with self._slots:
            known = self._remembered(target)  # another lookup may have brought it meanwhile
            return known if known is not None else await self._resolve(target)

    def _remembered(self, target: Target) -> tuple[str, ...] | None:
        known = self._known.get(target.origin)
        return known[1] if known is not None and known[0] > self._clock.monotonic() else None

    async def _resolve(self, target: Target) -> tuple[str, ...]:
        found = await self._lookup(target.host, target.port)
        checked = checked_addresses(found, target, allow_loopback=self._allow_loopback)
        self._known.pop(target.origin, None)
        if len(self._known) >= CACHE_LIMIT:
            del self._known[next(iter(self._known))]
        self._known[target.origin] = (self._clock.monotonic() + CACHE_S, checked)
        return checked
