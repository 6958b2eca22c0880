"""A customer's traffic as a page shows it: sums of hours or days, and what became of them."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any


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
        "accepted": sorted(accepted.items()),
        "ended": sorted(ended.items(), key=lambda pair: -pair[1]),
        "total": sum(accepted.values()),
        "has_small": any(each["messages"] is None for each in told["usage"]["items"]),
    }
