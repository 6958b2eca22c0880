"""What a run comes to, in numbers: percentiles, gaps, medians, and the records that the reports are made of."""

import statistics
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Final

import msgspec

SHARES: Final = (("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p99.9", 0.999), ("max", 1.0))
MESSAGE: Final = "message"


class Percentiles(msgspec.Struct, frozen=True, rename={"p99_9": "p99.9"}):
    """Milliseconds."""

    p50: float
    p90: float
    p99: float
    p99_9: float
    max: float


class Spread(msgspec.Struct, frozen=True):
    """A figure over several runs."""

    median: float
    low: float
    high: float


class Window(msgspec.Struct, frozen=True, kw_only=True):
    """One stretch of traffic, from the first message to the last thing it was to cause.

    rate_per_s: at which messages fell due; 0 is a closed loop. per_s: messages from the first sent to the last
    outcome. answered_per_s: to the last answer. cpu_us: microseconds a message, by process. busy: share of a core, by
    process. answer_ms: to the 202 (or submit_sm_resp), from when the message was due. submit_ms: from its answer to the
    arrival of its submit_sm, which may come first. told_ms: from its answer to the webhook or deliver_sm that tells of
    its end. pause_ms: the longest time in which nothing was answered.
    timeline: seconds, messages submitted, messages recorded.
    """

    messages: int
    rate_per_s: float
    seconds: float
    per_s: float
    answered_per_s: float
    cpu_us: dict[str, float]
    busy: dict[str, float]
    answer_ms: Percentiles
    submit_ms: Percentiles | None
    told_ms: Percentiles | None
    pause_ms: float
    rss_mb: float
    written_bytes: float
    timeline: list[tuple[float, int, int]] = []


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """A scenario on one target. closed: the runs for capacity. open: at fixed rates, lowest first.

    stages: share of the gateway's CPU by stage. checked: messages whose whole way was checked. notes: for readers.
    build: compiled or interpreted, as the gateway says of itself; '' of what does not say. nodes: of a comparison by
    their number; otherwise 0. one: what a window counts, a message or a look-up.
    """

    scenario: str
    target: str
    engine: str
    closed: list[Window]
    open: list[Window] = []
    stages: dict[str, float] = {}
    checked: int = 0
    notes: list[str] = []
    build: str = ""
    nodes: int = 0
    one: str = MESSAGE

    @property
    def name(self) -> str:
        return f"{self.scenario}, {self.target}" + (f" on {self.engine}" if self.engine else "")

    @property
    def full_name(self) -> str:
        """And of which build."""
        return self.name + (f" ({self.build})" if self.build else "")

    @property
    def truth(self) -> str:
        """What was checked, in words."""
        if self.one == MESSAGE:
            return f"{self.checked} messages checked, none lost, none twice"
        return f"{self.checked} {self.one}s, each answered with what is stored"


class Machine(msgspec.Struct, frozen=True, kw_only=True):
    """Where it ran. reference_us: a plain loop of 100 additions, before and after."""

    cores: int
    python: str
    system: str
    version: str
    began: str
    reference_us: tuple[float, float]


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What is written as JSON, drawn as HTML and compared."""

    machine: Machine
    results: list[Result]


def percentiles(seconds: Iterable[float]) -> Percentiles | None:
    """Of times in seconds, by nearest rank; None when there are none."""
    ordered = sorted(seconds)
    if not ordered:
        return None
    return Percentiles(*(round(ordered[_rank(share, len(ordered))] * 1000, 3) for _, share in SHARES))


def _rank(share: float, count: int) -> int:
    """The nearest rank: the smallest value that at least `share` of all do not exceed."""
    return max(0, -int(-share * count // 1) - 1)


def longest_gap(moments: Sequence[float]) -> float:
    """The longest time between one moment and the next; 0 for fewer than two. They need not be in order."""
    ordered = sorted(moments)
    return max((later - earlier for earlier, later in pairwise(ordered)), default=0.0)


def by_counted(results: Sequence[Result]) -> dict[str, list[Result]]:
    """Results that count the same together, by what that is."""
    groups: dict[str, list[Result]] = {}
    for result in results:
        groups.setdefault(result.one, []).append(result)
    return groups


def spread(values: Sequence[float]) -> Spread:
    """Median, lowest and highest of at least one value."""
    return Spread(statistics.median(values), min(values), max(values))


def over(windows: Sequence[Window], name: str) -> Spread:
    """A figure over runs; `name` is a field, or "cpu_us.gateway", or "answer_ms.p99"."""
    return spread([value_of(each, name) for each in windows])


def value_of(window: Window, name: str) -> float:
    field, _, part = name.partition(".")
    found = getattr(window, field)
    if isinstance(found, Mapping):
        return float(found[part])
    return float(getattr(found, part) if part else found)
