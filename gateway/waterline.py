"""How a limit is divided among those who want of it: as water finds its level. Pure.

Who wants less than an equal share gets what it wants, and the rest is divided equally among the others. Each computes
its own cap from what the others want and needs no word from anybody: when all know the same, what they take together
is the limit, and nobody gets more by wanting more.
"""

from collections.abc import Iterable


def level(limit: float, others: Iterable[float]) -> float:
    """The most that one may take beside others who want so much: the `c` with `c + sum(min(other, c)) == limit`."""
    wants = sorted(others)
    left, takers = limit, len(wants) + 1
    for want in wants:
        if want * takers >= left:
            break
        left -= want
        takers -= 1
    return left / takers
