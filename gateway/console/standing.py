"""How the gateway stands, in words and eight numbers, reckoned from what the API tells of it."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from gateway.console.traffic import Line, filled

Told = Mapping[str, Any]


SPARKS: Final = (
    ("accepted", ("accepted",)),
    ("delivered", ("delivered",)),
    ("undelivered", ("undelivered", "rejected", "failed", "expired")),
    ("unknown", ("unknown",)),
)
"""Lines of the page, each with the statuses that it adds up."""


def now_of(told: Told) -> Told:
    """For the page of now. told: `system`, `operators`, `nodes`, `accepting`, `dispatch`, `traffic`; None for what is
    not shown to who looks.
    """
    return {**_standing_of(told), "sparks": [] if told["traffic"] is None else _sparks_of(told["traffic"])}


def _sparks_of(traffic: Told) -> list[tuple[str, Line]]:
    """For each line its status and its hours. What is too few to be told is none."""
    since = datetime.fromisoformat(traffic["since"]) + timedelta(hours=1)
    first = since.replace(minute=0, second=0, microsecond=0).isoformat()
    lines: dict[str, dict[str, int]] = {name: {} for name, _ in SPARKS}
    for each in traffic["times"]:
        for name in (name for name, statuses in SPARKS if each["status"] in statuses):
            sums = lines[name]
            sums[each["start"]] = sums.get(each["start"], 0) + (each["messages"] or 0)
    return [(name, filled(lines[name], "hour", first, traffic["until"])) for name, _ in SPARKS]


def _standing_of(told: Told) -> Told:
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
