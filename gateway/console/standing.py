"""How the gateway stands, in words and eight numbers, reckoned from what the API tells of it."""

from collections.abc import Mapping
from typing import Any

Told = Mapping[str, Any]


def standing_of(told: Told) -> Told:
    """For the page of now. told: `system`, `operators`, `nodes`, `accepting` and `dispatch`, None for what is not shown
    to who looks.
    """
    operators = [] if told["operators"] is None else told["operators"]["operators"]
    processes = [each for node in told["nodes"]["nodes"] for each in node["processes"]]
    waiting = told["system"]["waiting"]
    return {
        "up": sum(is_up(each) for each in operators),
        "troubled": [each for each in operators if not is_up(each)],
        "binds_up": sum(each["binds_up"] for each in operators),
        "binds": sum(each["binds"] for each in operators),
        "waiting": sum(waiting.values()),
        "nodes_up": sum(bool(each["processes"]) for each in told["nodes"]["nodes"]),
        "processes": len(processes),
        "behind": sum(not each["current"] for each in processes),
        "draining": sum(each["draining"] for each in processes),
        "failing": sorted(name for name, holds in told["system"]["checks"].items() if not holds),
        "waiting_most": max(waiting.values(), default=0),
    }


def is_up(operator: Mapping[str, Any]) -> bool:
    """Whether messages go out over it now."""
    return bool(operator["state"] == "up" and operator["circuit"] == "closed")
