"""A ticket as it is stored: where it stands, and beside it what was written, each piece sealed by itself."""

import enum
import re
from base64 import b32encode
from collections.abc import Callable, Mapping
from typing import Final

import msgspec

from gateway.ledger.contract import ROW_FAULTS, Document
from redaction.personal import MessageText

TICKET: Final = "ticket"
"""The kind of document."""
POST: Final = "ticket_post"
"""Of what was written; the key is the ticket's id and the number of the piece."""
LONGEST_TEXT: Final = 4_000
MOST_POSTS: Final = 100
_ID: Final = re.compile(r"T-[A-Z2-7]{13}", re.ASCII)
_MESSAGE: Final = re.compile(r"[0-9a-f]{32}", re.ASCII)
_ID_OCTETS: Final = 8
_ALPHABET: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"


class Topic(enum.StrEnum):
    """What a ticket is about."""

    DELIVERY = "delivery"
    SENDER = "sender"
    WEBHOOK = "webhook"
    ACCESS = "access"
    BILLING = "billing"
    PRIVACY = "privacy"
    OTHER = "other"


class State(enum.StrEnum):
    """Whom it waits for."""

    OPEN = "open"  # the platform
    ANSWERED = "answered"  # whoever asked
    CLOSED = "closed"


class Stored(msgspec.Struct, frozen=True, kw_only=True):
    """customer: public id of whose it is, '' for the platform's. number: that customer's, 0 for none. message: id of
    the one that it is about, '' for none. by: who opened it, by a random id or the kind of hand. assigned: id of who
    works at it, '' for nobody. posts: how many pieces were written. Times are epoch milliseconds.
    """

    topic: Topic
    state: State
    customer: str
    number: int
    message: str
    by: str
    assigned: str = ""
    opened_ms: int
    changed_ms: int
    posts: int = 1


class StoredPost(msgspec.Struct, frozen=True, kw_only=True):
    """internal: for the platform alone. keys: numbers of those that it is sealed under, the innermost first. masked:
    how many things of each kind were taken out before.
    """

    by: str
    at_ms: int
    internal: bool
    masked: dict[str, int]
    keys: list[int]
    sealed: bytes


class Ticket(msgspec.Struct, frozen=True):
    """id: `T-` and 13 characters of base32."""

    id: str
    version: int
    of: Stored

    @property
    def obj(self) -> str:
        """The same octets, in the form in which the audit log names objects."""
        digits = 0
        for each in self.id[2:]:
            digits = digits << 5 | _ALPHABET.index(each)
        return f"ticket_{digits >> 1:016x}"


class Post(msgspec.Struct, frozen=True, kw_only=True):
    """text: None where one of its keys is destroyed."""

    by: str
    at_ms: int
    internal: bool
    masked: Mapping[str, int]
    text: MessageText | None


encode: Final = msgspec.msgpack.Encoder().encode
_stored: Final = msgspec.msgpack.Decoder(Stored).decode
_post: Final = msgspec.msgpack.Decoder(StoredPost).decode


def fresh_id(random: Callable[[int], bytes]) -> str:
    return f"T-{b32encode(random(_ID_OCTETS)).decode().rstrip('=')}"


def typed_id(typed: str) -> str:
    """As people write it; '' for what is none."""
    word = typed.strip().upper()
    return word if _ID.fullmatch(word) else ""


def is_message_id(text: str) -> bool:
    return _MESSAGE.fullmatch(text) is not None


def post_key(ticket: str, place: int) -> str:
    """place: from 1 on."""
    return f"{ticket}:{place:03d}"


def read_ticket(document: Document) -> Ticket | None:
    """None of what a later version wrote."""
    try:
        return Ticket(document.key, document.version, _stored(document.octets))
    except ROW_FAULTS:
        return None


def read_post(document: Document) -> StoredPost | None:
    """None of what a later version wrote."""
    try:
        return _post(document.octets)
    except ROW_FAULTS:
        return None
