"""What can be done about operators, nodes and settings."""

from typing import Final

from gateway.console.fields import Field, Kind
from gateway.console.verb import REASON, WHY, Verb
from gateway.html.words import N_
from gateway.people.roles import Action


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


def _route(word: str, title: str, about: str, *fields: Field, grave: bool = False) -> Verb:
    return Verb(
        name=f"{word}_route",
        title=title,
        action=Action.ROUTE_CHANGE,
        path=f"/console/routes/{{id}}/{word}",
        api=f"/admin/v1/routes/{{id}}/{word}",
        back="/console/routes/{id}",
        fields=(*fields, REASON),
        about=about,
        grave=grave,
    )


ROUTES: Final = (
    _route("disable", N_("Pass it over"), N_("Messages take the next line that fits them."), grave=True),
    _route("enable", N_("Take it again"), N_("As the settings have it.")),
    _route(
        "weights",
        N_("Weigh its operators"),
        N_("Of what goes over this line, each operator gets as much as its weight says."),
        Field(
            name="weights",
            label=N_("Weights"),
            kind=Kind.PAIRS,
            hint=N_("One operator a line, such as stc=3; what is not named has the weight of the settings."),
        ),
    ),
)
SETTINGS: Final = (
    Verb(
        name="acknowledge_problem",
        title=N_("Looked at"),
        action=Action.PROBLEM_ACKNOWLEDGE,
        path="/console/problems/{id}/acknowledge",
        api="/admin/v1/problems/{id}/acknowledge",
        back="/console/problems",
        fields=(WHY,),
    ),
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
        fields=(WHY,),
        shows="reload.html",
        about=N_("All processes take over the file, or none does."),
        grave=True,
    ),
)
