"""What pages reckon from what the API told."""

from typing import Any

from gateway.console.standing import now_of
from gateway.console.traffic import all_traffic_of, filled, traffic_of


def told(**more: Any) -> dict[str, Any]:
    process = {"current": True, "draining": False}
    return {
        "system": {"waiting": {"stc": 3, "mobily": 4}, "checks": {"ledger": True, "keys": False}},
        "operators": {
            "operators": [
                {"name": "stc", "state": "up", "circuit": "closed", "binds_up": 2, "binds": 2},
                {"name": "mobily", "state": "up", "circuit": "open", "binds_up": 1, "binds": 2},
            ]
        },
        "nodes": {"nodes": [{"processes": [process, {**process, "current": False}]}, {"processes": []}]},
        "accepting": {"on": True},
        "dispatch": {"on": True},
        "traffic": None,
        **more,
    }


def test_an_operator_is_up_when_messages_go_out_over_it() -> None:
    now = now_of(told())
    assert (now["up"], [each["name"] for each in now["troubled"]]) == (1, ["mobily"])
    assert (now["waiting"], now["waiting_most"], now["nodes_up"], now["processes"], now["behind"]) == (7, 4, 1, 2, 1)
    assert (now["failing"], now["sparks"]) == (["keys"], [])


def test_who_may_not_see_operators_is_told_of_none() -> None:
    assert now_of(told(operators=None))["up"] == 0


def test_a_line_has_every_hour_of_the_day() -> None:
    times = [
        {"start": "2026-11-30T08:00:00Z", "status": "accepted", "messages": 5},
        {"start": "2026-11-30T08:00:00Z", "status": "failed", "messages": 1},
        {"start": "2026-11-30T08:00:00Z", "status": "expired", "messages": 2},
        {"start": "2026-11-30T09:00:00Z", "status": "delivered", "messages": None},
    ]
    traffic = {"since": "2026-11-29T10:20:00Z", "until": "2026-11-30T10:20:00.001Z", "times": times}
    lines = dict(now_of(told(traffic=traffic))["sparks"])
    assert {len(each) for each in lines.values()} == {24}
    assert dict(lines["accepted"])["2026-11-30T08:00:00Z"] == 5
    assert dict(lines["undelivered"])["2026-11-30T08:00:00Z"] == 3
    assert sum(many for _, many in lines["delivered"]) == 0, "what is too few to be told"


def test_days_without_messages_are_drawn_too() -> None:
    first, until = "2026-11-01T21:00:00Z", "2026-11-04T20:00:00Z"
    days = filled({first: 1, "2026-11-03T21:00:00Z": 3}, "day", first, until)
    assert [many for _, many in days] == [1, 0, 3]
    assert filled({}, "day", "", "2026-11-05T00:00:00Z") == []
    assert filled({"2026-11-01": 1}, "month", "2026-11-01", "2026-12-05") == [("2026-11-01", 1)]


def test_sums_say_how_messages_ended_and_who_sent_most() -> None:
    items = [
        {"start": "2026-11-30T00:00:00Z", "status": "accepted", "messages": 5},
        {"start": "2026-11-30T00:00:00Z", "status": "delivered", "messages": 4},
        {"start": "2026-11-30T00:00:00Z", "status": "failed", "messages": None},
    ]
    one = traffic_of({"usage": {"by": "day", "until": "2026-11-30T10:00:00Z", "items": items}})
    assert (one["total"], one["ended"], one["has_small"]) == (5, [("delivered", 4), ("failed", 0)], True)
    customers = [
        {"customer": "a", "messages": {"accepted": 1}},
        {"customer": "b", "messages": {"accepted": 9, "failed": 1}},
    ]
    until = "2026-12-01T00:00:00Z"
    every = all_traffic_of({"traffic": {"by": "day", "until": until, "times": [], "customers": customers}})
    assert [each["customer"] for each in every["busiest"]] == ["b", "a"]
    assert every["statuses"] == ["failed"]
