"""What is written while something is being read: a reading may show it as it was before, and whoever excluded it may
have let go of it by the time the answer is here.
"""

import contextlib
from collections.abc import Iterator, Sequence

from gateway.ledger.contract import Accept, Change, Replace, TellLater, Told, WriteOp


class Watches:
    """Readings under way."""

    def __init__(self) -> None:
        self._watches: dict[int, set[bytes | int]] = {}

    @contextlib.contextmanager
    def watching(self) -> Iterator[set[bytes | int]]:
        """What is written meanwhile: message ids, seqs of events."""
        written: set[bytes | int] = set()
        self._watches[id(written)] = written
        try:
            yield written
        finally:
            del self._watches[id(written)]

    def note(self, batch: Sequence[WriteOp]) -> None:
        """These were written, or may have been."""
        if self._watches:
            names = {_name(op) for op in batch}
            for each in self._watches.values():
                each.update(names)


def _name(op: WriteOp) -> bytes | int:
    """What the operation is about: a message, an event, or nothing."""
    if isinstance(op, Change | Accept | Replace):
        return op.message.id
    return op.seq if isinstance(op, Told | TellLater) else -1
