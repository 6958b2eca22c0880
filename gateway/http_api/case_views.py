"""Cases as both APIs take and show them."""

from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from gateway.accept.validation import parse_time
from gateway.http_api.routes import Call
from gateway.http_api.subject_views import ErasedView, Number
from gateway.model.refusals import Refusal
from gateway.model.times import rfc3339, rfc3339_or_none
from gateway.rights.access import Held
from gateway.rights.case_record import LONGEST_CONTACT, LONGEST_TEXT, Case
from gateway.rights.case_states import Channel, Kind, Proof, State

PAGE: Final = 100
Language = Literal["ar", "en"]


class OpenRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """received_at: RFC 3339, when it was received, also by word of mouth; now, where it is left out. customer: id of
    the one that it concerns; all where it is left out, and one's own for whoever belongs to one. contact, text: how to
    reach who asks, and in whose words; sealed.
    """

    kind: Kind
    channel: Channel
    number: Number | None = None
    customer: str | None = None
    received_at: Annotated[str, Meta(max_length=40)] | None = None
    contact: Annotated[str, Meta(max_length=LONGEST_CONTACT)] = ""
    text: Annotated[str, Meta(max_length=LONGEST_TEXT)] = ""
    proof: Proof | None = None

    def __repr__(self) -> str:
        return "OpenRequest(•••)"


class ProofRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """By what who asks is believed to be the person."""

    proof: Proof


class ExtendRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """reason: `effort` or `many_requests`. days: up to 30."""

    reason: Annotated[str, Meta(max_length=40)] = ""
    days: int = 30


class RefuseRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """reason: `repetitive`, `unfounded`, `disproportionate`, `not_ours`, `held` or `withdrawn`."""

    reason: Annotated[str, Meta(max_length=40)] = ""


class DecisionView(msgspec.Struct, frozen=True, kw_only=True):
    """by: id of who decided, or what kind of hand it was."""

    step: str
    at: str
    by: str


class CaseView(msgspec.Struct, frozen=True, kw_only=True):
    """Times are RFC 3339 UTC. duplicate_of: a case of the same person and kind that is under way. messages: how many
    it concerned. held: of how many a copy stays under a hold.
    """

    id: str
    kind: str
    channel: str
    state: str
    customer: str | None
    received_at: str
    opened_at: str
    due_at: str
    overdue: bool
    proof: str | None
    extended_because: str | None
    refused_because: str | None
    duplicate_of: str | None
    messages: int
    held: int
    certificates: list[str]
    ended_at: str | None
    decisions: list[DecisionView]


class CasesView(msgspec.Struct, frozen=True):
    """cursor: where to go on; null at the end."""

    cases: list[CaseView]
    cursor: str | None


class PackageRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """request: id of what two people agreed on: `subject.export` of this case."""

    request: Annotated[str, Meta(max_length=64)]


class PackageView(msgspec.Struct, frozen=True, kw_only=True):
    """secret: shown once. until: when the package is no more."""

    case: str
    secret: str
    until: str


class DownloadRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    secret: Annotated[str, Meta(max_length=64)]

    def __repr__(self) -> str:
        return "DownloadRequest(•••)"


class ExecutedView(msgspec.Struct, frozen=True, kw_only=True):
    """What was done: whichever the kind of case asks for. stopped_at: customers that send the person nothing any more
    that needs consent.
    """

    case: CaseView
    erased: ErasedView | None = None
    access: Held | None = None
    stopped_at: int | None = None


class PersonsRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a person asked of a customer, who forwards it. received_at: RFC 3339, when it was received, also by word of
    mouth; now, where it is left out. evidence: by what you believe that it is the person: `login`, `document_seen` or
    `customer_vouches`; without it a code is sent to the number. language: of the code's text. text: in whose words.
    """

    kind: Kind
    number: Number
    channel: Channel = Channel.CUSTOMER
    received_at: Annotated[str, Meta(max_length=40)] | None = None
    evidence: Proof | None = None
    language: Language = "ar"
    text: Annotated[str, Meta(max_length=LONGEST_TEXT)] = ""

    def __repr__(self) -> str:
        return "PersonsRequest(•••)"


class CodeRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """language: of the code's text."""

    language: Language = "ar"


class CodeOrEvidence(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Either the code that the person was sent, or by what you believe that it is the person."""

    code: Annotated[str, Meta(max_length=16)] | None = None
    evidence: Proof | None = None

    def __repr__(self) -> str:
        return "CodeOrEvidence(•••)"


class ForwardedView(msgspec.Struct, frozen=True, kw_only=True):
    """code_sent: whether a code is on its way to the person."""

    request: CaseView
    code_sent: bool


def cases_view(found: list[Case], cursor: str, now_ms: int) -> CasesView:
    """A page of them, behind the one that the cursor names. Raises Refusal."""
    if cursor:
        at = next((place for place, each in enumerate(found) if each.id == cursor), None)
        if at is None:
            raise Refusal("invalid_parameter", "cursor")
        found = found[at + 1 :]
    behind = found[PAGE - 1].id if len(found) > PAGE else None
    return CasesView([case_view(each, now_ms) for each in found[:PAGE]], behind)


def state_of(call: Call) -> str | None:
    """In which state cases are wanted; None for all. Raises Refusal."""
    state = call.query.get("state")
    if state is not None and state not in set(State):
        raise Refusal("invalid_parameter", "state")
    return state


def time_of(written: str, field: str, code: str = "invalid_value") -> int:
    """Epoch milliseconds. Raises Refusal."""
    found = parse_time(written)
    if found is None or found < 0:
        raise Refusal(code, field)
    return found


def case_view(case: Case, now_ms: int) -> CaseView:
    of = case.of
    return CaseView(
        id=case.id,
        kind=of.kind,
        channel=of.channel,
        state=of.state,
        customer=of.customer or None,
        received_at=rfc3339(of.received_ms),
        opened_at=rfc3339(of.opened_ms),
        due_at=rfc3339(of.due_ms),
        overdue=case.is_overdue(now_ms),
        proof=of.proof,
        extended_because=of.delay,
        refused_because=of.refusal,
        duplicate_of=of.duplicate_of or None,
        messages=of.messages,
        held=of.held,
        certificates=of.certificates,
        ended_at=rfc3339_or_none(of.ended_ms or None),
        decisions=[DecisionView(step=each.step, at=rfc3339(each.at_ms), by=each.by) for each in of.decisions],
    )
