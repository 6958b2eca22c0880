"""A case as it is stored: a sealed half that says whom it is about, and one that says what was decided, and when."""

import re
from base64 import b32encode
from collections.abc import Callable
from typing import Final

import msgspec

from gateway.ledger.contract import ROW_FAULTS, Document
from gateway.rights.case_states import DECIDED, Channel, Delay, Kind, Proof, Reason, State, Step
from redaction.personal import MessageText, Msisdn
from redaction.questions import is_case

CASE: Final = "case"
"""The kind of document, and the sealed field."""
BREACH: Final = "breach"
"""A kind of documents that lie beside a case under its id, and go with its record."""
ID_OCTETS: Final = 8
LONGEST_CONTACT: Final = 200
LONGEST_TEXT: Final = 4_000
_ID: Final = re.compile(r"R-[A-Z2-7]{13}", re.ASCII)


class Decision(msgspec.Struct, frozen=True, array_like=True):
    """by: random id, or the kind of hand that has none."""

    step: Step
    at_ms: int
    by: str


class Stored(msgspec.Struct, frozen=True, kw_only=True):
    """customer: public id of the one that it concerns, '' for all. key_number: of the case's own key. content: whom it
    is about, sealed; empty once that was destroyed. Times are epoch milliseconds, 0 for none yet. unattended: nodes do
    what it asks for by themselves.
    """

    kind: Kind
    channel: Channel
    state: State
    customer: str
    key_number: int
    content: bytes
    received_ms: int
    opened_ms: int
    due_ms: int
    proof: Proof | None = None
    proof_ms: int = 0
    delay: Delay | None = None
    refusal: Reason | None = None
    duplicate_of: str = ""
    messages: int = 0
    held: int = 0
    certificates: list[str] = []
    ended_ms: int = 0
    decisions: list[Decision] = []
    unattended: bool = False


class Content(msgspec.Struct, frozen=True, array_like=True):
    """digits: of the number, without the plus sign; '' for none."""

    digits: str
    country: int
    contact: str
    text: str

    def __repr__(self) -> str:
        return "Content(•••)"

    @property
    def number(self) -> Msisdn | None:
        return Msisdn(self.digits, self.country) if self.digits else None


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """What is opened. received_ms: when it was received, by whatever channel; None for now. number: whom it is about.
    contact, text: how to reach who asks, and in whose words. unattended: as `Stored` has it.
    """

    kind: Kind
    channel: Channel
    customer: str = ""
    received_ms: int | None = None
    number: Msisdn | None = None
    contact: MessageText = MessageText("")
    text: MessageText = MessageText("")
    proof: Proof | None = None
    unattended: bool = False

    def __repr__(self) -> str:
        return f"Said({self.kind.value})"


class Case(msgspec.Struct, frozen=True):
    """id: `R-` and 13 characters of base32."""

    id: str
    version: int
    of: Stored

    @property
    def obj(self) -> str:
        """As the audit log names it."""
        return audit_name(self.id)

    def is_overdue(self, now_ms: int) -> bool:
        return self.of.state not in DECIDED and self.of.due_ms <= now_ms


encode: Final = msgspec.msgpack.Encoder().encode
read_content: Final = msgspec.msgpack.Decoder(Content).decode
_stored: Final = msgspec.msgpack.Decoder(Stored).decode


def new_id(octets: bytes) -> str:
    return f"R-{b32encode(octets).decode().rstrip('=')}"


def fresh_id(random: Callable[[int], bytes]) -> str:
    """One that a custodian's book takes as well: without a run of digits."""
    while not is_case(found := new_id(random(ID_OCTETS))):
        pass
    return found


def typed_id(typed: str) -> str:
    """As people write it; '' for what is none."""
    word = typed.strip().upper()
    return word if _ID.fullmatch(word) else ""


def audit_name(identifier: str) -> str:
    """The same octets, in the form in which the audit log names objects."""
    digits = 0
    for each in identifier[2:]:
        digits = digits << 5 | "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".index(each)
    return f"case_{digits >> 1:016x}"


def read_case(document: Document) -> Case | None:
    """None of what a later version wrote."""
    try:
        return Case(document.key, document.version, _stored(document.octets))
    except ROW_FAULTS:
        return None
