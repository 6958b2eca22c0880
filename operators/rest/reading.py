"""What an operator over HTTP says, in JSON, as a form or as text: values at paths, as ids, words and codes. Pure.

Numbers are read as they are written, so an id of digits is the same id in an answer and in a receipt, quoted or not.
"""

import decimal
import re
from decimal import Decimal
from typing import Final
from urllib.parse import parse_qsl

import msgspec

MAX_ID: Final = 255
_FIELDS: Final = 256
_CODE: Final = re.compile(r"[A-Za-z0-9_-]{1,16}", re.ASCII)
_BOM: Final = b"\xef\xbb\xbf"


def _number(written: str) -> Decimal | None:
    try:
        return Decimal(written)
    except decimal.InvalidOperation:  # beyond any number that could be meant
        return None


_JSON: Final = msgspec.json.Decoder(float_hook=_number)


def decode_json(body: bytes) -> object:
    """None for what is no JSON; a byte order mark in front is none of it."""
    try:
        return _JSON.decode(body.removeprefix(_BOM))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def decode_form(body: bytes) -> dict[str, str] | None:
    """The first of each name, of a form or a query; None for what is none."""
    try:
        pairs = parse_qsl(
            body.removeprefix(_BOM).decode("utf-8"), keep_blank_values=True, errors="strict", max_num_fields=_FIELDS
        )
    except ValueError:  # also for what is no UTF-8
        return None
    return dict(reversed(pairs)) or None


def decode_text(body: bytes, pattern: re.Pattern[str]) -> list[dict[str, str]]:
    """The named groups of every match, as far as they are there."""
    text = body.removeprefix(_BOM).decode("utf-8", "replace")
    return [{name: value for name, value in each.groupdict().items() if value} for each in pattern.finditer(text)]


def find_in(said: object, path: str) -> object:
    """The value at a path such as `data.0.id`; None where there is none. A name that has dots itself goes first."""
    if isinstance(said, dict) and path in said:
        return said[path]
    for step in path.split("."):
        if isinstance(said, dict):
            said = said.get(step)
        elif isinstance(said, list) and step.isdecimal() and int(step) < len(said):
            said = said[int(step)]
        else:
            return None
    return said


def identifier(value: object) -> str | None:
    """An id, or None for what cannot be one."""
    text = _text(value)
    return text if text is not None and 0 < len(text) <= MAX_ID and text.isprintable() else None


def word(value: object) -> str | None:
    """In lower case; None for what is no word. `true` is one, and `1`."""
    if isinstance(value, bool):
        return str(value).lower()
    text = _text(value)
    return None if text is None else text.strip().lower()


def code(value: object) -> str | None:
    """A short error code; None for anything longer, or with other characters in it."""
    text = _text(value)
    return text if text is not None and _CODE.fullmatch(text) else None


def _text(value: object) -> str | None:
    if isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value) if value.bit_length() < 4 * MAX_ID else None
    if isinstance(value, Decimal) and value.is_finite() and value.adjusted() < MAX_ID:
        return str(int(value)) if value == value.to_integral_value() else str(value)
    return None
