"""Fields of forms: what they are called, and how what was typed becomes what the API takes."""

import enum
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Final

import msgspec

from gateway.html.marks import RIYADH
from gateway.html.words import N_

Form = Mapping[str, str]
"""What was typed, by the names of fields; the last of what is there more than once."""


class Kind(enum.Enum):
    """How a field is drawn and read."""

    TEXT = "text"
    LONG = "long"  # several lines
    LINES = "lines"  # one value a line, as a list
    PAIRS = "pairs"  # one name and whole number a line, with = between
    WHOLE = "whole"
    NUMBER = "number"
    TIME = "time"  # of Riyadh
    CHOICE = "choice"
    SEVERAL = "several"  # of the choices, each a box of its own: `name.choice`
    CHECK = "check"
    PASSWORD = "password"  # noqa: S105


class Field(msgspec.Struct, frozen=True, kw_only=True):
    """name: the API's. most: characters. choices: value and word. empty: what an empty field says; left out where it is
    not given.
    """

    name: str
    label: str
    kind: Kind = Kind.TEXT
    hint: str = ""
    is_needed: bool = True
    most: int = 200
    choices: Sequence[tuple[str, str]] = ()
    says_null: bool = False


class Wrong(Exception):
    """What is wrong with a form, as a sentence for each field."""

    def __init__(self, why: Mapping[str, str]) -> None:
        super().__init__("a form that cannot be read")
        self.why: Final = why


def body_of(fields: Sequence[Field], form: Form) -> dict[str, object]:
    """What the API is asked. Raises Wrong."""
    body: dict[str, object] = {}
    wrong: dict[str, str] = {}
    for each in fields:
        typed = _typed(each, form)
        try:
            if typed or each.kind is Kind.CHECK:
                body[each.name] = _READ[each.kind](typed, each)
            elif each.says_null:
                body[each.name] = None
            elif each.is_needed:
                wrong[each.name] = N_("Fill this in.")
        except ValueError:
            wrong[each.name] = _SAID[each.kind]
    if wrong:
        raise Wrong(wrong)
    return body


def _typed(field: Field, form: Form) -> str:
    """Of several choices a line for each."""
    if field.kind is Kind.SEVERAL:
        return "\n".join(word for word, _ in field.choices if form.get(f"{field.name}.{word}") == "on")
    return form.get(field.name, "").strip()


def _text(typed: str, field: Field) -> str:
    if len(typed) > field.most:
        raise ValueError
    return typed


def _lines(typed: str, field: Field) -> list[str]:
    return [line.strip() for line in _text(typed, field).splitlines() if line.strip()]


def _pairs(typed: str, field: Field) -> dict[str, int]:
    pairs = (line.partition("=") for line in _lines(typed, field))
    return {name.strip(): _whole(value.strip(), field) for name, _, value in pairs}


def _whole(typed: str, _: Field) -> int:
    if not re.fullmatch(r"-?[0-9]{1,15}", typed, re.ASCII):
        raise ValueError
    return int(typed)


def _number(typed: str, _: Field) -> float:
    if not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,6})?", typed, re.ASCII):
        raise ValueError
    return float(typed)


def _time(typed: str, _: Field) -> str:
    at = datetime.fromisoformat(typed)
    return (at if at.tzinfo is not None else at.replace(tzinfo=RIYADH)).isoformat()


def _choice(typed: str, field: Field) -> str:
    if typed not in dict(field.choices):
        raise ValueError
    return typed


def _check(typed: str, _: Field) -> bool:
    return typed == "on"


_READ: Final[Mapping[Kind, Callable[[str, Field], object]]] = {
    Kind.TEXT: _text,
    Kind.LONG: _text,
    Kind.LINES: _lines,
    Kind.PAIRS: _pairs,
    Kind.WHOLE: _whole,
    Kind.NUMBER: _number,
    Kind.TIME: _time,
    Kind.CHOICE: _choice,
    Kind.SEVERAL: lambda typed, _: typed.split("\n"),
    Kind.CHECK: _check,
    Kind.PASSWORD: _text,
}
_TOO_LONG: Final = N_("This is too long.")
_SAID: Final[Mapping[Kind, str]] = {
    Kind.TEXT: _TOO_LONG,
    Kind.LONG: _TOO_LONG,
    Kind.LINES: _TOO_LONG,
    Kind.PAIRS: N_("Write a name, = and a whole number in each line."),
    Kind.WHOLE: N_("Write a whole number."),
    Kind.NUMBER: N_("Write a number."),
    Kind.TIME: N_("Write a date and a time."),
    Kind.CHOICE: N_("Choose one of these."),
    Kind.PASSWORD: _TOO_LONG,
}
