"""Of what the endpoints of the admin API are made, and the routes that lead to them."""

from collections.abc import Callable, Mapping, Sequence

import msgspec

from gateway.accept.request import OperatorView
from gateway.accounts.administration import Accounts
from gateway.accounts.directory import Directory
from gateway.audit.actor import Actor
from gateway.control.desk import Control
from gateway.control.reloads import Reloads
from gateway.delivery.routing import Router
from gateway.http_api.admin.customers import CustomerEndpoints
from gateway.http_api.admin.messages import MessageEndpoints
from gateway.http_api.admin.own import OwnEndpoints
from gateway.http_api.admin.own_table import own_routes, passkey_routes
from gateway.http_api.admin.parts import Parts
from gateway.http_api.admin.people_table import people_routes, reload_routes
from gateway.http_api.admin.quotas import QuotaEndpoints
from gateway.http_api.admin.quotas_table import quota_routes
from gateway.http_api.admin.searching import Naming, NumberSearch
from gateway.http_api.admin.sign_in import SignInEndpoints
from gateway.http_api.admin.standing import Standing, StandingEndpoints
from gateway.http_api.admin.steering import SteeringEndpoints
from gateway.http_api.admin.steering_table import steering_routes
from gateway.http_api.admin.subject_table import subject_routes
from gateway.http_api.admin.table import admin_routes
from gateway.http_api.routes import Route
from gateway.ledger.roles import Ledger, Messages
from gateway.model.message import Message
from gateway.model.route import Route as RouteLine
from gateway.people.passkeys import RelyingParty
from gateway.people.registry import Registry
from gateway.rights.desk import RightsDesk


class Sources(msgspec.Struct, frozen=True, kw_only=True):
    """Where the endpoints look and what they act on.

    messages: with their tags checked. accounts: in the hands of an actor. control: over the
    operators that the settings name now. naming: of typed numbers. router: as it routes now.
    operators, routes, checks, waiting: as they stand. reveal_reference: opens a customer's own reference of a message.
    smallest_cell: of usage, in messages, that who sees no small ones is told.
    party: to which passkeys belong; None where there are none.
    """

    engine: str
    ledger: Ledger
    messages: Messages
    directory: Directory
    people: Registry
    accounts: Callable[[Actor], Accounts]
    control: Callable[[], Control]
    reloads: Callable[[Actor], Reloads]
    naming: Naming
    router: Router
    rights: RightsDesk
    operators: Callable[[], Sequence[OperatorView]]
    routes: Callable[[], Sequence[RouteLine]]
    checks: Callable[[], Mapping[str, bool]]
    waiting: Callable[[], Mapping[str, int]]
    reveal_reference: Callable[[Message], str | None]
    smallest_cell: int
    party: RelyingParty | None = None


def routes_of(sources: Sources, parts: Parts) -> list[Route]:
    """All but those of pages."""
    sign_in = SignInEndpoints(parts, sources.people, sources.party)
    return [
        *admin_routes(
            sign_in,
            StandingEndpoints(parts, _standing(sources)),
            CustomerEndpoints(parts, sources.ledger, sources.accounts, sources.smallest_cell),
            MessageEndpoints(
                parts,
                sources.messages,
                sources.directory,
                sources.ledger.acts,
                sources.reveal_reference,
                NumberSearch(sources.messages, sources.naming),
            ),
        ),
        *steering_routes(SteeringEndpoints(parts, sources.control, sources.operators)),
        *passkey_routes(sign_in),
        *own_routes(OwnEndpoints(parts, sources.people, sources.party)),
        *people_routes(parts, sources.people),
        *reload_routes(parts, sources.reloads),
        *subject_routes(parts, sources.rights, sources.directory),
        *quota_routes(QuotaEndpoints(parts, sources.ledger, sources.accounts)),
    ]


def _standing(sources: Sources) -> Standing:
    return Standing(
        engine=sources.engine,
        checks=sources.checks,
        waiting=sources.waiting,
        operators=sources.operators,
        routes=sources.routes,
        router=sources.router,
    )
