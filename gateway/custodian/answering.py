"""A question in, an answer out: pseudonyms and nothing else, after the question was counted and written down."""

from typing import Final

import msgspec

from gateway.custodian.book import Book
from gateway.custodian.folder import CustodianKeyUnknown, Folder, QuestionUnreadable
from redaction.errors import Tampered
from redaction.questions import Question, UnknownKey, is_case, is_number, named, open_question

LAST_MS: Final = 253_402_300_799_999
"""The last moment that is written with a year of four digits."""
LARGEST: Final = 16 << 20
"""Octets of a question: of 100,000 customers and half a year of secrets."""


class AnsweredCustomer(msgspec.Struct, frozen=True):
    """pseudonyms: in hex."""

    customer: int
    pseudonyms: list[str]


class Answer(msgspec.Struct, frozen=True):
    """complete: whether every secret of the span was opened."""

    version: int
    case: str
    complete: bool
    customers: list[AnsweredCustomer]


def answer(folder: Folder, octets: bytes, now_ms: int) -> bytes:
    """The answer to a sealed question, as JSON. Raises CustodianFailed."""
    held = folder.read()
    keys = held.by_id()
    try:
        asked = open_question(octets, keys)
    except UnknownKey:
        raise CustodianKeyUnknown("this question is sealed to a key that is not here") from None
    except Tampered:
        raise _unreadable() from None
    _check(asked)
    Book(folder).take(
        case=asked.case,
        numbers=asked.numbers,
        customers=len(asked.customers),
        secrets=len(asked.rows),
        span_ms=(asked.since_ms, asked.until_ms),
        key=held.book_key,
        now_ms=now_ms,
    )
    try:
        found = named(asked, keys)
    except Tampered:
        raise _unreadable() from None
    customers = [AnsweredCustomer(each, [it.hex() for it in names]) for each, names in sorted(found.customers.items())]
    return msgspec.json.encode(Answer(1, asked.case, found.is_complete, customers))


def _check(asked: Question) -> None:
    is_span = 0 <= asked.since_ms <= asked.until_ms <= LAST_MS
    if not (is_span and is_case(asked.case) and asked.numbers and all(map(is_number, asked.numbers))):
        raise _unreadable()


def _unreadable() -> QuestionUnreadable:
    return QuestionUnreadable("this is no question to a custodian, or it was changed")
