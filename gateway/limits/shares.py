"""Throughput over the machines that share a ledger: publishes what is wanted here, learns what is wanted elsewhere.

A limit is divided as water finds its level: who wants less than an equal share gets what it wants, and the rest is
divided equally among the others. Each computes its own cap from what the others want: when all know the same, what they
take together is the limit, and no machine gets more by wanting more.

Twice a second, in one call, and never for a message: the buckets are given new rates. So a limit that is wanted on
several machines is kept about, not exactly. What is too much is what passes until the others know: about a second's
worth of what a machine had, when another one begins to use the same limit, and a burst each.

While the others cannot be heard the last figures stand for `KNOWN_S`; after that every machine gives an equal part.
"""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Final, cast

from gateway.ledger.contract import LedgerUnavailable
from gateway.limits.gates import Gates
from gateway.model.owners import LimitOwner
from gateway.process.clock import Clock

INTERVAL_S: Final = 0.5
KNOWN_S: Final = 2.0

Wanted = Mapping[int, float]
"""Messages a second by owner, as a number among numbers."""


def level(limit: float, others: Iterable[float]) -> float:
    """The most that one may take beside others who want so much: the `c` with `c + sum(min(other, c)) == limit`."""
    wants = sorted(others)
    left, takers = limit, len(wants) + 1
    for want in wants:
        if want * takers >= left:
            break
        left -= want
        takers -= 1
    return left / takers


class FairRates:
    """exchange: leaves what is wanted here, and gives what is wanted at each other machine; raises LedgerUnavailable.
    machines: how many there were when the ledger last said so, this one among them.
    """

    def __init__(
        self,
        gates: Gates,
        clock: Clock,
        *,
        exchange: Callable[[Wanted], Awaitable[Iterable[Wanted]]],
        machines: Callable[[], int],
    ) -> None:
        self._gates = gates
        self._clock = clock
        self._exchange = exchange
        self._machines = machines
        self._looked = clock.monotonic() - INTERVAL_S
        self._heard = clock.monotonic()
        self._others: Mapping[LimitOwner, list[float]] = {}
        self._is_blind = False

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self.turn()
            await asyncio.sleep(INTERVAL_S)

    async def turn(self) -> None:
        """Look, publish, learn, and grant."""
        now = self._clock.monotonic()
        wanted = self._gates.look(now - self._looked)
        self._looked = now
        try:
            async with asyncio.timeout(KNOWN_S):
                reported = await self._exchange(cast(Wanted, wanted))
        except (LedgerUnavailable, TimeoutError):
            if self.silent_s() >= KNOWN_S:
                self._divide()
        else:
            self._follow(reported)

    def silent_s(self) -> float:
        """Seconds since the other machines were last heard."""
        return self._clock.monotonic() - self._heard

    def _follow(self, reported: Iterable[Wanted]) -> None:
        others: dict[LimitOwner, list[float]] = defaultdict(list)
        for machine in reported:
            for owner, per_s in machine.items():
                others[LimitOwner(owner)].append(per_s)
        concerned = None if self._is_blind else others.keys() | self._others.keys()
        self._others, self._is_blind, self._heard = others, False, self._clock.monotonic()
        self._gates.grant(lambda owner, limit_per_s: level(limit_per_s, others.get(owner, ())), concerned)

    def _divide(self) -> None:
        self._is_blind = True
        machines = max(1, self._machines())
        self._gates.grant(lambda _owner, limit_per_s: limit_per_s / machines)
