"""Numbers for operations: Prometheus text, rendered when asked for.

The hot path counts in plain integers of the objects that own them; this module reads those when somebody scrapes.
Nothing here has a label that could be personal: labels are operator names, status words and codes of our own.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import generate_latest
from prometheus_client.registry import Collector, CollectorRegistry

from gateway.message import Message, Status

SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)
SIZES: Final = (1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0)

Sample = tuple[str, str, float] | tuple[str, str, dict[str, float]]
"""Name, help, and a value or values by label."""


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

    def family(self) -> Metric:
        running, buckets = 0, []
        for bound, count in zip((*map(str, self.bounds), "+Inf"), self.counts, strict=True):
            running += count
            buckets.append((bound, float(running)))
        return HistogramMetricFamily(self.name, self.text, buckets=buckets, sum_value=self.total)


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


class Exposition(Collector):
    """Renders what the owners report. Each source gives (name, help, value or {label: value})."""

    def __init__(self) -> None:
        self._counters: list[Callable[[], Sequence[Sample]]] = []
        self._gauges: list[Callable[[], Sequence[Sample]]] = []
        self._histograms: list[Histogram] = []
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(self)

    def add_counters(self, source: Callable[[], Sequence[Sample]]) -> None:
        self._counters.append(source)

    def add_gauges(self, source: Callable[[], Sequence[Sample]]) -> None:
        self._gauges.append(source)

    def add_histogram(self, histogram: Histogram) -> None:
        self._histograms.append(histogram)

    def render(self) -> bytes:
        """Everything, in Prometheus text format."""
        return generate_latest(self._registry)

    def collect(self) -> Iterator[Metric]:
        for source in self._counters:
            for sample in source():
                yield _family(CounterMetricFamily, sample)
        for source in self._gauges:
            for sample in source():
                yield _family(GaugeMetricFamily, sample)
        for histogram in self._histograms:
            yield histogram.family()


def _family(kind: type[CounterMetricFamily] | type[GaugeMetricFamily], sample: Sample) -> Metric:
    name, text, value = sample
    if not isinstance(value, dict):
        return kind(name, text, value=value)
    label = name.rsplit("_by_", 1)[-1] if "_by_" in name else "name"
    family = kind(name.replace(f"_by_{label}", ""), text, labels=[label])
    for key, number in value.items():
        family.add_metric([key], number)
    return family
