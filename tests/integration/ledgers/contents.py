"""What the stored ledgers hold: messages in every state and of every age, their links, digests and events, accounts."""

from typing import Any, Final

from gateway.ledger.contract import StoredCustomer, StoredEndpoint, StoredEsme, StoredKey, Traffic
from gateway.model.message import Link, Message, MessageClass, OutboxEvent, Part, Status, no_message
from redaction.retention import OTP, PROMOTIONAL, TRANSACTIONAL, RetentionTag
from redaction.sealed import Pseudonym, Sealed

NOW: Final = 1_800_000_000_000
HOUR_MS: Final = 3_600_000
DAY_MS: Final = 24 * HOUR_MS
PERSON: Final = Pseudonym(b"a person".ljust(16))
DIGEST: Final = b"digest".ljust(32)
OLD_DIGEST: Final = b"old digest".ljust(32)
DIGEST_UNTIL_MS: Final = NOW + DAY_MS


def _message(number: int, status: Status, **fields: Any) -> Message:
    """The message of this number, accepted so many seconds before now; in partition `number` of eight."""
    accepted = NOW - 1_000 * (100 - number)
    base: dict[str, Any] = {
        "id": accepted.to_bytes(6, "big") + bytes((0, number, number)) + b"\x07" * 7,
        "customer": 7,
        "key_id": 1,
        "subject": Pseudonym(bytes((number,)) * 16),
        "country": 966,
        "last_two": number,
        "message_class": MessageClass.TRANSACTIONAL,
        "tag": TRANSACTIONAL,
        "status": status,
        "segments": 1,
        "encoding": "gsm7",
        "operator": "stc",
        "accepted_ms": accepted,
        "due_ms": None,
        "expires_ms": accepted + DAY_MS,
        "content_until_ms": NOW + 3 * DAY_MS,
        "record_until_ms": NOW + 90 * DAY_MS,
        "content": Sealed(b"\x01content of " + bytes((number,)) * 40),
        "private": None,
    }
    return Message(**(base | fields))


def _ended(number: int, status: Status, **fields: Any) -> Message:
    """One that an operator took and that is over."""
    base = {
        "attempts": 1,
        "submitted_ms": NOW - 50_000,
        "final_ms": NOW - 20_000,
        "operator_ids": (f"id{number}",),
        "parts": bytes((Part.DELIVERED if status is Status.DELIVERED else Part.UNDELIVERED,)),
        "disclosure": 31,
        "content": None,
    }
    return _message(number, status, **(base | fields))


WAITS: Final = _message(1, Status.ACCEPTED, due_ms=NOW - 10, private=Sealed(b"\x01private"), subject=PERSON)
SCHEDULED: Final = _message(2, Status.ACCEPTED, due_ms=NOW + 2 * HOUR_MS, operator="", expires_ms=NOW + DAY_MS)
QUEUED: Final = _message(
    3, Status.QUEUED, due_ms=NOW - 5, attempts=2, retry_unknown=False, parts=bytes((Part.ATTEMPTED,))
)
PENDING: Final = _message(
    4,
    Status.SUBMITTED,
    segments=2,
    encoding="ucs2",
    parts=bytes((Part.DELIVERED, Part.ACCEPTED)),
    operator_ids=("4a", "4b"),
    attempts=1,
    submitted_ms=NOW - 60_000,
    due_ms=NOW + DAY_MS,
    disclosure=31,
    subject=PERSON,
)
OVER_SMPP: Final = _message(
    5, Status.SUBMITTED, key_id=-1, notify=1, parts=bytes((Part.ACCEPTED,)), operator_ids=("5a",), submitted_ms=NOW - 9
)
DELIVERED: Final = _ended(6, Status.DELIVERED, subject=PERSON)
UNDELIVERED: Final = _ended(7, Status.UNDELIVERED, error="034", key_id=-1, notify=1)
CONTENT_OVER: Final = _ended(8, Status.DELIVERED, content=Sealed(b"\x01to go"), content_until_ms=NOW - 1)
RECORD_OVER: Final = _ended(
    9, Status.DELIVERED, record_until_ms=NOW - 1, segments=2, parts=b"\2\2", operator_ids=("9a", "9b")
)
RECEIVED: Final = _message(
    10,
    Status.RECEIVED,
    key_id=0,
    final_ms=NOW - 90_000,
    operator="zain",
    parts=bytes((Part.DELIVERED,)),
    encoding="binary",
)
OF_ANOTHER: Final = _message(
    11, Status.ACCEPTED, customer=8, key_id=2, due_ms=NOW, operator="zain", message_class=MessageClass.OTP, tag=OTP
)
OTHERS: Final = (
    _message(
        12, Status.EXPIRED, final_ms=NOW - 1, error="expired", tag=PROMOTIONAL, message_class=MessageClass.PROMOTIONAL
    ),
    _ended(13, Status.REJECTED, error="rejected", parts=bytes((Part.REJECTED,))),
    _message(14, Status.SUPPRESSED, final_ms=NOW - 1, message_class=MessageClass.AWARENESS),
    _message(15, Status.FAILED, final_ms=NOW - 1, error="failed", tag=RetentionTag("house"), encoding="other"),
    _ended(16, Status.UNKNOWN, parts=bytes((Part.UNKNOWN,)), message_class=MessageClass.WARNING),
    _message(17, Status.CANCELLED, final_ms=NOW - 1, message_class=MessageClass.PERSONAL, content=None),
)
MESSAGES: Final = (
    *(WAITS, SCHEDULED, QUEUED, PENDING, OVER_SMPP, DELIVERED, UNDELIVERED, CONTENT_OVER, RECORD_OVER, RECEIVED),
    *(OF_ANOTHER, *OTHERS),
)
assert {each.status for each in MESSAGES} == set(Status)


def links_of(message: Message) -> tuple[Link, ...]:
    return tuple(Link(message.operator, each, segment) for segment, each in enumerate(message.operator_ids))


def _event(message: Message, **fields: Any) -> OutboxEvent:
    base: dict[str, Any] = {
        "customer": message.customer,
        "message": message.id,
        "status": message.status,
        "at_ms": message.final_ms or NOW,
        "next_ms": NOW - 1,
    }
    return OutboxEvent(**(base | fields))


EVENTS: Final = (
    _event(DELIVERED, status=Status.SUBMITTED, at_ms=NOW - 50_000),
    _event(CONTENT_OVER, next_ms=NOW + HOUR_MS, attempts=3),
    _event(UNDELIVERED, esme=1),
    _event(RECEIVED),
    _event(DELIVERED),
)
"""In the order of their seqs: the last waits for the first."""

NOTICE: Final = OutboxEvent(
    customer=8,
    message=no_message(8),
    kind="audit.checkpoint",
    data=b'{"size":41}',
    at_ms=NOW - HOUR_MS,
    next_ms=NOW - 1,
)
"""An event that is about no message, which is stored since schema 5 and format 2."""

CUSTOMERS: Final = (
    StoredCustomer(
        id=7, public_id="cus_7", account=Sealed(b"\x01account 7"), settings=b'{"quota":5}', created_ms=NOW - DAY_MS
    ),
    StoredCustomer(
        id=8,
        public_id="cus_8",
        account=Sealed(b"\x01account 8"),
        settings=b"{}",
        created_ms=NOW - DAY_MS,
        disabled_ms=NOW - 1,
    ),
)
KEYS: Final = (
    StoredKey(
        id=1,
        customer=7,
        prefix="cgk_1",
        digest=b"1" * 32,
        scopes=("send", "status"),
        settings=b"{}",
        created_ms=NOW - DAY_MS,
    ),
    StoredKey(
        id=2,
        customer=8,
        prefix="cgk_2",
        digest=b"2" * 32,
        scopes=(),
        settings=b'{"networks":[]}',
        created_ms=NOW - DAY_MS,
        expires_ms=NOW + DAY_MS,
        revoked_ms=NOW - 5,
    ),
)
ESMES: Final = (
    StoredEsme(
        id=1, customer=7, system_id="esme7", password="$argon2id$7", settings=b'{"window":9}', created_ms=NOW - DAY_MS
    ),
)
ENDPOINTS: Final = (
    StoredEndpoint(customer=7, url=Sealed(b"\x01url"), secret=Sealed(b"\x01secret"), settings=b'{"batch":3}'),
    StoredEndpoint(
        customer=8,
        url=Sealed(b"\x01url 8"),
        secret=Sealed(b"\x01secret 8"),
        settings=b"{}",
        state="disabled",
        failing_since_ms=NOW - HOUR_MS,
        disabled_ms=NOW - 1,
    ),
)
DOCUMENTS: Final = {"a": b"\x00wanted", "b": b""}
"""By their keys, of the kind `DOCUMENT_KIND`. They, and audit entries, are stored since schema 7."""
DOCUMENT_KIND: Final = "wanted"
ENTRIES: Final = (b"\x01entry", b"another")
DAY: Final = NOW // DAY_MS
COUNTS: Final = {"quota:7": 20, "quota:8": 3}
TRAFFIC: Final = (
    Traffic(
        day=DAY - 100,
        customer=7,
        operator="stc",
        country=966,
        message_class=MessageClass.OTP,
        status=Status.DELIVERED,
        messages=41,
        segments=43,
    ),
)
"""Counts of forgotten records, which are stored since schema 2."""
