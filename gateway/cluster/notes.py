"""What nodes leave for each other in the inboxes of a shared ledger: receipts, and what customers ask of a message that
another node has.
"""

from collections.abc import Callable
from typing import Final

import msgspec

from gateway.delivery.neighbours import Forwarded
from gateway.model.message import Message
from operators.base import DeliveryReceipt, ReceiptState
from redaction.sealed import Sealed

DONE: Final = b"done"
REFUSED: Final = b"refused"


class Cancel(msgspec.Struct, array_like=True, frozen=True, tag="cancel"):
    """A customer's request that reached a node without the message; it is abandoned after `until_ms`.

    name: under which that node looks for the answer.
    """

    customer: int
    message: bytes
    until_ms: int
    name: bytes


class Replace(msgspec.Struct, array_like=True, frozen=True, tag="replace"):
    """A wish too, with what the node that it came to has made of the message."""

    customer: int
    message: bytes
    until_ms: int
    name: bytes
    content: bytes
    private: bytes | None
    segments: int
    encoding: str
    due_ms: int | None
    expires_ms: int
    notify: int
    last_two: int | None = None  # of nodes of an earlier version


class Receipt(msgspec.Struct, array_like=True, frozen=True, tag="receipt"):
    """A receipt in an inbox."""

    operator: str
    candidates: tuple[str, ...]
    state: str
    error_code: str | None
    done_at_ms: int | None
    covers: int = 1


decode: Final = msgspec.msgpack.Decoder(Cancel | Replace | Receipt).decode


def note_of(receipt: DeliveryReceipt) -> bytes:
    return msgspec.msgpack.encode(
        Receipt(
            receipt.operator,
            receipt.candidates,
            receipt.state.name,
            receipt.error_code,
            receipt.done_at_ms,
            receipt.covers,
        )
    )


def replacement(rewritten: Message, until_ms: int, name: bytes) -> Replace:
    assert rewritten.content is not None
    return Replace(
        customer=rewritten.customer,
        message=rewritten.id,
        until_ms=until_ms,
        name=name,
        content=rewritten.content,
        private=rewritten.private,
        segments=rewritten.segments,
        encoding=rewritten.encoding,
        due_ms=rewritten.due_ms,
        expires_ms=rewritten.expires_ms,
        notify=rewritten.notify,
        last_two=rewritten.last_two,
    )


def revised(wish: Replace, message: Message) -> Message:
    return msgspec.structs.replace(
        message,
        content=Sealed(wish.content),
        private=None if wish.private is None else Sealed(wish.private),
        segments=wish.segments,
        encoding=wish.encoding,
        parts=bytes(wish.segments),
        due_ms=wish.due_ms,
        expires_ms=wish.expires_ms,
        notify=wish.notify,
        last_two=message.last_two if wish.last_two is None else wish.last_two,
    )


def receipt(note: Receipt, done: Callable[[bool], None]) -> DeliveryReceipt:
    return DeliveryReceipt(
        operator=note.operator,
        candidates=note.candidates,
        state=ReceiptState[note.state],
        error_code=note.error_code,
        done_at_ms=note.done_at_ms,
        handle=Forwarded(done),
        covers=note.covers,
    )
