"""Unanswered requests of one direction of one bind. Knows sequence numbers and deadlines; never sockets or clocks."""

from typing import Generic, TypeVar

import msgspec

T = TypeVar("T")
MAX_SEQUENCE = 0x7FFFFFFF


class Slot(msgspec.Struct, Generic[T]):
    """One unanswered request: what the sender wants back with the answer, and when to stop waiting."""

    context: T
    command_id: int
    deadline: float


class Window(Generic[T]):
    """At most `size` requests may be unanswered (S-20); the standard leaves the size to both ends.

    Requests that timed out are remembered, up to `memory` of them, so that a late response still settles its message
    (S-23). Deadlines rise with time, so the oldest slot is always the first.
    """

    def __init__(self, size: int, memory: int = 1024) -> None:
        self.size = size
        self._memory = memory
        self._open: dict[int, Slot[T]] = {}
        self._expired: dict[int, Slot[T]] = {}
        self._next = 1

    def __len__(self) -> int:
        return len(self._open)

    def room(self) -> int:
        return self.size - len(self._open)

    def next_sequence(self) -> int:
        """1..0x7FFFFFFF and round again (S-06), passing over numbers still in use."""
        number = self._next
        while number in self._open:
            number = number % MAX_SEQUENCE + 1
        self._next = number % MAX_SEQUENCE + 1
        return number

    def open(self, sequence_number: int, slot: Slot[T]) -> None:
        """Register a request, before its bytes are written (S-22)."""
        self._open[sequence_number] = slot
        if self._expired:
            self._expired.pop(sequence_number, None)

    def close(self, sequence_number: int) -> Slot[T] | None:
        """The slot answered, or None for a late or unknown response."""
        return self._open.pop(sequence_number, None)

    def close_late(self, sequence_number: int) -> Slot[T] | None:
        """The slot of a request that had timed out."""
        return self._expired.pop(sequence_number, None)

    def deadline(self) -> float | None:
        """When the oldest request times out."""
        for slot in self._open.values():
            return slot.deadline
        return None

    def expire(self, now: float) -> list[Slot[T]]:
        """Requests whose time is up; their places are free again."""
        expired: list[Slot[T]] = []
        while self._open:
            number = next(iter(self._open))
            if self._open[number].deadline > now:
                break
            slot = self._open.pop(number)
            self._expired[number] = slot
            expired.append(slot)
        while len(self._expired) > self._memory:
            del self._expired[next(iter(self._expired))]
        return expired

    def abandon(self) -> list[Slot[T]]:
        """Everything still unanswered when the link is lost, so that no message is lost silently (S-24)."""
        slots = list(self._open.values())
        self._open.clear()
        self._expired.clear()
        return slots
