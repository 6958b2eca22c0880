"""The form of receipts of an operator over HTTP: which of them can be read, and how many cannot. Pure.

An operator's free text is never taken from a receipt, only ids, a state and a code.
"""

import re
from collections.abc import Mapping
from typing import Final

import msgspec

from config.operators import RestCallback, RestStates
from operators.base import ReceiptState
from operators.rest.reading import code, decode_form, decode_json, decode_text, find_in, identifier, word

FORM: Final = "application/x-www-form-urlencoded"


class Receipt(msgspec.Struct, frozen=True):
    """News of one message. candidates: the operator's id and our reference, as far as it has them; one at least."""

    candidates: tuple[str, ...]
    state: ReceiptState
    error_code: str | None


class Receipts(msgspec.Struct, frozen=True):
    """unreadable: entries without an id or a state, or that are none; whatever is no receipt at all is one of them."""

    receipts: list[Receipt]
    unreadable: int


class ReceiptForm:
    """Reads what the operator sends."""

    def __init__(self, settings: RestCallback) -> None:
        self._settings = settings
        self._states = _words(settings.states)
        self._pattern = None if settings.pattern is None else re.compile(settings.pattern)

    def of_body(self, body: bytes, content_type: str) -> Receipts:
        """The receipts in what was posted."""
        if content_type == FORM:
            return self._read(decode_form(body))
        said = decode_json(body)
        if self._pattern is not None and not isinstance(said, dict | list):
            return self._read(decode_text(body, self._pattern))
        return self._read(said)

    def of_query(self, query: Mapping[str, str]) -> Receipts:
        """The receipt in a query."""
        return self._read(dict(query))

    def _read(self, said: object) -> Receipts:
        """The envelope is looked into where there is one."""
        inside = None if self._settings.items is None else find_in(said, self._settings.items)
        items = said if inside is None else inside
        items = items if isinstance(items, list) else [items]
        found = [each for item in items if (each := self._receipt(item)) is not None]
        return Receipts(found, max(1, len(items)) - len(found))

    def _receipt(self, said: object) -> Receipt | None:
        settings = self._settings
        paths = (settings.id, settings.reference)
        named = tuple(each for path in paths if path is not None and (each := identifier(find_in(said, path))))
        state = word(find_in(said, settings.status))
        if not named or not state:
            return None
        error = None if settings.error is None else code(find_in(said, settings.error))
        return Receipt(named, self._states.get(state, ReceiptState.ENROUTE), error)


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
