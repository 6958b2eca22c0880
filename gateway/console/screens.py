"""The pages of the console: each with what it needs to know of the admin API, and who may see it. One row each."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import msgspec

from gateway.console.standing import now_of
from gateway.console.traffic import all_traffic_of, traffic_of
from gateway.html.words import N_
from gateway.people.roles import Action

Values = Mapping[str, Any]
"""What the API told, by name; None for what who looks may not know, or what there is not."""


class Need(msgspec.Struct, frozen=True, kw_only=True):
    """path: of the API, with `{id}` of the page. query: parameters of the page that are passed on. always: others that
    are asked for. hours: back from now to `since`; 0 for the API's own. is_optional: whether the page stands without
    it, where there is none. is_fresh: whether the part of the page that is kept fresh needs it.
    """

    path: str
    action: Action
    query: Sequence[str] = ()
    always: Mapping[str, str] = {}
    hours: int = 0
    is_optional: bool = False
    is_fresh: bool = True


class Screen(msgspec.Struct, frozen=True, kw_only=True):
    """action: of who may see it. needs: by the name that its template uses. section: of the menu that it belongs to.

    makes: what is reckoned from what was told. query: parameters that the page takes. finds: the one of them that leads
    to the page of what has this id.
    """

    path: str
    title: str
    action: Action
    template: str
    needs: Mapping[str, Need]
    section: str = ""
    query: Sequence[str] = ()
    makes: Callable[[Values], Values] = lambda _: {}
    finds: str = ""

    @property
    def is_in_menu(self) -> bool:
        return "{" not in self.path and not self.section

    @property
    def of_customer(self) -> bool:
        """Whether what it is about is a customer."""
        return "/customers/{id}" in self.path

    def owner(self, identifier: str, customer: str) -> str:
        """Whose what it shows is; "" for the platform's. customer: of who looks. identifier: of what it is about."""
        return identifier if self.of_customer else customer


_OPERATORS: Final = Need(path="/admin/v1/operators", action=Action.OPERATOR_READ)
_NODES: Final = Need(path="/admin/v1/nodes", action=Action.SYSTEM_READ)
_ACCEPTING: Final = Need(path="/admin/v1/accepting", action=Action.SYSTEM_READ)
_DISPATCH: Final = Need(path="/admin/v1/dispatch", action=Action.SYSTEM_READ)
_SYSTEM: Final = Need(path="/admin/v1/system", action=Action.SYSTEM_READ)
_CUSTOMER: Final = Need(path="/admin/v1/customers/{id}", action=Action.CUSTOMER_READ)
_TASKS: Final = Need(path="/admin/v1/tasks", action=Action.WEBHOOK_READ)
_CUSTOMERS: Final = Need(path="/admin/v1/customers", action=Action.CUSTOMER_READ, query=("cursor",))


def _of_customer(word: str, action: Action, *query: str, is_optional: bool = True, **always: str) -> Need:
    return Need(
        path=f"/admin/v1/customers/{{id}}/{word}", action=action, query=query, always=always, is_optional=is_optional
    )


SCREENS: Final = (
    Screen(
        path="/console/",
        title=N_("Now"),
        action=Action.SYSTEM_READ,
        template="now.html",
        needs={
            "system": _SYSTEM,
            "operators": _OPERATORS,
            "nodes": _NODES,
            "accepting": _ACCEPTING,
            "dispatch": _DISPATCH,
            "traffic": Need(
                path="/admin/v1/traffic", action=Action.USAGE_READ, always={"by": "hour"}, hours=24, is_fresh=False
            ),
            "problems": Need(path="/admin/v1/problems", action=Action.PROBLEM_READ, is_fresh=False),
        },
        makes=now_of,
    ),
    Screen(
        path="/console/problems",
        title=N_("Problems"),
        action=Action.PROBLEM_READ,
        template="problems.html",
        needs={"problems": Need(path="/admin/v1/problems", action=Action.PROBLEM_READ)},
    ),
    Screen(
        path="/console/operators",
        title=N_("Operators"),
        action=Action.OPERATOR_READ,
        template="operators.html",
        needs={"operators": _OPERATORS, "system": _SYSTEM},
    ),
    Screen(
        path="/console/operators/{id}",
        title=N_("Operator"),
        action=Action.OPERATOR_READ,
        template="operator.html",
        needs={"operator": Need(path="/admin/v1/operators/{id}", action=Action.OPERATOR_READ)},
        section="/console/operators",
    ),
    Screen(
        path="/console/routes",
        title=N_("Routes"),
        action=Action.ROUTE_READ,
        template="routes.html",
        needs={"routes": Need(path="/admin/v1/routes", action=Action.ROUTE_READ)},
    ),
    Screen(
        path="/console/routes/{id}",
        title=N_("Route"),
        action=Action.ROUTE_READ,
        template="route.html",
        needs={"route": Need(path="/admin/v1/routes/{id}", action=Action.ROUTE_READ)},
        section="/console/routes",
    ),
    Screen(
        path="/console/messages",
        title=N_("Messages"),
        action=Action.MESSAGE_READ,
        template="messages.html",
        needs={},
        query=("id",),
        finds="id",
    ),
    Screen(
        path="/console/messages/{id}",
        title=N_("Message"),
        action=Action.MESSAGE_READ,
        template="message.html",
        needs={"message": Need(path="/admin/v1/messages/{id}", action=Action.MESSAGE_READ)},
        section="/console/messages",
    ),
    Screen(
        path="/console/customers",
        title=N_("Customers"),
        action=Action.CUSTOMER_READ,
        template="customers.html",
        needs={"customers": _CUSTOMERS},
        query=("cursor",),
    ),
    Screen(
        path="/console/customers/{id}",
        title=N_("Customer"),
        action=Action.CUSTOMER_READ,
        template="customer.html",
        needs={
            "customer": _CUSTOMER,
            "quotas": _of_customer("quotas", Action.CUSTOMER_READ),
            "balance": _of_customer("balance", Action.CUSTOMER_READ),
        },
        section="/console/customers",
    ),
    Screen(
        path="/console/customers/{id}/access",
        title=N_("Keys and senders"),
        action=Action.CUSTOMER_READ,
        template="access.html",
        needs={
            "keys": _of_customer("keys", Action.KEY_READ, is_optional=False),
            "esmes": _of_customer("esmes", Action.ESME_READ),
            "senders": _of_customer("senders", Action.SENDER_READ),
        },
        section="/console/customers",
    ),
    Screen(
        path="/console/customers/{id}/webhook",
        title=N_("Webhook"),
        action=Action.WEBHOOK_READ,
        template="webhook.html",
        needs={"webhook": _of_customer("webhook", Action.WEBHOOK_READ), "tasks": _TASKS},
        section="/console/customers",
    ),
    Screen(
        path="/console/customers/{id}/traffic",
        title=N_("Traffic"),
        action=Action.USAGE_READ,
        template="traffic.html",
        needs={
            "usage": _of_customer("usage", Action.USAGE_READ, "by", is_optional=False, offset="+03:00"),
        },
        section="/console/customers",
        query=("by",),
        makes=traffic_of,
    ),
    Screen(
        path="/console/customers/{id}/rules",
        title=N_("Rules"),
        action=Action.RULES_READ,
        template="customer_rules.html",
        needs={
            "rules": _of_customer("rules", Action.RULES_READ, is_optional=False),
            "register": _of_customer("sender-register", Action.SENDER_READ),
            "exempt": _of_customer("fraud-overrides", Action.FRAUD_READ),
        },
        section="/console/customers",
    ),
    Screen(
        path="/console/customers/{id}/consent",
        title=N_("Consents"),
        action=Action.SUPPRESSION_READ,
        template="consent.html",
        needs={},
        section="/console/customers",
    ),
    Screen(
        path="/console/webhooks",
        title=N_("Webhooks"),
        action=Action.WEBHOOK_READ,
        template="webhooks.html",
        needs={"customers": _CUSTOMERS, "tasks": _TASKS},
        query=("cursor",),
    ),
    Screen(
        path="/console/traffic",
        title=N_("Traffic"),
        action=Action.USAGE_READ,
        template="all_traffic.html",
        needs={
            "traffic": Need(
                path="/admin/v1/traffic", action=Action.USAGE_READ, query=("by",), always={"offset": "+03:00"}
            )
        },
        query=("by",),
        makes=all_traffic_of,
    ),
    Screen(
        path="/console/abuse",
        title=N_("Abuse"),
        action=Action.FRAUD_READ,
        template="abuse.html",
        needs={
            "blocks": Need(path="/admin/v1/fraud/blocks", action=Action.FRAUD_READ),
            "report": Need(path="/admin/v1/fraud/report", action=Action.FRAUD_READ),
        },
    ),
    Screen(
        path="/console/rules",
        title=N_("Rules"),
        action=Action.RULES_READ,
        template="rules.html",
        needs={"packs": Need(path="/admin/v1/rules", action=Action.RULES_READ)},
    ),
    Screen(
        path="/console/privacy",
        title=N_("Privacy"),
        action=Action.RETENTION_READ,
        template="privacy.html",
        needs={
            "retention": Need(path="/admin/v1/retention", action=Action.RETENTION_READ),
            "holds": Need(path="/admin/v1/holds", action=Action.HOLD_READ),
            "keys": Need(path="/admin/v1/encryption-keys", action=Action.KEYS_READ),
            "assessed": Need(
                path="/admin/v1/audit",
                action=Action.AUDIT_READ,
                always={"act": "assess", "last": "1"},
                is_optional=True,
            ),
        },
    ),
    Screen(
        path="/console/cases",
        title=N_("Cases"),
        action=Action.CASE_READ,
        template="cases.html",
        needs={"cases": Need(path="/admin/v1/cases", action=Action.CASE_READ, query=("cursor",))},
        query=("cursor",),
    ),
    Screen(
        path="/console/cases/{id}",
        title=N_("Case"),
        action=Action.CASE_READ,
        template="case.html",
        needs={"case": Need(path="/admin/v1/cases/{id}", action=Action.CASE_READ)},
        section="/console/cases",
    ),
    Screen(
        path="/console/requests",
        title=N_("Two persons"),
        action=Action.REQUEST_READ,
        template="requests.html",
        needs={"requests": Need(path="/admin/v1/requests", action=Action.REQUEST_READ, query=("cursor",))},
        query=("cursor",),
    ),
    Screen(
        path="/console/audit",
        title=N_("Audit log"),
        action=Action.AUDIT_READ,
        template="audit.html",
        needs={"audit": Need(path="/admin/v1/audit", action=Action.AUDIT_READ, query=("act", "customer", "last"))},
        query=("act", "customer", "last"),
    ),
    Screen(
        path="/console/people",
        title=N_("People and tokens"),
        action=Action.PERSON_READ,
        template="people.html",
        needs={
            "people": Need(path="/admin/v1/people", action=Action.PERSON_READ, query=("cursor",)),
            "tokens": Need(path="/admin/v1/tokens", action=Action.TOKEN_READ, is_optional=True),
        },
        query=("cursor",),
    ),
    Screen(
        path="/console/nodes",
        title=N_("Nodes"),
        action=Action.SYSTEM_READ,
        template="nodes.html",
        needs={"nodes": _NODES, "accepting": _ACCEPTING, "dispatch": _DISPATCH, "system": _SYSTEM},
    ),
    Screen(
        path="/console/settings",
        title=N_("Settings"),
        action=Action.SETTINGS_READ,
        template="settings.html",
        needs={"settings": Need(path="/admin/v1/settings", action=Action.SETTINGS_READ)},
    ),
    Screen(
        path="/console/own",
        title=N_("Your account"),
        action=Action.OWN_READ,
        template="own.html",
        needs={
            "own": Need(path="/admin/v1/own", action=Action.OWN_READ),
            "kept": Need(path="/admin/v1/own/passkeys", action=Action.OWN_READ),
        },
        section="own",
    ),
)
"""In the order of the menu."""
BY_PATH: Final[Mapping[str, Screen]] = {each.path: each for each in SCREENS}
