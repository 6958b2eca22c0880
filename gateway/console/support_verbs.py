"""What can be done at the support desk."""

from typing import Final

from gateway.console.fields import Field, Kind
from gateway.console.verb import Verb
from gateway.html.words import N_
from gateway.people.roles import Action

TOPICS: Final = (
    ("delivery", N_("Delivery of messages")),
    ("sender", N_("Senders")),
    ("webhook", N_("Webhooks")),
    ("access", N_("Keys and connections")),
    ("billing", N_("Billing")),
    ("privacy", N_("Privacy")),
    ("other", N_("Something else")),
)
_TEXT: Final = Field(
    name="text",
    label=N_("What it is about"),
    kind=Kind.LONG,
    most=4000,
    hint=N_("Numbers, ids, accounts, addresses and codes are taken out before anything is stored."),
)


def _ticket(word: str, action: Action, title: str, about: str = "", *fields: Field, grave: bool = False) -> Verb:
    return Verb(
        name=f"{word}_ticket",
        title=title,
        action=action,
        path=f"/console/tickets/{{id}}/{word}",
        api=f"/admin/v1/tickets/{{id}}/{word}",
        back="/console/tickets/{id}",
        fields=fields,
        takes_body=bool(fields),
        about=about,
        grave=grave,
    )


TICKETS: Final = (
    Verb(
        name="open_ticket",
        title=N_("Open a ticket"),
        action=Action.TICKET_OPEN,
        path="/console/tickets",
        api="/admin/v1/tickets",
        back="/console/tickets",
        about=N_("A question to those who run the gateway."),
        fields=(
            Field(name="topic", label=N_("Topic"), kind=Kind.CHOICE, choices=TOPICS),
            _TEXT,
            Field(
                name="customer",
                label=N_("Customer"),
                is_needed=False,
                most=64,
                hint=N_("Its id; empty for the platform's own questions, and for your own company."),
            ),
            Field(
                name="message",
                label=N_("Message"),
                is_needed=False,
                most=64,
                hint=N_("The id of the message that it is about."),
            ),
        ),
    ),
    _ticket(
        "posts",
        Action.TICKET_ANSWER,
        N_("Write"),
        N_("Whoever asked and those who answer can read it."),
        _TEXT,
        Field(name="internal", label=N_("For the platform's people alone"), kind=Kind.CHECK, is_needed=False),
    ),
    _ticket(
        "assign",
        Action.TICKET_ASSIGN,
        N_("Take it, or give it to somebody"),
        N_("Who works at it from now on."),
        Field(
            name="person",
            label=N_("Person"),
            is_needed=False,
            most=64,
            hint=N_("Id of somebody of the platform; empty for yourself."),
        ),
    ),
    _ticket("close", Action.TICKET_ANSWER, N_("Close"), N_("Nothing more is written in it.")),
)
