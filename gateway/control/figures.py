"""The figures of a link, added up over the reports of all processes."""

from collections import Counter
from collections.abc import Mapping, Sequence

import msgspec

from gateway.control.lately import SPANS_S
from gateway.control.reports import LinkReport, Report
from gateway.model.answer_times import added, quantile_ms
from gateway.model.times import EpochMs


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """sent_per_s: segments in each of `SPANS_S`. answered_within_s: half of the answers of the last of them, and 99 of
    100, came within so many seconds, by the bounds of `answer_times`; None without any. errors: of the same span, by
    code, the most frequent first. certificate_ends_ms: the earliest of those that the operator showed.
    """

    binds_up: int
    binds: int
    window_used: int
    waiting: int
    sent_per_s: Sequence[float]
    answered_within_s: Sequence[float | None]
    errors: Mapping[str, int]
    certificate_ends_ms: EpochMs | None


def figures(name: str, reports: Sequence[Report]) -> Figures:
    """Of one operator. A process of another version, whose report lacks some of it, counts there as nothing."""
    links = [link for each in reports if (link := each.operators.get(name)) is not None]
    took = added([each.took for each in links])
    within = (quantile_ms(took, part) for part in (0.5, 0.99))
    errors: Counter[str] = Counter()
    for each in links:
        errors.update(each.errors)
    ends = [each.certificate_ends_ms for each in links if each.certificate_ends_ms is not None]
    return Figures(
        binds_up=sum(each.binds_up for each in links),
        binds=sum(each.binds for each in links),
        window_used=sum(each.window_used for each in links),
        waiting=sum(each.waiting for each in links),
        sent_per_s=[_rate(links, at) for at in range(len(SPANS_S))],
        answered_within_s=[None if ms is None else ms / 1000 for ms in within],
        errors=dict(errors.most_common()),
        certificate_ends_ms=min(ends, default=None),
    )


def _rate(links: Sequence[LinkReport], at: int) -> float:
    return round(sum(each.rates[at] for each in links if len(each.rates) > at), 3)
