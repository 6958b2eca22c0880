"""The routes of the admin API, each with what its description says."""

from typing import Final

from gateway.http_api.admin.customers import CustomerEndpoints
from gateway.http_api.admin.messages import MessageEndpoints
from gateway.http_api.admin.parts import BODY, WHY
from gateway.http_api.admin.sign_in import SignInEndpoints
from gateway.http_api.admin.standing import StandingEndpoints
from gateway.http_api.admin.versions import ETAG, IF_MATCH
from gateway.http_api.admin.views import (
    AdminMessageView,
    Because,
    CustomersView,
    CustomerView,
    ExplainRequest,
    ExplainView,
    FindRequest,
    FoundView,
    OperatorsView,
    RoutesView,
    SessionView,
    SignInRequest,
    SystemView,
)
from gateway.http_api.routes import Answer, Operation, Parameter, Route
from gateway.http_api.table import PERIOD
from gateway.http_api.usage import UsageView
from gateway.people.roles import Action

_CUSTOMER: Final = Parameter(
    name="id", place="path", schema={"type": "string"}, description="The customer's id, `cus_...`."
)


def admin_routes(
    sign_in: SignInEndpoints,
    standing: StandingEndpoints,
    customers: CustomerEndpoints,
    messages: MessageEndpoints,
) -> list[Route]:
    return [
        Route("POST", "/admin/v1/session", sign_in.begin, _SIGN_IN),
        Route("GET", "/admin/v1/session", sign_in.show, _SESSION),
        Route("DELETE", "/admin/v1/session", sign_in.end, _SIGN_OUT),
        Route("GET", "/admin/v1/system", standing.system, _SYSTEM),
        Route("GET", "/admin/v1/operators", standing.operators, _OPERATORS),
        Route("GET", "/admin/v1/routes", standing.routes, _ROUTES),
        Route("POST", "/admin/v1/routes/explain", standing.explain, _EXPLAIN),
        Route("GET", "/admin/v1/customers", customers.all, _CUSTOMERS),
        Route("GET", "/admin/v1/customers/{id}", customers.show, _SHOW_CUSTOMER),
        Route("GET", "/admin/v1/customers/{id}/usage", customers.usage, _USAGE),
        Route("POST", "/admin/v1/customers/{id}/pause", customers.pause, _PAUSE),
        Route("POST", "/admin/v1/customers/{id}/resume", customers.resume, _RESUME),
        Route("GET", "/admin/v1/messages/{id}", messages.show, _MESSAGE),
        Route("POST", "/admin/v1/messages/find", messages.find, _FIND),
    ]


_SIGN_IN: Final = Operation(
    id="sign_in",
    summary="Sign in. The session is in a cookie that scripts cannot read.",
    tag="Session",
    body=SignInRequest,
    example={"email": "person@example.com", "password": "…", "code": "123456"},
    answers=(Answer(status=201, description="Signed in.", body=SessionView),),
    codes=(*BODY, "sign_in_refused", "sign_in_locked", "keys_unavailable", "ledger_unavailable"),
)
_SESSION: Final = Operation(
    id="show_session",
    summary="Say who is signed in, and give the form token.",
    tag="Session",
    answers=(Answer(description="The session.", body=SessionView),),
    codes=("not_signed_in", "keys_unavailable", "ledger_unavailable"),
)
_SIGN_OUT: Final = Operation(
    id="sign_out",
    summary="End the session.",
    tag="Session",
    answers=(Answer(status=204, description="Signed out."),),
    codes=("not_signed_in", "form_token_missing", "keys_unavailable", "ledger_unavailable"),
)
_SYSTEM: Final = Operation(
    id="show_system",
    summary="Say how the node that answers stands.",
    tag="System",
    scope=Action.SYSTEM_READ,
    answers=(Answer(description="It.", body=SystemView),),
)
_OPERATORS: Final = Operation(
    id="list_operators",
    summary="List the links to operators, as the node that answers sees them.",
    tag="Operators",
    scope=Action.OPERATOR_READ,
    answers=(Answer(description="The links.", body=OperatorsView),),
)
_ROUTES: Final = Operation(
    id="list_routes",
    summary="List the route table.",
    tag="Routes",
    scope=Action.ROUTE_READ,
    answers=(Answer(description="Its lines, as the settings have them.", body=RoutesView),),
)
_EXPLAIN: Final = Operation(
    id="explain_route",
    summary="Say which route a message would take, and why. Nothing is sent, and nothing of it is kept.",
    tag="Routes",
    scope=Action.ROUTE_EXPLAIN,
    body=ExplainRequest,
    example={"to": "+966500000078", "class": "otp"},
    answers=(Answer(description="The route, and the others.", body=ExplainView),),
    codes=BODY,
)
_CUSTOMERS: Final = Operation(
    id="list_customers",
    summary="List customers; whoever belongs to one sees that one.",
    tag="Customers",
    scope=Action.CUSTOMER_READ,
    parameters=(
        Parameter(
            name="cursor",
            schema={"type": "string", "pattern": "^[0-9]{1,10}$"},
            description="Where to go on, from the page before.",
        ),
    ),
    answers=(Answer(description="A page of them.", body=CustomersView),),
    codes=("invalid_parameter", "ledger_unavailable"),
)
_SHOW_CUSTOMER: Final = Operation(
    id="show_customer",
    summary="Show a customer's settings, without contact data.",
    tag="Customers",
    scope=Action.CUSTOMER_READ,
    parameters=(_CUSTOMER,),
    answers=(Answer(description="The customer.", body=CustomerView, headers=ETAG),),
    codes=("not_found", "ledger_unavailable"),
)
_USAGE: Final = Operation(
    id="show_customer_usage",
    summary="Sum up what a customer sent.",
    tag="Customers",
    scope=Action.USAGE_READ,
    parameters=(_CUSTOMER, *PERIOD),
    answers=(Answer(description="The sums, in the order of time.", body=UsageView),),
    codes=("not_found", "invalid_parameter", "ledger_unavailable"),
)
_PAUSE: Final = Operation(
    id="pause_customer",
    summary="Refuse everything of a customer, and hold what waits, until it is resumed.",
    tag="Customers",
    scope=Action.CUSTOMER_PAUSE,
    parameters=(_CUSTOMER, IF_MATCH),
    body=Because,
    example={"reason": "ticket 4711"},
    is_body_needed=False,
    answers=(Answer(description="The customer, paused.", body=CustomerView, headers=ETAG),),
    codes=(*WHY, "not_found", "invalid_if_match", "version_stale", "changed_meanwhile", "ledger_unavailable"),
)
_RESUME: Final = Operation(
    id="resume_customer",
    summary="Take a customer's messages again, and send what was held.",
    tag="Customers",
    scope=Action.CUSTOMER_PAUSE,
    parameters=(_CUSTOMER, IF_MATCH),
    body=Because,
    example={"reason": "ticket 4711"},
    is_body_needed=False,
    answers=(Answer(description="The customer.", body=CustomerView, headers=ETAG),),
    codes=(*WHY, "not_found", "invalid_if_match", "version_stale", "changed_meanwhile", "ledger_unavailable"),
)
_MESSAGE: Final = Operation(
    id="show_message",
    summary="Show what became of a message; never its text.",
    tag="Messages",
    scope=Action.MESSAGE_READ,
    parameters=(Parameter(name="id", place="path", schema={"type": "string"}, description="The message's id."),),
    answers=(Answer(description="Its record and timeline.", body=AdminMessageView),),
    codes=("not_found", "ledger_unavailable"),
)
_FIND: Final = Operation(
    id="find_messages",
    summary="Find a customer's messages by the customer's own reference, or by a number, with purpose and case, which "
    "needs the action `message.find` instead. Every search is in the audit log.",
    tag="Messages",
    scope=Action.MESSAGE_READ,
    body=FindRequest,
    example={"customer": "cus_0123456789abcdef", "reference": "4711"},
    answers=(Answer(description="Those that have it.", body=FoundView),),
    codes=(*BODY, "invalid_number", "invalid_value", "not_found", "keys_unavailable", "ledger_unavailable"),
)
