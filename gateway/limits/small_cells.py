"""Which sums are not told because they are small, and which others are not, so that no subtraction tells them. Pure.

Cells that add up to something that is told elsewhere in the same answer are a line. In each line what is hidden is at
least two cells and at least as many messages as the smallest cell that is told; so the hidden ones keep their secret
beside the sum of the line. Answers to other questions are no part of this.
"""

from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from typing import Final, TypeVar

K = TypeVar("K", bound=Hashable)

FEWEST_HIDDEN: Final = 2


def hidden_cells(counts: Mapping[K, int], lines: Iterable[Collection[K]], smallest: int) -> frozenset[K]:
    """Keys of the cells that are not told. lines: of keys of `counts`. smallest: of the counts that are told; 0: all
    are.
    """
    hidden = {key for key, count in counts.items() if count < smallest}
    if not hidden:
        return frozenset()
    ordered = [sorted(line, key=counts.__getitem__) for line in lines]
    while any(_hide_more(counts, line, smallest, hidden) for line in ordered):  # what one hides counts in others
        pass
    return frozenset(hidden)


def _hide_more(counts: Mapping[K, int], line: Sequence[K], smallest: int, hidden: set[K]) -> bool:
    """Hide the smallest cells of a line, which are its first ones, until those keep their secret; whether any was."""
    inside = [key for key in line if key in hidden]
    if not inside:
        return False
    many, total, has_hidden = len(inside), sum(counts[key] for key in inside), False
    for key in line:
        if many >= FEWEST_HIDDEN and total >= smallest:
            break
        if key not in hidden:
            hidden.add(key)
            many, total, has_hidden = many + 1, total + counts[key], True
    return has_hidden
