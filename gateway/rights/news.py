"""What customers learn of an erasure: the ids of messages that are no more, and of nobody."""

from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from gateway.model.message import OutboxEvent, no_message

SUBJECT_ERASED: Final = "subject.erased"
"""Type of the event."""
IDS: Final = 500
"""Of messages, in one event."""


class ErasedData(msgspec.Struct, frozen=True):
    """messages: ids of messages that are no more."""

    messages: list[str]


_encode: Final = msgspec.json.Encoder().encode


def erased_events(customer: int, messages: Sequence[bytes], now_ms: int) -> Iterator[OutboxEvent]:
    for at in range(0, len(messages), IDS):
        yield OutboxEvent(
            customer=customer,
            message=no_message(customer),
            at_ms=now_ms,
            next_ms=now_ms,
            kind=SUBJECT_ERASED,
            data=_encode(ErasedData([each.hex() for each in messages[at : at + IDS]])),
        )
