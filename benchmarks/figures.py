"""What a run comes to, in numbers: percentiles, gaps, medians, and the records that the reports are made of."""

import statistics
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Final

import msgspec

SHARES: Final = (("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p99.9", 0.999), ("max", 1.0))
CURVE: Final = (0.0, 0.25, 0.5, 0.75, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999, 0.9995, 0.9999, 0.99999)
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
    timeline: seconds, messages submitted, messages recorded. curve: of the answers, a share and the milliseconds that
    so many do not exceed. course: second by second, answers and their p99 in milliseconds. memory: seconds, MB.
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
    held_ms: float = 0.0
    curve: list[tuple[float, float]] = []
    course: list[tuple[int, int, float]] = []
    memory: list[tuple[float, float]] = []


class Threshold(msgspec.Struct, frozen=True, kw_only=True):
    """What was demanded of a result, as it was written, what it came to, and whether that is enough. limit_ms: of
    answers, that a drawing of them shows; 0 of all else.
    """

    result: str
    text: str
    value: str
    met: bool
    limit_ms: float = 0.0


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """A scenario on one target. closed: the runs for capacity. open: at fixed rates, lowest first.

    stages: share of the gateway's CPU by stage. checked: messages whose whole way was checked. notes: for readers.
    build: compiled or interpreted, as the gateway says of itself; '' of what does not say. nodes: of a comparison by
    their number; otherwise 0. one: what a window counts, a message or a look-up. thresholds: that the scenario has of
    itself.
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
    thresholds: list[Threshold] = []

    @property
    def is_own(self) -> bool:
        """Of the gateway, not of what it is compared with."""
        return self.target == "gateway"

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
    """Where it ran, and of what. reference_us: a plain loop of 100 additions, before and after. sync_ms: of one page
    forced to the disk that the data lay on, the median. arguments: of the command. settings: of the gateway that the
    environment gave. What an older report does not say is empty.
    """

    cores: int
    python: str
    system: str
    version: str
    began: str
    reference_us: tuple[float, float]
    cpu: str = ""
    memory_gb: float = 0.0
    file_system: str = ""
    sync_ms: float = 0.0
    arguments: list[str] = []
    settings: dict[str, str] = {}


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What is written as JSON, drawn as HTML and compared."""

    machine: Machine
    results: list[Result]
    thresholds: list[Threshold] = []

    @property
    def demanded(self) -> list[Threshold]:
        """What the scenarios have of themselves, and what was asked for."""
        return [*(each for result in self.results for each in result.thresholds), *self.thresholds]


def percentiles(seconds: Iterable[float]) -> Percentiles | None:
    """Of times in seconds, by nearest rank; None when there are none."""
    ordered = sorted(seconds)
    if not ordered:
        return None
    return Percentiles(*(round(ordered[_rank(share, len(ordered))] * 1000, 3) for _, share in SHARES))


def _rank(share: float, count: int) -> int:
    """The nearest rank: the smallest value that at least `share` of all do not exceed."""
    return max(0, -int(-share * count // 1) - 1)


def curve_of(seconds: Iterable[float]) -> list[tuple[float, float]]:
    """Shares and milliseconds, as far as one lies beyond each share, and the longest at last."""
    ordered = sorted(seconds)
    shares = [share for share in CURVE if len(ordered) * (1 - share) >= 1 - 1e-9]
    return [(share, round(ordered[_rank(share, len(ordered))] * 1000, 3)) for share in (*shares, 1.0) if ordered]


def course_of(due: Sequence[float], answered: Sequence[float], began: float) -> list[tuple[int, int, float]]:
    """What each second brought: answers, and the 99th percentile of how long they had taken, in milliseconds. A second
    without any is there, too.
    """
    seconds: dict[int, list[float]] = {}
    for asked, moment in zip(due, answered, strict=True):
        seconds.setdefault(int(moment - began), []).append(moment - asked)
    found = []
    for second in range(max(seconds, default=-1) + 1):
        waits = sorted(seconds.get(second, ()))
        found.append((second, len(waits), round(waits[_rank(0.99, len(waits))] * 1000, 3) if waits else 0.0))
    return found


def is_known(window: Window, field: str, part: str) -> bool:
    """Whether a window has this percentile (p99.9, say) of a field: enough messages for one to lie beyond it."""
    share = dict(SHARES)[part]
    return getattr(window, field) is not None and (share == 1.0 or window.messages * (1 - share) >= 1 - 1e-9)


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
