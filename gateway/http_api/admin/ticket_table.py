"""The routes of the support desk, each with what its description says."""

from typing import Final

from gateway.accounts.directory import Directory
from gateway.http_api.admin.parts import BODY, Parts
from gateway.http_api.admin.ticket_views import (
    AssignRequest,
    OpenTicketRequest,
    PostRequest,
    PostsView,
    TicketsView,
    TicketView,
)
from gateway.http_api.admin.tickets import TicketEndpoints
from gateway.http_api.routes import Answer, Operation, Parameter, Route
from gateway.people.registry import Registry
from gateway.people.roles import Action
from gateway.rights.desk import RightsDesk
from gateway.support.record import State

_TAG: Final = "Support"
_ID: Final = Parameter(name="id", place="path", schema={"type": "string"}, description="The ticket's id, `T-...`.")
_STEP: Final = ("not_found", "ticket_closed", "changed_meanwhile", "ledger_unavailable")


def ticket_routes(parts: Parts, desk: RightsDesk, directory: Directory, registry: Registry) -> list[Route]:
    tickets = TicketEndpoints(parts, desk, directory, registry)
    return [
        Route("POST", "/admin/v1/tickets", tickets.open, _OPEN),
        Route("GET", "/admin/v1/tickets", tickets.all, _LIST),
        Route("GET", "/admin/v1/tickets/{id}", tickets.show, _SHOW),
        Route("GET", "/admin/v1/tickets/{id}/posts", tickets.posts, _POSTS),
        Route("POST", "/admin/v1/tickets/{id}/posts", tickets.write, _WRITE),
        Route("POST", "/admin/v1/tickets/{id}/assign", tickets.assign, _ASSIGN),
        Route("POST", "/admin/v1/tickets/{id}/close", tickets.close, _CLOSE),
    ]


_OPEN: Final = Operation(
    id="open_ticket",
    summary="Ask the support desk. Numbers of people, ids, accounts, cards, addresses and codes in the text are taken "
    "out before anything is stored.",
    tag=_TAG,
    scope=Action.TICKET_OPEN,
    body=OpenTicketRequest,
    example={"topic": "delivery", "text": "Reference 4711 did not arrive.", "customer": "cus_0123456789abcdef"},
    answers=(Answer(status=201, description="The ticket.", body=TicketView),),
    codes=(*BODY, "invalid_value", "not_found", "too_many_tickets", "changed_meanwhile", "ledger_unavailable"),
)
_LIST: Final = Operation(
    id="list_tickets",
    summary="List tickets, without words; what waits for the platform comes first, the longest first.",
    tag=_TAG,
    scope=Action.TICKET_READ,
    parameters=(
        Parameter(name="state", schema={"type": "string", "enum": list(State)}, description="Whom they wait for."),
        Parameter(name="customer", schema={"type": "string"}, description="Only those of this customer."),
        Parameter(name="message", schema={"type": "string"}, description="Only those about the message with this id."),
        Parameter(name="assigned", schema={"type": "string"}, description="Only those that this person works at."),
        Parameter(
            name="cursor",
            schema={"type": "string", "pattern": "^T-[A-Z2-7]{13}$"},
            description="Where to go on, from the page before.",
        ),
    ),
    answers=(Answer(description="A page of them.", body=TicketsView),),
    codes=("invalid_parameter", "ledger_unavailable"),
)
_SHOW: Final = Operation(
    id="show_ticket",
    summary="Show where a ticket stands, without words.",
    tag=_TAG,
    scope=Action.TICKET_READ,
    parameters=(_ID,),
    answers=(Answer(description="The ticket.", body=TicketView),),
    codes=("not_found", "ledger_unavailable"),
)
_POSTS: Final = Operation(
    id="show_ticket_posts",
    summary="Show what was written in a ticket. The look is in the audit log.",
    tag=_TAG,
    scope=Action.TICKET_SHOW,
    parameters=(_ID,),
    answers=(Answer(description="What was written, the oldest first.", body=PostsView),),
    codes=("not_found", "ledger_unavailable"),
)
_WRITE: Final = Operation(
    id="write_ticket_post",
    summary="Write in a ticket; masked as when it is opened. `internal` is for the platform's people alone.",
    tag=_TAG,
    scope=Action.TICKET_ANSWER,
    parameters=(_ID,),
    body=PostRequest,
    example={"text": "The operator answers again since 10:02."},
    answers=(Answer(status=201, description="The ticket.", body=TicketView),),
    codes=(*BODY, *_STEP, "ticket_full", "invalid_value"),
)
_ASSIGN: Final = Operation(
    id="assign_ticket",
    summary="Say who works at a ticket: oneself without a body, nobody with an empty `person`.",
    tag=_TAG,
    scope=Action.TICKET_ASSIGN,
    parameters=(_ID,),
    body=AssignRequest,
    example={"person": "usr_0123456789abcdef"},
    is_body_needed=False,
    answers=(Answer(description="The ticket.", body=TicketView),),
    codes=(*BODY, *_STEP, "invalid_value"),
)
_CLOSE: Final = Operation(
    id="close_ticket",
    summary="End a ticket. What was written in it is kept for its time.",
    tag=_TAG,
    scope=Action.TICKET_ANSWER,
    parameters=(_ID,),
    answers=(Answer(description="The ticket, closed.", body=TicketView),),
    codes=_STEP,
)
