"""What is used of quotas: messages of a key or a customer in a day, and of a customer in a month, by its own clock.

Days and months begin at midnight where the customer is: `utc_offset_min` of its settings, Riyadh's where none is set.
A quota is never exceeded by what one process admits. What it counts is written about once a second, and so is what
others counted read; together processes may exceed a quota by what they admit in that time. A crash undercounts by as
much.

Each use is a counter of the ledger: `quota:KEY` of a key or an ESME account (minus its number), `quota:cCUSTOMER` of a
customer. A day's bucket is its number since the epoch, a month's stands behind `MONTHS`.
"""

import enum
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

from gateway.accounts.customers import ApiKey
from gateway.ledger.contract import Count, WriteOp, WriteResult
from gateway.ledger.journal import Journal
from gateway.ledger.roles import Counters
from gateway.model.refusals import Refusal
from gateway.process.clock import Clock

DAY_MS: Final = 24 * 3600 * 1000
MONTHS: Final = 1_000_000
"""No day has this number: it would be in the year 4707."""
WARN_AT: Final = (50, 80, 100)
"""Per cent of a customer's quota at which it is warned."""
_MINUTE_MS: Final = 60_000
_EARLIEST_MIN: Final = -12 * 60
_LATEST_MIN: Final = 15 * 60
"""Bounds of an offset, and an hour ahead, so that a bucket is read before it is used."""


class Period(enum.Enum):
    """Of a quota."""

    DAY = "day"
    MONTH = "month"


class Use:
    """Of a quota, in one period: written to the ledger, on its way there, and not yet posted. said: the highest of
    `WARN_AT` that was passed on.
    """

    __slots__ = ("fresh", "posted", "said", "stored")

    def __init__(self) -> None:
        self.stored = 0
        self.posted = 0
        self.fresh = 0
        self.said = 0

    @property
    def total(self) -> int:
        return self.stored + self.posted + self.fresh


class Calendar:
    """The day and the month of one moment by a customer's clock: their buckets, and when they end."""

    __slots__ = ("day", "day_end_ms", "month", "month_end_ms")

    def __init__(self, now_ms: int, utc_offset_min: int) -> None:
        ahead_ms = utc_offset_min * _MINUTE_MS
        self.day = (now_ms + ahead_ms) // DAY_MS
        self.day_end_ms = (self.day + 1) * DAY_MS - ahead_ms
        local = datetime.fromtimestamp(self.day * (DAY_MS // 1000), UTC)
        self.month = MONTHS + local.year * 12 + local.month - 1
        following = (local.replace(day=28) + timedelta(days=4)).replace(day=1)
        self.month_end_ms = int(following.timestamp()) * 1000 - ahead_ms


def live_buckets(now_ms: int) -> frozenset[int]:
    """Of what may be a day or a month anywhere now, or within the hour."""
    first, last = Calendar(now_ms, _EARLIEST_MIN), Calendar(now_ms, _LATEST_MIN)
    return frozenset((*range(first.day, last.day + 1), *range(first.month, last.month + 1)))


class Standing:
    """How a quota stands. limit, used: messages. end_ms: of the period."""

    __slots__ = ("end_ms", "limit", "period", "used")

    def __init__(self, period: Period, limit: int, used: int, end_ms: int) -> None:
        self.period = period
        self.limit = limit
        self.used = used
        self.end_ms = end_ms


class Crossing:
    """A customer has used `percent` of a quota. bucket: of the period."""

    __slots__ = ("bucket", "customer", "percent", "standing")

    def __init__(self, customer: int, bucket: int, percent: int, standing: Standing) -> None:
        self.customer = customer
        self.bucket = bucket
        self.percent = percent
        self.standing = standing


class Quotas:
    """Of one process. refused: messages that a quota kept out, by its period."""

    def __init__(self, counters: Counters, journal: Journal, clock: Clock) -> None:
        self._counters = counters
        self._journal = journal
        self._clock = clock
        self._uses: dict[tuple[str, int], Use] = {}
        self._calendars: dict[int, Calendar] = {}
        self._limits: dict[int, tuple[int | None, int | None, int]] = {}  # of customers that were looked at
        self.refused: Final = {period.value: 0 for period in Period}

    def within(self, key: ApiKey, messages: int, now_ms: int) -> list[Use]:
        """The uses in which these are to count, none of them counted yet. Raises Refusal with `retry_after_s`."""
        settings = key.customer.settings
        uses: list[Use] = []
        wait_ms = 0
        for use, limit, end_ms, period in self._asked(key, now_ms):
            uses.append(use)
            if use.total + messages > limit:
                wait_ms = max(wait_ms, end_ms - now_ms)
                self.refused[period] += messages
        self._limits[key.customer.id] = settings.daily_quota, settings.monthly_quota, settings.utc_offset_min
        if wait_ms:
            raise Refusal("quota_exceeded", retry_after_s=wait_ms / 1000)
        return uses

    def wait_s(self, key: ApiKey, messages: int, now_ms: int) -> float:
        """Seconds until so many are within every quota again; 0 where they are. Nothing is counted."""
        ends = [end for use, limit, end, _ in self._asked(key, now_ms) if use.total + messages > limit]
        return (max(ends) - now_ms) / 1000 if ends else 0.0

    def _asked(self, key: ApiKey, now_ms: int) -> list[tuple[Use, int, int, str]]:
        """Of each quota of a key and its customer: the use, the limit, when its period ends, and which it is."""
        settings = key.customer.settings
        calendar = self._calendar(now_ms, settings.utc_offset_min)
        found: list[tuple[Use, int, int, str]] = []
        if key.daily_quota is not None:
            found.append((self._use(f"quota:{key.id}", calendar.day), key.daily_quota, calendar.day_end_ms, "day"))
        name = f"quota:c{key.customer.id}"
        if settings.daily_quota is not None:
            found.append((self._use(name, calendar.day), settings.daily_quota, calendar.day_end_ms, "day"))
        if settings.monthly_quota is not None:
            found.append((self._use(name, calendar.month), settings.monthly_quota, calendar.month_end_ms, "month"))
        return found

    def give_back(self, key: ApiKey, messages: int) -> None:
        """So many that were counted were not taken."""
        for use, _, _, _ in self._asked(key, self._clock.now_ms()):
            use.fresh -= min(messages, use.total)

    async def load(self) -> None:
        """Learn what the ledger has counted for what may be a day or a month anywhere now, or within the hour. Nothing
        while a write is on its way, which it may or may not have counted. Raises LedgerUnavailable.
        """
        if any(use.posted for use in self._uses.values()):
            return
        now_ms = self._clock.now_ms()
        live = live_buckets(now_ms)
        for bucket in live:
            for name, count in (await self._counters.counts(bucket)).items():
                if name.startswith("quota:"):  # there are others' sums in a bucket, too
                    self._use(name, bucket).stored = count
        for place, use in list(self._uses.items()):
            if place[1] not in live and not (use.fresh or use.posted):
                del self._uses[place]

    def flush(self) -> None:
        """Queue what was counted since the last time; one operation for each use that has changed."""
        for (name, bucket), use in self._uses.items():
            if use.fresh:
                self._journal.post(Count(name, bucket, use.fresh), self._written)
                use.posted += use.fresh
                use.fresh = 0

    def _written(self, op: WriteOp | None, _: WriteResult) -> None:
        if isinstance(op, Count):
            use = self._use(op.name, op.bucket)
            use.posted -= op.amount
            use.stored += op.amount

    def standing(self, customer: int, daily: int | None, monthly: int | None, utc_offset_min: int) -> list[Standing]:
        """Of a customer's quotas, as far as this process knows."""
        calendar = self._calendar(self._clock.now_ms(), utc_offset_min)
        found: list[Standing] = []
        if daily is not None:
            used = self._use(f"quota:c{customer}", calendar.day).total
            found.append(Standing(Period.DAY, daily, used, calendar.day_end_ms))
        if monthly is not None:
            used = self._use(f"quota:c{customer}", calendar.month).total
            found.append(Standing(Period.MONTH, monthly, used, calendar.month_end_ms))
        return found

    def crossings(self) -> Iterator[Crossing]:
        """What customers have reached of `WARN_AT` here since the last time; only the highest of each quota."""
        for customer, (daily, monthly, utc_offset_min) in self._limits.items():
            calendar = self._calendar(self._clock.now_ms(), utc_offset_min)
            for standing in self.standing(customer, daily, monthly, utc_offset_min):
                bucket = calendar.day if standing.period is Period.DAY else calendar.month
                use = self._use(f"quota:c{customer}", bucket)
                reached = [each for each in WARN_AT if standing.used * 100 >= each * standing.limit]
                if reached and reached[-1] > use.said:
                    use.said = reached[-1]
                    yield Crossing(customer, bucket, reached[-1], standing)

    def _use(self, name: str, bucket: int) -> Use:
        use = self._uses.get((name, bucket))
        if use is None:
            use = self._uses[name, bucket] = Use()
        return use

    def _calendar(self, now_ms: int, utc_offset_min: int) -> Calendar:
        calendar = self._calendars.get(utc_offset_min)
        if calendar is None or not calendar.day_end_ms - DAY_MS <= now_ms < calendar.day_end_ms:
            calendar = self._calendars[utc_offset_min] = Calendar(now_ms, utc_offset_min)
        return calendar


async def standing_in(
    counters: Counters, customer: int, daily: int | None, monthly: int | None, calendar: Calendar
) -> list[Standing]:
    """Of a customer's quotas, as the ledger has them, which may be about a second late. Raises LedgerUnavailable."""
    name, found = f"quota:c{customer}", []
    if daily is not None:
        used = await counters.count(name, calendar.day)
        found.append(Standing(Period.DAY, daily, used, calendar.day_end_ms))
    if monthly is not None:
        used = await counters.count(name, calendar.month)
        found.append(Standing(Period.MONTH, monthly, used, calendar.month_end_ms))
    return found
