"""How much a key may send: throughput and quotas, its own and its customer's, and what the gateway holds.

Both ingresses ask here before they look at a body. Nothing waits. Quotas are kept in `gateway.limits.quotas`, which
writes and reads them about once a second (`SHARED_REFRESH_S`, where nodes share a ledger). Throughput is kept in
`gateway.limits.gates`, over all workers of a machine exactly and over all machines about (`gateway.limits.shares`).
"""

import asyncio
from typing import Final

from gateway.accounts.customers import ApiKey
from gateway.ledger.contract import LedgerUnavailable
from gateway.ledger.journal import Journal
from gateway.ledger.roles import Counters
from gateway.limits.buckets import Buckets, OwnBuckets
from gateway.limits.gates import Gates
from gateway.limits.quotas import Quotas
from gateway.model.refusals import Refusal
from gateway.process.clock import Clock

REFRESH_S: Final = 10.0
SHARED_REFRESH_S: Final = 1.0
OVERLOADED_RETRY_S: Final = 1.0
PAUSED_RETRY_S: Final = 30.0
LEFT_FOR_OTHERS: Final = 8
"""For so many messages that a customer has in hand, room for one more must be left. One alone takes eight ninths of
what the gateway holds, two take eight seventeenths each, and whoever comes finds room (dynamic thresholds, Choudhury
and Hahne, 1998).
"""


class Admission:
    """One node's limits. `admit` what comes in, and `settle` it once its fate is known.

    max_inflight: messages admitted and not yet settled, in fair shares by customer; beyond it all are refused.
    is_paused: nothing is admitted, because somebody wants it so. refresh_s: how often the ledger is asked what others
    counted. buckets: of this process, or those that it shares.
    """

    def __init__(
        self,
        counters: Counters,
        journal: Journal,
        clock: Clock,
        *,
        max_inflight: int,
        refresh_s: float = REFRESH_S,
        buckets: Buckets | None = None,
    ) -> None:
        self._refresh_s = refresh_s
        self.quotas: Final = Quotas(counters, journal, clock)
        self._clock = clock
        self._max_inflight = max_inflight
        self.gates: Final = Gates(buckets or OwnBuckets(), clock)
        self._held: dict[int, int] = {}
        self.inflight = 0
        self.is_paused = False

    def adopt(self, max_inflight: int) -> None:
        """For what comes in from now on; what is admitted stays."""
        self._max_inflight = max_inflight

    def admit(self, key: ApiKey, messages: int, now_ms: int) -> None:
        """Let this many messages of a key in, all or none. Raises Refusal with `retry_after_s`.

        A batch larger than the burst passes a full bucket, and what it owes is waited for by what comes after.
        """
        held = self._room_for(key, messages)
        uses = self.quotas.within(key, messages, now_ms) if _has_quota(key) else ()
        self.gates.pass_through(key, messages)
        for use in uses:
            use.fresh += messages
        self.inflight += messages
        self._held[key.customer.id] = held

    def admit_question(self, key: ApiKey) -> None:
        """Let a request in that sends nothing: no quota is asked or used. `settle` it as one message. Raises Refusal
        with `retry_after_s`.
        """
        held = self._room_for(key, 1)
        self.gates.pass_through(key, 1)
        self.inflight += 1
        self._held[key.customer.id] = held

    def precheck(self, key: ApiKey, now_ms: int) -> None:
        """Whether one message could be admitted now, for a caller that cannot count yet. Raises Refusal."""
        self._room_for(key, 1)
        if _has_quota(key):
            self.quotas.within(key, 1, now_ms)
        self.gates.check(key, 1)

    def settle(self, key: ApiKey, messages: int, refused: int = 0) -> None:
        """The fate of admitted messages is known. `refused` of them were not taken, and burn no quota."""
        self.inflight -= messages
        customer = key.customer.id
        held = self._held[customer] = self._held.get(customer, 0) - messages
        if held <= 0:
            del self._held[customer]
        if refused and _has_quota(key):
            self.quotas.give_back(key, refused)

    async def load(self) -> None:
        """Learn what the ledger has counted of quotas. Raises LedgerUnavailable."""
        await self.quotas.load()

    async def run(self, interval_s: float = 1.0) -> None:
        """Write what was counted, and now and then read what others counted, until cancelled."""
        next_load = self._clock.monotonic() + self._refresh_s
        while True:
            await asyncio.sleep(interval_s)
            if self._clock.monotonic() >= next_load:
                next_load = self._clock.monotonic() + self._refresh_s
                await self._reload()
            self.flush()

    async def _reload(self) -> None:
        try:
            await self.load()
        except LedgerUnavailable:
            return  # what is known stands; the next round asks again

    def flush(self) -> None:
        """Queue what was counted of quotas since the last time."""
        self.quotas.flush()

    def _room_for(self, key: ApiKey, messages: int) -> int:
        """How many the customer would have in hand with these. Raises Refusal."""
        if self.is_paused:
            raise Refusal("paused", retry_after_s=PAUSED_RETRY_S)
        held = self._held.get(key.customer.id, 0) + messages
        if self.inflight + messages + held // LEFT_FOR_OTHERS > self._max_inflight:
            raise Refusal("overloaded", retry_after_s=OVERLOADED_RETRY_S)
        return held


def _has_quota(key: ApiKey) -> bool:
    settings = key.customer.settings
    return key.daily_quota is not None or settings.daily_quota is not None or settings.monthly_quota is not None
