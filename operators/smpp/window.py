"""Unanswered requests of one direction of one bind. Knows sequence numbers and deadlines; never sockets or clocks."""

from collections.abc import Callable
from typing import Generic, TypeVar

from operators.smpp.slot import Slot as Slot

T = TypeVar("T")
MAX_SEQUENCE = 0x7FFFFFFF
GENERIC_NACK = 0x80000000
RESPONSE = 0x80000000


class WindowFull(Exception):
    """No request may be sent before an answer comes (S-20)."""


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
        self._taken = 0

    def __len__(self) -> int:
        """Places taken."""
        return self._taken

    def room(self) -> int:
        """Places free."""
        return self.size - self._taken

    def next_sequence(self) -> int:
        """1..0x7FFFFFFF and round again (S-06), passing over numbers still in use."""
        number = self._next
        while number in self._open:
            number = number % MAX_SEQUENCE + 1
        self._next = number % MAX_SEQUENCE + 1
        return number

    def open(self, sequence_number: int, slot: Slot[T]) -> None:
        """Register a request, before its bytes are written (S-22). Raises WindowFull; then nothing is registered."""
        if slot.counted:
            if self._taken >= self.size:
                raise WindowFull
            self._taken += 1
        self._open[sequence_number] = slot
        if self._expired:
            self._expired.pop(sequence_number, None)

    def close(self, sequence_number: int, response_id: int = GENERIC_NACK) -> Slot[T] | None:
        """The slot answered, or None for a late or unknown response, and for one of another kind than the request.

        response_id: command_id of the response; a generic_nack answers everything.
        """
        slot = self._open.get(sequence_number)
        if slot is None or (response_id != slot.command_id | RESPONSE and response_id != GENERIC_NACK):
            return None
        del self._open[sequence_number]
        self._taken -= slot.counted
        return slot

    def close_late(self, sequence_number: int, response_id: int = GENERIC_NACK) -> Slot[T] | None:
        """The slot of a request that had timed out; otherwise as `close`."""
        slot = self._expired.get(sequence_number)
        if slot is None or (response_id != slot.command_id | RESPONSE and response_id != GENERIC_NACK):
            return None
        del self._expired[sequence_number]
        return slot

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
            expired.append(self._let_go(number))
        if expired:
            self._forget_oldest()
        return expired

    def doubt(self, until: float, is_meant: Callable[[T], bool]) -> list[Slot[T]]:
        """Let requests time out before their time: those with a deadline until then whose context is meant."""
        doubted: list[Slot[T]] = []
        for number, slot in list(self._open.items()):
            if slot.deadline > until:
                break
            if is_meant(slot.context):
                doubted.append(self._let_go(number))
        self._forget_oldest()
        return doubted

    def _let_go(self, number: int) -> Slot[T]:
        slot = self._open.pop(number)
        self._taken -= slot.counted
        self._expired[number] = slot
        return slot

    def _forget_oldest(self) -> None:
        while len(self._expired) > self._memory:
            del self._expired[next(iter(self._expired))]

    def abandon(self) -> list[Slot[T]]:
        """Everything still unanswered when the link is lost, so that no message is lost silently (S-24)."""
        slots = list(self._open.values())
        self._open.clear()
        self._expired.clear()
        self._taken = 0
        return slots
