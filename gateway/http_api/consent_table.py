"""The routes of consents, suppressions and stop links, each with what its description says."""

from typing import Final

from gateway.http_api.consents import (
    ConsentChanged,
    ConsentEndpoints,
    ConsentProof,
    ConsentRequest,
    Corrected,
    CorrectRequest,
    PersonRequest,
    SuppressionRequest,
    WithdrawRequest,
)
from gateway.http_api.replies import HTML
from gateway.http_api.routes import Answer, Operation, Parameter, Route
from gateway.http_api.stopping import StopPage

_BODY: Final = (
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
    "invalid_number",
    "invalid_value",
    "keys_unavailable",
    "ledger_unavailable",
)
_CHANGED: Final = (Answer(status=202, description="It is on disk, and holds on every node.", body=ConsentChanged),)
_NUMBER: Final = {"number": "+966500000078"}


def consent_routes(consents: ConsentEndpoints, page: StopPage) -> list[Route]:
    return [
        Route("POST", "/v1/consents", consents.give, _GIVE),
        Route("POST", "/v1/consents/withdraw", consents.withdraw, _WITHDRAW),
        Route("POST", "/v1/consents/correct", consents.correct, _CORRECT),
        Route("POST", "/v1/consents/proof", consents.prove, _PROVE),
        Route("POST", "/v1/suppressions", consents.suppress, _SUPPRESS),
        Route("POST", "/v1/suppressions/remove", consents.permit, _PERMIT),
        Route("GET", "/s/{link}", page.show, _SHOW_STOP),
        Route("POST", "/s/{link}", page.stop, _STOP),
    ]


_GIVE: Final = Operation(
    id="give_consent",
    summary="Write down that somebody consents to messages of a purpose.",
    tag="Consents",
    scope="consents",
    body=ConsentRequest,
    example={**_NUMBER, "purpose": "promotional", "means": "web", "wording": "newsletter:1"},
    answers=_CHANGED,
    codes=_BODY,
)
_WITHDRAW: Final = Operation(
    id="withdraw_consent",
    summary="Write down that somebody withdraws consent; messages that wait are not sent any more.",
    tag="Consents",
    scope="consents",
    body=WithdrawRequest,
    example={**_NUMBER, "purpose": "promotional"},
    answers=_CHANGED,
    codes=_BODY,
)
_CORRECT: Final = Operation(
    id="correct_consent",
    summary="Correct what was written down wrong of a consent: when and how it was given, and to which text.",
    tag="Consents",
    scope="consents",
    body=CorrectRequest,
    example={**_NUMBER, "means": "paper"},
    answers=(Answer(status=202, description="It is on disk.", body=Corrected),),
    codes=(*_BODY, "not_found"),
)
_PROVE: Final = Operation(
    id="prove_consent",
    summary="Show what one person permitted and stopped, with the texts that it agreed to. It is in the audit log.",
    tag="Consents",
    scope="consents",
    body=PersonRequest,
    example=_NUMBER,
    answers=(Answer(description="What is known of that person.", body=ConsentProof),),
    codes=_BODY,
)
_SUPPRESS: Final = Operation(
    id="add_suppression",
    summary="Write down that somebody stops promotional and awareness messages, of all, of a purpose or of a sender.",
    tag="Consents",
    scope="suppressions",
    body=SuppressionRequest,
    example={**_NUMBER, "scope": "all"},
    answers=_CHANGED,
    codes=_BODY,
)
_PERMIT: Final = Operation(
    id="remove_suppression",
    summary="Permit again what somebody stopped, because it asked for that.",
    tag="Consents",
    scope="suppressions",
    body=SuppressionRequest,
    example={**_NUMBER, "scope": "all"},
    answers=_CHANGED,
    codes=_BODY,
)
_LINK: Final = (
    Parameter(
        name="link",
        place="path",
        schema={"type": "string", "pattern": "^[A-Za-z0-9_-]{22}$"},
        description="What stands in the link.",
    ),
)
_PAGES: Final = (
    Answer(description="A page without scripts, in Arabic and English.", media=HTML),
    Answer(status=404, description="A page that says that this is no link of ours.", media=HTML),
)
_SHOW_STOP: Final = Operation(
    id="show_stop_page",
    summary="Show the page behind a stop link. Nothing is done.",
    tag="Consents",
    parameters=_LINK,
    answers=_PAGES,
    codes=("keys_unavailable",),
)
_STOP: Final = Operation(
    id="stop_by_link",
    summary="Stop the messages that the link is about.",
    tag="Consents",
    parameters=_LINK,
    answers=_PAGES,
    codes=("keys_unavailable", "ledger_unavailable"),
)
