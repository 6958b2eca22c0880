"""JSON bodies into requests, and whatever is wrong with them into a stable code and a field path.

The decoder's own messages are never passed on: they may quote what was sent. Only their kind and their path are taken,
and names that the customer made up are repeated only when they look like a field's name.
"""

import json
import re
from collections.abc import Iterable
from typing import Final, TypeVar

import msgspec
from msgspec import UNSET

from gateway.accept.request import BatchRequest, MessageRequest, UsualBatch
from gateway.model.refusals import Refusal
from redaction.errors import alone

T = TypeVar("T")

_PATH: Final = re.compile(r" - at `\$((?:\.[a-z_]+|\[\d+\])+)`$")
_UNKNOWN: Final = re.compile(r"^Object contains unknown field `([a-z_]{1,32})`$")
_MISSING: Final = re.compile(r"^Object missing required field `([a-z_]+)`")
_TOO_LONG: Final = re.compile(r"^Expected `[a-z]+` of length <=")
_EMPTY: Final = re.compile(r"^Expected `[a-z]+` of length >=")
_NOT_AN_OBJECT: Final = re.compile(r"^Expected `object`, got `[a-z]+`$")

_message = msgspec.json.Decoder(MessageRequest)
_batch = msgspec.json.Decoder(BatchRequest)
_usual_batch = msgspec.json.Decoder(UsualBatch)

BOM: Final = b"\xef\xbb\xbf"
"""Some clients write it before JSON (RFC 8259 §8.1: it may be passed over)."""
_BATCH_START: Final = re.compile(rb'[ \t\r\n]*\{[ \t\r\n]*"[^"]+"[ \t\r\n]*:[ \t\r\n]*\[[ \t\r\n]*')
_COMMA: Final = re.compile(r"[ \t\r\n]*,[ \t\r\n]*")
_scanner: Final = json.JSONDecoder()
DENSE: Final = 8
"""With a comma in fewer octets than this, a body may have more messages than one can make something of in a turn of the
loop: a message that can be sent has 30 octets and two commas.
"""
_BATCH_NEXT: Final = re.compile(rb"[ \t\r\n]*,[ \t\r\n]*")
_BATCH_END: Final = re.compile(rb"[ \t\r\n]*\][ \t\r\n]*\}[ \t\r\n]*")


def decode_message(body: bytes) -> MessageRequest:
    """A message request. Raises Refusal."""
    body = body.removeprefix(BOM)
    request = decode(_message, body)
    if body.count(b":") > _fields_given(request):
        refuse_repeated_names(body)
    if not request.text and request.octets is UNSET:
        raise Refusal("missing_field", "text")
    return request


def decode_batch(body: bytes, limit_bytes: int, most: int) -> list[MessageRequest] | list[bytes]:
    """The messages of a batch. Raises Refusal. limit_bytes: of one message. most: messages of a batch.

    They are counted before anything is made of them. A body without fault that is no longer than a message may be is
    parsed once. Of any other each message stays JSON, so that it is judged on its own.
    """
    body = body.removeprefix(BOM)
    requests = _requests(body) if len(body) <= limit_bytes else None
    if requests is None:
        return _cut(body, most)
    _refuse_too_many(len(requests), most)
    return requests


def _requests(body: bytes) -> list[MessageRequest] | None:
    """All messages of a batch; None when something is wrong with the batch or with one of them."""
    try:
        requests = _usual_batch.decode(body).messages
        if body.count(b":") > 1 + sum([_fields_given(each) for each in requests]):
            refuse_repeated_names(body)
        if not all(each.text for each in requests):
            return None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, Refusal):
        return None
    return requests


def _cut(body: bytes, most: int) -> list[bytes]:
    if body.count(b",") * DENSE > len(body):
        _refuse_too_many(_count(body, most), most)
    raw = decode(_batch, body).messages
    _refuse_too_many(len(raw), most)
    items = [bytes(each) for each in raw]
    if not _is_one_list(body, items):
        raise Refusal("malformed_json", "messages")
    return items


def _refuse_too_many(count: int, most: int) -> None:
    if count > most:
        raise Refusal("batch_too_long", "messages")


def _count(body: bytes, most: int) -> int:
    """How many messages there are, as far as that is JSON; no more than one beyond `most` are looked at."""
    start, count = _BATCH_START.match(body), 0
    try:
        text = body[0 if start is None else start.end() :].decode()
        position = 0
        while start is not None and count <= most:
            _, position = _scanner.raw_decode(text, position)
            count += 1
            comma = _COMMA.match(text, position)
            if comma is None:
                break
            position = comma.end()
    except (ValueError, RecursionError):
        pass  # whoever reads all of it says what is wrong
    return count


def decode(decoder: msgspec.json.Decoder[T], body: bytes) -> T:
    """What the body says. Raises Refusal with the code and field path of the first thing wrong with it."""
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as error:
        raise alone(_refusal(str(error))) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise alone(Refusal("malformed_json")) from None


def within(prefix: str, field: str | None) -> str:
    """The path of `field` inside the element at `prefix`."""
    return prefix if field is None else f"{prefix}.{field}"


def _refusal(complaint: str) -> Refusal:
    if complaint.startswith("Object contains unknown field"):
        unknown = _UNKNOWN.match(complaint)
        return Refusal("unknown_field", unknown and unknown.group(1))
    found = _PATH.search(complaint)
    path = found.group(1).lstrip(".") if found else None
    if (missing := _MISSING.match(complaint)) is not None:
        return Refusal("missing_field", missing.group(1))
    if _TOO_LONG.match(complaint):
        return Refusal("field_too_long", path)
    if _EMPTY.match(complaint):
        return Refusal("empty_field", path)
    if path is None and _NOT_AN_OBJECT.match(complaint):
        return Refusal("not_an_object")
    return Refusal("wrong_type", path)


def _fields_given(request: MessageRequest) -> int:
    """How many names the body has at the least."""
    return (
        2
        + (request.text != "")
        + (request.message_class is not UNSET)
        + (request.reference is not None)
        + (request.validity is not None)
        + (request.schedule_at is not None)
        + (request.retention is not None)
        + (request.callback_url is not None)
        + request.flash
        + (request.octets is not UNSET)
        + (request.header is not UNSET)
        + (request.data_coding is not UNSET)
    )


def refuse_repeated_names(body: bytes) -> None:
    """RFC 8259 §4 leaves the meaning of a repeated name open, so it is refused.

    Called only when the body has more colons than it needs, which a repeated name always brings and a time or a URL
    may: the usual body is parsed once.
    """
    try:
        json.loads(body, object_pairs_hook=_refuse_repetition)
    except (ValueError, RecursionError):
        raise alone(Refusal("malformed_json")) from None


def _refuse_repetition(pairs: "list[tuple[str, object]]") -> None:
    seen: set[str] = set()
    for name, _ in pairs:
        if name in seen:
            raise Refusal("malformed_json", name)
        seen.add(name)


def _is_one_list(body: bytes, items: Iterable[bytes]) -> bool:
    """Whether these items, between commas, are all there is: `messages` was not given twice."""
    start = _BATCH_START.match(body)
    position = 0 if start is None else start.end()
    for number, item in enumerate(items):
        if number:
            comma = _BATCH_NEXT.match(body, position)
            position = position if comma is None else comma.end()
        if not body.startswith(item, position):
            return False
        position += len(item)
    return start is not None and _BATCH_END.fullmatch(body, position) is not None
