"""What can be done about messages and routes: finding them, and asking why."""

from typing import Final

from gateway.console.fields import Field, Kind
from gateway.console.verb import WHY, Verb
from gateway.html.words import N_
from gateway.people.roles import Action


def _message(word: str, action: Action, title: str, about: str, *, grave: bool = False, shows: str = "") -> Verb:
    return Verb(
        name=f"{word}_message",
        title=title,
        action=action,
        path=f"/console/messages/{{id}}/{word}",
        api=f"/admin/v1/messages/{{id}}/{word}",
        back="/console/messages/{id}",
        fields=(WHY,),
        about=about,
        shows=shows,
        grave=grave,
    )


MESSAGES: Final = (
    _message(
        "cancel",
        Action.MESSAGE_CANCEL,
        N_("Cancel it"),
        N_("If it has not been handed to an operator yet."),
        grave=True,
    ),
    _message("notify", Action.MESSAGE_NOTIFY, N_("Tell the customer again"), N_("Its last event is sent once more.")),
    _message(
        "erase",
        Action.MESSAGE_DESTROY,
        N_("Destroy its content"),
        N_("Text and number can never be read again; it cannot be undone."),
        grave=True,
        shows="answered.html",
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
