"""How long operators take to answer, counted in buckets, so that what several processes counted can be added up."""

from collections.abc import Sequence
from typing import Final

BOUNDS_MS: Final[Sequence[int]] = (5, 10, 20, 30, 50, 75, 100, 150, 200, 300, 500, 1000, 2000, 5000, 10_000, 30_000)
"""Upper bounds of buckets; behind the last one there is another, of what took longer."""


def added(counted: Sequence[Sequence[int]]) -> list[int]:
    """The sum, bucket by bucket; one that is empty, or of other bounds, counts nothing."""
    whole = len(BOUNDS_MS) + 1
    return [sum(each) for each in zip(*([0] * whole, *(each for each in counted if len(each) == whole)), strict=True)]


def quantile_ms(counts: Sequence[int], part: float) -> int | None:
    """The bound within which this part of the answers came, of the last bucket its lower one; None without any."""
    left = part * sum(counts)
    if not left:
        return None
    for bound, count in zip(BOUNDS_MS, counts, strict=False):
        left -= count
        if left <= 0:
            return bound
    return BOUNDS_MS[-1]
