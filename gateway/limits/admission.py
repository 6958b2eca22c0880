"""How much a key may send: throughput, its own and its customer's, a quota per UTC day, and what the gateway holds.

Both ingresses ask here before they look at a body. Nothing waits. What a key has used of its quota is counted in
memory and written to the ledger about once a second, so a crash undercounts by at most what was admitted since the last
write, about a second's worth. Nodes that share a ledger learn of each other's use every `SHARED_REFRESH_S`, and may
together exceed a quota by what they admit in that time and until it is written. Throughput is kept in
`gateway.limits.gates`, over all workers of a machine exactly and over all machines about (`gateway.limits.shares`).
"""

import asyncio
from typing import Final

from gateway.accounts.customers import ApiKey
from gateway.ledger.contract import Count, LedgerUnavailable, WriteOp, WriteResult
from gateway.ledger.journal import Journal
from gateway.ledger.roles import Counters
from gateway.limits.buckets import Buckets, OwnBuckets
from gateway.limits.gates import Gates
from gateway.model.refusals import Refusal
from gateway.process.clock import Clock

DAY_MS: Final = 24 * 3600 * 1000
REFRESH_S: Final = 10.0
SHARED_REFRESH_S: Final = 1.0
OVERLOADED_RETRY_S: Final = 1.0
PAUSED_RETRY_S: Final = 30.0
LEFT_FOR_OTHERS: Final = 8
"""For so many messages that a customer has in hand, room for one more must be left. One alone takes eight ninths of
what the gateway holds, two take eight seventeenths each, and whoever comes finds room (dynamic thresholds, Choudhury
and Hahne, 1998).
"""


class _Use:
    """A key's use of its quota today: written to the ledger, on its way there, and not yet posted."""

    __slots__ = ("fresh", "posted", "stored")

    def __init__(self) -> None:
        self.stored = 0
        self.posted = 0
        self.fresh = 0

    @property
    def total(self) -> int:
        return self.stored + self.posted + self.fresh


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
        self._counters = counters
        self._journal = journal
        self._clock = clock
        self._max_inflight = max_inflight
        self.gates: Final = Gates(buckets or OwnBuckets(), clock)
        self._used: dict[str, _Use] = {}
        self._day = -1
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
        use = None if key.daily_quota is None else self._within_quota(key, key.daily_quota, messages, now_ms)
        self.gates.pass_through(key, messages)
        if use is not None:
            use.fresh += messages
        self.inflight += messages
        self._held[key.customer.id] = held

    def precheck(self, key: ApiKey, now_ms: int) -> None:
        """Whether one message could be admitted now, for a caller that cannot count yet. Raises Refusal."""
        self._room_for(key, 1)
        if key.daily_quota is not None:
            self._within_quota(key, key.daily_quota, 1, now_ms)
        self.gates.check(key, 1)

    def settle(self, key: ApiKey, messages: int, refused: int = 0) -> None:
        """The fate of admitted messages is known. `refused` of them were not taken, and burn no quota."""
        self.inflight -= messages
        customer = key.customer.id
        held = self._held[customer] = self._held.get(customer, 0) - messages
        if held <= 0:
            del self._held[customer]
        if refused and key.daily_quota is not None:
            use = self._use(key)
            use.fresh -= min(refused, use.total)

    async def load(self) -> None:
        """Learn what the ledger has counted for today; nothing while a write is on its way, which it may or may not
        have counted. Raises LedgerUnavailable.
        """
        self._turn_to(self._clock.now_ms())
        if any(use.posted for use in self._used.values()):
            return
        day = self._day
        counts = await self._counters.counts(day)
        if day == self._day:
            for name, count in counts.items():
                self._used.setdefault(name, _Use()).stored = count

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
        """Queue what was counted since the last time; one operation for each key that sent."""
        for name, use in self._used.items():
            if use.fresh:
                self._journal.post(Count(name, self._day, use.fresh), self._written)
                use.posted += use.fresh
                use.fresh = 0

    def _written(self, op: WriteOp | None, _: WriteResult) -> None:
        if isinstance(op, Count) and op.bucket == self._day:
            use = self._used[op.name]
            use.posted -= op.amount
            use.stored += op.amount

    def _within_quota(self, key: ApiKey, quota: int, messages: int, now_ms: int) -> _Use:
        self._turn_to(now_ms)
        use = self._use(key)
        if use.total + messages > quota:
            raise Refusal("quota_exceeded", retry_after_s=(DAY_MS - now_ms % DAY_MS) / 1000)
        return use

    def _room_for(self, key: ApiKey, messages: int) -> int:
        """How many the customer would have in hand with these. Raises Refusal."""
        if self.is_paused:
            raise Refusal("paused", retry_after_s=PAUSED_RETRY_S)
        held = self._held.get(key.customer.id, 0) + messages
        if self.inflight + messages + held // LEFT_FOR_OTHERS > self._max_inflight:
            raise Refusal("overloaded", retry_after_s=OVERLOADED_RETRY_S)
        return held

    def _use(self, key: ApiKey) -> _Use:
        name = f"quota:{key.id}"
        use = self._used.get(name)
        if use is None:
            use = self._used[name] = _Use()
        return use

    def _turn_to(self, now_ms: int) -> None:
        """Start a new day with a clean sheet; what yesterday still owed the ledger is queued first."""
        day = now_ms // DAY_MS
        if day > self._day:
            self.flush()
            self._used.clear()
            self._day = day
