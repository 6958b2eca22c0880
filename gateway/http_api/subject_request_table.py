"""The routes about requests of people that customers forward, each with what its description says."""

from typing import Final

from gateway.http_api.auth import Gatekeeper
from gateway.http_api.case_views import (
    CasesView,
    CaseView,
    CodeOrEvidence,
    CodeRequest,
    ExecutedView,
    ExtendRequest,
    ForwardedView,
    PersonsRequest,
    RefuseRequest,
)
from gateway.http_api.replies import Replies
from gateway.http_api.routes import Answer, Operation, Parameter, Route
from gateway.http_api.subject_requests import RightsSource, SubjectRequestEndpoints
from gateway.http_api.subject_table import BODY, subject_routes
from gateway.http_api.subjects import SCOPE, SubjectEndpoints
from gateway.process.clock import Clock
from gateway.rights.case_states import State

_TAG: Final = "People"
_ID: Final = Parameter(name="id", place="path", schema={"type": "string"}, description="The request's id, `R-...`.")
_STEP: Final = (
    "not_found",
    "proof_missing",
    "case_closed",
    "case_state",
    "changed_meanwhile",
    "keys_unavailable",
    "ledger_unavailable",
)
_PATH: Final = "/v1/subjects/requests"


def subject_request_routes(requests: SubjectRequestEndpoints) -> list[Route]:
    return [
        Route("POST", _PATH, requests.open, _OPEN),
        Route("GET", _PATH, requests.all, _LIST),
        Route("GET", f"{_PATH}/{{id}}", requests.show, _SHOW),
        Route("POST", f"{_PATH}/{{id}}/code", requests.send_code, _CODE),
        Route("POST", f"{_PATH}/{{id}}/proof", requests.prove, _PROVE),
        Route("POST", f"{_PATH}/{{id}}/extend", requests.extend, _EXTEND),
        Route("POST", f"{_PATH}/{{id}}/refuse", requests.refuse, _REFUSE),
        Route("POST", f"{_PATH}/{{id}}/execute", requests.execute, _EXECUTE),
    ]


def rights_routes(source: RightsSource, gatekeeper: Gatekeeper, replies: Replies, clock: Clock) -> list[Route]:
    """All about people."""
    return [
        *subject_routes(SubjectEndpoints(source.desk, gatekeeper, replies)),
        *subject_request_routes(SubjectRequestEndpoints(source, gatekeeper, replies, clock)),
    ]


def _step(
    name: str, summary: str, *codes: str, answer: Answer, body: type | None = None, example: object = None
) -> Operation:
    return Operation(
        id=name,
        summary=summary,
        tag=_TAG,
        scope=SCOPE,
        parameters=(_ID,),
        body=body,
        example=example,
        answers=(answer,),
        codes=(*(BODY if body is not None else ()), *_STEP, *codes),
    )


_CASE: Final = Answer(description="The request.", body=CaseView)
_OPEN: Final = Operation(
    id="forward_request",
    summary="Forward what a person asks of you. The clock runs from when you received it: ten days.",
    tag=_TAG,
    scope=SCOPE,
    body=PersonsRequest,
    example={"kind": "erasure", "number": "+966500000078", "received_at": "2026-11-29T09:00:00Z"},
    answers=(Answer(status=202, description="It is taken down.", body=ForwardedView),),
    codes=(*BODY, "invalid_number", "invalid_value", "changed_meanwhile", "keys_unavailable", "ledger_unavailable"),
)
_LIST: Final = Operation(
    id="list_requests",
    summary="List requests of people that concern you; what is due first comes first.",
    tag=_TAG,
    scope=SCOPE,
    parameters=(
        Parameter(name="state", schema={"type": "string", "enum": list(State)}, description="Where they stand."),
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
    id="show_request",
    summary="Show a request: its clock, and what was decided; never whom it is about.",
    tag=_TAG,
    scope=SCOPE,
    parameters=(_ID,),
    answers=(_CASE,),
    codes=("not_found", "ledger_unavailable"),
)
_CODE: Final = _step(
    "send_request_code",
    "Send the person another code, in the place of the one before.",
    "codes_off",
    "number_not_served",
    "too_many_codes",
    "unsupported",
    answer=Answer(status=202, description="A code is on its way.", body=ForwardedView),
    body=CodeRequest,
    example={"language": "en"},
)
_PROVE: Final = _step(
    "prove_request",
    "Say that it is the person: by the code that it was sent, or on your word.",
    "proof_wrong",
    "proof_expired",
    "too_many_codes",
    "invalid_value",
    answer=_CASE,
    body=CodeOrEvidence,
    example={"code": "123456"},
)
_EXTEND: Final = _step(
    "extend_request",
    "Extend the time to answer, once, before it is over.",
    "reason_missing",
    "extension_too_late",
    "already_extended",
    "invalid_value",
    answer=_CASE,
    body=ExtendRequest,
    example={"reason": "effort", "days": 30},
)
_REFUSE: Final = _step(
    "refuse_request",
    "Refuse what is asked, with the reason that who asks is told.",
    "reason_missing",
    answer=_CASE,
    body=RefuseRequest,
    example={"reason": "unfounded"},
)
_EXECUTE: Final = _step(
    "execute_request",
    "Do what a proven request asks for, with what is kept for you: erase, show, or send nothing that needs consent.",
    "unsupported",
    "overloaded",
    answer=Answer(description="It is done.", body=ExecutedView),
)
