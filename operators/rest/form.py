"""The form of messages and answers of an operator over HTTP. Values in, values out; no sockets, no clock.

What is built here is all that leaves: the fields that the settings name, of those that the egress contract let through,
and the constants. An operator's free text is never taken from an answer, only an id and words that the settings name.
"""

import re
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from hashlib import blake2s
from typing import Final
from urllib.parse import urlencode

import msgspec

from config.operators import RestSettings
from operators.base import Accepted, DeferReason, Deferred, MtMessage, Refused, SubmitResult, Unknown
from operators.base import UnknownReason as Why
from operators.rest.answer import Answer
from operators.rest.reading import decode_json, decode_text, find_in, identifier, word
from redaction.personal import Msisdn, Purpose

UNPROCESSABLE: Final = 422
"""The status of a message that an answer of success refuses in words."""
_CONFLICT: Final = 409
_RETRY_S: Final = 1.0
_RETRY_LIMIT_S: Final = 300.0
_UNSURE: Final = frozenset({500, 502, 504, 520, 524})  # whoever answered so may have taken the message
_REFERENCE_BYTES: Final = 12


def reference_of(name: bytes) -> str | None:
    """By which the operator knows a message, at each attempt the same; None where it may not leave.

    It is a digest, so that nobody who has it has the message's id.
    """
    return blake2s(name, digest_size=_REFERENCE_BYTES, person=b"operator").hexdigest() if name else None


class MessageForm:
    """constants: fields of every message, beside those of the settings."""

    def __init__(self, settings: RestSettings, constants: Mapping[str, str]) -> None:
        self._settings = settings
        self._constants = {**dict(each.split("=", 1) for each in settings.constants), **constants}

    def body(self, message: MtMessage, reference: str | None) -> bytes:
        """A message as JSON, as a form, or as a query."""
        fields = {**self._constants, **self._fields(message, reference)}
        if self._settings.body == "json":
            return msgspec.json.encode(fields)
        return urlencode({name: _shown(value) for name, value in fields.items()}).encode("ascii")

    def _fields(self, message: MtMessage, reference: str | None) -> dict[str, object]:
        names = self._settings.fields
        fields: list[tuple[str | None, object]] = [
            (names.destination, f"+{message.destination.reveal(Purpose.DELIVER)}"),
            (names.source, _source(message.source) or None),
            (names.text, message.text.reveal(Purpose.DELIVER)),
            (names.receipt, message.receipt),
            (names.validity, message.validity_s),
            (names.reference, reference),
            (names.flash, message.flash),
        ]
        return {name: value for name, value in fields if name is not None and value is not None}


class AnswerForm:
    """What an operator's answers mean."""

    def __init__(self, settings: RestSettings) -> None:
        self._settings = settings
        self._words = frozenset(each.lower() for each in settings.success.words)
        self._refused = frozenset(each.lower() for each in settings.success.refused)
        self._names_reference = settings.callback.reference is not None
        self._pattern = None if settings.answer_pattern is None else re.compile(settings.answer_pattern)

    def result(
        self, answer: Answer, now_ms: int, *, doubtful: bool = False, reference: str | None = None
    ) -> SubmitResult:
        """now_ms: of the epoch, for an answer that says when and not its own time. doubtful: an attempt before this
        one may have been taken. A success without an id is taken, though receipts find it by our reference alone.
        """
        status, known_as = answer.status, self.known_as(reference)
        if 200 <= status < 300:
            return self._of_success(answer, now_ms, known_as)
        if status == _CONFLICT and doubtful:
            return Accepted(identifier(find_in(self._said(answer), self._settings.id)) or known_as)
        if status in self._settings.refused_statuses:
            return Refused(status)
        if status in _UNSURE:
            return Unknown(Why.TIMEOUT, known_as)
        reason = {429: DeferReason.THROTTLED, 503: DeferReason.QUEUE_FULL}.get(status, DeferReason.TRANSIENT)
        return Deferred(reason, status, _wait_s(answer, now_ms))

    def known_as(self, reference: str | None) -> str:
        """The id by which a receipt names a message whose answer had none; empty where it cannot."""
        return reference if reference is not None and self._names_reference else ""

    def _of_success(self, answer: Answer, now_ms: int, known_as: str) -> SubmitResult:
        """What cannot be read whole does not show that the message was not taken."""
        rule, said = self._settings.success, self._said(answer)
        if self._refused and word(find_in(said, rule.refused_path or rule.path or "")) in self._refused:
            return Refused(UNPROCESSABLE)
        if rule.path is not None and answer.flaw is None and not self._is_taken(find_in(said, rule.path)):
            return Deferred(DeferReason.TRANSIENT, answer.status, _wait_s(answer, now_ms))
        return Accepted(identifier(find_in(said, self._settings.id)) or known_as)

    def _said(self, answer: Answer) -> object:
        said = decode_json(answer.body)
        if self._pattern is not None and not isinstance(said, dict | list):
            return next(iter(decode_text(answer.body, self._pattern)), None)
        return said

    def _is_taken(self, value: object) -> bool:
        return word(value) in self._words if self._words else value not in (None, "", False)


def _shown(value: object) -> str:
    """In a form."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _source(source: str | Msisdn) -> str:
    return f"+{source.reveal(Purpose.DELIVER)}" if isinstance(source, Msisdn) else source


def _wait_s(answer: Answer, now_ms: int) -> float:
    """Retry-After: seconds, or a date against the answer's own (RFC 9110 §10.2.3); the default where it is neither."""
    text = answer.headers.get("retry-after", "").strip()
    if text.isdecimal() and text.isascii():
        return min(_RETRY_LIMIT_S, float(text[:9]))
    until = _date_ms(text)
    if until is None:
        return _RETRY_S
    said_ms = _date_ms(answer.headers.get("date", ""))
    return min(_RETRY_LIMIT_S, max(_RETRY_S, (until - (now_ms if said_ms is None else said_ms)) / 1000))


def _date_ms(text: str) -> int | None:
    try:
        return round(parsedate_to_datetime(text).timestamp() * 1000)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
