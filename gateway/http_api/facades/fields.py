"""What a request says, by name: of a query string, of a form in either encoding, or of a JSON object.

Values are octets until somebody says in which charset they are; blank ones are kept. What is taken out (`take`) is
there no more, so that credentials do not travel on with the rest.
"""

import re
from binascii import a2b_qp
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Final, TypeVar
from urllib.parse import unquote_to_bytes

import msgspec

from gateway.model.refusals import Refusal
from redaction.errors import alone
from redaction.personal import Secret

MAX_FIELDS: Final = 256
MAX_NAME: Final = 64
FORM: Final = "application/x-www-form-urlencoded"
MULTIPART: Final = "multipart/form-data"
JSON: Final = "application/json"
_BOUNDARY: Final = re.compile(r'boundary="?([A-Za-z0-9\'()+_,./:=? -]{1,70}?)"?(?:;|$)', re.IGNORECASE)
_NAME: Final = re.compile(rb'^content-disposition:\s*form-data\s*;[^\r\n]*?\bname="([^"\r\n]*)"', re.IGNORECASE | re.M)
_CUT: Final = re.compile(rb"%(?![0-9A-Fa-f]{2})")
_DIGITS: Final = re.compile(r"\s*([+-]?[0-9]{1,9})")

Pair = tuple[str, bytes]
Value = str | int | float | bool | None
"""That a member of a JSON object has here, or each of a list."""
T = TypeVar("T")


class Fields:
    """Names and values of one request, in their order; a name may come more than once. Prints without values."""

    __slots__ = ("_pairs",)

    def __init__(self, pairs: Iterable[Pair] = ()) -> None:
        self._pairs: dict[str, list[bytes]] = {}
        for count, (name, value) in enumerate(pairs):
            if count >= MAX_FIELDS:
                raise Refusal("invalid_parameter")
            self._pairs.setdefault(name, []).append(value)

    def __contains__(self, name: object) -> bool:
        return name in self._pairs

    def __iter__(self) -> Iterator[str]:
        return iter(self._pairs)

    def __repr__(self) -> str:
        return f"Fields({len(self._pairs)})"

    def octets(self, *names: str) -> bytes | None:
        """The first value of the first of these names that is there."""
        for name in names:
            found = self._pairs.get(name)
            if found is not None:
                return found[0]
        return None

    def text(self, *names: str) -> str | None:
        """The same in UTF-8. Raises Refusal for what is not."""
        found = self.octets(*names)
        if found is None:
            return None
        try:
            return found.decode()
        except UnicodeDecodeError:
            raise alone(Refusal("forbidden_character", names[0])) from None

    def texts(self, name: str) -> list[str]:
        """Every value of a name. Raises Refusal for what is not UTF-8."""
        try:
            return [each.decode() for each in self._pairs.get(name, ())]
        except UnicodeDecodeError:
            raise alone(Refusal("forbidden_character", name)) from None

    def number(self, *names: str) -> int | None:
        """The number that a value begins with, as C reads it; None where there is none, or no such name."""
        found = self.octets(*names)
        digits = None if found is None else _DIGITS.match(found.decode("latin-1"))
        return None if digits is None else int(digits.group(1))

    def take(self, *names: str) -> Secret | None:
        """The first value of the first of these names that is there; all of them are taken out. None for none."""
        found = [self._pairs.pop(name, None) for name in names]
        first = next((each[0] for each in found if each is not None), None)
        return None if first is None else Secret(first.decode("utf-8", "replace"))


def of_query(raw: str | bytes) -> list[Pair]:
    """Of a query string, or a form's body; `+` is a space."""
    octets = raw.encode("utf-8", "surrogateescape") if isinstance(raw, str) else raw
    if b"+" in octets:
        octets = octets.replace(b"+", b" ")
    is_whole = _CUT.search(octets) is None
    pairs: list[Pair] = []
    for each in islice(filter(None, octets.split(b"&")), MAX_FIELDS + 1):
        name, _, value = each.partition(b"=")
        if b"%" in each:
            name, value = _unquoted(name, is_whole), _unquoted(value, is_whole)
        pairs.append((_name(name), value))
    return pairs


def of_body(body: bytes, content_type: str) -> list[Pair] | None:
    """Of a form in either encoding, or of a JSON object; None for a body of another kind. Raises Refusal."""
    media = content_type.partition(";")[0].strip().lower()
    if media == FORM:
        return of_query(body)
    if media == JSON:
        return _of_json(body)
    if media == MULTIPART:
        boundary = _BOUNDARY.search(content_type)
        if boundary is None:
            raise Refusal("unsupported_media_type")
        return _of_multipart(body, b"--" + boundary.group(1).encode())
    return None


def _unquoted(octets: bytes, is_whole: bool) -> bytes:
    """is_whole: every escape has its two digits."""
    if not is_whole or b"=" in octets:
        return unquote_to_bytes(octets)
    # escapes of quoted-printable (RFC 2045 §6.7) are these but for their sign, and are read in C: a tenth of the time
    return a2b_qp(octets.replace(b"%", b"="))


def _name(octets: bytes) -> str:
    """One that is too long, or no text, is that of no field."""
    return octets.decode("utf-8", "replace") if len(octets) <= MAX_NAME else ""


def _of_multipart(body: bytes, boundary: bytes) -> list[Pair]:
    """RFC 7578. Files are values like any other."""
    pairs: list[Pair] = []
    for part in body.split(boundary, MAX_FIELDS + 2)[1:]:
        if part.startswith(b"--"):
            break
        head, blank, value = part.partition(b"\r\n\r\n")
        name = _NAME.search(head.lstrip(b"\r\n"))
        if not blank or name is None:
            raise Refusal("body_incomplete")
        pairs.append((_name(name.group(1)), value.removesuffix(b"\r\n")))
    return pairs


def _of_json(body: bytes) -> list[Pair]:
    return of_object(decoded(body, dict[str, Value | list[Value]]))


def decoded(body: bytes, of: type[T]) -> T:
    """What a JSON body says. Raises Refusal."""
    try:
        return msgspec.json.decode(body, type=of)
    except msgspec.ValidationError:
        raise alone(Refusal("wrong_type")) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise alone(Refusal("malformed_json")) from None


def of_object(said: "Mapping[str, Value | list[Value]]") -> list[Pair]:
    """Numbers and truths as they are written, a list as a value each; null is as if it were not there."""
    pairs: list[Pair] = []
    for name, value in said.items():
        for each in value if isinstance(value, list) else [value]:
            if each is not None:
                pairs.append((name if len(name) <= MAX_NAME else "", _written(each)))
    return pairs


def _written(value: "str | int | float | bool") -> bytes:
    return value.encode("utf-8", "surrogatepass") if isinstance(value, str) else msgspec.json.encode(value)
