"""What a run has to reach, as people write it: `answer p99 < 10 ms`, `throughput >= 8000/s`, `cpu < 100 us`.

Latencies and pauses are those of open loops, at each rate, where there are any; what a closed loop tells better
(throughput, CPU, memory, octets) is taken from closed ones. The median of the runs counts, and of several rates the
worst. A threshold that nothing was measured for is missed, as is a percentile of too few messages.
"""

import operator
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

import msgspec

from benchmarks.compare import by_rate
from benchmarks.figures import Result, Threshold, Window, is_known, over

_WRITTEN: Final = re.compile(
    r"\s*(?:(?P<scenario>[\w-]+)\s*:)?\s*(?P<figure>[a-z]+)\s*(?P<part>p50|p90|p99\.9|p99|max)?\s*"
    r"(?P<sign><=|>=|<|>)\s*(?P<number>\d+(?:\.\d+)?)\s*(?P<unit>[a-zA-Zµ/]*)\s*"
)
_SIGNS: Final[Mapping[str, Callable[[float, float], bool]]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_MS: Final = {"us": 0.001, "µs": 0.001, "ms": 1.0, "s": 1000.0}


class Kind(msgspec.Struct, frozen=True):
    """A figure by its name. field: as `figures.over` takes it, `{target}` for the target's own. units: what each is
    worth in that of the field, the first one's. parted: a percentile belongs to it. is_open: open loops tell it.
    """

    field: str
    units: Mapping[str, float]
    parted: bool = False
    is_open: bool = False


KINDS: Final = {
    "answer": Kind("answer_ms", _MS, parted=True, is_open=True),
    "submit": Kind("submit_ms", _MS, parted=True, is_open=True),
    "told": Kind("told_ms", _MS, parted=True, is_open=True),
    "pause": Kind("pause_ms", _MS, is_open=True),
    "throughput": Kind("per_s", {"/s": 1.0}),
    "cpu": Kind("cpu_us.{target}", {"us": 1.0, "µs": 1.0, "ms": 1000.0}),
    "rss": Kind("rss_mb", {"MB": 1.0, "mb": 1.0, "GB": 1024.0, "gb": 1024.0}),
    "written": Kind("written_bytes", {"B": 1.0, "b": 1.0, "kB": 1024.0, "kb": 1024.0}),
}


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """One threshold. text: as it was written. limit: in the unit of the kind's field. scenario: "" for every one."""

    text: str
    scenario: str
    kind: Kind
    part: str
    sign: str
    limit: float

    def judge(self, results: Sequence[Result]) -> Iterator[Threshold]:
        """For each of the gateway's results that it speaks of; missed, once, where there is none."""
        spoken = [each for each in results if self.scenario in ("", each.scenario) and each.is_own]
        if not spoken:
            yield Threshold(result=self.scenario or "every result", text=self.text, value="not measured", met=False)
        for result in spoken:
            yield self._of(result)

    def _of(self, result: Result) -> Threshold:
        windows = (result.open or result.closed) if self.kind.is_open else (result.closed or result.open)
        values = [value for of in by_rate(windows).values() if (value := self._median(result, of)) is not None]
        if len(values) < len(by_rate(windows)) or not values:
            return Threshold(result=result.name, text=self.text, value="not measured, or of too few", met=False)
        worst = max(values) if self.sign in ("<", "<=") else min(values)
        unit = next(iter(self.kind.units)) if self.kind.units is not _MS else "ms"
        return Threshold(
            result=result.name,
            text=self.text,
            value=f"{worst:.4g} {unit}",
            met=_SIGNS[self.sign](worst, self.limit),
            limit_ms=self.limit if self.kind is KINDS["answer"] else 0.0,
        )

    def _median(self, result: Result, windows: Sequence[Window]) -> float | None:
        field = self.kind.field.format(target=result.target)
        if self.part:
            if not all(is_known(each, field, self.part) for each in windows):
                return None
            field = f"{field}.{self.part.replace('.', '_')}"
        return over(windows, field).median


def threshold_of(text: str) -> Wanted:
    """Raises ValueError with what is wrong, for people."""
    found = _WRITTEN.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is no threshold; write one such as 'answer p99 < 10ms' or 'throughput >= 8000/s'")
    kind = KINDS.get(found["figure"])
    if kind is None:
        raise ValueError(f"no figure {found['figure']!r} in {text!r}; there is: {', '.join(KINDS)}")
    if kind.parted != bool(found["part"]):
        wants = "needs one of p50, p90, p99, p99.9, max" if kind.parted else "has no percentile"
        raise ValueError(f"{found['figure']!r} {wants}, in {text!r}")
    if found["unit"] not in kind.units:
        raise ValueError(f"{text!r} needs a unit: one of {', '.join(kind.units)}")
    return Wanted(
        text=" ".join(text.split()),
        scenario=found["scenario"] or "",
        kind=kind,
        part=found["part"] or "",
        sign=found["sign"],
        limit=float(found["number"]) * kind.units[found["unit"]],
    )
