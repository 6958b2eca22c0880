"""The routes of people, tokens, requests and reloads, each with what its description says."""

from collections.abc import Callable
from typing import Final

from gateway.accounts.directory import Directory
from gateway.audit.actor import Actor
from gateway.control.reloads import Reloads
from gateway.http_api.admin.asking import AskEndpoint, AskRequest
from gateway.http_api.admin.declaring import PERSON, READ, does, shows
from gateway.http_api.admin.own_views import EndedView
from gateway.http_api.admin.parts import BODY, WHY, Parts
from gateway.http_api.admin.people import PeopleEndpoints
from gateway.http_api.admin.people_verbs import people_verb_routes
from gateway.http_api.admin.people_views import OwnView, PeopleView, PersonView, RequestsView, RequestView, TokensView
from gateway.http_api.admin.reload_views import LookView, ReloadView
from gateway.http_api.admin.reloading import ReloadEndpoints
from gateway.http_api.admin.requests import RequestEndpoints
from gateway.http_api.admin.token_verbs import token_verb_routes
from gateway.http_api.admin.views import Because
from gateway.http_api.routes import Answer, Operation, Parameter, Route
from gateway.people.registry import Registry
from gateway.people.roles import Action

_CURSOR: Final = Parameter(
    name="cursor",
    schema={"type": "string", "pattern": "^[a-z]{2,12}_[0-9a-f]{16}$"},
    description="Where to go on, from the page before.",
)
_REQUEST: Final = Parameter(
    name="id", place="path", schema={"type": "string"}, description="The request's id, `request_...`."
)
_PAGED: Final = ("invalid_parameter", "ledger_unavailable")
_RELOAD: Final = ("reload_under_way", "no_node", "ledger_unavailable")


def people_routes(parts: Parts, registry: Registry, directory: Directory) -> list[Route]:
    people, requests = PeopleEndpoints(parts, registry), RequestEndpoints(parts, registry)
    return [
        Route("GET", "/admin/v1/people", people.people, _PEOPLE),
        Route("GET", "/admin/v1/people/{id}", people.person, _SHOWN),
        Route("POST", "/admin/v1/people/{id}/end-sessions", people.end_sessions, _END_SESSIONS),
        Route("GET", "/admin/v1/tokens", people.tokens, _TOKENS),
        *people_verb_routes(parts, registry, directory),
        *token_verb_routes(parts, registry, directory),
        Route("GET", "/admin/v1/own", people.own, _OWN),
        Route("GET", "/admin/v1/requests", requests.all, _REQUESTS),
        Route("POST", "/admin/v1/requests", AskEndpoint(parts, registry).ask, _ASK),
        Route("POST", "/admin/v1/requests/{id}/consent", requests.consent, _CONSENT),
        Route("POST", "/admin/v1/requests/{id}/refuse", requests.refuse, _REFUSE),
    ]


def reload_routes(parts: Parts, reloads: Callable[[Actor], Reloads]) -> list[Route]:
    reload = ReloadEndpoints(parts, reloads)
    return [
        Route("POST", "/admin/v1/reload", reload.reload, _RELOADED),
        Route("POST", "/admin/v1/reload/look", reload.look, _LOOK),
    ]


_PEOPLE: Final = Operation(
    id="list_people",
    summary="List people who administer, by id, roles and state; whoever belongs to a customer sees that one's.",
    tag="People",
    scope=Action.PERSON_READ,
    parameters=(_CURSOR,),
    answers=(Answer(description="A page of them.", body=PeopleView),),
    codes=_PAGED,
)
_SHOWN: Final = shows(
    "show_person",
    "Show somebody who administers, without contact data.",
    "People",
    Action.PERSON_READ,
    PersonView,
    "The person.",
    of=(PERSON,),
    codes=READ,
)
_END_SESSIONS: Final = does(
    "end_sessions_of_person",
    "End all sessions of somebody, who may sign in again; to keep that from them, disable the account.",
    "People",
    Action.SESSION_END,
    Answer(description="How many there were.", body=EndedView),
    of=(PERSON,),
)
_TOKENS: Final = Operation(
    id="list_tokens",
    summary="List machines' tokens, without their secrets.",
    tag="People",
    scope=Action.TOKEN_READ,
    parameters=(_CURSOR,),
    answers=(Answer(description="A page of them.", body=TokensView),),
    codes=_PAGED,
)
_OWN: Final = Operation(
    id="show_own",
    summary="Show one's own account, contact data, sessions and sign-ins; the audit log says so.",
    tag="Session",
    scope=Action.OWN_READ,
    answers=(Answer(description="The account.", body=OwnView),),
    codes=("ledger_unavailable",),
)
_REQUESTS: Final = Operation(
    id="list_requests",
    summary="List what waits for a second person, or to be done.",
    tag="Requests",
    scope=Action.REQUEST_READ,
    parameters=(_CURSOR,),
    answers=(Answer(description="A page of them.", body=RequestsView),),
    codes=_PAGED,
)
_ASK: Final = Operation(
    id="ask_request",
    summary="Ask for something that takes two persons; it is done once another one has consented.",
    tag="Requests",
    scope=Action.REQUEST_READ,
    body=AskRequest,
    example={"action": "hold.place", "object": "cus_0123456789abcdef", "reason": "order 47 of the court"},
    answers=(Answer(status=201, description="The request, which waits for a day.", body=RequestView),),
    codes=(*BODY, "not_found", "invalid_value", "ledger_unavailable"),
)
_DECIDED: Final = ("not_found", "request_closed", "changed_meanwhile", "ledger_unavailable")
_CONSENT: Final = Operation(
    id="consent_request",
    summary="Consent as the second person: by a role that may, and never to what one asked for oneself.",
    tag="Requests",
    scope=Action.REQUEST_READ,
    parameters=(_REQUEST,),
    answers=(Answer(description="The request, granted for an hour.", body=RequestView),),
    codes=_DECIDED,
)
_REFUSE: Final = Operation(
    id="refuse_request",
    summary="Refuse, as whoever might consent.",
    tag="Requests",
    scope=Action.REQUEST_READ,
    parameters=(_REQUEST,),
    answers=(Answer(description="The request, refused.", body=RequestView),),
    codes=_DECIDED,
)
_RELOADED: Final = Operation(
    id="reload_settings",
    summary="Have every node and worker read its settings again: all take over what changed, or none does.",
    tag="System",
    scope=Action.SETTINGS_RELOAD,
    body=Because,
    example={"reason": "ticket 4711"},
    is_body_needed=False,
    answers=(
        Answer(description="What was taken over.", body=ReloadView),
        Answer(status=409, description="Nothing was taken over: what is wrong, or needs a restart.", body=ReloadView),
    ),
    codes=(*WHY, *_RELOAD),
)
_LOOK: Final = Operation(
    id="look_at_settings",
    summary="Say what a reload would take over, what is wrong, and what needs a restart. Nothing changes.",
    tag="System",
    scope=Action.SETTINGS_RELOAD,
    answers=(Answer(description="What each process says.", body=LookView),),
    codes=_RELOAD,
)
