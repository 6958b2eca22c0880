"""Tickets as the admin API takes and shows them."""

from typing import Annotated, Final

import msgspec
from msgspec import Meta

from gateway.model.refusals import Refusal
from gateway.model.times import rfc3339
from gateway.support.record import LONGEST_TEXT, Post, Ticket, Topic
from redaction.personal import Purpose

PAGE: Final = 100


class OpenTicketRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """customer: id of whose it is; one's own for whoever belongs to one, and the platform's where it is left out.
    message: id of the one that it is about. text: numbers of people, ids, accounts, cards, addresses and codes are
    taken out before anything is stored.
    """

    topic: Topic
    text: Annotated[str, Meta(min_length=1, max_length=LONGEST_TEXT)]
    customer: Annotated[str, Meta(max_length=64)] | None = None
    message: Annotated[str, Meta(max_length=64)] = ""

    def __repr__(self) -> str:
        return "OpenTicketRequest(•••)"


class PostRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """internal: for the platform alone."""

    text: Annotated[str, Meta(min_length=1, max_length=LONGEST_TEXT)]
    internal: bool = False

    def __repr__(self) -> str:
        return "PostRequest(•••)"


class AssignRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """person: id of somebody of the platform; oneself where it is left out, and nobody where it is empty."""

    person: Annotated[str, Meta(max_length=64)] | None = None


class TicketView(msgspec.Struct, frozen=True, kw_only=True):
    """by, assigned: ids. posts: how many pieces were written. Times are RFC 3339 UTC."""

    id: str
    topic: str
    state: str
    customer: str | None
    message: str | None
    by: str
    assigned: str | None
    opened_at: str
    changed_at: str
    posts: int


class TicketsView(msgspec.Struct, frozen=True):
    """cursor: where to go on; null at the end."""

    tickets: list[TicketView]
    cursor: str | None


class PostView(msgspec.Struct, frozen=True, kw_only=True):
    """masked: how many of each kind were taken out. text: null once its key is destroyed."""

    by: str
    at: str
    internal: bool
    masked: dict[str, int]
    text: str | None


class PostsView(msgspec.Struct, frozen=True):
    posts: list[PostView]

    def __repr__(self) -> str:
        return "PostsView(•••)"


def ticket_view(ticket: Ticket) -> TicketView:
    of = ticket.of
    return TicketView(
        id=ticket.id,
        topic=of.topic,
        state=of.state,
        customer=of.customer or None,
        message=of.message or None,
        by=of.by,
        assigned=of.assigned or None,
        opened_at=rfc3339(of.opened_ms),
        changed_at=rfc3339(of.changed_ms),
        posts=of.posts,
    )


def tickets_view(found: list[Ticket], cursor: str) -> TicketsView:
    """A page of them, behind the one that the cursor names. Raises Refusal."""
    if cursor:
        at = next((place for place, each in enumerate(found) if each.id == cursor), None)
        if at is None:
            raise Refusal("invalid_parameter", "cursor")
        found = found[at + 1 :]
    behind = found[PAGE - 1].id if len(found) > PAGE else None
    return TicketsView([ticket_view(each) for each in found[:PAGE]], behind)


def posts_view(found: list[Post]) -> PostsView:
    return PostsView(
        [
            PostView(
                by=each.by,
                at=rfc3339(each.at_ms),
                internal=each.internal,
                masked=dict(each.masked),
                text=None if each.text is None else each.text.reveal(Purpose.DATA_SUBJECT),
            )
            for each in found
        ]
    )
