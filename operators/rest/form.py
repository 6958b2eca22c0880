"""The form of messages, answers and receipts of an operator over HTTP. Values in, values out; no sockets, no clock.

What is built here is all that leaves: the fields that the settings name, of those that the egress contract let through,
and the constants. An operator's free text is never taken from an answer or a receipt, only an id, a state and a code.
"""

import re
from collections.abc import Mapping
from typing import Final

import msgspec

from config.operators import RestCallback, RestSettings, RestStates
from operators.base import Accepted, DeferReason, Deferred, MtMessage, ReceiptState, Refused, SubmitResult, Unknown
from operators.base import UnknownReason as Why
from redaction.personal import Msisdn, Purpose

MAX_ID: Final = 64
_CODE = re.compile(r"[A-Za-z0-9_-]{1,16}", re.ASCII)
_RETRY_S: Final = 1.0
_RETRY_LIMIT_S: Final = 300.0
_UNSURE: Final = frozenset({500, 502, 504})  # whoever answered so may have taken the message

Json = Mapping[str, object] | list[object] | str | int | float | bool | None


class Receipt(msgspec.Struct, frozen=True):
    """News of one message."""

    identifier: str
    state: ReceiptState
    error_code: str | None


class MessageForm:
    """reference: fresh random text for each request."""

    def __init__(self, settings: RestSettings) -> None:
        self._names = settings.fields
        self._constants = dict(each.split("=", 1) for each in settings.constants)
        self._id = settings.id

    def body(self, message: MtMessage, reference: str) -> bytes:
        """The JSON of one message."""
        names = self._names
        fields: list[tuple[str | None, object]] = [
            (names.destination, f"+{message.destination.reveal(Purpose.DELIVER)}"),
            (names.source, _source(message.source) or None),
            (names.text, message.text.reveal(Purpose.DELIVER)),
            (names.receipt, message.receipt),
            (names.validity, message.validity_s),
            (names.reference, reference),
            (names.flash, message.flash),
        ]
        said = {name: value for name, value in fields if name is not None and value is not None}
        return msgspec.json.encode({**self._constants, **said})

    def result(self, status: int, body: bytes, retry_after: str | None) -> SubmitResult:
        """What an answer means. A success without an id is taken, though no receipt will be found for it."""
        if 200 <= status < 300:
            return Accepted(_identifier(find_in(_decode(body), self._id)) or "")
        if status == 429:
            return Deferred(DeferReason.THROTTLED, status, _seconds(retry_after))
        if status == 503:
            return Deferred(DeferReason.QUEUE_FULL, status, _seconds(retry_after))
        if status in _UNSURE:
            return Unknown(Why.TIMEOUT)
        if status in (401, 403, 408, 425) or status > 500:  # ours to mend, or theirs; the message is not at fault
            return Deferred(DeferReason.TRANSIENT, status, _seconds(retry_after))
        return Refused(status)


class ReceiptForm:
    """Reads what the operator posts."""

    def __init__(self, settings: RestCallback) -> None:
        self._settings = settings
        self._states = _words(settings.states)

    def receipts(self, body: bytes) -> list[Receipt] | None:
        """The receipts in a request, None if it is no such thing. One without id or state is left out."""
        said = _decode(body)
        items = said if isinstance(said, list) else [said]
        if not items or not all(isinstance(each, dict) for each in items):
            return None
        found = [self._receipt(each) for each in items]
        return [each for each in found if each is not None]

    def _receipt(self, said: object) -> Receipt | None:
        identifier = _identifier(find_in(said, self._settings.id))
        word = find_in(said, self._settings.status)
        if identifier is None or not isinstance(word, str):
            return None
        error = None if self._settings.error is None else find_in(said, self._settings.error)
        code = str(error) if isinstance(error, str | int) and _CODE.fullmatch(str(error)) else None
        return Receipt(identifier, self._states.get(word.lower(), ReceiptState.ENROUTE), code)


def find_in(said: object, path: str) -> object:
    """The value at a path such as `data.0.id`; None where there is none."""
    for step in path.split("."):
        if isinstance(said, dict):
            said = said.get(step)
        elif isinstance(said, list) and step.isdecimal() and int(step) < len(said):
            said = said[int(step)]
        else:
            return None
    return said


def _source(source: str | Msisdn) -> str:
    return f"+{source.reveal(Purpose.DELIVER)}" if isinstance(source, Msisdn) else source


def _identifier(value: object) -> str | None:
    text = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    return text if 0 < len(text) <= MAX_ID and text.isprintable() else None


def _decode(body: bytes) -> object:
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _seconds(retry_after: str | None) -> float:
    """Retry-After in seconds; a date counts as the default."""
    text = (retry_after or "").strip()
    return min(_RETRY_LIMIT_S, float(text)) if text.isdecimal() and text.isascii() else _RETRY_S


def _words(states: RestStates) -> dict[str, ReceiptState]:
    by_state = {
        ReceiptState.DELIVERED: states.delivered,
        ReceiptState.UNDELIVERABLE: states.undeliverable,
        ReceiptState.EXPIRED: states.expired,
        ReceiptState.REJECTED: states.rejected,
        ReceiptState.UNKNOWN: states.unknown,
        ReceiptState.ENROUTE: states.enroute,
    }
    return {word.lower(): state for state, words in by_state.items() for word in words}
