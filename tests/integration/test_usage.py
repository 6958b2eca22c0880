"""`GET /v1/usage`: what a customer sent, and nothing of what others did."""

from pathlib import Path
from typing import Any

import pytest

from gateway.accounts.settings import CustomerSettings, stored_form
from gateway.ledger.contract import Used
from gateway.ledger.usage import HOUR_MS
from gateway.limits.quotas import Calendar
from gateway.limits.usage import Span, report
from gateway.model.message import MessageClass, Status
from gateway.model.times import rfc3339
from operators.base import ReceiptState
from tests.integration.road_api import api_on_road
from tests.unit.gateway.road import Road
from tests.unit.gateway.stage import BODY, customer, until

DAY_H = 24


def used(hour: int, customer: int = 1, **fields: Any) -> Used:
    base: dict[str, Any] = {
        "customer": customer,
        "hour": hour,
        "message_class": MessageClass.OTP,
        "country": 966,
        "status": Status.DELIVERED,
        "operator": "loop",
        "messages": 1,
        "segments": 2,
    }
    return Used(**(base | fields))


async def test_what_was_sent_is_in_the_report_once_as_accepted_and_once_as_it_ended(tmp_path: Path) -> None:
    async with api_on_road(tmp_path, receipts=lambda _: ReceiptState.DELIVERED) as (stage, road):
        for _ in range(3):
            assert (await stage.post(BODY)).status == 202
        await until(lambda: len(road.ended) == 3)
        told = (await stage.get("/v1/usage")).json()
        cells = [(each["status"], each.get("operator"), each["messages"], each["segments"]) for each in told["items"]]
        assert cells == [("accepted", None, 3, 3), ("delivered", "loop", 3, 3)]
        assert told["by"] == "day"


async def test_another_customers_messages_are_not_in_it(tmp_path: Path) -> None:
    async with api_on_road(tmp_path) as (stage, road):
        await road.ledger.usage.add([used(road.clock.now_ms() // HOUR_MS, customer=2)])
        assert (await stage.get("/v1/usage")).json()["items"] == []


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("since=yesterday", "since"),
        ("until=2026-13-01T00:00:00Z", "until"),
        ("until=9999-12-31T23:59:60Z", "until"),
        ("until=1969-12-31T23:59:59Z", "until"),
        ("until=1970-01-01T00:00:00%2B00:01", "until"),
        ("by=week", "by"),
        ("offset=3", "offset"),
        ("offset=%2B15:00", "offset"),
        ("since=2020-01-01T00:00:00Z", "since"),
        ("by=hour&since=2026-01-01T00:00:00Z&until=2026-02-02T00:00:00Z", "since"),
        ("since=2026-02-01T00:00:00Z&until=2026-01-01T00:00:00Z", "since"),
    ],
)
async def test_a_period_that_is_none_is_refused(tmp_path: Path, query: str, field: str) -> None:
    async with api_on_road(tmp_path) as (stage, _road):
        answer = await stage.get(f"/v1/usage?{query}")
        assert (answer.status, answer.json()["code"], answer.json()["field"]) == (400, "invalid_parameter", field)


async def _reported(road: Road, span: Span, offset_min: int, rows: list[Used]) -> list[tuple[int, int]]:
    await road.ledger.usage.add(rows)
    first, last = min(each.hour for each in rows), max(each.hour for each in rows)
    found = await report(road.ledger.usage, 1, first * HOUR_MS, (last + 1) * HOUR_MS, span, offset_min)
    return [(each.start_ms // HOUR_MS, each.messages) for each in found]


async def test_days_and_months_go_by_the_clock_that_is_asked_for(tmp_path: Path) -> None:
    december = 1_796_083_200 // 3600  # 2026-12-01T00:00:00Z
    rows = [used(december - 4), used(december - 3), used(december + 20), used(december + 21)]
    async with api_on_road(tmp_path) as (_stage, road):
        assert await _reported(road, Span.HOUR, 0, rows) == [(each.hour, 1) for each in rows]
        assert await report(road.ledger.usage, 1, 0, 0) == []
    async with api_on_road(tmp_path / "riyadh") as (_stage, road):
        assert await _reported(road, Span.DAY, 180, rows) == [
            (december - 3 - DAY_H, 1),
            (december - 3, 2),
            (december - 3 + DAY_H, 1),
        ]
    async with api_on_road(tmp_path / "months") as (_stage, road):
        assert await _reported(road, Span.MONTH, 180, rows) == [(december - 3 - 30 * DAY_H, 1), (december - 3, 3)]


async def test_quotas_say_what_is_left_and_the_last_message_is_refused_until_the_day_ends(tmp_path: Path) -> None:
    settings = CustomerSettings(senders={"INTERKEY": ()}, daily_quota=2, monthly_quota=50)
    async with api_on_road(tmp_path, customers=[customer(settings=stored_form(settings))]) as (stage, road):
        assert [(await stage.post(BODY)).status for _ in range(2)] == [202, 202]
        refused = await stage.post(BODY)
        assert (refused.status, refused.json()["code"]) == (429, "quota_exceeded")
        calendar = Calendar(road.clock.now_ms(), 180)
        left_s = (calendar.day_end_ms - road.clock.now_ms()) / 1000
        assert left_s - 60 <= int(refused.headers["retry-after"]) <= left_s + 60
        day, month = (await stage.get("/v1/usage")).json()["quotas"]
        assert (day["period"], day["limit"], day["used"], day["left"]) == ("day", 2, 2, 0)
        assert (month["period"], month["limit"], month["used"], month["left"]) == ("month", 50, 2, 48)
        assert day["ends_at"] == rfc3339(calendar.day_end_ms)
        assert month["ends_at"] == rfc3339(calendar.month_end_ms)
