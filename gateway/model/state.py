"""What an answer or a receipt does to a message: the state table, as plain functions on the record.

    accepted ──► queued ──► submitted ──► delivered | undelivered | expired | rejected | unknown
        └───────────┴──► expired | rejected | failed | suppressed | cancelled

Rules. A final status never changes (S-46). A message is submitted when every segment is with an operator, delivered
when every segment is, and takes the first permanent failure of any of them otherwise (S-40). Intermediate news changes
nothing. These functions change the `Message` in memory; whoever calls them writes a `Change`.
"""

from typing import Final

from gateway.model.message import OPEN, Message, Part, Status
from operators.base import ReceiptState

PART_OF: Final[dict[ReceiptState, Part]] = {
    ReceiptState.DELIVERED: Part.DELIVERED,
    ReceiptState.EXPIRED: Part.EXPIRED,
    ReceiptState.DELETED: Part.DELETED,
    ReceiptState.UNDELIVERABLE: Part.UNDELIVERED,
    ReceiptState.UNKNOWN: Part.UNKNOWN,
    ReceiptState.REJECTED: Part.REJECTED,
    ReceiptState.SKIPPED: Part.UNDELIVERED,
}
"""Final receipt states; SCHEDULED, ENROUTE and ACCEPTED are intermediate and absent."""

STATUS_OF: Final[dict[Part, Status]] = {
    Part.UNDELIVERED: Status.UNDELIVERED,
    Part.DELETED: Status.UNDELIVERED,
    Part.EXPIRED: Status.EXPIRED,
    Part.REJECTED: Status.REJECTED,
    Part.UNKNOWN: Status.UNKNOWN,
    Part.FAILED: Status.FAILED,
}
"""The status that one segment's permanent failure gives the whole message."""

_UNSENT: Final = frozenset({int(Part.WAITING), int(Part.ATTEMPTED)})
_ALONE: Final = tuple(bytes((part,)) for part in range(len(Part)))
"""The parts of a message of one segment, by its state."""
_FIRST: Final[tuple[int, ...]] = (0,)


def is_final(message: Message) -> bool:
    return message.status not in OPEN


def unsent(message: Message) -> tuple[int, ...]:
    """Segments that no operator is known to have."""
    if len(message.parts) == 1:
        return _FIRST if message.parts[0] in _UNSENT else ()
    return tuple(index for index, part in enumerate(message.parts) if part in _UNSENT)


def set_part(message: Message, segment: int, part: Part) -> None:
    if message.segments == 1:
        message.parts = _ALONE[part]
    else:
        parts = bytearray(message.parts)
        parts[segment] = part
        message.parts = bytes(parts)


def mark_attempted(message: Message) -> None:
    """Every unsent segment may be about to leave (Law 3, `on_unknown` = `fail`)."""
    message.parts = bytes(Part.ATTEMPTED if part in _UNSENT else part for part in message.parts)


def unmark_attempted(message: Message) -> None:
    """No segment is with an operator that did not say so: every answer said that it was not taken."""
    if Part.ATTEMPTED in message.parts:
        message.parts = bytes(Part.WAITING if part == Part.ATTEMPTED else part for part in message.parts)


def segment_taken(message: Message, segment: int, operator_message_id: str, sealed: str = "") -> None:
    """An operator accepted a segment under this id. A receipt that came first stands. sealed: the id, to ask by it."""
    if message.parts[segment] in _UNSENT:
        set_part(message, segment, Part.ACCEPTED)
    if message.segments == 1:
        message.operator_ids = (operator_message_id, sealed) if sealed else (operator_message_id,)
        return
    ids = list(message.operator_ids) or [""] * message.segments
    ids[segment] = operator_message_id
    if sealed:
        ids += [""] * (2 * message.segments - len(ids))
        ids[message.segments + segment] = sealed
    message.operator_ids = tuple(ids)


def receipt_verdict(message: Message, segment: int, state: ReceiptState) -> Status | None:
    """Note a receipt on its segment; the final status that the message now has, or None if it stays open.

    A segment that the message does not have any more (another operator took it in fewer) changes nothing.
    """
    part = PART_OF.get(state)
    if part is None or segment >= message.segments:
        return None
    set_part(message, segment, part)
    if part is not Part.DELIVERED:
        return STATUS_OF[part]
    return Status.DELIVERED if all(each == Part.DELIVERED for each in message.parts) else None
