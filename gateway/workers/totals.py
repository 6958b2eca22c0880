"""The metrics of all workers as if they were one process. Pure: texts in, text out.

Counters and histograms are added up, and never fall: what a worker had counted when it died stays in the sum. Gauges
are added up too, except ages and what each worker sees of the same things, of which the largest counts.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

Key = tuple[str, tuple[tuple[str, str], ...]]
"""A sample's name and labels."""

_GROW: Final = frozenset({"counter", "histogram"})
_AGE: Final = "_seconds"
_SEEN_BY_ALL: Final = frozenset(
    {
        "gateway_endpoints_failing",
        "gateway_endpoints_disabled",
        "gateway_limits_parted",
        "gateway_accounts_unreadable",
        "gateway_build_info",
    }
)


class _Family:
    """One metric: its type and help, and the value of each sample in the order in which they came."""

    def __init__(self, metric: Metric) -> None:
        self.kind = metric.type
        self.text = metric.documentation
        self.samples: dict[Key, float] = {}

    @property
    def grows(self) -> bool:
        return self.kind in _GROW

    def add(self, name: str, samples: Iterable[Sample]) -> None:
        largest = not self.grows and (name.endswith(_AGE) or name in _SEEN_BY_ALL)
        for sample in samples:
            key = sample.name, tuple(sorted(sample.labels.items()))
            before = self.samples.get(key, 0.0)
            self.samples[key] = max(before, sample.value) if largest else before + sample.value


class Totals:
    """Of workers by number. `note` what each says, `retire` one that ended, `render` the sum."""

    def __init__(self) -> None:
        self._last: dict[int, list[Metric]] = {}
        self._silent: set[int] = set()
        self._ended: list[list[Metric]] = []

    def note(self, worker: int, text: str) -> None:
        """Raises ValueError for what are no metrics; then what was known stands."""
        self._last[worker] = list(text_string_to_metric_families(text))
        self._silent.discard(worker)

    def miss(self, worker: int) -> None:
        """It did not answer: what it had counted stands, its gauges do not."""
        self._silent.add(worker)

    def retire(self, worker: int) -> None:
        """It ended; another one with its number begins at nothing."""
        ended = self._last.pop(worker, None)
        if ended is not None:
            self._ended = [list(_merged([*self._ended, _growing(ended)]))]

    def render(self, more: Mapping[str, tuple[str, str, Mapping[str, float]]]) -> bytes:
        """Prometheus text. more: further metrics by name, with type, help, and values by `process` ('' for none)."""
        present = [_growing(each) if number in self._silent else each for number, each in self._last.items()]
        lines = [line for metric in _merged([*self._ended, *present]) for line in _lines(metric)]
        for name, (kind, text, values) in more.items():
            lines += [f"# HELP {name} {text}", f"# TYPE {name} {kind}"]
            for label, value in values.items():
                labels = f'{{process="{label}"}}' if label else ""
                lines.append(f"{name}{labels} {_number(value)}")
        return "".join(f"{line}\n" for line in lines).encode()


def _growing(metrics: Iterable[Metric]) -> list[Metric]:
    return [each for each in metrics if each.type in _GROW]


def _merged(sources: Iterable[Iterable[Metric]]) -> Iterator[Metric]:
    families: dict[str, _Family] = {}
    for metrics in sources:
        for metric in metrics:
            families.setdefault(metric.name, _Family(metric)).add(metric.name, metric.samples)
    for name, family in families.items():
        merged = Metric(name, family.text, family.kind)
        for (sample, labels), value in family.samples.items():
            merged.add_sample(sample, dict(labels), value)
        yield merged


def _lines(metric: Metric) -> Iterator[str]:
    name = f"{metric.name}_total" if metric.type == "counter" else metric.name
    yield f"# HELP {name} {metric.documentation}"
    yield f"# TYPE {name} {metric.type}"
    for sample in metric.samples:
        labels = ",".join(f'{key}="{_escaped(value)}"' for key, value in sample.labels.items())
        yield (
            f"{sample.name}{{{labels}}} {_number(sample.value)}"
            if labels
            else (f"{sample.name} {_number(sample.value)}")
        )


def _number(value: float) -> str:
    return str(int(value)) if value.is_integer() else repr(value)


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")
