"""A customer's traffic as a page shows it: sums of hours or days, and what became of them."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

STEPS: Final = {"hour": timedelta(hours=1), "day": timedelta(days=1)}
Line = list[tuple[str, int]]
"""Starts, as RFC 3339, and messages."""


def filled(sums: Mapping[str, int], by: str, first: str, until: str) -> Line:
    """With 0 where there is no sum, from the first start on; months as they are. first: "" where there is none."""
    step = STEPS.get(by)
    if step is None or not first:
        return sorted(sums.items())
    known = {datetime.fromisoformat(start): many for start, many in sums.items()}
    at, end, line = datetime.fromisoformat(first), datetime.fromisoformat(until), list[tuple[str, int]]()
    while at < end:
        line.append((at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"), known.get(at, 0)))
        at += step
    return line


def traffic_of(told: Mapping[str, Any]) -> Mapping[str, Any]:
    """accepted: messages that were accepted, by start. ended: pairs of how they ended and how many. Cells that are too
    small to be told count as none.
    """
    accepted: dict[str, int] = defaultdict(int)
    ended: dict[str, int] = defaultdict(int)
    for each in told["usage"]["items"]:
        many = each["messages"] or 0
        if each["status"] == "accepted":
            accepted[each["start"]] += many
        else:
            ended[each["status"]] += many
    return {
        "accepted": filled(accepted, told["usage"]["by"], min(accepted, default=""), told["usage"]["until"]),
        "ended": sorted(ended.items(), key=lambda pair: -pair[1]),
        "total": sum(accepted.values()),
        "has_small": any(each["messages"] is None for each in told["usage"]["items"]),
    }


def all_traffic_of(told: Mapping[str, Any]) -> Mapping[str, Any]:
    """accepted: messages of all customers that were accepted, by start. statuses: that any message ended in.
    customers: the busiest first.
    """
    traffic = told["traffic"]
    statuses = sorted({status for each in traffic["customers"] for status in each["messages"]} - {"accepted"})
    sums = {each["start"]: each["messages"] or 0 for each in traffic["times"] if each["status"] == "accepted"}
    accepted = filled(sums, traffic["by"], min(sums, default=""), traffic["until"])
    customers = sorted(traffic["customers"], key=lambda each: -(each["messages"].get("accepted") or 0))
    return {
        "accepted": accepted,
        "statuses": statuses,
        "busiest": customers,
        "total": sum(many for _, many in accepted),
    }
