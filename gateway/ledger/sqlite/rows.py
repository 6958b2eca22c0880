"""How records lie in SQLite's tables: the column order of every statement.

Rows of the hot path hold exact `int`, `str` and `bytearray` only. For every other value, `None` and `bytes` included,
sqlite3 first looks for an adapter in vain: a row with seven such values took 4.5 µs, now 1.6 and 0.7 to convert. So an
absent time travels as NEVER, an absent code as '' and an absent blob as an empty one; NULLIF turns them back.
"""

from collections.abc import Sequence
from typing import Any, Final

from gateway.ledger.codes import CLASS_CODE, CLASSES, OPEN_BELOW, STATUS_CODE, STATUSES, WAITING_BELOW
from gateway.ledger.contract import Accept, Change, StoredCustomer, StoredEndpoint, StoredEsme, StoredKey
from gateway.model.message import Message, OutboxEvent, Status

Value = int | str | bytes | bytearray | None
Row = tuple[Value, ...]
AccountRow = tuple[int | str | bytes | None, ...]
FreshRow = tuple[
    bytearray,
    int,
    int,
    bytearray,
    int,
    int,
    int,
    str,
    int,
    str,
    str,
    int,
    int,
    int,
    int,
    int,
    bytearray,
    bytearray,
    int,
    bytearray,
    int,
]
AnyRow = tuple[
    bytearray,
    int,
    int,
    bytearray,
    int,
    int,
    int,
    str,
    int,
    str,
    str,
    int,
    int,
    int,
    int,
    int,
    bytearray,
    bytearray,
    int,
    bytearray,
    int,
    int,
    int,
    int,
    int,
    str,
    str,
    int,
]
ChangeRow = tuple[int, str, int, int, int, int, int, str, str, bytearray, int, int, bytearray, int]
ReplaceRow = tuple[bytearray, bytearray, int, str, bytearray, int, int, int, bytearray, int]
LinkRow = tuple[str, str, bytearray, int]
EventRow = tuple[int, bytearray, int, int, int, int, int]
DigestRow = tuple[int, bytearray, bytearray, int, int]
"""Of the statements of the same names, position by position."""
Stored = Sequence[Any]
"""A row as sqlite3 hands it back: its types are those of the columns."""

NEVER: Final = -1

_ID_END: Final = "\x1f"


def is_fresh(message: Message) -> bool:
    """Whether the message is as the door makes it, so that the short statement says all."""
    return (
        message.status is Status.ACCEPTED
        and not message.attempts
        and not message.disclosure
        and message.submitted_ms is None
        and message.final_ms is None
        and message.error is None
        and not message.operator_ids
    )


def fresh_row(message: Message) -> FreshRow:
    """Parameters of `accept_fresh`."""
    return (
        bytearray(message.id),
        message.customer,
        message.key_id,
        bytearray(message.subject),
        message.country,
        message.last_two,
        CLASS_CODE[message.message_class],
        message.tag,
        message.segments,
        message.encoding,
        message.operator,
        message.accepted_ms,
        NEVER if message.due_ms is None else message.due_ms,
        message.expires_ms,
        message.content_until_ms,
        message.record_until_ms,
        bytearray(message.content or b""),
        bytearray(message.private or b""),
        1 if message.retry_unknown else 0,
        bytearray(message.parts),
        message.notify,
    )


def any_row(message: Message) -> AnyRow:
    """Parameters of `accept_any`."""
    return (
        *fresh_row(message),
        STATUS_CODE[message.status],
        message.attempts,
        NEVER if message.submitted_ms is None else message.submitted_ms,
        NEVER if message.final_ms is None else message.final_ms,
        message.error or "",
        _join_ids(message.operator_ids),
        message.disclosure,
    )


def change_row(change: Change) -> ChangeRow:
    """Parameters of `change` and `change_and_drop`."""
    message = change.message
    return (
        STATUS_CODE[message.status],
        message.operator,
        NEVER if message.due_ms is None else message.due_ms,
        message.content_until_ms,
        message.attempts,
        NEVER if message.submitted_ms is None else message.submitted_ms,
        NEVER if message.final_ms is None else message.final_ms,
        message.error or "",
        _join_ids(message.operator_ids),
        bytearray(message.parts),
        message.disclosure,
        message.segments,
        bytearray(message.id),
        WAITING_BELOW if change.only_waiting else OPEN_BELOW,
    )


def replace_row(message: Message) -> ReplaceRow:
    """Parameters of `replace`."""
    return (
        bytearray(message.content or b""),
        bytearray(message.private or b""),
        message.segments,
        message.encoding,
        bytearray(message.parts),
        NEVER if message.due_ms is None else message.due_ms,
        message.expires_ms,
        message.notify,
        bytearray(message.id),
        WAITING_BELOW,
    )


def digest_row(op: Accept, now_ms: int) -> DigestRow:
    """Parameters of `claim_digest`."""
    return (
        op.message.customer,
        bytearray(op.idempotency or b""),
        bytearray(op.message.id),
        op.idempotency_until_ms,
        now_ms,
    )


def event_row(event: OutboxEvent) -> EventRow:
    """Parameters of `tell`."""
    return (
        event.customer,
        bytearray(event.message),
        STATUS_CODE[event.status],
        event.at_ms,
        event.next_ms,
        event.attempts,
        event.esme,
    )


def message_from(row: Stored) -> Message:
    """The message in a row of `SELECT * FROM message`; columns beyond are ignored."""
    return Message(
        id=row[0],
        customer=row[1],
        subject=row[2],
        country=row[3],
        last_two=row[4],
        message_class=CLASSES[row[5]],
        tag=row[6],
        status=STATUSES[row[7]],
        segments=row[8],
        encoding=row[9],
        operator=row[10],
        accepted_ms=row[11],
        due_ms=row[12],
        expires_ms=row[13],
        content_until_ms=row[14],
        record_until_ms=row[15],
        content=row[16],
        private=row[17],
        attempts=row[18],
        retry_unknown=row[19] == 1,
        submitted_ms=row[20],
        final_ms=row[21],
        error=row[22],
        operator_ids=split_ids(row[23]),
        parts=row[24],
        disclosure=row[25],
        key_id=row[26],
        notify=row[27],
    )


MESSAGE_COLUMNS: Final = 28


def event_from(row: Stored) -> OutboxEvent:
    seq, customer, message, status, at_ms, next_ms, attempts, esme = row
    return OutboxEvent(
        seq=seq,
        customer=customer,
        message=message,
        status=STATUSES[status],
        at_ms=at_ms,
        next_ms=next_ms,
        attempts=attempts,
        esme=esme,
    )


def customer_row(customer: StoredCustomer) -> AccountRow:
    return (
        customer.id or None,
        customer.public_id,
        customer.account,
        customer.settings,
        customer.created_ms,
        customer.disabled_ms,
    )


def key_row(key: StoredKey) -> AccountRow:
    return (
        key.id or None,
        key.customer,
        key.prefix,
        key.digest,
        " ".join(key.scopes),
        key.settings,
        key.created_ms,
        key.expires_ms,
        key.revoked_ms,
    )


def esme_row(esme: StoredEsme) -> AccountRow:
    return (
        esme.id or None,
        esme.customer,
        esme.system_id,
        esme.password,
        esme.settings,
        esme.created_ms,
        esme.revoked_ms,
    )


def endpoint_row(endpoint: StoredEndpoint) -> AccountRow:
    return (
        endpoint.customer,
        endpoint.url,
        endpoint.secret,
        endpoint.settings,
        endpoint.state,
        endpoint.failing_since_ms,
        endpoint.disabled_ms,
    )


def _join_ids(ids: tuple[str, ...]) -> str:
    return _ID_END.join(ids) + _ID_END if ids else ""


def split_ids(joined: str) -> tuple[str, ...]:
    """One id per segment from the `operator_ids` column."""
    return tuple(joined.split(_ID_END)[:-1])
