"""What can be done about a customer, its keys, its endpoint and its tasks."""

from typing import Final

from gateway.console.fields import Field, Kind
from gateway.console.verb import REASON, WHY, Verb
from gateway.html.words import N_
from gateway.people.roles import Action


def _customer(
    word: str,
    action: Action,
    title: str,
    about: str,
    *fields: Field,
    tab: str = "",
    shows: str = "",
    reason: Field = WHY,
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
        fields=(*fields, reason),
        shows=shows,
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
STANDINGS: Final = (
    ("requested", N_("requested")),
    ("active", N_("active")),
    ("refused", N_("refused")),
    ("expired", N_("expired")),
)
CUSTOMERS: Final = (
    _customer(
        "pause",
        Action.CUSTOMER_PAUSE,
        N_("Pause the customer"),
        N_("Everything of it is refused, and what waits is held."),
        grave=True,
    ),
    _customer(
        "resume",
        Action.CUSTOMER_PAUSE,
        N_("Resume the customer"),
        N_("Its messages are taken again, and what was held is sent."),
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
    ),
    _customer(
        "test-webhook",
        Action.WEBHOOK_TEST,
        N_("Send a test event"),
        N_("To the endpoint, at once."),
        tab="/webhook",
        shows="answered.html",
    ),
    _customer(
        "rotate-webhook-secret",
        Action.WEBHOOK_SECRET,
        N_("Make a new secret"),
        N_("It is shown once. Events are signed with both for a time."),
        tab="/webhook",
        shows="secret.html",
    ),
    _customer(
        "disable-webhook",
        Action.WEBHOOK_CHANGE,
        N_("Disable the endpoint"),
        N_("Nothing is sent to it until it is tried again."),
        tab="/webhook",
        grave=True,
    ),
    _customer(
        "disconnect-esme",
        Action.ESME_DISCONNECT,
        N_("Disconnect an SMPP account"),
        N_("Its connections end. It may bind again."),
        Field(name="system_id", label=N_("system_id"), most=16),
        tab="/access",
        reason=REASON,
        grave=True,
    ),
    _customer(
        "sender-standing",
        Action.SENDER_CHANGE,
        N_("Change how a sender stands at an operator"),
        N_("What else the register says of it stays."),
        Field(name="name", label=N_("Sender"), most=20),
        Field(name="operator", label=N_("Operator"), most=32),
        Field(name="state", label=N_("State"), kind=Kind.CHOICE, choices=STANDINGS),
        Field(name="until", label=N_("Until"), is_needed=False, most=10, hint=N_("Its last day, as 2027-12-31.")),
        tab="/rules",
    ),
    _customer(
        "notice-read",
        Action.NOTICE_READ,
        N_("We have read it"),
        N_("Written down as a notice that was given; it is no consent."),
        Field(name="notice", label=N_("Version"), kind=Kind.WHOLE),
        tab="/notice",
    ),
    _customer(
        "fraud-overrides",
        Action.OVERRIDE_CHANGE,
        N_("Exempt a number"),
        N_("Controls against abuse do not count it. Nothing but a keyed token of it is kept."),
        Field(name="number", label=N_("Number"), most=64),
        Field(name="label", label=N_("Label"), is_needed=False, most=64, hint=N_("A word that names nobody.")),
        tab="/rules",
    ),
    _customer(
        "remove-fraud-override",
        Action.OVERRIDE_CHANGE,
        N_("End an exemption"),
        N_("The number counts as all others do."),
        Field(name="number", label=N_("Number"), most=64),
        tab="/rules",
    ),
)


def _held(word: str, title: str, about: str, *, grave: bool = False) -> Verb:
    return Verb(
        name=f"{word}_held",
        title=title,
        action=Action.FRAUD_CHANGE,
        path=f"/console/abuse/held/{{id}}/{word}",
        api=f"/admin/v1/abuse/held/{{id}}/{word}",
        back="/console/abuse",
        fields=(REASON,),
        about=about,
        grave=grave,
    )


HELD: Final = (
    _held("release", N_("Send them"), N_("All that this control holds of the customer is sent.")),
    _held(
        "drop", N_("Drop them"), N_("They are never sent, and the customer is told; it cannot be undone."), grave=True
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
        fields=(WHY,),
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
        fields=(WHY,),
        grave=True,
    ),
    Verb(
        name="release_block",
        title=N_("Release"),
        action=Action.FRAUD_CHANGE,
        path="/console/blocks/{id}/release",
        api="/admin/v1/fraud/blocks/{id}/release",
        back="/console/abuse",
        fields=(WHY,),
        about=N_("Messages to the range are taken again."),
    ),
)
