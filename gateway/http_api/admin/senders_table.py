"""The routes of senders and of a customer's rules, each with what its description says."""

from typing import Final

from gateway.accept.request import MessageChecked, MessageRequest
from gateway.http_api.admin.parts import BODY
from gateway.http_api.admin.senders import (
    CustomerRulesView,
    PacksView,
    RemoveSenderBody,
    RulesBody,
    SenderBody,
    SenderEndpoints,
    SenderRegisterView,
    SenderStandingBody,
)
from gateway.http_api.routes import Answer, Operation, Parameter, Route
from gateway.people.roles import Action

_CUSTOMER: Final = Parameter(
    name="id", place="path", schema={"type": "string"}, description="The customer's id, `cus_...`."
)


def sender_routes(senders: SenderEndpoints) -> list[Route]:
    return [
        Route("GET", "/admin/v1/customers/{id}/sender-register", senders.senders, _LIST),
        Route("POST", "/admin/v1/customers/{id}/sender-register", senders.put, _PUT),
        Route("POST", "/admin/v1/customers/{id}/sender-standing", senders.stand, _STAND),
        Route("POST", "/admin/v1/customers/{id}/remove-from-register", senders.remove, _REMOVE),
        Route("GET", "/admin/v1/customers/{id}/rules", senders.rules, _RULES),
        Route("POST", "/admin/v1/customers/{id}/rules", senders.set_rules, _SET_RULES),
        Route("POST", "/admin/v1/customers/{id}/check-message", senders.check, _CHECK),
        Route("GET", "/admin/v1/rules", senders.packs, _PACKS),
    ]


_LIST: Final = Operation(
    id="show_sender_register",
    summary="List a customer's senders: those of the register, and those of its settings alone.",
    tag="Senders",
    scope=Action.SENDER_READ,
    parameters=(_CUSTOMER,),
    answers=(Answer(description="Its senders.", body=SenderRegisterView),),
    codes=("not_found", "ledger_unavailable"),
)
_PUT: Final = Operation(
    id="put_into_sender_register",
    summary="Say as a whole what the register is to say of a sender. Nodes know it within a second.",
    tag="Senders",
    scope=Action.SENDER_CHANGE,
    parameters=(_CUSTOMER,),
    body=SenderBody,
    example={
        "name": "SHOP-AD",
        "classes": ["promotional"],
        "operators": {"stc": {"state": "active", "until": "2027-12-31"}},
        "hosts": ["example.sa"],
        "basis": "consent",
    },
    answers=(Answer(description="The customer's senders.", body=SenderRegisterView),),
    codes=(*BODY, "invalid_value", "not_found", "changed_meanwhile", "ledger_unavailable"),
)
_STAND: Final = Operation(
    id="set_sender_standing",
    summary="Say how a sender of the register stands at one operator; the rest of what is said of it stays.",
    tag="Senders",
    scope=Action.SENDER_CHANGE,
    parameters=(_CUSTOMER,),
    body=SenderStandingBody,
    example={"name": "SHOP-AD", "operator": "stc", "state": "active", "until": "2027-12-31"},
    answers=(Answer(description="The customer's senders.", body=SenderRegisterView),),
    codes=(*BODY, "invalid_value", "wanted_unreadable", "not_found", "changed_meanwhile", "ledger_unavailable"),
)
_REMOVE: Final = Operation(
    id="remove_from_sender_register",
    summary="Take a sender out of the register.",
    tag="Senders",
    scope=Action.SENDER_CHANGE,
    parameters=(_CUSTOMER,),
    body=RemoveSenderBody,
    example={"name": "SHOP-AD"},
    answers=(Answer(description="The customer's other senders.", body=SenderRegisterView),),
    codes=(*BODY, "invalid_value", "not_found", "changed_meanwhile", "ledger_unavailable"),
)
_RULES: Final = Operation(
    id="show_customer_rules",
    summary="Say what a customer is to the regulator, and what of the messaging rules holds for it.",
    tag="Senders",
    scope=Action.RULES_READ,
    parameters=(_CUSTOMER,),
    answers=(Answer(description="Kind, rules by group, residency.", body=CustomerRulesView),),
    codes=("not_found", "ledger_unavailable"),
)
_SET_RULES: Final = Operation(
    id="set_customer_rules",
    summary="Say what a customer is to the regulator, and what of the messaging rules holds for it.",
    tag="Senders",
    scope=Action.RULES_SWITCH,
    parameters=(_CUSTOMER,),
    body=RulesBody,
    example={"kind": "private", "rules": {"hours": "enforce", "links": "watch"}, "residency": "SA"},
    answers=(Answer(description="What holds now.", body=CustomerRulesView),),
    codes=(*BODY, "invalid_value", "not_found", "changed_meanwhile", "ledger_unavailable"),
)
_CHECK: Final = Operation(
    id="check_customer_message",
    summary="Say everything that rules have to say of a customer's message. Nothing is sent, and nothing of it kept.",
    tag="Senders",
    scope=Action.RULES_CHECK,
    parameters=(_CUSTOMER,),
    body=MessageRequest,
    example={"to": "+966500000078", "from": "SHOP-AD", "text": "Sale. STOP to 902", "class": "promotional"},
    answers=(Answer(description="What was found, and what would follow.", body=MessageChecked),),
    codes=(*BODY, "not_found", "ledger_unavailable"),
)
_PACKS: Final = Operation(
    id="list_rule_packs",
    summary="List the packs of messaging rules of the node that answers.",
    tag="Senders",
    scope=Action.RULES_READ,
    answers=(Answer(description="Packs, the oldest first.", body=PacksView),),
)
