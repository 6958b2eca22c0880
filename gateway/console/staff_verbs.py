"""What can be done about people and machines that administer."""

from collections.abc import Iterable
from typing import Final

from gateway.console.fields import Field, Kind
from gateway.console.verb import WHY, Verb
from gateway.console.words import ROLES
from gateway.html.words import N_
from gateway.people.roles import CUSTOMER_ROLES, PLATFORM_ROLES, Action, Role


def _roles(among: Iterable[Role]) -> Field:
    choices = tuple((each.value, ROLES[each.value]) for each in Role if each in among)
    return Field(name="roles", label=N_("Roles"), kind=Kind.SEVERAL, choices=choices)


_CUSTOMER: Final = Field(name="customer", label=N_("Customer"), most=64, hint=N_("Its id, cus_…"))


def _add(name: str, path: str, title: str, among: Iterable[Role], *more: Field) -> Verb:
    return Verb(
        name=name,
        title=title,
        action=Action.PERSON_ADD,
        path=path,
        api="/admin/v1/people",
        back="/console/people",
        shows="secret.html",
        about=N_("The next page shows a password to begin with, this once; a second factor is set up with it."),
        fields=(
            Field(name="name", label=N_("Name"), most=254),
            Field(name="email", label=N_("E-mail address"), most=254),
            Field(name="phone", label=N_("Telephone"), is_needed=False, most=64),
            *more,
            _roles(among),
            WHY,
        ),
    )


def _person(
    word: str,
    title: str,
    action: Action,
    about: str,
    *fields: Field,
    form: str = "",
    shows: str = "",
    grave: bool = False,
) -> Verb:
    """form: where the form is another one than `word` says."""
    return Verb(
        name=f"{(form or word).replace('-', '_')}_person",
        title=title,
        action=action,
        path=f"/console/people/{{id}}/{form or word}",
        api=f"/admin/v1/people/{{id}}/{word}",
        back="/console/people/{id}",
        fields=(*fields, WHY),
        shows=shows,
        about=about,
        grave=grave,
    )


_ROLES_TITLE: Final = N_("Give other roles")
_ROLES_ABOUT: Final = N_("These and no others; the sessions end.")
PEOPLE: Final = (
    _add("add_person", "/console/people", N_("Add somebody of the platform"), PLATFORM_ROLES),
    _add(
        "add_customers_person",
        "/console/people/of-customer",
        N_("Add somebody of a customer"),
        CUSTOMER_ROLES,
        _CUSTOMER,
    ),
    _person("roles", _ROLES_TITLE, Action.PERSON_ROLE, _ROLES_ABOUT, _roles(PLATFORM_ROLES)),
    _person("roles", _ROLES_TITLE, Action.PERSON_ROLE, _ROLES_ABOUT, _roles(CUSTOMER_ROLES), form="customer-roles"),
    _person(
        "disable",
        N_("Disable the account"),
        Action.PERSON_DISABLE,
        N_("The sessions end, and signing in is refused."),
        Field(
            name="left",
            label=N_("Has left for good"),
            kind=Kind.CHECK,
            hint=N_("The account is erased when its time has come."),
            is_needed=False,
        ),
        grave=True,
    ),
    _person("enable", N_("Enable the account"), Action.PERSON_DISABLE, N_("Signing in is possible again.")),
    _person(
        "reset",
        N_("Give another password"),
        Action.PERSON_RESET,
        N_("Authenticator and passkeys are taken away, and the sessions end. The password is shown once."),
        shows="secret.html",
        grave=True,
    ),
    _person(
        "end-sessions",
        N_("End the sessions"),
        Action.SESSION_END,
        N_("Signing in again is possible at once."),
        grave=True,
    ),
)
TOKENS: Final = (
    Verb(
        name="add_token",
        title=N_("Make a token for a machine"),
        action=Action.TOKEN_ADD,
        path="/console/tokens",
        api="/admin/v1/tokens",
        back="/console/tokens",
        shows="secret.html",
        about=N_("It is shown once, on the next page."),
        fields=(
            Field(
                name="scopes",
                label=N_("Scopes"),
                kind=Kind.LINES,
                most=4_000,
                hint=N_("One a line, such as operator.read."),
            ),
            Field(name="days", label=N_("Days"), kind=Kind.WHOLE, hint=N_("Until it ends, up to 366.")),
            Field(name="label", label=N_("Label"), is_needed=False, most=64, hint=N_("A word that names nobody.")),
            Field(
                name="customer",
                label=N_("Customer"),
                is_needed=False,
                most=64,
                hint=N_("Its id, if it is a customer's."),
            ),
            WHY,
        ),
    ),
    Verb(
        name="revoke_token",
        title=N_("Revoke"),
        action=Action.TOKEN_REVOKE,
        path="/console/tokens/{id}/revoke",
        api="/admin/v1/tokens/{id}/revoke",
        back="/console/tokens",
        fields=(WHY,),
        grave=True,
    ),
)
