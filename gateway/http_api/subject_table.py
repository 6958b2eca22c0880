"""The routes about people and messages that are to be no more, each with what its description says."""

from typing import Final

from gateway.http_api.routes import Answer, Operation, Parameter, Route
from gateway.http_api.subject_views import CODES, AccessRequest, ErasedView, SubjectRequest
from gateway.http_api.subjects import SCOPE, SubjectEndpoints
from gateway.rights.access import Held

BODY: Final = (
    "malformed_json",
    "not_an_object",
    "body_incomplete",
    "request_timeout",
    "body_too_large",
    "unsupported_media_type",
    "unsupported_encoding",
    "missing_field",
    "unknown_field",
    "wrong_type",
    "empty_field",
    "field_too_long",
)


def subject_routes(subjects: SubjectEndpoints) -> list[Route]:
    return [
        Route("POST", "/v1/subjects/erase", subjects.erase, _ERASE),
        Route("POST", "/v1/subjects/access", subjects.access, _ACCESS),
        Route("POST", "/v1/messages/{id}/erase", subjects.erase_message, _MESSAGE),
    ]


EXAMPLE: Final = {"number": "+966500000078", "case": "4711"}
_ERASE: Final = Operation(
    id="erase_subject",
    summary="Erase a person from what is kept for you: keys in every copy, then all records. It counts from now.",
    tag="People",
    scope=SCOPE,
    body=SubjectRequest,
    example=EXAMPLE,
    answers=(Answer(description="It is done; these operators have to be told.", body=ErasedView),),
    codes=(*BODY, *CODES),
)
_ACCESS: Final = Operation(
    id="show_subject",
    summary="Show what is held of a person for you: records of messages, never a text.",
    tag="People",
    scope=SCOPE,
    body=AccessRequest,
    example=EXAMPLE,
    answers=(Answer(description="The records, newest first.", body=Held),),
    codes=(*BODY, *CODES),
)
_MESSAGE: Final = Operation(
    id="erase_message",
    summary="Erase a message. Content of other messages to the same person from the same hour or day goes along.",
    tag="Messages",
    scope=SCOPE,
    parameters=(Parameter(name="id", place="path", schema={"type": "string"}, description="The message's id."),),
    answers=(Answer(description="It is done.", body=ErasedView),),
    codes=("not_found", "others_wait", "overloaded", "keys_unavailable", "ledger_unavailable"),
)
