"""Numbers for operations: Prometheus text, rendered when asked for.

The hot path counts in plain integers of the objects that own them; this module reads those at each scrape.
Nothing here has a label that could be personal: labels are operator names, status words and codes of our own.
"""

from collections.abc import Callable, Iterator, Sequence

from prometheus_client import ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import generate_latest
from prometheus_client.registry import Collector, CollectorRegistry

from gateway.metrics.histograms import Histogram as Histogram
from gateway.metrics.histograms import Outcome as Outcome
from gateway.process.version import build, version

Sample = tuple[str, str, float | dict[str, float] | dict[tuple[str, str], float]]
"""Name, help, and a value or values by label. The name says by which: `_by_status`, or `_by_route_and_status`."""


class Exposition(Collector):
    """Renders what the owners report. Each source gives (name, help, value or {label: value}).

    of_process: which build runs, and what the process uses, as well.
    """

    def __init__(self, *, of_process: bool = False) -> None:
        self._counters: list[Callable[[], Sequence[Sample]]] = []
        self._gauges: list[Callable[[], Sequence[Sample]]] = []
        self._histograms: list[Histogram] = []
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(self)
        self._of_process = of_process
        if of_process:
            ProcessCollector(registry=self._registry)

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
        if self._of_process:
            info = GaugeMetricFamily("gateway_build_info", "which version and build runs", labels=["version", "build"])
            info.add_metric([version(), build()], 1)
            yield info
        for source in self._counters:
            for sample in source():
                yield _family(CounterMetricFamily, sample)
        for source in self._gauges:
            for sample in source():
                yield _family(GaugeMetricFamily, sample)
        for histogram in self._histograms:
            yield _histogram(histogram)


def _histogram(histogram: Histogram) -> Metric:
    running, buckets = 0, []
    for bound, count in zip((*map(str, histogram.bounds), "+Inf"), histogram.counts, strict=True):
        running += count
        buckets.append((bound, float(running)))
    return HistogramMetricFamily(histogram.name, histogram.text, buckets=buckets, sum_value=histogram.total)


def _family(kind: type[CounterMetricFamily] | type[GaugeMetricFamily], sample: Sample) -> Metric:
    name, text, value = sample
    if not isinstance(value, dict):
        return kind(name, text, value=value)
    bare, by, labels = name.rpartition("_by_")
    family = kind(bare if by else name, text, labels=labels.split("_and_") if by else ["name"])
    for key, number in value.items():
        family.add_metric([key] if isinstance(key, str) else key, number)
    return family
