"""What a custodian is asked, and what it says: numbers and sealed secrets go in, pseudonyms alone come out.

A question is sealed to the custodian's key, for it holds numbers and customers' parts of peppers. It brings the sealed
secrets of its span along, so the custodian keeps nothing but its keys.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import msgspec

from redaction.custodian import ID_BYTES, PrivateKey, PublicKey
from redaction.customer_keys import derived_pepper
from redaction.epoch_secrets import SEARCH
from redaction.errors import Tampered, alone
from redaction.handed_over import opened
from redaction.keys import KeyState
from redaction.personal import Msisdn, Purpose
from redaction.primitives import hmac_sha256
from redaction.retired_keys import part_of
from redaction.sealed import Pseudonym
from redaction.search_epochs import EPOCH_MS, FORMER_EPOCH_MS
from redaction.stored_keys import StoredHanded, StoredStrand

VERSION: Final = 1
_CASE: Final = re.compile(r"[A-Z]{1,4}-(?!.*\d{9})[0-9A-Za-z-]{1,40}", re.ASCII)
"""The id of a case. It has no run of digits in which a number could stand."""
_NUMBER: Final = re.compile(r"[1-9]\d{4,14}", re.ASCII)
_MAGIC: Final = b"CGCQ\x01"
_PURPOSE: Final = b"connect-gateway custodian question"
_PSEUDONYM_BYTES: Final = 16


class UnknownKey(Tampered):
    """The question is sealed to a key that this custodian does not have."""


class AskedCustomer(msgspec.Struct, frozen=True, array_like=True):
    """part: what the customer's key gives for search. former: the same of keys that were replaced, with the time of
    that, the oldest first.
    """

    customer: int
    part: bytes
    former: list[tuple[int, bytes]]

    def __repr__(self) -> str:
        return f"AskedCustomer({self.customer})"

    def part_at(self, made_ms: int) -> bytes:
        """Of the key that the customer had when a secret was made."""
        return next((part for retired_ms, part in self.former if made_ms <= retired_ms), self.part)


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """case: whose numbers these are, without saying it. numbers: of one person, digits with country code. rows,
    strands: the secrets of the span, as they lie in the key state.
    """

    version: int
    case: str
    numbers: list[str]
    since_ms: int
    until_ms: int
    customers: list[AskedCustomer]
    rows: list[StoredHanded]
    strands: list[StoredStrand]

    def __repr__(self) -> str:
        return f"Question({self.case})"


class Named(msgspec.Struct, frozen=True, kw_only=True):
    """customers: what the person is called, by customer. is_complete: whether every secret of the span was opened.
    secrets: how many were.
    """

    customers: dict[int, list[Pseudonym]]
    is_complete: bool
    secrets: int


def is_case(word: str) -> bool:
    """Whether it may stand in the book and in an answer."""
    return _CASE.fullmatch(word) is not None


def is_number(word: str) -> bool:
    """Digits with their country code."""
    return _NUMBER.fullmatch(word) is not None


def question(
    state: KeyState, case: str, numbers: Iterable[Msisdn], customers: Iterable[int], since_ms: int, until_ms: int
) -> Question:
    """What to ask of a person in records of these customers that began within a span. Raises KeyDestroyed for a
    customer without a key, and KeysWithheld.
    """
    rows = [row for _, row in sorted(state.handed.rows.items()) if _meets(row, since_ms, until_ms)]
    used = {row.strand for row in rows}
    strands = [each.stored() for number, each in sorted(state.handed.strands.items()) if number in used]
    return Question(
        version=VERSION,
        case=case,
        numbers=[each.reveal(Purpose.DATA_SUBJECT) for each in numbers],
        since_ms=since_ms,
        until_ms=until_ms,
        customers=[_asked(state, each) for each in customers],
        rows=rows,
        strands=[msgspec.structs.replace(each, after=b"") for each in strands],
    )


def seal_question(asked: Question, key: PublicKey) -> bytes:
    """As only the custodian opens it."""
    return _MAGIC + key.id + key.seal(msgspec.msgpack.encode(asked), _PURPOSE)


def open_question(octets: bytes, keys: Mapping[bytes, PrivateKey]) -> Question:
    """What `seal_question` sealed. keys: the custodian's, by id. Raises Tampered."""
    start = len(_MAGIC) + ID_BYTES
    if not octets.startswith(_MAGIC) or len(octets) <= start:
        raise Tampered("this is no question to a custodian")
    key = keys.get(octets[len(_MAGIC) : start])
    if key is None:
        raise UnknownKey("this question is sealed to a key that is not here")
    try:
        asked = msgspec.msgpack.decode(key.open(octets[start:], _PURPOSE), type=Question)
    except (msgspec.DecodeError, ValueError):
        raise alone(Tampered("this is no question to a custodian")) from None
    if asked.version != VERSION:
        raise Tampered("a question of another version")
    return asked


def named(asked: Question, keys: Mapping[bytes, PrivateKey]) -> Named:
    """What the person is called. Raises Tampered for secrets that were changed."""
    found, is_complete = opened(asked.rows, asked.strands, keys)
    numbers = [each.encode() for each in asked.numbers]
    customers = {it.customer: list(_names(it, found, numbers)) for it in asked.customers}
    return Named(customers=customers, is_complete=is_complete, secrets=len(found))


def _names(
    customer: AskedCustomer, secrets: Iterable[tuple[StoredHanded, bytes]], numbers: Iterable[bytes]
) -> Iterator[Pseudonym]:
    for row, secret in secrets:
        pepper = derived_pepper(secret, customer.part_at(row.created_ms), SEARCH)
        for number in numbers:
            yield Pseudonym(hmac_sha256(pepper, number)[:_PSEUDONYM_BYTES])


def _meets(row: StoredHanded, since_ms: int, until_ms: int) -> bool:
    length_ms = EPOCH_MS if row.tag else FORMER_EPOCH_MS
    return row.epoch * length_ms < until_ms and (row.epoch + 1) * length_ms > since_ms


def _asked(state: KeyState, customer: int) -> AskedCustomer:
    parts = [(each.retired_ms, each.parts.get(SEARCH)) for each in state.retired().get(customer, ())]
    former = [(retired_ms, part) for retired_ms, part in parts if part is not None]
    return AskedCustomer(customer, part_of(state.customer_key(customer), SEARCH), former)
