"""The stored fields of a message, a line each, of which both engines make what they store.

SQLite makes its columns, statements and rows of this table, Redis its packed records. What they make is code, so a row
costs what it would cost written by hand: `gateway.ledger.written` holds it, and what that lacks is made as its module
loads.

To store one more: an attribute of `gateway.model.message.Message` with a default, a line at the end of this table, a
column in the next schema file of the SQLite engine, the next format of packed records, and a line in the data inventory
(docs/recipes/stored-field.md).
"""

import enum
from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from gateway.ledger.written import WRITTEN
from gateway.model.message import Message, Status


class Kind(enum.Enum):
    """What a value is. An engine says for each kind how it is written and read back."""

    NUMBER = enum.auto()
    FLAG = enum.auto()
    TIME = enum.auto()  # epoch milliseconds
    TIME_OR_NONE = enum.auto()
    WORD = enum.auto()
    WORD_OR_NONE = enum.auto()  # None where it is empty
    WORDS = enum.auto()
    OCTETS = enum.auto()
    OCTETS_OR_NONE = enum.auto()  # None where they are empty
    STATUS = enum.auto()
    CLASS = enum.auto()


class Varies(enum.Enum):
    VARIES = "varies"


VARIES: Final = Varies.VARIES


class Field(msgspec.Struct, frozen=True):
    """name: the attribute. column: in SQLite and in the data inventory, '' where it is the name.

    changes: written by a `Change`, and by a `Replace`. replaces: by a `Replace`. door: what it is in every message as
    the door makes it, or VARIES. known: where it lies in a packed record is known to who packs it and to the server's
    functions; any other is in a list there, of what changes write or of what they leave. since: the format from which
    packed records hold it (`gateway.ledger.contract.LedgerFormat`).
    """

    name: str
    kind: Kind
    column: str = ""
    changes: bool = False
    replaces: bool = False
    door: object = VARIES
    known: bool = False
    since: int = 2

    @property
    def stored_as(self) -> str:
        return self.column or self.name


_FIRST: Final = (
    Field("id", Kind.OCTETS, known=True),
    Field("customer", Kind.NUMBER, known=True),
    Field("subject", Kind.OCTETS, known=True),
    Field("country", Kind.NUMBER, known=True),
    Field("last_two", Kind.NUMBER, replaces=True),
    Field("message_class", Kind.CLASS, column="class", known=True),
    Field("tag", Kind.WORD, known=True),
    Field("status", Kind.STATUS, changes=True, door=Status.ACCEPTED, known=True),
    Field("segments", Kind.NUMBER, changes=True, replaces=True, known=True),
    Field("encoding", Kind.WORD, replaces=True, known=True),
    Field("operator", Kind.WORD, changes=True, known=True),
    Field("accepted_ms", Kind.TIME, known=True),
    Field("due_ms", Kind.TIME_OR_NONE, changes=True, replaces=True, known=True),
    Field("expires_ms", Kind.TIME, replaces=True),
    Field("content_until_ms", Kind.TIME, changes=True, known=True),
    Field("record_until_ms", Kind.TIME, known=True),
    Field("content", Kind.OCTETS_OR_NONE, replaces=True, known=True),
    Field("private", Kind.OCTETS_OR_NONE, replaces=True, known=True),
    Field("attempts", Kind.NUMBER, changes=True, door=0),
    Field("retry_unknown", Kind.FLAG),
    Field("submitted_ms", Kind.TIME_OR_NONE, changes=True, door=None),
    Field("final_ms", Kind.TIME_OR_NONE, changes=True, door=None),
    Field("error", Kind.WORD_OR_NONE, changes=True, door=None),
    Field("operator_ids", Kind.WORDS, changes=True, door=()),
    Field("parts", Kind.OCTETS, changes=True, replaces=True),
    Field("disclosure", Kind.NUMBER, changes=True, door=0),
    Field("key_id", Kind.NUMBER),
    Field("notify", Kind.NUMBER, replaces=True),
)
"""What was stored before records could grow."""

_FURTHER: Final[tuple[Field, ...]] = (
    Field("record_tag", Kind.OCTETS, changes=True, since=3),  # of gateway.keystore.record_tags
)
"""What came since. Lines are added at the end and never moved: SQLite's columns and packed lists have this order. A
record's tag is over them, too, so a field that may be something else than its default takes the next format."""

FIELDS: Final[tuple[Field, ...]] = (*(msgspec.structs.replace(each, since=1) for each in _FIRST), *_FURTHER)


ASKED: Final[dict[str, None]] = {}
"""The expressions of all functions so far, for `compiling/written.py`."""


def function_of(source: str, names: Mapping[str, object]) -> Callable[..., Any]:
    """The function that an expression says (`lambda message: …`), made of the table. names: what it uses, which is the
    same wherever the expression is.

    One that is written out is taken. Others are made as `dataclasses` and `collections.namedtuple` do it: nothing but
    our own table is in it.
    """
    ASKED[source] = None
    written = WRITTEN.get(source)
    if written is not None:
        return written
    function: Callable[..., Any] = eval(source, dict(names))  # noqa: S307
    return function


def default_of(field: Field, of: type[Message] = Message) -> Any:
    """What a message has of this field unless it is said. Raises LookupError where that must be said."""
    for each in msgspec.structs.fields(of):
        if each.name == field.name and not each.required:
            return each.default
    raise LookupError(field.name)
