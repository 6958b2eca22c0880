"""The routes of customers' consents and suppressions, each with what its description says."""

from typing import Final

from gateway.http_api.admin.consents import AdminConsentEndpoints
from gateway.http_api.admin.parts import BODY
from gateway.http_api.consents import (
    ConsentChanged,
    ConsentProof,
    ConsentRequest,
    Corrected,
    CorrectRequest,
    PersonRequest,
    SuppressionRequest,
    WithdrawRequest,
)
from gateway.http_api.routes import Answer, Operation, Parameter, Route
from gateway.people.roles import Action

_TAG: Final = "Consents"
_CODES: Final = (*BODY, "invalid_number", "invalid_value", "not_found", "keys_unavailable", "ledger_unavailable")
_CUSTOMER: Final = (
    Parameter(name="id", place="path", schema={"type": "string"}, description="The customer's id, `cus_...`."),
)
_CHANGED: Final = (Answer(status=202, description="It is on disk, and holds on every node.", body=ConsentChanged),)
_NUMBER: Final = {"number": "+966500000078"}


def consent_routes(consents: AdminConsentEndpoints) -> list[Route]:
    return [
        Route("POST", "/admin/v1/customers/{id}/consents", consents.give, _GIVE),
        Route("POST", "/admin/v1/customers/{id}/withdrawals", consents.withdraw, _WITHDRAW),
        Route("POST", "/admin/v1/customers/{id}/corrections", consents.correct, _CORRECT),
        Route("POST", "/admin/v1/customers/{id}/proofs", consents.prove, _PROVE),
        Route("POST", "/admin/v1/customers/{id}/suppressions", consents.suppress, _SUPPRESS),
        Route("POST", "/admin/v1/customers/{id}/permissions", consents.permit, _PERMIT),
    ]


_GIVE: Final = Operation(
    id="give_consent_for_customer",
    summary="Write down that somebody consents to messages of a customer's.",
    tag=_TAG,
    scope=Action.CONSENT_CHANGE,
    parameters=_CUSTOMER,
    body=ConsentRequest,
    example=_NUMBER,
    answers=_CHANGED,
    codes=_CODES,
)
_WITHDRAW: Final = Operation(
    id="withdraw_consent_for_customer",
    summary="Write down that somebody withdraws consent; messages that wait are not sent any more.",
    tag=_TAG,
    scope=Action.CONSENT_CHANGE,
    parameters=_CUSTOMER,
    body=WithdrawRequest,
    example=_NUMBER,
    answers=_CHANGED,
    codes=_CODES,
)
_CORRECT: Final = Operation(
    id="correct_consent_for_customer",
    summary="Correct what was written down wrong of a person's consent: when and how it was given, and to which text.",
    tag=_TAG,
    scope=Action.SUBJECT_CORRECT,
    parameters=_CUSTOMER,
    body=CorrectRequest,
    example={**_NUMBER, "means": "paper"},
    answers=(Answer(status=202, description="It is on disk.", body=Corrected),),
    codes=_CODES,
)
_PROVE: Final = Operation(
    id="prove_consent_for_customer",
    summary="Show what one person permitted and stopped, with the texts that it agreed to. It is in the audit log.",
    tag=_TAG,
    scope=Action.CONSENT_READ,
    parameters=_CUSTOMER,
    body=PersonRequest,
    example=_NUMBER,
    answers=(Answer(description="What is known of that person.", body=ConsentProof),),
    codes=_CODES,
)
_SUPPRESS: Final = Operation(
    id="add_suppression_for_customer",
    summary="Write down that somebody stops a customer's promotional and awareness messages.",
    tag=_TAG,
    scope=Action.SUPPRESSION_CHANGE,
    parameters=_CUSTOMER,
    body=SuppressionRequest,
    example=_NUMBER,
    answers=_CHANGED,
    codes=_CODES,
)
_PERMIT: Final = Operation(
    id="remove_suppression_for_customer",
    summary="Permit again what somebody stopped, because it asked for that.",
    tag=_TAG,
    scope=Action.SUPPRESSION_CHANGE,
    parameters=_CUSTOMER,
    body=SuppressionRequest,
    example=_NUMBER,
    answers=_CHANGED,
    codes=_CODES,
)
