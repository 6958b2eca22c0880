"""Days and months by a customer's clock, what is used of quotas in them, and what is warned of."""

import asyncio
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.accounts.customers import ApiKey, Customer, CustomerSettings
from gateway.ledger.contract import Count
from gateway.ledger.journal import Journal
from gateway.limits.admission import Admission
from gateway.limits.quotas import DAY_MS, Calendar, Period, standing_in
from gateway.model.message import OutboxEvent
from gateway.model.refusals import Refusal
from gateway.process.clock import ManualClock
from tests.unit.gateway.limits.test_admission import FREE
from tests.unit.gateway.small_ledger import SmallLedger

RIYADH_MIN = 180


def at_ms(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1000)


def of(number: int = 1, **settings: Any) -> ApiKey:
    owner = Customer(id=number, public_id=f"cus_{number}", settings=CustomerSettings(**settings), disabled=False)
    return msgspec.structs.replace(FREE, customer=owner)


class Desk:
    """Two processes on one ledger."""

    def __init__(self, at: str = "2026-11-30T12:00:00Z") -> None:
        self.ledger = SmallLedger()
        self.clock = ManualClock(at_ms(at))
        self.events: list[OutboxEvent] = []
        self.journal = Journal(
            self.ledger,
            stored=lambda _: None,
            events_stored=lambda stored: self.events.extend([event for event, _ in stored]),
        )
        self._commits: asyncio.Task[None] | None = None
        self.one, self.other = (
            Admission(self.ledger, self.journal, self.clock, max_inflight=1_000_000) for _ in range(2)
        )

    def admit(self, key: ApiKey, messages: int = 1) -> None:
        self.one.admit(key, messages, self.clock.now_ms())

    def refused(self, key: ApiKey, messages: int = 1) -> Refusal:
        with pytest.raises(Refusal) as caught:
            self.admit(key, messages)
        return caught.value

    async def written(self) -> None:
        self._commits = self._commits or asyncio.create_task(self.journal.run())
        self.one.flush()
        self.other.flush()
        await self.journal.drain()


@given(st.integers(0, 4_102_444_800_000), st.integers(-720, 840))
def test_a_calendar_is_the_days_and_months_of_its_clock(now_ms: int, offset_min: int) -> None:
    calendar = Calendar(now_ms, offset_min)
    zone = timezone(timedelta(minutes=offset_min))
    local = datetime.fromtimestamp(now_ms // 1000, UTC).astimezone(zone)
    midnight = (local + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    year, month = (local.year + local.month // 12, local.month % 12 + 1)
    turn = local.replace(year=year, month=month, day=1, hour=0, minute=0, second=0, microsecond=0)
    assert calendar.day_end_ms == midnight.timestamp() * 1000
    assert calendar.month_end_ms == turn.timestamp() * 1000
    assert Calendar(calendar.day_end_ms, offset_min).day == calendar.day + 1
    assert Calendar(calendar.month_end_ms, offset_min).month == calendar.month + 1
    assert Calendar(calendar.month_end_ms - 1, offset_min).month == calendar.month


async def test_midnight_in_riyadh_is_at_21_utc_and_begins_the_quota_anew() -> None:
    desk = Desk("2026-11-29T20:59:59Z")
    key = of(daily_quota=2, utc_offset_min=RIYADH_MIN)
    desk.admit(key, 2)
    refusal = desk.refused(key)
    assert (refusal.code, refusal.retry_after_s) == ("quota_exceeded", 1.0)
    desk.clock.advance(0.999)
    assert desk.refused(key).code == "quota_exceeded"
    desk.clock.advance(0.001)
    desk.admit(key, 2)
    assert desk.refused(key).retry_after_s == DAY_MS / 1000


async def test_a_months_quota_outlasts_its_days_and_says_when_the_month_ends() -> None:
    desk = Desk("2026-11-29T12:00:00Z")
    key = of(daily_quota=3, monthly_quota=4)
    desk.admit(key, 3)
    assert desk.refused(key).retry_after_s == 9 * 3600
    desk.clock.advance(24 * 3600)
    desk.admit(key)
    assert desk.refused(key, 1).retry_after_s == 9 * 3600  # the 30th: day and month end at the same midnight
    desk.clock.advance(9 * 3600)
    desk.admit(key, 3)


async def test_the_longest_wait_is_told_where_both_are_used_up() -> None:
    desk = Desk("2026-11-10T12:00:00Z")
    key = of(daily_quota=2, monthly_quota=2)
    desk.admit(key, 2)
    assert desk.refused(key).retry_after_s == (at_ms("2026-11-30T21:00:00Z") - desk.clock.now_ms()) / 1000


async def test_a_customers_quota_is_shared_by_its_keys_and_no_other_customers() -> None:
    desk = Desk()
    key = of(daily_quota=2)
    desk.admit(key)
    desk.admit(msgspec.structs.replace(key, id=-9))
    assert desk.refused(key).code == "quota_exceeded"
    desk.admit(of(2, daily_quota=2), 2)


async def test_a_keys_own_quota_stands_beside_its_customers() -> None:
    desk = Desk()
    key = msgspec.structs.replace(of(daily_quota=10), daily_quota=1)
    desk.admit(key)
    assert desk.refused(key).code == "quota_exceeded"
    desk.admit(msgspec.structs.replace(key, id=8, daily_quota=None), 9)
    assert desk.refused(msgspec.structs.replace(key, id=9, daily_quota=None)).code == "quota_exceeded"


async def test_what_was_refused_later_is_given_back_to_every_quota() -> None:
    desk = Desk()
    key = msgspec.structs.replace(of(daily_quota=2, monthly_quota=2), daily_quota=2)
    desk.admit(key, 2)
    desk.one.settle(key, 2, refused=2)
    desk.admit(key, 2)


async def test_what_another_process_counted_is_known_after_the_next_load_and_after_a_restart() -> None:
    desk = Desk()
    key = of(daily_quota=10, monthly_quota=100)
    desk.other.admit(key, 9, desk.clock.now_ms())
    await desk.written()
    await desk.one.load()
    desk.admit(key)
    assert desk.refused(key).code == "quota_exceeded"
    (day, month) = desk.one.quotas.standing(1, 10, 100, RIYADH_MIN)
    assert [(each.period, each.used) for each in (day, month)] == [(Period.DAY, 10), (Period.MONTH, 10)]


async def test_a_clock_far_from_the_others_is_read_before_its_first_use() -> None:
    for offset_min in (-720, 840):
        desk = Desk("2026-11-30T23:59:00Z")
        key = of(daily_quota=5, monthly_quota=5, utc_offset_min=offset_min)
        desk.other.admit(key, 5, desk.clock.now_ms())
        await desk.written()
        await desk.one.load()
        assert desk.refused(key).code == "quota_exceeded"


async def test_the_ledger_says_how_quotas_stand_to_whoever_only_reads() -> None:
    desk = Desk()
    desk.admit(of(daily_quota=10, monthly_quota=20), 4)
    await desk.written()
    calendar = Calendar(desk.clock.now_ms(), RIYADH_MIN)
    found = await standing_in(desk.ledger, 1, 10, 20, calendar)
    assert [(each.limit, each.used, each.end_ms) for each in found] == [
        (10, 4, calendar.day_end_ms),
        (20, 4, calendar.month_end_ms),
    ]
    assert await standing_in(desk.ledger, 1, None, None, calendar) == []


async def test_what_is_over_is_forgotten() -> None:
    desk = Desk()
    for _ in range(40):
        desk.admit(of(daily_quota=10, monthly_quota=1_000), 1)
        await desk.written()
        desk.clock.advance(24 * 3600)
        await desk.one.load()
    assert len(desk.one.quotas._uses) <= 6


async def test_each_threshold_is_crossed_once_and_a_jump_says_the_highest() -> None:
    desk = Desk()
    key, said = of(daily_quota=10, monthly_quota=1_000), []
    for _ in range(10):
        desk.admit(key)
        said.append([(each.standing.period.value, each.percent) for each in desk.one.quotas.crossings()])
    assert [each for each in said if each] == [[("day", 50)], [("day", 80)], [("day", 100)]]
    desk.clock.advance(24 * 3600)
    desk.admit(key, 10)
    assert [each.percent for each in desk.one.quotas.crossings()] == [100]


@given(
    st.lists(st.tuples(st.sampled_from(["one", "other"]), st.integers(1, 6), st.booleans()), max_size=60),
    st.integers(1, 60),
)
def test_two_processes_together_never_pass_a_quota_by_more_than_what_they_did_not_know(
    steps: list[tuple[str, int, bool]], quota: int
) -> None:
    async def run() -> None:
        desk = Desk()
        key = of(daily_quota=quota)
        counted, unknown, most = 0, {"one": 0, "other": 0}, 0
        for name, messages, loads in steps:
            with suppress(Refusal):
                getattr(desk, name).admit(key, messages, desk.clock.now_ms())
                counted += messages
                unknown[name] += messages
                most = max(most, *unknown.values())
            if loads:
                await desk.written()
                await desk.one.load()
                await desk.other.load()
                unknown = {"one": 0, "other": 0}
        assert counted <= quota + most

    asyncio.run(run())


async def test_counters_of_earlier_versions_by_key_are_found() -> None:
    desk = Desk()
    await desk.ledger.apply([Count("quota:7", Calendar(desk.clock.now_ms(), RIYADH_MIN).day, 5)])
    await desk.one.load()
    assert desk.refused(msgspec.structs.replace(of(), daily_quota=5)).code == "quota_exceeded"


async def test_whoever_asks_is_let_in_by_no_quota_and_told_until_when_it_is_used_up() -> None:
    desk = Desk("2026-11-30T12:00:00Z")
    key, now_ms = of(daily_quota=2, monthly_quota=3), desk.clock.now_ms()
    assert desk.one.quotas.wait_s(key, 2, now_ms) == 0.0
    assert desk.one.quotas.wait_s(key, 3, now_ms) == 9 * 3600.0  # midnight in Riyadh
    assert desk.one.quotas.wait_s(key, 4, now_ms) == 9 * 3600.0
    desk.admit(key, 2)
    desk.one.admit_question(key)
    assert desk.one.quotas.wait_s(key, 1, now_ms) == 9 * 3600.0
    desk.one.settle(key, 1)
    assert desk.one.quotas.refused == {"day": 0, "month": 0}
    assert (desk.one.inflight, [each.used for each in desk.one.quotas.standing(1, 2, 3, RIYADH_MIN)]) == (2, [2, 2])
