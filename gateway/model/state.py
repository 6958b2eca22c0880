"""What an answer or a receipt does to a message: the state table, as plain functions on the record.

    accepted ──► queued ──► submitted ──► delivered | undelivered | expired | rejected | unknown
        └───────────┴──► expired | rejected | failed | suppressed | cancelled

Rules. A final status never changes (S-46), but that `unknown` gives way once to what is learned later. A message is
submitted when every segment is with an operator, delivered when every segment is, and takes the first permanent failure
of any of them otherwise (S-40). Intermediate receipts change nothing. These functions change the `Message` in memory;
whoever calls them writes a `Change`.
"""

from typing import Final

from gateway.model.message import OPEN, Message, Part, Status
from gateway.model.verdict import EXPIRED_WHILE_HELD
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

PROVISIONAL_MS: Final = 7 * 24 * 3600 * 1000
"""How long after its acceptance an `unknown` message may still get another end."""

_SETTLED: Final = frozenset(int(part) for part in PART_OF.values()) - {int(Part.UNKNOWN)}
_UNSENT: Final = frozenset({int(Part.WAITING), int(Part.ATTEMPTED)})
_ALONE: Final = tuple(bytes((part,)) for part in range(len(Part)))
"""The parts of a message of one segment, by its state."""
_FIRST: Final[tuple[int, ...]] = (0,)


def expiry_code(message: Message) -> str:
    """Why a message ends whose validity is over before an operator took it."""
    return "expired_here" if message.error is None else EXPIRED_WHILE_HELD.get(message.error, "expired_here")


def is_final(message: Message) -> bool:
    return message.status not in OPEN


def is_provisional(message: Message, now_ms: int) -> bool:
    """Its end is `unknown`, which gives way to a definite one."""
    return message.status is Status.UNKNOWN and now_ms < message.accepted_ms + PROVISIONAL_MS


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


def is_named(message: Message, segment: int) -> bool:
    """An operator has given an id for this segment."""
    return segment < len(message.operator_ids) and bool(message.operator_ids[segment])


def receipt_verdict(message: Message, segment: int, state: ReceiptState, *, whole: bool = False) -> Status | None:
    """Note a receipt on its segment, or, where it speaks of the `whole`, on all that an operator has; the status that
    the message now has, or None if it stays as it is.

    A segment that the message does not have any more (another operator took it in fewer) changes nothing, and neither
    does what contradicts the end of a segment that is known.
    """
    part = PART_OF.get(state)
    if part is None or segment >= message.segments:
        return None
    if whole:
        for index, each in enumerate(message.parts):
            if each not in _UNSENT and each not in _SETTLED:
                set_part(message, index, part)
    if message.parts[segment] in _SETTLED:
        part = Part(message.parts[segment])
    else:
        set_part(message, segment, part)
    if part is not Part.DELIVERED:
        return STATUS_OF[part]
    return Status.DELIVERED if all(each == Part.DELIVERED for each in message.parts) else None
