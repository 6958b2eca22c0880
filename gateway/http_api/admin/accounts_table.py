"""The routes of what belongs to customers, each with what its description says."""

from typing import Final

from gateway.http_api.admin.accounts import AccountEndpoints
from gateway.http_api.admin.accounts_views import (
    CustomerChange,
    EsmesView,
    KeyRequest,
    KeysView,
    KeyView,
    NewKeyView,
    SenderName,
    SenderRequest,
    SendersView,
    WebhookView,
)
from gateway.http_api.admin.parts import BODY, WHY
from gateway.http_api.admin.versions import ETAG, IF_MATCH
from gateway.http_api.admin.views import Because, CustomerView
from gateway.http_api.routes import Answer, Operation, Parameter, Route
from gateway.people.roles import Action

_CUSTOMER: Final = Parameter(
    name="id", place="path", schema={"type": "string"}, description="The customer's id, `cus_...`."
)
_PREFIX: Final = Parameter(name="prefix", place="path", schema={"type": "string"}, description="The key's prefix.")
_READ: Final = ("not_found", "ledger_unavailable")
_SET: Final = (*_READ, "invalid_if_match", "version_stale", "changed_meanwhile")
_NAMED: Final = (*BODY, "invalid_value", *_SET)


def account_routes(accounts: AccountEndpoints) -> list[Route]:
    return [
        Route("POST", "/admin/v1/customers/{id}/settings", accounts.change, _CHANGE),
        Route("GET", "/admin/v1/customers/{id}/senders", accounts.senders, _SENDERS),
        Route("POST", "/admin/v1/customers/{id}/senders", accounts.add_sender, _ADD_SENDER),
        Route("POST", "/admin/v1/customers/{id}/remove-sender", accounts.remove_sender, _REMOVE_SENDER),
        Route("GET", "/admin/v1/customers/{id}/keys", accounts.keys, _KEYS),
        Route("POST", "/admin/v1/customers/{id}/keys", accounts.add_key, _ADD_KEY),
        Route("POST", "/admin/v1/keys/{prefix}/revoke", accounts.revoke_key, _REVOKE_KEY),
        Route("GET", "/admin/v1/customers/{id}/esmes", accounts.esmes, _ESMES),
        Route("GET", "/admin/v1/customers/{id}/webhook", accounts.webhook, _WEBHOOK),
    ]


_CHANGE: Final = Operation(
    id="change_customer",
    summary="Set a customer's throughput, default class, punctuation or label; what is not named stays.",
    tag="Customers",
    scope=Action.CUSTOMER_CHANGE,
    parameters=(_CUSTOMER, IF_MATCH),
    body=CustomerChange,
    example={"throughput_per_s": 50},
    answers=(Answer(description="The customer.", body=CustomerView, headers=ETAG),),
    codes=_NAMED,
)
_SENDERS: Final = Operation(
    id="list_senders",
    summary="List a customer's senders.",
    tag="Customers",
    scope=Action.SENDER_READ,
    parameters=(_CUSTOMER,),
    answers=(Answer(description="They.", body=SendersView, headers=ETAG),),
    codes=_READ,
)
_ADD_SENDER: Final = Operation(
    id="add_sender",
    summary="Register a sender for a customer; one that is there gets these classes.",
    tag="Customers",
    scope=Action.SENDER_CHANGE,
    parameters=(_CUSTOMER, IF_MATCH),
    body=SenderRequest,
    example={"sender": "BRAND", "classes": ["otp"]},
    answers=(Answer(description="The senders.", body=SendersView, headers=ETAG),),
    codes=(*_NAMED, "invalid_sender"),
)
_REMOVE_SENDER: Final = Operation(
    id="remove_sender",
    summary="Take a sender from a customer; messages that were accepted go out with it still.",
    tag="Customers",
    scope=Action.SENDER_CHANGE,
    parameters=(_CUSTOMER, IF_MATCH),
    body=SenderName,
    example={"sender": "BRAND"},
    answers=(Answer(description="The senders that are left.", body=SendersView, headers=ETAG),),
    codes=(*_NAMED, "invalid_sender"),
)
_KEYS: Final = Operation(
    id="list_keys",
    summary="List a customer's API keys by prefix; the keys themselves are not kept.",
    tag="Customers",
    scope=Action.KEY_READ,
    parameters=(_CUSTOMER,),
    answers=(Answer(description="They.", body=KeysView),),
    codes=_READ,
)
_ADD_KEY: Final = Operation(
    id="add_key",
    summary="Make an API key. It is shown this once.",
    tag="Customers",
    scope=Action.KEY_ADD,
    parameters=(_CUSTOMER,),
    body=KeyRequest,
    example={"label": "shop", "scopes": ["send", "status"]},
    answers=(Answer(status=201, description="The key.", body=NewKeyView),),
    codes=(*BODY, "invalid_value", "changed_meanwhile", "keys_unavailable", *_READ),
)
_REVOKE_KEY: Final = Operation(
    id="revoke_key",
    summary="Refuse an API key from now on; nodes do so within a second.",
    tag="Customers",
    scope=Action.KEY_REVOKE,
    parameters=(_PREFIX, IF_MATCH),
    body=Because,
    example={"reason": "ticket 4711"},
    is_body_needed=False,
    answers=(Answer(description="The key, revoked.", body=KeyView, headers=ETAG),),
    codes=(*WHY, *_SET),
)
_ESMES: Final = Operation(
    id="list_esmes",
    summary="List a customer's SMPP accounts, without passwords.",
    tag="Customers",
    scope=Action.ESME_READ,
    parameters=(_CUSTOMER,),
    answers=(Answer(description="They.", body=EsmesView),),
    codes=_READ,
)
_WEBHOOK: Final = Operation(
    id="show_webhook",
    summary="Say how a customer's endpoint stands, without its URL and its secret.",
    tag="Customers",
    scope=Action.WEBHOOK_READ,
    parameters=(_CUSTOMER,),
    answers=(Answer(description="The endpoint.", body=WebhookView, headers=ETAG),),
    codes=_READ,
)
