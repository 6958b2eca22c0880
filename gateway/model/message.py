"""The record that the gateway keeps of a message: everything in it may be stored, nothing in it is personal in clear.

The same `Message` object is the working state while the message is in flight; `ledger.base.Change` writes it.
"""

import enum
from collections.abc import Callable
from typing import Final

import msgspec

from gateway.model.identifiers import message_id as message_id
from redaction.retention import OTP, RetentionTag
from redaction.sealed import Pseudonym, Sealed


class Status(enum.StrEnum):
    """Where a message stands. A final one never changes (S-46)."""

    ACCEPTED = "accepted"  # committed, waiting for its turn
    QUEUED = "queued"  # tried at least once, waiting to be tried again
    SUBMITTED = "submitted"  # every segment is with an operator
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    EXPIRED = "expired"
    REJECTED = "rejected"
    SUPPRESSED = "suppressed"
    FAILED = "failed"
    UNKNOWN = "unknown"
    CANCELLED = "cancelled"
    RECEIVED = "received"  # from a person, to a number of the customer

    __hash__ = str.__hash__  # Enum's own is written in Python, and these are looked up several times a message


OPEN: Final = frozenset({Status.ACCEPTED, Status.QUEUED, Status.SUBMITTED})
WAITING: Final = frozenset({Status.ACCEPTED, Status.QUEUED})


class MessageClass(enum.StrEnum):
    """What kind of traffic this is; retention, priority and the rules follow from it."""

    OTP = "otp"
    TRANSACTIONAL = "transactional"
    PROMOTIONAL = "promotional"
    WARNING = "warning"
    AWARENESS = "awareness"
    PERSONAL = "personal"

    __hash__ = str.__hash__


class Part(enum.IntEnum):
    """The state of one segment, one byte each in `Message.parts`."""

    WAITING = 0
    ACCEPTED = 1
    DELIVERED = 2
    UNDELIVERED = 3
    EXPIRED = 4
    REJECTED = 5
    UNKNOWN = 6
    FAILED = 7
    ATTEMPTED = 8  # bytes may have gone out; no answer is known
    DELETED = 9  # its operator took it out of its queue; the message is undelivered


class Message(msgspec.Struct, kw_only=True, gc=False, weakref=False):
    """The stored record of one message; times are epoch milliseconds.

    A received one (MO) is final from the start; its subject is the sender, and `content` is sealed as "inbound".

    id: 16 bytes, time-ordered. customer: the customer's internal number. key_id: the API key used, or
    minus the number of the ESME account.
    subject: keyed pseudonym of the recipient. country, last_two: what a mask shows; the two digits are covered by keys
    (`redaction.masks`), and clear in what earlier versions wrote.
    operator: the lane it waits in, later the operator that took it; '' where no route is known.
    due_ms: when dispatch should look at it: to send, or, once submitted, for want of a receipt; None when it is final.
    expires_ms: end of validity. retry_unknown: Law 3's `on_unknown` is `retry`.
    content: sealed recipient, sender and body; private: sealed reference and callback URL. None once destroyed.
    error: operator's or our own short code of the outcome. operator_ids: what stands for the operator's ids, one per
    segment ('' unknown); behind them, where the operator is asked by them, the same sealed (`SEALED_WORD`).
    parts: one `Part` per segment. disclosure: bit mask of the fields that were forwarded (`redaction.egress`).
    notify: registered_delivery of a message that came over SMPP, whose binds get its receipts; of one that came by a
    façade, what its callback wants (`gateway.model.reports`); 0 wants none.
    record_tag: 8 octets by which it shows that nobody else changed what is stored (`gateway.keystore.record_tags`),
    written with every change; b"" for none.
    warnings: about its text, for the answer to its customer; never stored.
    """

    id: bytes
    customer: int
    key_id: int
    subject: Pseudonym
    country: int
    last_two: int
    message_class: MessageClass
    tag: RetentionTag
    status: Status
    segments: int
    encoding: str
    operator: str
    accepted_ms: int
    due_ms: int | None
    expires_ms: int
    content_until_ms: int
    record_until_ms: int
    content: Sealed | None
    private: Sealed | None = None
    retry_unknown: bool = True
    attempts: int = 0
    submitted_ms: int | None = None
    final_ms: int | None = None
    error: str | None = None
    operator_ids: tuple[str, ...] = ()
    parts: bytes = b"\0"
    disclosure: int = 0
    notify: int = 0
    record_tag: bytes = b""
    warnings: tuple[str, ...] = ()


UNREADABLE: Final = b"unreadable"
"""The tag of a record that cannot be read; no right one is so long."""


def unreadable(identifier: bytes) -> Message:
    """Stands for a stored record that no version of the gateway wrote. Nothing in it but the id is of that one."""
    return Message(
        id=identifier,
        customer=0,
        key_id=0,
        subject=Pseudonym(bytes(16)),
        country=0,
        last_two=0,
        message_class=MessageClass.PERSONAL,
        tag=OTP,
        status=Status.FAILED,
        segments=1,
        encoding="",
        operator="",
        accepted_ms=0,
        due_ms=None,
        expires_ms=0,
        content_until_ms=0,
        record_until_ms=0,
        content=None,
        record_tag=UNREADABLE,
    )


SEALED_WORD: Final = "="
"""How a sealed id begins; nothing that stands for one does."""


snapshot: Final[Callable[[Message], Message]] = Message.__copy__  # type: ignore[attr-defined]
"""A copy of a record as it stands; `copy.copy` asks around for how to make it before it does this."""


class Link(msgspec.Struct, frozen=True, gc=False):
    """What stands for an operator's id of one segment (0-based) of a message: its receipt is found by it."""

    operator: str
    operator_message_id: str
    segment: int


STATUS_EVENT: Final = "status"


class OutboxEvent(msgspec.Struct, kw_only=True, gc=False):
    """Something that is delivered to the customer: a message reached `status` at `at_ms`, or something of another kind.

    seq: the ledger writes it when it stores the event (0 before); nothing else of it ever changes.
    message: what it is about. Events of one message are delivered in order. `no_message` stands for none.
    esme: number of the ESME account whose binds it is for; 0 for the webhook, which all other kinds are for.
    kind: STATUS_EVENT, or the type under which the webhook has it, `audit.checkpoint` for example.
    data: what an event of another kind says: a JSON object without personal data.
    """

    seq: int = 0
    customer: int
    message: bytes
    status: Status | None = None
    at_ms: int
    next_ms: int
    attempts: int = 0
    esme: int = 0
    kind: str = STATUS_EVENT
    data: bytes = b""


_NO_TIME: Final = bytes(8)


def no_message(customer: int) -> bytes:
    """Stands for the message of an event that is about none: one for each customer, so that these have an order, too.

    No message has such an id: they begin with a time.
    """
    return _NO_TIME + customer.to_bytes(8, "little")


def is_about_message(event: OutboxEvent) -> bool:
    return not event.message.startswith(_NO_TIME)
