"""The routes of quotas and balances, each with what its description says."""

from collections.abc import Callable
from typing import Final

from gateway.accounts.administration import Accounts
from gateway.audit.actor import Actor
from gateway.http_api.admin.balances import BalanceEndpoints, BalanceRequest, BalanceView, TopUpRequest
from gateway.http_api.admin.parts import BODY, Parts
from gateway.http_api.admin.quotas import QuotaEndpoints, QuotasRequest, QuotasView
from gateway.http_api.admin.versions import ETAG, IF_MATCH
from gateway.http_api.routes import Answer, Operation, Parameter, Route
from gateway.ledger.roles import Ledger
from gateway.people.roles import Action

_CUSTOMER: Final = Parameter(
    name="id", place="path", schema={"type": "string"}, description="The customer's id, `cus_...`."
)


def money_routes(parts: Parts, ledger: Ledger, accounts: Callable[[Actor], Accounts]) -> list[Route]:
    quotas, balances = QuotaEndpoints(parts, ledger, accounts), BalanceEndpoints(parts, ledger)
    return [
        Route("GET", "/admin/v1/customers/{id}/quotas", quotas.show, _SHOW),
        Route("POST", "/admin/v1/customers/{id}/quotas", quotas.set, _SET),
        Route("GET", "/admin/v1/customers/{id}/balance", balances.show, _SHOW_BALANCE),
        Route("POST", "/admin/v1/customers/{id}/balance", balances.set, _SET_BALANCE),
        Route("POST", "/admin/v1/customers/{id}/top-up", balances.top_up, _TOP_UP),
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
_CHANGED: Final = (
    *BODY,
    "not_found",
    "invalid_value",
    "invalid_if_match",
    "version_stale",
    "changed_meanwhile",
    "ledger_unavailable",
)
_SHOW_BALANCE: Final = Operation(
    id="show_customer_balance",
    summary="Say what a customer who pays in advance has paid, spent and left.",
    tag="Customers",
    scope=Action.CUSTOMER_READ,
    parameters=(_CUSTOMER,),
    answers=(Answer(description="The balance.", body=BalanceView, headers=ETAG),),
    codes=("not_found", "ledger_unavailable"),
)
_SET_BALANCE: Final = Operation(
    id="set_customer_balance",
    summary="Set how a customer pays in advance; what is not named stays.",
    tag="Customers",
    scope=Action.BALANCE_CHANGE,
    parameters=(_CUSTOMER, IF_MATCH),
    body=BalanceRequest,
    example={"prepaid": True, "margin": 5, "warn_below": [100, 10]},
    answers=(Answer(description="The balance.", body=BalanceView, headers=ETAG),),
    codes=_CHANGED,
)
_TOP_UP: Final = Operation(
    id="top_up_customer",
    summary="Add to what a customer has paid; from the first time on it pays in advance. Send `If-Match` to have a "
    "request that is repeated done once.",
    tag="Customers",
    scope=Action.BALANCE_CHANGE,
    parameters=(_CUSTOMER, IF_MATCH),
    body=TopUpRequest,
    example={"amount": 500},
    answers=(Answer(description="The balance.", body=BalanceView, headers=ETAG),),
    codes=_CHANGED,
)
