"""What can be done from a page: one row for each form, which leads to one endpoint of the admin API."""

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from gateway.console.fields import Field, Kind
from gateway.html.words import N_
from gateway.people.roles import Action

REASON: Final = Field(
    name="reason",
    label=N_("Reason"),
    hint=N_("Kept sealed; the audit log says that there is one, and not what it says."),
)


class Verb(msgspec.Struct, frozen=True, kw_only=True):
    """path: of the form, with `{id}` of what it is about. api: the endpoint, with `{id}` as well. back: the page to see
    after it, and where it went wrong. takes_body: whether the endpoint does. shows: the template that shows what the
    API answered, where that is not shown again. grave: it cannot be undone, or stops something.
    """

    name: str
    title: str
    action: Action
    path: str
    api: str
    back: str
    method: str = "POST"
    fields: Sequence[Field] = ()
    takes_body: bool = True
    shows: str = ""
    about: str = ""
    grave: bool = False


def _operator(word: str, action: Action, title: str, about: str, *fields: Field, grave: bool = False) -> Verb:
    return Verb(
        name=f"{word}_operator",
        title=title,
        action=action,
        path=f"/console/operators/{{id}}/{word}",
        api=f"/admin/v1/operators/{{id}}/{word}",
        back="/console/operators/{id}",
        fields=(*fields, REASON),
        about=about,
        grave=grave,
    )


OPERATORS: Final = (
    _operator(
        "pause", Action.OPERATOR_PAUSE, N_("Pause"), N_("Nothing is sent to it. What waits, waits on."), grave=True
    ),
    _operator("resume", Action.OPERATOR_RESUME, N_("Resume"), N_("It gets messages again, what waited first.")),
    _operator(
        "drain",
        Action.OPERATOR_DRAIN,
        N_("Drain"),
        N_("It gets what waits for it, and nothing new."),
        grave=True,
    ),
    _operator("rebind", Action.OPERATOR_REBIND, N_("Rebind"), N_("Its connections end and are made anew.")),
    _operator(
        "throughput",
        Action.OPERATOR_THROUGHPUT,
        N_("Set the throughput"),
        N_("Segments a second, over the whole link of each node."),
        Field(
            name="per_s",
            label=N_("Segments a second"),
            kind=Kind.NUMBER,
            is_needed=False,
            says_null=True,
            hint=N_("Empty for that of the settings."),
        ),
        Field(
            name="until",
            label=N_("Until"),
            kind=Kind.TIME,
            is_needed=False,
            hint=N_("Riyadh's clock; empty for until it is set anew."),
        ),
    ),
    _operator(
        "reroute",
        Action.OPERATOR_REROUTE,
        N_("Reroute"),
        N_("Pause it, and give what waits and what comes to another one, whatever the routes say."),
        Field(name="to", label=N_("To operator"), most=64),
        grave=True,
    ),
)


def _node(word: str, title: str, about: str, *, grave: bool) -> Verb:
    return Verb(
        name=f"{word}_node",
        title=title,
        action=Action.SYSTEM_DRAIN,
        path=f"/console/nodes/{{id}}/{word}",
        api=f"/admin/v1/nodes/{{id}}/{word}",
        back="/console/nodes",
        fields=(REASON,),
        about=about,
        grave=grave,
    )


def _switch(what: str, word: str, action: Action, title: str, about: str) -> Verb:
    return Verb(
        name=f"{what}_{word}",
        title=title,
        action=action,
        path=f"/console/{what}/{word}",
        api=f"/admin/v1/{what}/{word}",
        back="/console/nodes",
        fields=(REASON,),
        about=about,
        grave=word == "off",
    )


NODES: Final = (
    _node("drain", N_("Drain the node"), N_("It takes no new messages, and sends what it has."), grave=True),
    _node("resume", N_("Resume the node"), N_("It takes messages again."), grave=False),
    _switch(
        "accepting",
        "off",
        Action.SYSTEM_ACCEPTING,
        N_("Stop accepting"),
        N_("Customers are answered 503 by all nodes."),
    ),
    _switch("accepting", "on", Action.SYSTEM_ACCEPTING, N_("Accept again"), N_("All nodes take messages again.")),
    _switch(
        "dispatch", "off", Action.SYSTEM_DISPATCH, N_("Stop sending"), N_("Messages are taken and wait; none is sent.")
    ),
    _switch("dispatch", "on", Action.SYSTEM_DISPATCH, N_("Send again"), N_("What waited is sent.")),
)


def _customer(
    word: str,
    action: Action,
    title: str,
    about: str,
    *fields: Field,
    tab: str = "",
    shows: str = "",
    takes_body: bool = True,
    grave: bool = False,
) -> Verb:
    """tab: of the customer's pages."""
    return Verb(
        name=f"{word.replace('-', '_')}_customer",
        title=title,
        action=action,
        path=f"/console/customers/{{id}}/{word}",
        api=f"/admin/v1/customers/{{id}}/{word}",
        back=f"/console/customers/{{id}}{tab}",
        fields=fields,
        shows=shows,
        takes_body=takes_body,
        about=about,
        grave=grave,
    )


_SENDER: Final = Field(name="sender", label=N_("Sender"), most=16)
_CLASSES: Final = Field(
    name="classes",
    label=N_("Classes"),
    kind=Kind.LINES,
    is_needed=False,
    hint=N_("One a line; empty for all. otp, transactional, promotional …"),
)
CUSTOMERS: Final = (
    _customer(
        "pause",
        Action.CUSTOMER_PAUSE,
        N_("Pause the customer"),
        N_("Everything of it is refused, and what waits is held."),
        takes_body=False,
        grave=True,
    ),
    _customer(
        "resume",
        Action.CUSTOMER_PAUSE,
        N_("Resume the customer"),
        N_("Its messages are taken again, and what was held is sent."),
        takes_body=False,
    ),
    _customer(
        "quotas",
        Action.BALANCE_CHANGE,
        N_("Set the quotas"),
        N_("Messages a day and a month of the customer's clock."),
        Field(
            name="per_day",
            label=N_("Messages a day"),
            kind=Kind.WHOLE,
            is_needed=False,
            says_null=True,
            hint=N_("Empty for no quota."),
        ),
        Field(
            name="per_month",
            label=N_("Messages a month"),
            kind=Kind.WHOLE,
            is_needed=False,
            says_null=True,
            hint=N_("Empty for no quota."),
        ),
    ),
    _customer(
        "top-up",
        Action.BALANCE_CHANGE,
        N_("Top up the balance"),
        N_("What was paid in advance, in the unit of prices."),
        Field(name="amount", label=N_("Amount"), kind=Kind.NUMBER),
    ),
    _customer(
        "senders",
        Action.SENDER_CHANGE,
        N_("Add a sender"),
        N_("One that is there gets these classes."),
        _SENDER,
        _CLASSES,
        tab="/access",
    ),
    _customer(
        "remove-sender",
        Action.SENDER_CHANGE,
        N_("Remove a sender"),
        N_("Messages under its name are refused from now on."),
        _SENDER,
        tab="/access",
        grave=True,
    ),
    _customer(
        "keys",
        Action.KEY_ADD,
        N_("Add an API key"),
        N_("It is shown once, on the next page."),
        Field(name="label", label=N_("Label"), is_needed=False, most=64, hint=N_("A word that names nobody.")),
        Field(
            name="scopes",
            label=N_("Scopes"),
            kind=Kind.LINES,
            is_needed=False,
            hint=N_("One a line; empty for send and status."),
        ),
        Field(name="expires_at", label=N_("Expires"), kind=Kind.TIME, is_needed=False, hint=N_("Empty for never.")),
        tab="/access",
        shows="secret.html",
    ),
    _customer(
        "replay",
        Action.WEBHOOK_RESEND,
        N_("Send events again"),
        N_("All events of a time are made anew and sent, in the background."),
        Field(name="since", label=N_("Since"), kind=Kind.TIME, hint=N_("Riyadh's clock.")),
        Field(name="until", label=N_("Until"), kind=Kind.TIME, is_needed=False, hint=N_("Empty for now.")),
        Field(
            name="types",
            label=N_("Types of events"),
            kind=Kind.LINES,
            is_needed=False,
            hint=N_("One a line, such as message.delivered; empty for all."),
        ),
        tab="/webhook",
    ),
    _customer(
        "resume-webhook",
        Action.WEBHOOK_RESEND,
        N_("Try the endpoint again"),
        N_("It is enabled, and what waits is sent at once."),
        tab="/webhook",
        takes_body=False,
    ),
)
KEYS: Final = (
    Verb(
        name="revoke_key",
        title=N_("Revoke"),
        action=Action.KEY_REVOKE,
        path="/console/keys/{id}/revoke",
        api="/admin/v1/keys/{id}/revoke",
        back="/console/customers",
        takes_body=False,
        about=N_("It opens nothing from now on; it cannot be undone."),
        grave=True,
    ),
    Verb(
        name="cancel_task",
        title=N_("Cancel"),
        action=Action.WEBHOOK_RESEND,
        path="/console/tasks/{id}/cancel",
        api="/admin/v1/tasks/{id}/cancel",
        back="/console/webhooks",
        takes_body=False,
        grave=True,
    ),
    Verb(
        name="release_block",
        title=N_("Release"),
        action=Action.FRAUD_CHANGE,
        path="/console/blocks/{id}/release",
        api="/admin/v1/fraud/blocks/{id}/release",
        back="/console/abuse",
        takes_body=False,
        about=N_("Messages to the range are taken again."),
    ),
)


def _case(
    word: str, action: Action, title: str, about: str, *fields: Field, shows: str = "", grave: bool = False
) -> Verb:
    return Verb(
        name=f"{word}_case",
        title=title,
        action=action,
        path=f"/console/cases/{{id}}/{word}",
        api=f"/admin/v1/cases/{{id}}/{word}",
        back="/console/cases/{id}",
        fields=fields,
        takes_body=bool(fields),
        shows=shows,
        about=about,
        grave=grave,
    )


PROOFS: Final = (
    ("code", N_("A code that was sent to the number")),
    ("login", N_("Signed in at the customer")),
    ("document_seen", N_("A document was seen")),
    ("customer_vouches", N_("The customer vouches")),
)
DELAYS: Final = (
    ("effort", N_("It takes disproportionate effort")),
    ("many_requests", N_("Many requests of the same person")),
)
REFUSALS: Final = (
    ("repetitive", N_("Repetitive")),
    ("unfounded", N_("Unfounded")),
    ("disproportionate", N_("Disproportionate")),
    ("not_ours", N_("Not ours to answer")),
    ("held", N_("Held by law")),
)
KINDS_OF_CASES: Final = (
    ("access", N_("Access")),
    ("copy", N_("Copy")),
    ("correction", N_("Correction")),
    ("erasure", N_("Erasure")),
    ("withdraw", N_("Withdrawal of consent")),
    ("object", N_("Objection")),
    ("complaint", N_("Complaint")),
    ("breach", N_("Breach")),
    ("disclosure", N_("Disclosure to an authority")),
)
CHANNELS: Final = (
    ("phone", N_("Telephone")),
    ("email", N_("E-mail")),
    ("letter", N_("Letter")),
    ("sms", N_("Message")),
    ("customer", N_("Customer")),
)
CASES: Final = (
    Verb(
        name="open_case",
        title=N_("Open a case"),
        action=Action.CASE_OPEN,
        path="/console/cases",
        api="/admin/v1/cases",
        back="/console/cases",
        about=N_("What somebody asks of what is held about them. The time to answer runs from when it was received."),
        fields=(
            Field(name="kind", label=N_("What is asked"), kind=Kind.CHOICE, choices=KINDS_OF_CASES),
            Field(name="channel", label=N_("How it came"), kind=Kind.CHOICE, choices=CHANNELS),
            Field(name="number", label=N_("The person's number"), is_needed=False, most=64, hint=N_("+9665…; sealed.")),
            Field(
                name="customer",
                label=N_("Customer"),
                is_needed=False,
                most=64,
                hint=N_("Its id; empty for all of them."),
            ),
            Field(name="received_at", label=N_("Received"), kind=Kind.TIME, is_needed=False, hint=N_("Empty for now.")),
            Field(
                name="text", label=N_("In their words"), kind=Kind.LONG, is_needed=False, most=2000, hint=N_("Sealed.")
            ),
        ),
    ),
    _case(
        "proof",
        Action.CASE_WORK,
        N_("Accept the proof"),
        N_("By what who asks is believed to be the person."),
        Field(name="proof", label=N_("Proof"), kind=Kind.CHOICE, choices=PROOFS),
    ),
    _case("restrict", Action.CASE_WORK, N_("Restrict"), N_("What is held is not used while the case is looked into.")),
    _case(
        "extend",
        Action.CASE_WORK,
        N_("Extend the time"),
        N_("Once, and the person has to be told."),
        Field(name="reason", label=N_("Why"), kind=Kind.CHOICE, choices=DELAYS),
        Field(name="days", label=N_("Days"), kind=Kind.WHOLE, is_needed=False, hint=N_("Up to 30.")),
    ),
    _case(
        "refuse",
        Action.CASE_WORK,
        N_("Refuse"),
        N_("The person is told why, and where to complain."),
        Field(name="reason", label=N_("Why"), kind=Kind.CHOICE, choices=REFUSALS),
        grave=True,
    ),
    _case("answer", Action.CASE_WORK, N_("Mark as answered"), N_("The person has been answered.")),
    _case("close", Action.CASE_WORK, N_("Close"), N_("Its content is destroyed thirty days later.")),
    _case(
        "execute",
        Action.CASE_WORK,
        N_("Do what is asked"),
        N_("Erases, looks up or stops, as the kind of case says. An erasure cannot be undone."),
        shows="executed.html",
        grave=True,
    ),
)
REQUESTS: Final = (
    Verb(
        name="ask_request",
        title=N_("Ask for what takes two persons"),
        action=Action.REQUEST_READ,
        path="/console/requests",
        api="/admin/v1/requests",
        back="/console/requests",
        about=N_("Another person with the right role has to consent before it can be done."),
        fields=(
            Field(name="action", label=N_("What"), most=40, hint=N_("Such as hold.lift or subject.export.")),
            Field(name="object", label=N_("About"), most=64, hint=N_("Id of what it is about.")),
            Field(
                name="customer",
                label=N_("Customer"),
                is_needed=False,
                most=64,
                hint=N_("Its id, if it is a customer's."),
            ),
            REASON,
        ),
    ),
    Verb(
        name="consent_request",
        title=N_("Consent"),
        action=Action.REQUEST_READ,
        path="/console/requests/{id}/consent",
        api="/admin/v1/requests/{id}/consent",
        back="/console/requests",
        takes_body=False,
    ),
    Verb(
        name="refuse_request",
        title=N_("Refuse"),
        action=Action.REQUEST_READ,
        path="/console/requests/{id}/refuse",
        api="/admin/v1/requests/{id}/refuse",
        back="/console/requests",
        takes_body=False,
        grave=True,
    ),
)
SETTINGS: Final = (
    Verb(
        name="look_reload",
        title=N_("What would a reload do?"),
        action=Action.SETTINGS_RELOAD,
        path="/console/settings/look",
        api="/admin/v1/reload/look",
        back="/console/settings",
        takes_body=False,
        shows="reload.html",
    ),
    Verb(
        name="reload",
        title=N_("Reload the settings"),
        action=Action.SETTINGS_RELOAD,
        path="/console/settings/reload",
        api="/admin/v1/reload",
        back="/console/settings",
        takes_body=False,
        shows="reload.html",
        about=N_("All processes take over the file, or none does."),
        grave=True,
    ),
)
OWN: Final = (
    Verb(
        name="set_password",
        title=N_("Set another password"),
        action=Action.OWN_CREDENTIALS,
        path="/console/own/password",
        api="/admin/v1/own/password",
        back="/console/own",
        fields=(
            Field(
                name="password",
                label=N_("New password"),
                kind=Kind.PASSWORD,
                most=1024,
                hint=N_("Twelve characters or more. Your other sessions end."),
            ),
        ),
    ),
    Verb(
        name="begin_totp",
        title=N_("Set up an authenticator"),
        action=Action.OWN_CREDENTIALS,
        path="/console/own/totp-begin",
        api="/admin/v1/own/totp/begin",
        back="/console/own",
        takes_body=False,
        shows="totp.html",
        about=N_("An app that shows a new code each half minute."),
    ),
    Verb(
        name="confirm_totp",
        title=N_("Confirm the authenticator"),
        action=Action.OWN_CREDENTIALS,
        path="/console/own/totp",
        api="/admin/v1/own/totp",
        back="/console/own",
        fields=(Field(name="code", label=N_("Code that it shows"), most=64),),
        shows="recovery.html",
    ),
    Verb(
        name="end_others",
        title=N_("End my other sessions"),
        action=Action.OWN_SESSION_END,
        path="/console/own/end-others",
        api="/admin/v1/own/sessions/end-others",
        back="/console/own",
        takes_body=False,
    ),
)
SEARCHES: Final = (
    Verb(
        name="explain_route",
        title=N_("Which route would it take?"),
        action=Action.ROUTE_EXPLAIN,
        path="/console/routes/explain",
        api="/admin/v1/routes/explain",
        back="/console/routes",
        shows="explained.html",
        about=N_("Nothing is sent, and nothing of the number is kept."),
        fields=(
            Field(name="to", label=N_("Number"), most=16, hint=N_("Or its first digits.")),
            Field(
                name="class", label=N_("Class"), most=32, is_needed=False, hint=N_("otp, transactional, promotional …")
            ),
            Field(name="customer", label=N_("Customer"), most=64, is_needed=False),
            Field(name="sender", label=N_("Sender"), most=16, is_needed=False),
        ),
    ),
    Verb(
        name="find_by_reference",
        title=N_("Find by reference"),
        action=Action.MESSAGE_READ,
        path="/console/messages/by-reference",
        api="/admin/v1/messages/find",
        back="/console/messages",
        shows="found.html",
        about=N_("The customer's own reference. The search is in the audit log."),
        fields=(
            Field(name="customer", label=N_("Customer"), most=64, hint=N_("Its id, cus_…")),
            Field(name="reference", label=N_("Reference"), most=255),
            Field(
                name="since", label=N_("Since"), kind=Kind.TIME, is_needed=False, hint=N_("Empty for the last 7 days.")
            ),
        ),
    ),
    Verb(
        name="find_by_number",
        title=N_("Find by number"),
        action=Action.MESSAGE_FIND,
        path="/console/messages/by-number",
        api="/admin/v1/messages/find",
        back="/console/messages",
        shows="found.html",
        about=N_("Who looks for a person says why. The number is kept nowhere; the search is in the audit log."),
        fields=(
            Field(name="customer", label=N_("Customer"), most=64, hint=N_("Its id, cus_…")),
            Field(name="number", label=N_("Number"), most=64, hint=N_("+9665…")),
            Field(
                name="purpose",
                label=N_("Purpose"),
                kind=Kind.CHOICE,
                choices=(
                    ("support", N_("Support")),
                    ("data_subject", N_("The person asked")),
                    ("security", N_("Security")),
                    ("legal", N_("Legal")),
                ),
            ),
            Field(name="case", label=N_("Case"), most=64, hint=N_("Your id of the case; it names nobody.")),
        ),
    ),
)
VERBS: Final[Mapping[str, Verb]] = {
    each.name: each for each in (*OPERATORS, *NODES, *CUSTOMERS, *KEYS, *CASES, *REQUESTS, *SETTINGS, *OWN, *SEARCHES)
}
"""By name."""
