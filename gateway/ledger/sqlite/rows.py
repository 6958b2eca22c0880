"""How records lie in SQLite's tables: the column order of every statement.

What is said of messages is made of `gateway.ledger.fields`: parts of statements (`PARTS`), and the functions from a
message to a row and back.

Rows of the hot path hold exact `int`, `str` and `bytearray` only. For every other value, `None` and `bytes` included,
sqlite3 first looks for an adapter in vain: a row with seven such values took 4.5 µs, now 1.6 and 0.5 to convert. So an
absent time travels as NEVER, an absent code as '' and an absent blob as an empty one; NULLIF turns them back.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import msgspec

from gateway.ledger.codes import CLASS_CODE, CLASSES, OPEN_BELOW, STATUS_CODE, STATUSES, WAITING_BELOW, changes_over
from gateway.ledger.contract import ROW_FAULTS, Accept, Change, StoredCustomer, StoredEndpoint, StoredEsme, StoredKey
from gateway.ledger.fields import FIELDS, VARIES, Field, Kind, function_of
from gateway.model.message import STATUS_EVENT, Message, OutboxEvent, unreadable

Value = int | str | bytes | bytearray | None
AccountRow = tuple[int | str | bytes | None, ...]
Row = tuple[int | str | bytearray, ...]
"""Of the hot path: what sqlite3 binds without a look for an adapter."""
Stored = Sequence[Any]
"""A row as sqlite3 hands it back: its types are those of the columns."""

NEVER: Final = -1
NO_STATUS: Final = -1

_ID_END: Final = "\x1f"


def _join_ids(ids: tuple[str, ...]) -> str:
    return _ID_END.join(ids) + _ID_END if ids else ""


def split_ids(joined: str) -> tuple[str, ...]:
    """One id per segment from the `operator_ids` column."""
    return tuple(joined.split(_ID_END)[:-1])


# ------------------------------------------------------------------------------------------------------------- messages


class _Form(msgspec.Struct, frozen=True):
    """How values of a kind travel. type: in a row. to, back: expressions of {}. place: of one in a statement."""

    type: type
    to: str = "{}"
    place: str = "?"
    back: str = "{}"


_FORMS: Final[Mapping[Kind, _Form]] = {
    Kind.NUMBER: _Form(int),
    Kind.FLAG: _Form(int, "1 if {} else 0", back="{} == 1"),
    Kind.TIME: _Form(int),
    Kind.TIME_OR_NONE: _Form(int, "NEVER if {0} is None else {0}", f"NULLIF(?, {NEVER})"),
    Kind.WORD: _Form(str),
    Kind.WORD_OR_NONE: _Form(str, "{} or ''", "NULLIF(?, '')"),
    Kind.WORDS: _Form(str, "join_ids({})", back="split_ids({})"),
    Kind.OCTETS: _Form(bytearray, "bytearray({})"),
    Kind.OCTETS_OR_NONE: _Form(bytearray, "bytearray({} or b'')", "NULLIF(?, x'')"),
    Kind.STATUS: _Form(int, "STATUS_CODE[{}]", back="STATUSES[{}]"),
    Kind.CLASS: _Form(int, "CLASS_CODE[{}]", back="CLASSES[{}]"),
}
_LITERALS: Final[dict[object, str]] = {
    None: "NULL",
    0: "0",
    (): "''",
    **{each: str(STATUS_CODE[each]) for each in STATUSES},
}
"""What the door makes alike in every message, as SQL says it."""
_NAMES: Final[dict[str, object]] = {
    "CLASSES": CLASSES,
    "CLASS_CODE": CLASS_CODE,
    "Message": Message,
    "NEVER": NEVER,
    "STATUSES": STATUSES,
    "STATUS_CODE": STATUS_CODE,
    "join_ids": _join_ids,
    "split_ids": split_ids,
}
_BY_DOOR: Final = [each for each in FIELDS if each.door is VARIES]
_ALIKE: Final = [each for each in FIELDS if each.door is not VARIES]
_CHANGED: Final = [each for each in FIELDS if each.changes]
_REPLACED: Final = [each for each in FIELDS if each.replaces or each.changes]


def _values(fields: Sequence[Field], message: str) -> str:
    """An expression for each value of a row, which a comma ends."""
    return "".join(f"{_FORMS[each.kind].to.format(f'{message}.{each.name}')}, " for each in fields)


def _settings(fields: Sequence[Field]) -> str:
    return ", ".join(f"{each.stored_as} = {_FORMS[each.kind].place}" for each in fields)


def _row_type(fields: Sequence[Field], *beyond: type) -> Any:
    return tuple[(*(_FORMS[each.kind].type for each in fields), *beyond)]  # type: ignore[misc]


if TYPE_CHECKING:
    FreshRow = Row
    AnyRow = Row
    ChangeRow = Row
    ReplaceRow = Row
else:  # by position, so that a process which is sent rows reads octets as what sqlite3 binds at once
    FreshRow, AnyRow = _row_type(_BY_DOOR), _row_type(FIELDS)
    ChangeRow, ReplaceRow = _row_type(_CHANGED, bytearray, int, int), _row_type(_REPLACED, bytearray, int)
LinkRow = tuple[str, str, bytearray, int]
EventRow = tuple[int, bytearray, int, int, int, int, int]
EventKind = tuple[str, bytearray]
DigestRow = tuple[int, bytearray, bytearray, int, int]
EarlierRow = tuple[int, bytearray, int]
UsageRow = tuple[int, int, int, int, int, str, int, int]
"""Of the statements of the same names, position by position."""

PARTS: Final[Mapping[str, str]] = {
    "columns": ", ".join(each.stored_as for each in FIELDS),
    "values": ", ".join(_FORMS[each.kind].place for each in FIELDS),
    "values_by_door": ", ".join(
        _FORMS[each.kind].place if each.door is VARIES else _LITERALS[each.door] for each in FIELDS
    ),
    "changes": _settings(_CHANGED),
    "replaces": _settings(_REPLACED),
    "message": ", ".join(f"message.{each.stored_as}" for each in FIELDS),
}
"""What files of statements say `$columns` and so on for. message: the columns that `message_in` reads."""
MESSAGE_COLUMNS: Final = len(FIELDS)

is_fresh: Final[Callable[[Message], bool]] = function_of(
    "lambda message: " + " and ".join(f"message.{each.name} is {each.name}" for each in _ALIKE),
    {each.name: each.door for each in _ALIKE},
)
"""Whether the message is as the door makes it, so that the short statement says all."""
fresh_row: Final[Callable[[Message], Row]] = function_of(f"lambda message: ({_values(_BY_DOOR, 'message')})", _NAMES)
"""Parameters of `accept_fresh`."""
any_row: Final[Callable[[Message], Row]] = function_of(f"lambda message: ({_values(FIELDS, 'message')})", _NAMES)
"""Parameters of `accept_any`."""
_change_row: Final[Callable[[Message, int, int], Row]] = function_of(
    f"lambda message, below, over: ({_values(_CHANGED, 'message')} bytearray(message.id), below, over)", _NAMES
)
replace_row: Final[Callable[[Message], Row]] = function_of(
    f"lambda message: ({_values(_REPLACED, 'message')} bytearray(message.id), {WAITING_BELOW})", _NAMES
)
"""Parameters of `replace`."""
message_in: Final[Callable[[Stored], Message]] = function_of(
    "lambda row: Message("
    + "".join(f"{each.name}={_FORMS[each.kind].back.format(f'row[{at}]')}, " for at, each in enumerate(FIELDS))
    + ")",
    _NAMES,
)
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
