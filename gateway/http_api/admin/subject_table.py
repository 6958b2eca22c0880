"""The routes about people and messages that are to be no more, each with what its description says."""

from typing import Final

from gateway.accounts.directory import Directory
from gateway.http_api.admin.parts import BODY, WHY, Parts
from gateway.http_api.admin.subjects import EraseRequest, LookRequest, SubjectEndpoints
from gateway.http_api.admin.views import Because
from gateway.http_api.routes import Answer, Operation, Parameter, Route
from gateway.http_api.subject_views import CODES, ErasedView
from gateway.people.roles import Action
from gateway.rights.access import Held
from gateway.rights.desk import RightsDesk


def subject_routes(parts: Parts, desk: RightsDesk, directory: Directory) -> list[Route]:
    subjects = SubjectEndpoints(parts, desk, directory)
    return [
        Route("POST", "/admin/v1/subjects/erase", subjects.erase, _ERASE),
        Route("POST", "/admin/v1/subjects/access", subjects.access, _ACCESS),
        Route("POST", "/admin/v1/messages/{id}/erase", subjects.erase_message, _MESSAGE),
    ]


_ERASE: Final = Operation(
    id="erase_subjects",
    summary="Erase people, at one customer or at all: keys in every copy, then all records.",
    tag="People who are written to",
    scope=Action.SUBJECT_ERASE,
    body=EraseRequest,
    example={"numbers": ["+966500000078"], "case": "case_0123456789abcdef"},
    answers=(Answer(description="It is done; these operators have to be told.", body=ErasedView),),
    codes=(*BODY, "not_found", *CODES),
)
_ACCESS: Final = Operation(
    id="show_subject",
    summary="Show what is held of a person: records of messages, never a text. Each look is in the audit log.",
    tag="People who are written to",
    scope=Action.SUBJECT_ACCESS,
    body=LookRequest,
    example={"number": "+966500000078", "case": "case_0123456789abcdef"},
    answers=(Answer(description="The records, newest first.", body=Held),),
    codes=(*BODY, "not_found", *CODES),
)
_MESSAGE: Final = Operation(
    id="erase_message",
    summary="Erase a message. Content of other messages to the same person from the same hour or day goes along.",
    tag="People who are written to",
    scope=Action.MESSAGE_DESTROY,
    parameters=(Parameter(name="id", place="path", schema={"type": "string"}, description="The message's id."),),
    body=Because,
    example={"reason": "ticket 4711"},
    is_body_needed=False,
    answers=(Answer(description="It is done.", body=ErasedView),),
    codes=(*WHY, "not_found", "others_wait", "overloaded", "keys_unavailable", "ledger_unavailable"),
)
