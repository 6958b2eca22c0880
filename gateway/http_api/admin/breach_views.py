"""Breaches as the admin API takes and shows them."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from gateway.model.times import rfc3339, rfc3339_or_none
from gateway.rights.breach_estimate import FEWEST, Estimate, Group
from gateway.rights.breach_notice import To
from gateway.rights.breaches import Breach
from gateway.rights.case_record import LONGEST_TEXT
from gateway.rights.case_states import Channel

_Time = Annotated[str, Meta(max_length=40)]
_Words = Annotated[str, Meta(max_length=2_000)]


class OpenBreach(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """text: what happened; sealed. known_at: RFC 3339, when it became known; now, where it is left out. customer: id of
    the one that it concerns; all where it is left out.
    """

    text: Annotated[str, Meta(min_length=1, max_length=LONGEST_TEXT)]
    known_at: _Time | None = None
    channel: Channel = Channel.EMAIL
    customer: str | None = None

    def __repr__(self) -> str:
        return "OpenBreach(•••)"


class EstimateRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """since, until: of the messages that may have been seen, RFC 3339; until now where it is left out. fewest: fewer
    people than this are not counted.
    """

    since: _Time
    until: _Time | None = None
    customer: str | None = None
    fewest: Annotated[int, Meta(ge=FEWEST, le=1_000)] = FEWEST


class DraftRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is typed here stands in the draft, and is kept nowhere."""

    to: To
    language: Literal["ar", "en"] = "ar"
    data: _Words = ""
    risks: _Words = ""
    measures: _Words = ""
    advice: _Words = ""

    def __repr__(self) -> str:
        return "DraftRequest(•••)"


class CloseRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When they were told, RFC 3339; null where the law asks for no notice."""

    authority_at: _Time | None = None
    people_at: _Time | None = None


class EstimateView(msgspec.Struct, frozen=True, kw_only=True):
    """at_least, at_most: people; null, and so messages, where they are fewer than `fewest`, or would tell that of
    others. groups: by customer and tag."""

    since: str
    until: str
    fewest: int
    messages: int | None
    at_least: int | None
    at_most: int | None
    groups: list[Group]


class BreachView(msgspec.Struct, frozen=True, kw_only=True):
    case: str
    state: str
    customer: str | None
    known_at: str
    due_at: str
    overdue: bool
    estimate: EstimateView | None
    authority_told_at: str | None
    people_told_at: str | None


class BreachList(msgspec.Struct, frozen=True):
    """What is due first comes first."""

    breaches: list[BreachView]


class DraftView(msgspec.Struct, frozen=True, kw_only=True):
    """page: HTML. missing: fields that the law wants and nobody has filled in."""

    page: str
    missing: list[str]


def breach_view(breach: Breach, now_ms: int) -> BreachView:
    case = breach.case.of
    return BreachView(
        case=breach.case.id,
        state=case.state,
        customer=case.customer or None,
        known_at=rfc3339(case.received_ms),
        due_at=rfc3339(case.due_ms),
        overdue=breach.case.is_overdue(now_ms),
        estimate=None if breach.of.estimate is None else _estimate(breach.of.estimate),
        authority_told_at=rfc3339_or_none(breach.of.authority_ms or None),
        people_told_at=rfc3339_or_none(breach.of.people_ms or None),
    )


def _estimate(found: Estimate) -> EstimateView:
    return EstimateView(
        since=rfc3339(found.since_ms),
        until=rfc3339(found.until_ms),
        fewest=found.fewest,
        messages=found.messages,
        at_least=found.at_least,
        at_most=found.at_most,
        groups=found.groups,
    )
