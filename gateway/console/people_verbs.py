"""What can be done about people: their cases, what takes two of them, and one's own account."""

from typing import Final

from gateway.console.fields import Field, Kind
from gateway.console.verb import REASON, Verb
from gateway.html.words import N_
from gateway.people.roles import Action


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


TWO: Final = (
    (Action.SUBJECT_EXPORT.value, N_("Give somebody a package of what is held")),
    (Action.HOLD_PLACE.value, N_("Place a legal hold")),
    (Action.HOLD_LIFT.value, N_("Lift a legal hold")),
    (Action.DISCLOSURE_MAKE.value, N_("Disclose something to an authority")),
    (Action.CUSTOMER_DESTROY.value, N_("Destroy a customer")),
    (Action.BREAKGLASS_OPEN.value, N_("Open the text of one message")),
    (Action.AUDIT_PRUNE.value, N_("Prune the audit log")),
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
    ("withdrawn", N_("Taken back")),
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
    _case(
        "package",
        Action.CASE_WORK,
        N_("Make the package"),
        N_("Of what is held of the person, once two persons agreed on it. Its secret is shown once."),
        Field(name="request", label=N_("Request"), most=64, hint=N_("Id of what the two agreed on.")),
        shows="secret.html",
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
_NUMBER: Final = Field(
    name="number", label=N_("The person's number"), most=64, hint=N_("Nothing but keyed tokens of it is kept.")
)


def _consent(word: str, action: Action, title: str, about: str, *fields: Field, shows: str = "") -> Verb:
    return Verb(
        name=f"{word}_consent",
        title=title,
        action=action,
        path=f"/console/customers/{{id}}/{word}",
        api=f"/admin/v1/customers/{{id}}/{word}",
        back="/console/customers/{id}/consent",
        fields=(_NUMBER, *fields),
        about=about,
        shows=shows,
    )


CONSENTS: Final = (
    _consent(
        "proofs",
        Action.CONSENT_READ,
        N_("Look for a consent"),
        N_("What stands of a person's consents at this customer. The look is in the audit log."),
        shows="answered.html",
    ),
    _consent(
        "withdrawals",
        Action.CONSENT_CHANGE,
        N_("Withdraw a consent"),
        N_("The person gets no more of these messages, within a second."),
        Field(
            name="purpose",
            label=N_("Purpose"),
            kind=Kind.CHOICE,
            is_needed=False,
            choices=(("promotional", N_("Promotional")), ("awareness", N_("Awareness"))),
            hint=N_("Empty for all."),
        ),
    ),
    _consent(
        "suppressions",
        Action.SUPPRESSION_CHANGE,
        N_("Suppress a number"),
        N_("Nothing that needs consent goes to it any more."),
    ),
    _consent(
        "permissions", Action.SUPPRESSION_CHANGE, N_("End a suppression"), N_("Messages may go to the number again.")
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
            Field(name="action", label=N_("What"), kind=Kind.CHOICE, choices=TWO),
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
OWN: Final = (
    Verb(
        name="correct_own",
        title=N_("Correct what is held of you"),
        action=Action.OWN_CORRECT,
        path="/console/own/contact",
        api="/admin/v1/own/contact",
        back="/console/own",
        about=N_("What is left empty stays as it is."),
        fields=(
            Field(name="name", label=N_("Name"), is_needed=False, most=254),
            Field(name="email", label=N_("E-mail address"), is_needed=False, most=254, hint=N_("You sign in by it.")),
            Field(name="phone", label=N_("Telephone"), is_needed=False, most=64),
        ),
    ),
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
        name="drop_passkey",
        title=N_("Take it away"),
        action=Action.OWN_CREDENTIALS,
        path="/console/own/passkeys/{id}/drop",
        api="/admin/v1/own/passkeys/{id}",
        method="DELETE",
        back="/console/own",
        takes_body=False,
        grave=True,
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
