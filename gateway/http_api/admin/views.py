"""What the admin API takes and answers, as types."""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from gateway.accept.request import OperatorView
from gateway.model.message import MessageClass

Reason = Annotated[str, Meta(min_length=1, max_length=200, description="Why; sealed, and never in the audit log.")]


class Because(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A verb, and why it is done, if that is said. The audit log has a commitment to the reason."""

    reason: Annotated[str, Meta(max_length=200, description="Why; sealed, and never in the audit log.")] = ""


class SignInRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """E-mail address, password and, where a second factor is set up, its code or a recovery code."""

    email: Annotated[str, Meta(min_length=1, max_length=254)]
    password: Annotated[str, Meta(min_length=1, max_length=1024)]
    code: Annotated[str, Meta(max_length=64)] = ""

    def __repr__(self) -> str:
        return "SignInRequest(•••)"


class SessionView(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Who is signed in. form_token: to be repeated as `X-Form-Token` with whatever changes something."""

    person: str
    roles: list[str]
    customer: str | None = None
    has_second_factor: bool
    form_token: str


class ReasonRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why a verb is done."""

    reason: Reason


class SystemView(Struct, frozen=True, kw_only=True):
    """The node that answers, and what is ready of it."""

    version: str
    build: str
    engine: str
    checks: dict[str, bool]
    ready: bool
    waiting: Annotated[dict[str, int], Meta(description="Messages in memory by operator.")]


class OperatorsView(Struct, frozen=True):
    """The links to operators, as the node that answers sees them."""

    operators: list[OperatorView]


class RouteLine(Struct, frozen=True, kw_only=True):
    """A line of the route table. number: its place in the settings, from 0. id: by what it is for, whatever its place.
    enabled: or it is passed over. weights: by operator, of a line that goes by weight.
    """

    number: int
    id: str
    enabled: bool
    weights: dict[str, int]
    label: str
    prefix: str
    classes: list[str]
    customers: list[str]
    senders: list[str]
    networks: list[str]
    hours: list[str]
    operators: list[str]
    order: str
    limit_per_s: float | None


class RoutesView(Struct, frozen=True):
    """The route table of the node that answers."""

    routes: list[RouteLine]


class ExplainRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A message that is not sent, and of which nothing is kept. to: the number, or its first digits. network:
    at which it is; without it that is looked up, of a whole number, where somebody is asked.
    """

    to: Annotated[str, Meta(pattern=r"^\+?[0-9]{1,15}$")]
    message_class: MessageClass = msgspec.field(name="class", default=MessageClass.TRANSACTIONAL)
    customer: Annotated[str, Meta(max_length=64)] = ""
    sender: Annotated[str, Meta(max_length=16)] = ""
    at: str | None = None
    network: Annotated[str, Meta(max_length=32)] | None = None

    def __repr__(self) -> str:
        return "ExplainRequest(•••)"


class PassedLine(Struct, frozen=True, kw_only=True):
    """A route that was not taken, and why."""

    number: int
    label: str
    why: str


class ExplainView(Struct, frozen=True, kw_only=True):
    """The route that would be taken, its operators in the order of trying, and the others. network: at which the number
    is; null where that is not known.
    """

    number: int | None
    network: str | None
    label: str
    operators: list[str]
    passed: list[PassedLine]


class CustomerView(Struct, frozen=True, kw_only=True):
    """A customer without its contact data. settings: limits, senders, classes, as they stand."""

    id: str
    created_at: str
    disabled_at: str | None
    settings: dict[str, Any]


class CustomersView(Struct, frozen=True):
    """A page of customers, in the order of their making. cursor: to go on from; null at the end."""

    customers: list[CustomerView]
    cursor: str | None


class FindRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A customer's messages by the customer's own reference, or by a number, with purpose and case.

    since: how far back to look for a reference; default 7 days. cursor: of the answer from which this goes on.
    case: of which nothing but a digest is kept.
    """

    customer: Annotated[str, Meta(min_length=1, max_length=64)]
    reference: Annotated[str, Meta(min_length=1, max_length=255)] | None = None
    since: str | None = None
    cursor: Annotated[str, Meta(max_length=64)] | None = None
    number: Annotated[str, Meta(min_length=1, max_length=64)] | None = None
    purpose: Literal["support", "data_subject", "security", "legal"] | None = None
    case: Annotated[str, Meta(min_length=1, max_length=64)] | None = None

    def __repr__(self) -> str:
        return "FindRequest(•••)"


class TimelineStep(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Something that happened to a message. code: as the record has it. cause, cure: of a code that is known."""

    at: str | None = None
    what: str
    operator: str | None = None
    code: str | None = None
    cause: str | None = None
    cure: str | None = None


class AdminMessageView(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A message as support sees it: never its text, its number masked."""

    id: str
    customer: str
    status: str
    to: str
    message_class: str = msgspec.field(name="class")
    segments: int
    operator: str | None = None
    attempts: int
    error: str | None = None
    expires_at: str
    content_until: str
    record_until: str
    timeline: list[TimelineStep]


class FoundView(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Messages that were found, newest first. complete: whether all of the time asked for was looked through.

    complete_since: from when on all were looked at; of a number: of earlier ones nobody can say whose they are.
    cursor: where a search by reference goes on that stopped before.
    """

    messages: list[AdminMessageView]
    complete: bool
    complete_since: str | None = None
    cursor: str | None = None
