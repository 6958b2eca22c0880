"""Usage: messages and segments by hour, customer, class, operator, country and status, without anything of a person.

A message is counted twice: as it is accepted, without an operator, and at its end, in the hour of its acceptance. So
what is open is the difference, and a month's numbers go on changing for as long as its messages are open. One that was
`unknown` and turns out to have another end moves from the one cell to the other.

The batch that stores the acceptance or the end holds the counts as well. On an engine that nodes share they are a call
of their own, made once after it: a node that is killed between the two loses the counts of that batch.
"""

from typing import Final

from gateway.ledger.codes import CLASS_CODE, STATUS_CODE
from gateway.ledger.contract import Accept, Change
from gateway.model.gathering_lane import gathered_from
from gateway.model.held_lane import operator_of
from gateway.model.message import Message, MessageClass, Status
from gateway.model.owners import PLATFORM

HOUR_MS: Final = 3_600_000
KEPT_HOURS: Final = 396 * 24
"""Thirteen months."""

Cell = tuple[int, int, str, int, str, str]
"""Customer, hour since the epoch, class, country, status, operator; classes and statuses by their words."""
CodedCell = tuple[int, int, int, int, int, str]
"""The same with codes, as it is stored."""
Use = tuple[Cell, int, int]
"""What is added to a cell: messages and segments."""

_UNKNOWN: Final[str] = Status.UNKNOWN.value
_CLASS_CODES: Final = {each.value: code for each, code in CLASS_CODE.items()}
_STATUS_CODES: Final = {each.value: code for each, code in STATUS_CODE.items()}


def uses_of(op: Accept | Change) -> tuple[Use, ...]:
    """What an operation that is done adds; nothing for a change on the way, and for the platform's own messages."""
    message = op.message
    if message.customer == PLATFORM:
        return ()
    if isinstance(op, Change):
        if message.final_ms is None:
            return ()
        operator = message.operator
        cell = _cell(message, operator if operator.isalnum() else operator_of(operator))
        if not op.over_unknown:
            return ((cell, 1, message.segments),)
        if message.status is Status.UNKNOWN:
            return ()
        unknown = (*cell[:4], _UNKNOWN, cell[5])
        return ((unknown, -1, -message.segments), (cell, 1, message.segments))
    if gathered_from(message.operator) is not None:
        return ()
    return ((_cell(message, ""), 1, message.segments),)


class _Last:
    """The cell that was counted last, and its place: the next message is nearly always of the same."""

    __slots__ = ("at", "country", "customer", "hour", "message_class", "operator", "status")

    def __init__(self) -> None:
        self.customer = self.hour = self.country = self.at = -1
        self.message_class: MessageClass | None = None
        self.status: Status | None = None
        self.operator = ""

    def is_of(self, message: Message, hour: int, operator: str) -> bool:
        return (
            message.status is self.status
            and message.message_class is self.message_class
            and message.customer == self.customer
            and hour == self.hour
            and message.country == self.country
            and operator == self.operator
        )

    def note(self, message: Message, hour: int, operator: str, at: int) -> None:
        self.status, self.message_class, self.customer = message.status, message.message_class, message.customer
        self.hour, self.country, self.operator, self.at = hour, message.country, operator, at


class Tally:
    """Sums by cell over the operations of a batch, as if all of them were done. sums: messages and segments of each."""

    def __init__(self) -> None:
        self.cells: dict[Cell, int] = {}
        self.sums: list[list[int]] = []
        self._accepted = _Last()
        self._ended = _Last()

    def use(self, op: Accept | Change) -> tuple[tuple[int, int, int], ...]:
        """Count it. The places of its cells, and how many messages and segments it is there."""
        message, last = op.message, self._accepted
        if isinstance(op, Change):
            if message.final_ms is None:
                return ()
            if op.over_unknown:
                return self._all_of(op)
            last = self._ended
        hour, operator = message.accepted_ms // HOUR_MS, message.operator
        if last.is_of(message, hour, operator):
            sums, segments = self.sums[last.at], message.segments
            sums[0] += 1
            sums[1] += segments
            return ((last.at, 1, segments),)
        uses = self._all_of(op)
        if uses:
            last.note(message, hour, operator, uses[0][0])
        return uses

    def _all_of(self, op: Accept | Change) -> tuple[tuple[int, int, int], ...]:
        return tuple([(self._add(cell, count, segments), count, segments) for cell, count, segments in uses_of(op)])

    def _add(self, cell: Cell, messages: int, segments: int) -> int:
        """Its place."""
        at = self.cells.get(cell)
        if at is None:
            at = self.cells[cell] = len(self.sums)
            self.sums.append([0, 0])
        sums = self.sums[at]
        sums[0] += messages
        sums[1] += segments
        return at


def coded(cell: Cell) -> CodedCell:
    """As it is stored."""
    customer, hour, message_class, country, status, operator = cell
    return customer, hour, _CLASS_CODES[message_class], country, _STATUS_CODES[status], operator


def _cell(message: Message, operator: str) -> Cell:
    """`_value_` is the plain attribute: an enum's hash, and its `value`, are calls of Python."""
    hour = message.accepted_ms // HOUR_MS
    message_class, status = message.message_class._value_, message.status._value_
    return message.customer, hour, message_class, message.country, status, operator
