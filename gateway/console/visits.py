"""Who looks at a page, and how it is to be drawn."""

from collections.abc import Mapping

import msgspec

from gateway.html.looks import Look
from gateway.people.roles import OWN, TABLE, Action, Role, may


class Visit(msgspec.Struct, frozen=True, kw_only=True):
    """Of somebody who is signed in. customer: public id; "" for the platform's own people. path: of the page."""

    look: Look
    path: str
    person: str
    roles: frozenset[Role]
    customer: str
    has_second: bool
    form_token: str

    def may(self, action: Action | str, customer: str = "") -> bool:
        """To what belongs to that customer; "" for the platform's own. The API has the last word."""
        if action in OWN:
            return True
        own = self.customer != "" and customer == self.customer
        return self.has_second and may(self.roles, Action(action), own)

    def takes_two(self, action: Action | str) -> bool:
        """Whether it has to be asked for, and a second person's word."""
        return TABLE[Action(action)].takes_two


def visit_of(session: Mapping[str, object], look: Look, path: str) -> Visit:
    """session: as `GET /admin/v1/session` answers."""
    roles = session["roles"]
    assert isinstance(roles, list)
    return Visit(
        look=look,
        path=path,
        person=str(session["person"]),
        roles=frozenset(Role(each) for each in roles),
        customer=str(session.get("customer") or ""),
        has_second=bool(session["has_second_factor"]),
        form_token=str(session["form_token"]),
    )
