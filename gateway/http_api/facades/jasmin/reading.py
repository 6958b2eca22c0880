"""What a request to Jasmin's send asks for: one message. Pure.

A text of the default coding goes as our own API sends it: in GSM 7-bit where that can, in UCS-2 where it cannot. Octets
of a coding that is a text are read as that text, so that a long one is cut into parts.
"""

import re
from collections.abc import Mapping
from typing import Final

from msgspec import UNSET

from gateway.accept.raw_parts import raw_part
from gateway.accept.request import MessageRequest
from gateway.accounts.customers import ApiKey
from gateway.http_api.facades.dialect import Asked, Order
from gateway.http_api.facades.fields import Fields
from gateway.http_api.facades.jasmin.words import FIELDS
from gateway.model.refusals import Refusal
from gateway.model.reports import ALL, ENDS, REJECTED, SUBMITTED
from gateway.model.submission import NO_MARKS, CallbackForm, Marks, RawPart, SmppForm
from gateway.model.times import rfc3339
from operators.smpp.address import TimeFormatError, parse_time
from redaction.errors import alone

NAME: Final = "jasmin"
_KNOWN: Final = frozenset({*FIELDS, "custom_tlvs"})
_FORMS: Final[Mapping[str, re.Pattern[str]]] = {
    "to": re.compile(r"\+?[0-9]+"),
    "coding": re.compile(r"[0-9]|10|13|14"),
    "priority": re.compile(r"[0-3]"),
    "validity-period": re.compile(r"[0-9]{1,7}"),
    "dlr": re.compile(r"yes|no"),
    "dlr-url": re.compile(r"https?://.*", re.IGNORECASE),
    "dlr-level": re.compile(r"[1-3]"),
    "dlr-method": re.compile(r"get|post", re.IGNORECASE),
    "tags": re.compile(r"[-a-zA-Z0-9,]*"),
    "hex-content": re.compile(r"(?:[0-9a-fA-F]{2})*"),
}
_WANTED: Final = {"1": SUBMITTED | REJECTED, "2": ENDS, "3": ALL}
_TEXTS: Final = {1: "ascii", 3: "latin-1", 8: "utf-16-be"}
"""Codings of octets that are a text; those of the others go as they are."""


def read(asked: Asked, key: ApiKey, now_ms: int) -> list[Order]:
    """Raises Refusal."""
    said = said_in(asked.fields)
    to = said.get("to")
    if to is None:
        raise Refusal("missing_field", "to")
    part, text = _body(said, asked.fields, int(said.get("coding", "0")))
    url, level = said.get("dlr-url"), said.get("dlr-level", "1")
    form = SmppForm(
        part=part,
        marks=_marks(said.get("priority", "0")),
        clamp_validity=True,
        notify=_WANTED[level] if url else 0,
        callback=CallbackForm(NAME, {"level": level, "method": said.get("dlr-method", "POST").upper()})
        if url
        else None,
    )
    schedule_ms = _schedule(said.get("sdt", ""), now_ms)
    request = MessageRequest(
        to=to if to.startswith(("+", "0")) else f"+{to}",
        source=_source(said, key),
        text=text,
        message_class=UNSET,
        validity=int(said["validity-period"]) * 60 or None if "validity-period" in said else None,
        schedule_at=None if schedule_ms is None else rfc3339(schedule_ms),
        callback_url=url,
    )
    return [Order(request, form)]


def said_in(fields: Fields) -> dict[str, str]:
    """Every argument, each of the form that Jasmin has for it. Raises Refusal."""
    said: dict[str, str] = {}
    for name in fields:
        if name not in _KNOWN:
            raise Refusal("unknown_parameter")
        value = said[name] = fields.text(name) or ""
        form = _FORMS.get(name)
        if form is not None and not form.fullmatch(value):
            raise Refusal("invalid_parameter", name)
    return said


def _body(said: Mapping[str, str], fields: Fields, coding: int) -> tuple[RawPart | None, str]:
    """Octets that go as they are, or None and the text to send."""
    if "content" in said and "hex-content" in said:
        raise Refusal("unknown_field", "text")
    if "hex-content" not in said:
        if "content" not in said:
            raise Refusal("missing_field", "text")
        if coding in _TEXTS or not coding:
            return None, said["content"]
        return raw_part(fields.octets("content") or b"", coding, b""), ""
    octets = bytes.fromhex(said["hex-content"])
    codec = _TEXTS.get(coding)
    if codec is None:
        return raw_part(octets, coding, b""), ""
    try:
        return None, octets.decode(codec)
    except UnicodeDecodeError:
        raise alone(Refusal("invalid_coding", "data_coding")) from None


def _source(said: Mapping[str, str], key: ApiKey) -> str:
    """A customer that has one sender only need not name it."""
    source = said.get("from", "")
    if source:
        return source.removeprefix("+") if source.removeprefix("+").isdigit() else source
    senders = key.customer.settings.senders
    if len(senders) != 1:
        raise Refusal("missing_field", "from")
    return next(iter(senders))


def _schedule(written: str, now_ms: int) -> int | None:
    try:
        return parse_time(written, now_ms)
    except TimeFormatError:
        raise alone(Refusal("invalid_parameter", "sdt")) from None


def _marks(priority: str) -> Marks:
    return NO_MARKS if priority == "0" else Marks(priority=int(priority))
