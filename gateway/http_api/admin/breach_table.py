"""The routes of breaches, each with what its description says."""

from typing import Final

from gateway.accounts.directory import Directory
from gateway.http_api.admin.breach_views import (
    BreachList,
    BreachView,
    CloseRequest,
    DraftRequest,
    DraftView,
    EstimateRequest,
    OpenBreach,
)
from gateway.http_api.admin.breaches import BreachEndpoints
from gateway.http_api.admin.parts import BODY, Parts
from gateway.http_api.routes import Answer, Operation, Parameter, Route
from gateway.people.registry import Registry
from gateway.people.roles import Action
from gateway.rights.desk import RightsDesk

_TAG: Final = "Breaches"
_ID: Final = Parameter(name="id", place="path", schema={"type": "string"}, description="The case's id, `R-...`.")
_CODES: Final = (*BODY, "not_found", "invalid_value", "changed_meanwhile", "keys_unavailable", "ledger_unavailable")
_BREACH: Final = Answer(description="The breach.", body=BreachView)


def breach_routes(parts: Parts, desk: RightsDesk, directory: Directory, registry: Registry) -> list[Route]:
    breaches = BreachEndpoints(parts, desk, directory, registry)
    return [
        Route("POST", "/admin/v1/breaches", breaches.open, _OPEN),
        Route("GET", "/admin/v1/breaches", breaches.all, _LIST),
        Route("GET", "/admin/v1/breaches/{id}", breaches.show, _SHOW),
        Route("POST", "/admin/v1/breaches/{id}/estimate", breaches.estimate, _ESTIMATE),
        Route("POST", "/admin/v1/breaches/{id}/draft", breaches.draft, _DRAFT),
        Route("POST", "/admin/v1/breaches/{id}/close", breaches.close, _CLOSE),
    ]


_OPEN: Final = Operation(
    id="open_breach",
    summary="Take down a breach: a case that is due 72 hours after it became known.",
    tag=_TAG,
    scope=Action.BREACH_WORK,
    body=OpenBreach,
    example={"text": "A copy of a disk is missing.", "known_at": "2026-11-29T09:00:00Z"},
    answers=(Answer(status=201, description="The breach.", body=BreachView),),
    codes=_CODES,
)
_LIST: Final = Operation(
    id="list_breaches",
    summary="List breaches; what is due first comes first.",
    tag=_TAG,
    scope=Action.BREACH_READ,
    answers=(Answer(description="All of them.", body=BreachList),),
    codes=("ledger_unavailable",),
)
_SHOW: Final = Operation(
    id="show_breach",
    summary="Show a breach: its clock, its estimate, and who was told; never what happened.",
    tag=_TAG,
    scope=Action.BREACH_READ,
    parameters=(_ID,),
    answers=(_BREACH,),
    codes=("not_found", "ledger_unavailable"),
)
_ESTIMATE: Final = Operation(
    id="estimate_breach",
    summary="Count from pseudonyms how many people and messages it may concern, by customer and tag.",
    tag=_TAG,
    scope=Action.BREACH_WORK,
    parameters=(_ID,),
    body=EstimateRequest,
    example={"since": "2026-11-01T00:00:00Z"},
    answers=(_BREACH,),
    codes=_CODES,
)
_DRAFT: Final = Operation(
    id="draft_breach_notice",
    summary="Draft the notice to the authority, or to people, in Arabic or English; it lists what is missing.",
    tag=_TAG,
    scope=Action.BREACH_WORK,
    parameters=(_ID,),
    body=DraftRequest,
    example={"to": "authority", "language": "en", "risks": "Unwanted messages."},
    answers=(Answer(description="The draft.", body=DraftView),),
    codes=(*_CODES, "case_closed"),
)
_CLOSE: Final = Operation(
    id="close_breach",
    summary="End a breach, with when the authority and the people were told.",
    tag=_TAG,
    scope=Action.BREACH_WORK,
    parameters=(_ID,),
    body=CloseRequest,
    example={"authority_at": "2026-11-30T09:00:00Z"},
    answers=(_BREACH,),
    codes=(*_CODES, "case_closed", "case_state"),
)
