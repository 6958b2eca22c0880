"""The routes of quotas, each with what its description says."""

from typing import Final

from gateway.http_api.admin.parts import BODY
from gateway.http_api.admin.quotas import QuotaEndpoints, QuotasRequest, QuotasView
from gateway.http_api.admin.versions import ETAG, IF_MATCH
from gateway.http_api.routes import Answer, Operation, Parameter, Route
from gateway.people.roles import Action

_CUSTOMER: Final = Parameter(
    name="id", place="path", schema={"type": "string"}, description="The customer's id, `cus_...`."
)


def quota_routes(quotas: QuotaEndpoints) -> list[Route]:
    return [
        Route("GET", "/admin/v1/customers/{id}/quotas", quotas.show, _SHOW),
        Route("POST", "/admin/v1/customers/{id}/quotas", quotas.set, _SET),
    ]


_READ: Final = ("not_found", "ledger_unavailable")

_SHOW: Final = Operation(
    id="show_customer_quotas",
    summary="Say how a customer's quotas stand: what is used of them, what is left, and when they begin anew.",
    tag="Customers",
    scope=Action.CUSTOMER_READ,
    parameters=(_CUSTOMER,),
    answers=(Answer(description="Those that are set.", body=QuotasView, headers=ETAG),),
    codes=_READ,
)
_SET: Final = Operation(
    id="set_customer_quotas",
    summary="Set a customer's quotas by day and month of its clock; what is not named stays, null lifts one.",
    tag="Customers",
    scope=Action.BALANCE_CHANGE,
    parameters=(_CUSTOMER, IF_MATCH),
    body=QuotasRequest,
    example={"per_day": 10_000, "per_month": 200_000, "utc_offset_min": 180},
    answers=(Answer(description="The quotas as they stand now.", body=QuotasView, headers=ETAG),),
    codes=(
        *BODY,
        "invalid_value",
        "not_found",
        "invalid_if_match",
        "version_stale",
        "changed_meanwhile",
        "ledger_unavailable",
    ),
)
