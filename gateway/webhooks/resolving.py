"""Names to checked addresses, remembered for a short while, names that lead nowhere for a shorter one.

Customers choose these names, so nothing else waits for them: each look-up blocks a thread of its own, never one of the
loop's pool, in which operators' names are looked up. A customer has `PER_CUSTOMER` of them at once and others have
theirs; a name server that hangs costs whoever named it.
"""

import asyncio
import contextlib
import socket
import threading
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from gateway.process.clock import Clock
from gateway.process.tasks import TaskOwner
from gateway.webhooks.targets import Origin, Target, TargetRefused, checked_addresses

CACHE_S: Final = 30.0
NOWHERE_S: Final = 5.0
CACHE_LIMIT: Final = 1000
LOOKUPS_AT_ONCE: Final = 32
PER_CUSTOMER: Final = 2
WAITING_LIMIT: Final = 100
"""Names of a customer that wait; further ones count as unresolved."""

Lookup = Callable[[str, int], Awaitable[Sequence[str]]]
"""Host and port to address texts, best first; none when the name does not resolve."""

_Outcome = tuple[str, ...] | Exception
_Asked = tuple[Target, "asyncio.Future[_Outcome]"]


async def system_lookup(host: str, port: int) -> Sequence[str]:
    """The machine's own resolver, in a thread that nobody waits for when the process ends."""
    loop = asyncio.get_running_loop()
    outcome: asyncio.Future[Sequence[str] | Exception] = loop.create_future()

    def tell(found: Sequence[str] | Exception) -> None:
        if not outcome.done():
            outcome.set_result(found)

    def look() -> None:
        found: Sequence[str] | Exception
        try:
            found = [str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
        except OSError:
            found = ()
        except Exception as error:
            found = error
        with contextlib.suppress(RuntimeError):  # the loop is closed
            loop.call_soon_threadsafe(tell, found)

    threading.Thread(target=look, name="webhook name", daemon=True).start()
    found = await outcome
    if isinstance(found, Exception):
        raise found
    return found


class Resolver:
    """Resolves and checks. A name is looked up again when what is known of it is older than `CACHE_S`. tasks: where
    look-ups run.
    """

    def __init__(
        self, clock: Clock, tasks: TaskOwner, *, lookup: Lookup = system_lookup, allow_loopback: bool = False
    ) -> None:
        self._clock = clock
        self._tasks = tasks
        self._lookup = lookup
        self._allow_loopback = allow_loopback
        self._known: dict[Origin, tuple[float, tuple[str, ...] | str]] = {}
        self._asked: dict[Origin, asyncio.Future[_Outcome]] = {}
        self._waiting: OrderedDict[int, deque[_Asked]] = OrderedDict()
        self._running: dict[int, int] = {}
        self._lookups = 0

    async def addresses(self, target: Target, customer: int = 0) -> tuple[str, ...]:
        """Addresses that may be connected to. customer: whose name it is. Raises TargetRefused: `unresolved` or
        `address`.
        """
        known = self._known.get(target.origin)
        if known is not None and known[0] > self._clock.monotonic():
            if isinstance(known[1], str):
                raise TargetRefused(known[1])
            return known[1]
        outcome = await asyncio.shield(self._asked.get(target.origin) or self._ask(target, customer))
        if isinstance(outcome, TargetRefused):
            raise TargetRefused(outcome.code)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    def forget(self) -> None:
        """Of every name, what it resolved to."""
        self._known.clear()

    def _ask(self, target: Target, customer: int) -> "asyncio.Future[_Outcome]":
        """What becomes of it; who stops waiting for it disturbs nobody else who does."""
        waiting = self._waiting.setdefault(customer, deque())
        if len(waiting) >= WAITING_LIMIT:
            raise TargetRefused("unresolved")
        outcome: asyncio.Future[_Outcome] = asyncio.get_running_loop().create_future()
        self._asked[target.origin] = outcome
        waiting.append((target, outcome))
        self._feed()
        return outcome

    def _feed(self) -> None:
        """Start what may run, one customer after the other."""
        for customer in list(self._waiting):
            while sum(self._running.values()) < LOOKUPS_AT_ONCE and self._running.get(customer, 0) < PER_CUSTOMER:
                waiting = self._waiting[customer]
                target, outcome = waiting.popleft()
                self._running[customer] = self._running.get(customer, 0) + 1
                self._lookups += 1
                work = self._look(target, outcome, customer)
                self._tasks.contain("delivery", f"webhook name {self._lookups}", work)
                if not waiting:
                    del self._waiting[customer]
                    break
                self._waiting.move_to_end(customer)

    async def _look(self, target: Target, outcome: "asyncio.Future[_Outcome]", customer: int) -> None:
        result: _Outcome = TargetRefused("unresolved")
        try:
            result = await self._resolve(target)
        except Exception as error:  # whoever waits for it says so
            result = error
        finally:
            self._running[customer] -= 1
            if not self._running[customer]:
                del self._running[customer]
            del self._asked[target.origin]
            if not outcome.done():
                outcome.set_result(result)
        self._feed()

    async def _resolve(self, target: Target) -> tuple[str, ...]:
        try:
            found = await self._lookup(target.host, target.port)
            checked = checked_addresses(found, target, allow_loopback=self._allow_loopback)
        except TargetRefused as refusal:
            self._remember(target.origin, refusal.code, NOWHERE_S)
            raise
        self._remember(target.origin, checked, CACHE_S)
        return checked

    def _remember(self, origin: Origin, what: tuple[str, ...] | str, seconds: float) -> None:
        self._known.pop(origin, None)
        if len(self._known) >= CACHE_LIMIT:
            del self._known[next(iter(self._known))]
        self._known[origin] = (self._clock.monotonic() + seconds, what)
