"""Counts in buckets, as the hot path makes them; `gateway.metrics.exposition` renders them."""

from bisect import bisect_left
from collections.abc import Sequence
from typing import Final

from gateway.model.message import Message, Status

SECONDS: Final[Sequence[float]] = (
    0.001,
    0.0025,
    0.005,
    0.01,
    0.025,
    0.05,
    0.1,
    0.25,
    0.5,
    1.0,
    2.5,
    5.0,
    10.0,
    30.0,
    60.0,
    300.0,
)


class Histogram:
    """Counts in buckets; one `observe` is a bisection and two additions."""

    __slots__ = ("bounds", "counts", "name", "text", "total")

    def __init__(self, name: str, text: str, bounds: Sequence[float] = SECONDS) -> None:
        self.name = name
        self.text = text
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.total = 0.0

    def observe(self, value: float) -> None:
        self.counts[bisect_left(self.bounds, value)] += 1
        self.total += value


class Outcome:
    """How many messages reached which final status, and how long it took."""

    def __init__(self) -> None:
        self.by_status: dict[Status, int] = dict.fromkeys(Status, 0)
        self.to_final = Histogram("gateway_final_seconds", "Time from acceptance to the final status")
        self.to_submit = Histogram("gateway_submit_seconds", "Time from acceptance to the first attempt")

    def final(self, message: Message) -> None:
        self.by_status[message.status] += 1
        if message.final_ms is not None:
            self.to_final.observe((message.final_ms - message.accepted_ms) / 1000)

    def waited(self, wait_ms: int) -> None:
        self.to_submit.observe(wait_ms / 1000)
