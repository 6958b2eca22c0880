"""Of whom something is asked: a person as one customer knows it, by its number or by pseudonyms that were answered."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from redaction.personal import Msisdn
from redaction.sealed import Pseudonym

ANSWER_VERSION: Final = 1
_OCTETS: Final = 16


class DataSubject(msgspec.Struct, frozen=True):
    """A person at one customer, by that customer's number."""

    customer: int
    number: Msisdn

    def __repr__(self) -> str:
        return "DataSubject(•••)"


class BadAnswer(ValueError):
    """A file is no answer of a custodian. The text says what is wrong, and repeats nothing of it."""


class _Customer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    customer: Annotated[int, Meta(ge=1)]
    pseudonyms: list[str]


class _Answer(msgspec.Struct, frozen=True):
    version: int
    case: str
    complete: bool
    customers: list[_Customer]


class Answer(msgspec.Struct, frozen=True):
    """What a custodian answered. pseudonyms: by customer, of records whose secrets the nodes hold no more.

    is_complete: whether it could name all that the question was about.
    """

    case: str
    is_complete: bool
    pseudonyms: Mapping[int, Sequence[Pseudonym]]


NO_ANSWER: Final = Answer("", True, {})


def read_answer(octets: bytes) -> Answer:
    """Raises BadAnswer."""
    try:
        said = msgspec.json.decode(octets, type=_Answer)
    except msgspec.DecodeError:
        raise BadAnswer("this is no answer of a custodian") from None
    if said.version != ANSWER_VERSION:
        raise BadAnswer("an answer of another version")
    return Answer(said.case, said.complete, {each.customer: _pseudonyms(each) for each in said.customers})


def _pseudonyms(said: _Customer) -> list[Pseudonym]:
    try:
        found = [bytes.fromhex(each) for each in said.pseudonyms]
    except ValueError:
        raise BadAnswer("a pseudonym of an answer is not hexadecimal") from None
    if any(len(each) != _OCTETS for each in found):
        raise BadAnswer("a pseudonym of an answer has another length")
    return [Pseudonym(each) for each in found]
