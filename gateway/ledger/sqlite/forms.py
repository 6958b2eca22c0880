"""What the table of stored fields makes of SQLite's statements, and the types of their rows.

Rows of the hot path hold exact `int`, `str` and `bytearray` only. For every other value, `None` and `bytes` included,
sqlite3 first looks for an adapter in vain: a row with seven such values took 4.5 µs, now 1.6 and 0.5 to convert. So an
absent time travels as NEVER, an absent code as '' and an absent blob as an empty one; NULLIF turns them back.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import msgspec

from gateway.ledger.codes import STATUS_CODE, STATUSES, WAITING_BELOW
from gateway.ledger.fields import FIELDS, VARIES, Field, Kind
from gateway.model.message import Status

Value = int | str | bytes | bytearray | None
AccountRow = tuple[int | str | bytes | None, ...]
Row = tuple[int | str | bytearray, ...]
"""Of the hot path: what sqlite3 binds without a look for an adapter."""
Stored = Sequence[Any]
"""A row as sqlite3 hands it back: its types are those of the columns."""

NEVER: Final = -1
_ID_END: Final = "\x1f"


_JOINED: Final = f"({_ID_END!r}.join({{0}}) + {_ID_END!r} if {{0}} else '')"
_SPLIT: Final = f"tuple({{}}.split({_ID_END!r})[:-1])"
"""One id per segment, each with its end, in the `operator_ids` column."""


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
    Kind.TIME_OR_NONE: _Form(int, f"{NEVER} if {{0}} is None else {{0}}", f"NULLIF(?, {NEVER})"),
    Kind.WORD: _Form(str),
    Kind.WORD_OR_NONE: _Form(str, "{} or ''", "NULLIF(?, '')"),
    Kind.WORDS: _Form(str, _JOINED, back=_SPLIT),
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


def _same(field: Field) -> str:
    """Whether a message has what the door makes alike in all."""
    value = f"message.{field.name}"
    if isinstance(field.door, Status):
        return f"{value} is Status.{field.door.name}"
    return f"{value} is None" if field.door is None else f"not {value}"  # 0, or no ids


IS_FRESH: Final = "lambda message: " + " and ".join(_same(each) for each in _ALIKE)
FRESH_ROW: Final = f"lambda message: ({_values(_BY_DOOR, 'message')})"
ANY_ROW: Final = f"lambda message: ({_values(FIELDS, 'message')})"
CHANGE_ROW: Final = f"lambda message, below, over: ({_values(_CHANGED, 'message')} bytearray(message.id), below, over)"
REPLACE_ROW: Final = f"lambda message: ({_values(_REPLACED, 'message')} bytearray(message.id), {WAITING_BELOW})"
MESSAGE_IN: Final = (
    "lambda row: Message("
    + "".join(f"{each.name}={_FORMS[each.kind].back.format(f'row[{at}]')}, " for at, each in enumerate(FIELDS))
    + ")"
)
"""The functions of `gateway.ledger.sqlite.rows`, as `function_of` wants them."""
