"""A customer is warned once at each threshold, whichever process sees it first."""

import asyncio
import json

from gateway.ledger.contract import DocumentWrite
from gateway.limits.quota_warnings import EVENT, KIND, QuotaWarnings
from tests.unit.gateway.limits.test_quotas import Desk, of
from tests.unit.gateway.small_acts import SmallActs


class Watched(Desk):
    """Both processes warn."""

    def __init__(self) -> None:
        super().__init__()
        self.acts = SmallActs()
        self.warnings = [
            QuotaWarnings(each.quotas, self.acts, self.journal, self.clock) for each in (self.one, self.other)
        ]

    async def look(self) -> list[dict[str, object]]:
        """What was said since the last time."""
        await asyncio.gather(*(each.look() for each in self.warnings))
        await self.written()
        found, self.events = self.events, []
        assert all(each.kind == EVENT for each in found)
        return [json.loads(each.data) for each in found]


async def test_thresholds_are_said_once_over_all_processes() -> None:
    desk = Watched()
    key = of(daily_quota=10)
    desk.admit(key, 5)
    (said,) = await desk.look()
    assert said == {"period": "day", "percent": 50, "limit": 10, "used": 5, "ends_at": "2026-11-30T21:00:00.000Z"}
    await desk.written()
    await desk.other.load()
    desk.other.admit(key, 1, desk.clock.now_ms())
    assert await desk.look() == []
    desk.other.admit(key, 2, desk.clock.now_ms())
    await desk.written()
    await desk.one.load()
    desk.admit(key, 1)
    assert [each["percent"] for each in await desk.look()] == [80]
    desk.admit(key, 1)
    assert [each["percent"] for each in await desk.look()] == [100]
    assert await desk.look() == []
    desk.clock.advance(24 * 3600)
    desk.admit(key, 6)
    assert [each["percent"] for each in await desk.look()] == [50]


async def test_what_cannot_be_written_is_said_later_and_what_was_said_is_not_said_after_a_restart() -> None:
    desk = Watched()
    key = of(daily_quota=10, monthly_quota=10)
    desk.admit(key, 10)
    desk.acts.broken = True
    assert await desk.look() == []
    desk.acts.broken = False
    assert sorted((each["period"], each["percent"]) for each in await desk.look()) == [("day", 100), ("month", 100)]
    assert desk.warnings[0].told == {("day", "100"): 1, ("month", "100"): 1}
    await desk.written()
    again = QuotaWarnings(desk.other.quotas, desk.acts, desk.journal, desk.clock)
    await desk.other.load()
    desk.other.admit(of(daily_quota=11, monthly_quota=11), 1, desk.clock.now_ms())
    await again.look()
    assert again.told == {}


async def test_a_document_that_cannot_be_read_costs_a_warning_twice_and_nothing_else() -> None:
    desk = Watched()
    await desk.acts.act([DocumentWrite(KIND, "1", b"\xc1")])
    desk.admit(of(daily_quota=2), 1)
    assert [each["percent"] for each in await desk.look()] == [50]
