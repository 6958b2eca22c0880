"""Which partitions this node has, under which tokens. Knows no server and no clock: times are arguments.

A lease runs out on this node before it does on the server, because it is counted from before it was asked for. Whoever
acts on a partition asks `holds` first; the server refuses the token in any case.
"""

from collections.abc import Callable, Iterable, Sequence

import msgspec


class Held(msgspec.Struct):
    """A partition of ours. number: of the last batch. giving: it is being handed over, and takes no new messages."""

    token: str
    number: int = 0
    giving: bool = False

    def next(self) -> int:
        """The number of the next batch."""
        self.number += 1
        return self.number


def _nothing(_partition: int) -> None:
    """No subscribers."""


class Holding:
    """taken: called for each partition that becomes ours."""

    def __init__(self) -> None:
        self.partitions: dict[int, Held] = {}
        self.until = 0.0
        self._turn = 0
        self._open: list[int] = []
        self.taken: Callable[[int], None] = _nothing

    def take(self, partition: int, token: str) -> None:
        self.partitions[partition] = Held(token)
        self._refresh()
        self.taken(partition)

    def lose(self, partitions: Iterable[int]) -> None:
        for partition in partitions:
            self.partitions.pop(partition, None)
        self._refresh()

    def give(self, partitions: Iterable[int]) -> None:
        """Place nothing new in these any more."""
        for partition in partitions:
            if partition in self.partitions:
                self.partitions[partition].giving = True
        self._refresh()

    def keep(self, partition: int) -> None:
        """It is not handed over after all."""
        if partition in self.partitions:
            self.partitions[partition].giving = False
        self._refresh()

    def _refresh(self) -> None:
        self._open = [each for each, held in sorted(self.partitions.items()) if not held.giving]

    def staying(self) -> list[int]:
        """Partitions that are ours and are not being handed over."""
        return self._open

    def place(self) -> int | None:
        """The partition for new messages now; None when there is none."""
        return self._open[self._turn % len(self._open)] if self._open else None

    def turn(self) -> None:
        """The next partition's turn."""
        self._turn += 1


def fair_share(nodes: Sequence[bytes], node: bytes, partitions: int) -> int:
    """How many partitions a node is to have among those that are alive: all shares differ by one at most."""
    ranked = sorted(nodes)
    if node not in ranked:
        return 0
    share, rest = divmod(partitions, len(ranked))
    return share + (ranked.index(node) < rest)
