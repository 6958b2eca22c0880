"""The pages of the console: each with what it needs to know of the admin API, and who may see it. One row each."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import msgspec

from gateway.console.paths import HOME, OWN
from gateway.console.standing import now_of
from gateway.console.traffic import all_traffic_of, traffic_of
from gateway.html.words import N_
from gateway.http_api.problems import problem_list
from gateway.people.roles import Action

Values = Mapping[str, Any]
"""What the API told, by name; None for what who looks may not know, or what there is not."""


class Need(msgspec.Struct, frozen=True):
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


class Screen(msgspec.Struct, frozen=True):
    """action: of who may see it. needs: by the name that its template uses. makes: what is reckoned from what was told.
    finds: the parameter that leads to the page of what has this id. is_listed: whether the menu may have it.
    is_shared: whether all with the same roles see the same, so that the part that is kept fresh is drawn once for them.
    """

    path: str
    title: str
    action: Action
    template: str
    needs: Mapping[str, Need]
    makes: Callable[[Values], Values] = lambda _: {}
    finds: str = ""
    is_listed: bool = True
    is_shared: bool = False

    @property
    def section(self) -> str:
        """The page of the menu that it is below; "" for one that is below none."""
        above, brace, _ = self.path.partition("/{id}")
        return above if brace else ""

    @property
    def is_in_menu(self) -> bool:
        return self.is_listed and not self.section

    @property
    def query(self) -> Sequence[str]:
        """Parameters that the page takes."""
        found = (self.finds, *(name for need in self.needs.values() for name in need.query))
        return tuple(dict.fromkeys(name for name in found if name))

    @property
    def of_customer(self) -> bool:
        """Whether what it is about is a customer."""
        return "/customers/{id}" in self.path

    def owner(self, identifier: str, customer: str) -> str:
        """Whose what it shows is; "" for the platform's. customer: of who looks. identifier: of what it is about."""
        return identifier if self.of_customer else customer


def _all(word: str, action: Action, *query: str, **always: str) -> Need:
    return Need(f"/admin/v1/{word}", action, query, always)


def _one(word: str, action: Action) -> Need:
    return Need(f"/admin/v1/{word}/{{id}}", action)


def _of_customer(word: str, action: Action, *query: str, is_optional: bool = True, **always: str) -> Need:
    return Need(f"/admin/v1/customers/{{id}}/{word}", action, query, always, is_optional=is_optional)


def _list(word: str, title: str, action: Action, *query: str) -> Screen:
    """The page of all things of a kind, which the API has under the same word."""
    return Screen(f"/console/{word}", title, action, f"{word}.html", {word: _all(word, action, *query)})


def _thing(word: str, name: str, title: str, action: Action) -> Screen:
    """The page of one thing of a kind. name: of its template, and there of itself."""
    return Screen(f"/console/{word}/{{id}}", title, action, f"{name}.html", {name: _one(word, action)})


_SYSTEM: Final = _all("system", Action.SYSTEM_READ)
_NODES: Final = _all("nodes", Action.SYSTEM_READ)
_SWITCHES: Final = {
    "accepting": _all("accepting", Action.SYSTEM_READ),
    "dispatch": _all("dispatch", Action.SYSTEM_READ),
}
_OPERATORS: Final = _all("operators", Action.OPERATOR_READ)
_LINKS: Final = {"operators": _OPERATORS, "system": _SYSTEM}
_CUSTOMERS: Final = _all("customers", Action.CUSTOMER_READ, "cursor")
_TASKS: Final = _all("tasks", Action.WEBHOOK_READ)
_NOW: Final = {
    "system": _SYSTEM,
    "operators": _OPERATORS,
    "nodes": _NODES,
    **_SWITCHES,
    "traffic": Need("/admin/v1/traffic", Action.USAGE_READ, always={"by": "hour"}, hours=24, is_fresh=False),
    "problems": Need("/admin/v1/problems", Action.PROBLEM_READ, is_fresh=False),
}
_CUSTOMER: Final = {
    "customer": _one("customers", Action.CUSTOMER_READ),
    "quotas": _of_customer("quotas", Action.CUSTOMER_READ),
    "balance": _of_customer("balance", Action.CUSTOMER_READ),
}
_ACCESS: Final = {
    "keys": _of_customer("keys", Action.KEY_READ, is_optional=False),
    "esmes": _of_customer("esmes", Action.ESME_READ),
    "senders": _of_customer("senders", Action.SENDER_READ),
    "register": _of_customer("sender-register", Action.SENDER_READ),
}
_WEBHOOK: Final = {"webhook": _of_customer("webhook", Action.WEBHOOK_READ), "tasks": _TASKS}
_WEBHOOKS: Final = {"customers": _CUSTOMERS, "tasks": _TASKS}
_USAGE: Final = {"usage": _of_customer("usage", Action.USAGE_READ, "by", is_optional=False, offset="+03:00")}
_TRAFFIC: Final = {"traffic": _all("traffic", Action.USAGE_READ, "by", offset="+03:00")}
_RULES: Final = {"packs": _all("rules", Action.RULES_READ)}
_STANDING: Final = {"nodes": _NODES, **_SWITCHES, "system": _SYSTEM}
_OWN: Final = {"own": _all("own", Action.OWN_READ), "kept": _all("own/passkeys", Action.OWN_READ)}
_NOTICE: Final = {"told": _of_customer("notice", Action.CUSTOMER_READ)}
_START: Final = {"senders": _of_customer("senders", Action.SENDER_READ)}
_CUSTOMER_RULES: Final = {
    "rules": _of_customer("rules", Action.RULES_READ, is_optional=False),
    "register": _of_customer("sender-register", Action.SENDER_READ),
    "exempt": _of_customer("fraud-overrides", Action.FRAUD_READ),
}
_ABUSE: Final = {
    "blocks": _all("fraud/blocks", Action.FRAUD_READ),
    "report": _all("fraud/report", Action.FRAUD_READ),
    "held": _all("abuse/held", Action.FRAUD_READ),
}
_PRIVACY: Final = {
    "retention": _all("retention", Action.RETENTION_READ),
    "holds": _all("holds", Action.HOLD_READ),
    "keys": _all("encryption-keys", Action.KEYS_READ),
    "assessed": Need("/admin/v1/audit", Action.AUDIT_READ, always={"act": "assess", "last": "1"}, is_optional=True),
}
_TICKET: Final = {
    "ticket": _one("tickets", Action.TICKET_READ),
    "written": Need("/admin/v1/tickets/{id}/posts", Action.TICKET_SHOW),
}
_TICKETS: Final = {"tickets": _all("tickets", Action.TICKET_READ, "state", "customer", "message", "assigned", "cursor")}
_PROOF: Final = {"proof": Need("/admin/v1/audit/entries/{id}", Action.AUDIT_READ)}

SCREENS: Final = (
    Screen(HOME, N_("Now"), Action.SYSTEM_READ, "now.html", _NOW, now_of, is_shared=True),
    _list("problems", N_("Problems"), Action.PROBLEM_READ),
    Screen("/console/operators", N_("Operators"), Action.OPERATOR_READ, "operators.html", _LINKS, is_shared=True),
    msgspec.structs.replace(_thing("operators", "operator", N_("Operator"), Action.OPERATOR_READ), is_shared=True),
    _list("routes", N_("Routes"), Action.ROUTE_READ),
    _thing("routes", "route", N_("Route"), Action.ROUTE_READ),
    Screen("/console/messages", N_("Messages"), Action.MESSAGE_READ, "messages.html", {}, finds="id"),
    _thing("messages", "message", N_("Message"), Action.MESSAGE_READ),
    _list("customers", N_("Customers"), Action.CUSTOMER_READ, "cursor"),
    Screen("/console/customers/{id}", N_("Customer"), Action.CUSTOMER_READ, "customer.html", _CUSTOMER),
    Screen("/console/customers/{id}/access", N_("Keys and senders"), Action.CUSTOMER_READ, "access.html", _ACCESS),
    Screen("/console/customers/{id}/webhook", N_("Webhook"), Action.WEBHOOK_READ, "webhook.html", _WEBHOOK),
    Screen("/console/customers/{id}/traffic", N_("Traffic"), Action.USAGE_READ, "traffic.html", _USAGE, traffic_of),
    Screen("/console/customers/{id}/rules", N_("Rules"), Action.RULES_READ, "customer_rules.html", _CUSTOMER_RULES),
    Screen("/console/customers/{id}/notice", N_("Privacy notice"), Action.CUSTOMER_READ, "notice.html", _NOTICE),
    Screen("/console/customers/{id}/start", N_("First requests"), Action.SENDER_READ, "start.html", _START),
    Screen("/console/customers/{id}/consent", N_("Consents"), Action.SUPPRESSION_READ, "consent.html", {}),
    Screen("/console/webhooks", N_("Webhooks"), Action.WEBHOOK_READ, "webhooks.html", _WEBHOOKS),
    Screen("/console/traffic", N_("Traffic"), Action.USAGE_READ, "all_traffic.html", _TRAFFIC, all_traffic_of),
    Screen("/console/abuse", N_("Abuse"), Action.FRAUD_READ, "abuse.html", _ABUSE),
    Screen("/console/rules", N_("Rules"), Action.RULES_READ, "rules.html", _RULES),
    Screen("/console/privacy", N_("Privacy"), Action.RETENTION_READ, "privacy.html", _PRIVACY),
    Screen("/console/tickets", N_("Support desk"), Action.TICKET_READ, "tickets.html", _TICKETS, finds="id"),
    Screen("/console/tickets/{id}", N_("Ticket"), Action.TICKET_READ, "ticket.html", _TICKET),
    _list("cases", N_("Cases"), Action.CASE_READ, "cursor"),
    _thing("cases", "case", N_("Case"), Action.CASE_READ),
    _list("requests", N_("Two persons"), Action.REQUEST_READ, "cursor"),
    _list("audit", N_("Audit log"), Action.AUDIT_READ, "act", "customer", "last"),
    Screen("/console/audit/{id}", N_("Entry and proof"), Action.AUDIT_READ, "proof.html", _PROOF),
    _list("people", N_("People"), Action.PERSON_READ, "cursor"),
    _thing("people", "person", N_("Person"), Action.PERSON_READ),
    _list("tokens", N_("Tokens of machines"), Action.TOKEN_READ, "cursor"),
    Screen("/console/nodes", N_("Nodes"), Action.SYSTEM_READ, "nodes.html", _STANDING),
    _list("settings", N_("Settings"), Action.SETTINGS_READ),
    Screen(
        "/console/codes", N_("What codes mean"), Action.OWN_READ, "codes.html", {}, lambda _: {"codes": problem_list()}
    ),
    Screen(OWN, N_("Your account"), Action.OWN_READ, "own.html", _OWN, is_listed=False),
)
"""In the order of the menu."""
BY_PATH: Final[Mapping[str, Screen]] = {each.path: each for each in SCREENS}
