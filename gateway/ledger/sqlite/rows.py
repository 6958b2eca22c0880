"""How records become rows of SQLite's tables, and come back: the column order of every statement.

The functions from a message to a row and back are made of `gateway.ledger.fields` (`gateway.ledger.sqlite.forms`).
"""

from collections.abc import Callable, Mapping
from typing import Final

from gateway.ledger.codes import CLASS_CODE, CLASSES, OPEN_BELOW, STATUS_CODE, STATUSES, WAITING_BELOW, changes_over
from gateway.ledger.contract import ROW_FAULTS, Accept, Change, StoredCustomer, StoredEndpoint, StoredEsme, StoredKey
from gateway.ledger.fields import function_of
from gateway.ledger.sqlite.forms import (
    ANY_ROW,
    CHANGE_ROW,
    FRESH_ROW,
    IS_FRESH,
    MESSAGE_IN,
    REPLACE_ROW,
    AccountRow,
    DigestRow,
    EarlierRow,
    EventKind,
    EventRow,
    Row,
    Stored,
)
from gateway.model.message import STATUS_EVENT, Message, OutboxEvent, Status, unreadable

NO_STATUS: Final = -1

_NAMES: Final[Mapping[str, object]] = {
    "CLASSES": CLASSES,
    "CLASS_CODE": CLASS_CODE,
    "Message": Message,
    "STATUSES": STATUSES,
    "STATUS_CODE": STATUS_CODE,
    "Status": Status,
}

is_fresh: Final[Callable[[Message], bool]] = function_of(IS_FRESH, _NAMES)
"""Whether the message is as the door makes it, so that the short statement says all."""
fresh_row: Final[Callable[[Message], Row]] = function_of(FRESH_ROW, _NAMES)
"""Parameters of `accept_fresh`."""
any_row: Final[Callable[[Message], Row]] = function_of(ANY_ROW, _NAMES)
"""Parameters of `accept_any`."""
_change_row: Final[Callable[[Message, int, int], Row]] = function_of(CHANGE_ROW, _NAMES)
replace_row: Final[Callable[[Message], Row]] = function_of(REPLACE_ROW, _NAMES)
"""Parameters of `replace`."""
message_in: Final[Callable[[Stored], Message]] = function_of(MESSAGE_IN, _NAMES)
"""The message in a row of `$message`; columns beyond are ignored. Raises `UNREADABLE_FAULTS`."""
UNREADABLE_FAULTS: Final = (*ROW_FAULTS, LookupError, TypeError, AttributeError)


def message_from(row: Stored) -> Message:
    """The same; what no version of the gateway wrote comes as `gateway.model.message.unreadable`."""
    try:
        return message_in(row)
    except UNREADABLE_FAULTS:
        return unreadable(row[0] if isinstance(row[0], bytes) else b"")


def change_row(change: Change) -> Row:
    """Parameters of `change` and `change_and_drop`."""
    below = WAITING_BELOW if change.only_waiting else OPEN_BELOW
    return _change_row(change.message, below, changes_over(change.over_unknown))


def digest_row(op: Accept, now_ms: int) -> DigestRow:
    """Parameters of `claim_digest`."""
    return (
        op.message.customer,
        bytearray(op.idempotency or b""),
        bytearray(op.message.id),
        op.idempotency_until_ms,
        now_ms,
    )


def earlier_rows(op: Accept, now_ms: int) -> list[EarlierRow]:
    """Parameters of `find_digest`, once for each further digest."""
    return [(op.message.customer, bytearray(each), now_ms) for each in (*op.before, *op.sought)]


def event_row(event: OutboxEvent) -> EventRow:
    """Parameters of `tell`, and with `event_kind` behind them of `tell_other`."""
    status = event.status
    return (
        event.customer,
        bytearray(event.message),
        NO_STATUS if status is None else STATUS_CODE[status],
        event.at_ms,
        event.next_ms,
        event.attempts,
        event.esme,
    )


def event_kind(event: OutboxEvent) -> EventKind | None:
    """What follows the row of an event that is no status."""
    return None if event.kind == STATUS_EVENT else (event.kind, bytearray(event.data))


def event_from(row: Stored) -> OutboxEvent:
    seq, customer, message, status, at_ms, next_ms, attempts, esme, kind, data = row
    return OutboxEvent(
        seq=seq,
        customer=customer,
        message=message,
        status=None if status == NO_STATUS else STATUSES[status],
        at_ms=at_ms,
        next_ms=next_ms,
        attempts=attempts,
        esme=esme,
        kind=kind,
        data=data,
    )


def checked_event(row: Stored) -> OutboxEvent:
    """kind comes as octets. Raises ValueError and TypeError for a row that no version of the gateway wrote."""
    numbers, message, kind, data = (*row[:2], *row[3:8]), row[2], row[8], row[9]
    if not all(type(each) is int for each in numbers) or type(message) is not bytes or type(data) is not bytes:
        raise TypeError("a value of another type")
    if not NO_STATUS <= row[3] < len(STATUSES):
        raise ValueError("no status has this code")
    return event_from((*row[:8], str(kind, "utf-8"), data))


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
