"""The routes of the case desk, each with what its description says."""

from typing import Final

from gateway.accounts.directory import Directory
from gateway.http_api.admin.cases import ZIP, CaseEndpoints
from gateway.http_api.admin.parts import BODY, Parts
from gateway.http_api.case_views import (
    CasesView,
    CaseView,
    DownloadRequest,
    ExecutedView,
    ExtendRequest,
    OpenRequest,
    PackageRequest,
    PackageView,
    ProofRequest,
    RefuseRequest,
)
from gateway.http_api.routes import Answer, Operation, Parameter, Route
from gateway.people.registry import Registry
from gateway.people.roles import Action
from gateway.rights.case_states import State
from gateway.rights.desk import RightsDesk

_TAG: Final = "Cases"
_ID: Final = Parameter(name="id", place="path", schema={"type": "string"}, description="The case's id, `R-...`.")
_STEP: Final = ("not_found", "proof_missing", "case_closed", "case_state", "changed_meanwhile", "ledger_unavailable")


def case_routes(parts: Parts, desk: RightsDesk, directory: Directory, registry: Registry) -> list[Route]:
    cases = CaseEndpoints(parts, desk, directory, registry)
    return [
        Route("POST", "/admin/v1/cases", cases.open, _OPEN),
        Route("GET", "/admin/v1/cases", cases.all, _LIST),
        Route("GET", "/admin/v1/cases/{id}", cases.show, _SHOW),
        Route("POST", "/admin/v1/cases/{id}/proof", cases.prove, _PROVE),
        Route("POST", "/admin/v1/cases/{id}/restrict", cases.restrict, _RESTRICT),
        Route("POST", "/admin/v1/cases/{id}/extend", cases.extend, _EXTEND),
        Route("POST", "/admin/v1/cases/{id}/refuse", cases.refuse, _REFUSE),
        Route("POST", "/admin/v1/cases/{id}/answer", cases.answer, _ANSWER),
        Route("POST", "/admin/v1/cases/{id}/close", cases.close, _CLOSE),
        Route("POST", "/admin/v1/cases/{id}/execute", cases.execute, _EXECUTE),
        Route("POST", "/admin/v1/cases/{id}/package", cases.package, _PACKAGE),
        Route("POST", "/admin/v1/cases/{id}/download", cases.download, _DOWNLOAD),
    ]


def _step(name: str, summary: str, *codes: str, body: type | None = None, example: object = None) -> Operation:
    return Operation(
        id=name,
        summary=summary,
        tag=_TAG,
        scope=Action.CASE_WORK,
        parameters=(_ID,),
        body=body,
        example=example,
        answers=(Answer(description="The case.", body=CaseView),),
        codes=(*(BODY if body is not None else ()), *_STEP, *codes),
    )


_OPEN: Final = Operation(
    id="open_case",
    summary="Take down what a person asks for, a complaint, a breach or a disclosure. The clock runs from when it was "
    "received. `proof` needs the action `case.work`.",
    tag=_TAG,
    scope=Action.CASE_OPEN,
    body=OpenRequest,
    example={"kind": "erasure", "channel": "phone", "number": "+966500000078", "received_at": "2026-11-29T09:00:00Z"},
    answers=(Answer(status=201, description="The case.", body=CaseView),),
    codes=(*BODY, "invalid_number", "invalid_value", "not_found", "changed_meanwhile", "ledger_unavailable"),
)
_LIST: Final = Operation(
    id="list_cases",
    summary="List cases, what is due first before others; whoever belongs to a customer sees that one's.",
    tag=_TAG,
    scope=Action.CASE_READ,
    parameters=(
        Parameter(name="state", schema={"type": "string", "enum": list(State)}, description="Where they stand."),
        Parameter(
            name="due_before",
            schema={"type": "string", "format": "date-time"},
            description="Only what is due before that time.",
        ),
        Parameter(
            name="cursor",
            schema={"type": "string", "pattern": "^R-[A-Z2-7]{13}$"},
            description="Where to go on, from the page before.",
        ),
    ),
    answers=(Answer(description="A page of them.", body=CasesView),),
    codes=("invalid_parameter", "ledger_unavailable"),
)
_SHOW: Final = Operation(
    id="show_case",
    summary="Show a case: its clock, and what was decided; never whom it is about.",
    tag=_TAG,
    scope=Action.CASE_READ,
    parameters=(_ID,),
    answers=(Answer(description="The case.", body=CaseView),),
    codes=("not_found", "ledger_unavailable"),
)
_PROVE: Final = _step(
    "prove_case",
    "Take down that who asks has proved to be the person.",
    "invalid_value",
    body=ProofRequest,
    example={"proof": "document_seen"},
)
_RESTRICT: Final = _step("restrict_case", "Say that nothing is done with the person's data while it is looked at.")
_EXTEND: Final = _step(
    "extend_case",
    "Extend the time to answer, once, before it is over.",
    "reason_missing",
    "extension_too_late",
    "already_extended",
    "not_extendable",
    "invalid_value",
    body=ExtendRequest,
    example={"reason": "effort", "days": 30},
)
_REFUSE: Final = _step(
    "refuse_case",
    "Refuse what is asked, with the reason that who asks is told.",
    "reason_missing",
    body=RefuseRequest,
    example={"reason": "unfounded"},
)
_ANSWER: Final = _step("answer_case", "Take down that it was answered by hand.")
_CLOSE: Final = _step("close_case", "End a case that was answered or refused.")
_EXECUTE: Final = Operation(
    id="execute_case",
    summary="Do what a proven case asks for. It needs the action for that as well: `subject.erase`, `subject.access` "
    "or `subject.object`.",
    tag=_TAG,
    scope=Action.CASE_WORK,
    parameters=(_ID,),
    answers=(Answer(description="It is done.", body=ExecutedView),),
    codes=(*_STEP, "unsupported", "overloaded"),
)
_PACKAGE: Final = Operation(
    id="package_case",
    summary="Make a package of what is held of the person, for a case of kind `access` or `copy`, once two people have "
    "agreed on it: `subject.export` of the case.",
    tag=_TAG,
    scope=Action.CASE_WORK,
    parameters=(_ID,),
    body=PackageRequest,
    example={"request": "request_0123456789abcdef"},
    answers=(Answer(status=201, description="Its secret.", body=PackageView),),
    codes=(*BODY, *_STEP, "request_closed", "unsupported", "overloaded"),
)
_DOWNLOAD: Final = Operation(
    id="download_package",
    summary="Give a package to whoever has its secret, once: JSON, and a page in English and Arabic.",
    tag=_TAG,
    scope=Action.CASE_WORK,
    parameters=(_ID,),
    body=DownloadRequest,
    example={"secret": "…"},
    answers=(Answer(description="A zip.", media=ZIP),),
    codes=(*BODY, "not_found", "changed_meanwhile", "ledger_unavailable"),
)
