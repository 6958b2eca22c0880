"""The endpoints of the admin API, and the routes that lead to them."""

from functools import partial

from gateway.accounts.key_uses import last_days
from gateway.http_api.admin.accounts import AccountEndpoints
from gateway.http_api.admin.accounts_table import account_routes
from gateway.http_api.admin.case_table import case_routes
from gateway.http_api.admin.consent_table import consent_routes
from gateway.http_api.admin.consents import AdminConsentEndpoints
from gateway.http_api.admin.customers import CustomerEndpoints
from gateway.http_api.admin.duties_table import duty_routes
from gateway.http_api.admin.messages import MessageEndpoints
from gateway.http_api.admin.own import OwnEndpoints
from gateway.http_api.admin.own_table import own_routes, passkey_routes
from gateway.http_api.admin.owners import Owners
from gateway.http_api.admin.parts import Parts
from gateway.http_api.admin.people_table import people_routes, reload_routes
from gateway.http_api.admin.quotas_table import money_routes
from gateway.http_api.admin.senders import SenderEndpoints
from gateway.http_api.admin.senders_table import sender_routes
from gateway.http_api.admin.sign_in import SignInEndpoints
from gateway.http_api.admin.sources import Sources
from gateway.http_api.admin.standing import Standing, StandingEndpoints
from gateway.http_api.admin.steering import SteeringEndpoints
from gateway.http_api.admin.steering_table import steering_routes
from gateway.http_api.admin.subject_table import subject_routes
from gateway.http_api.admin.table import admin_routes
from gateway.http_api.admin.tasks_table import task_routes
from gateway.http_api.admin.ticket_table import ticket_routes
from gateway.http_api.admin.verbs_table import verb_routes
from gateway.http_api.admin.watching_table import watching_routes
from gateway.http_api.routes import Route
from gateway.http_api.searching import NumberSearch


def routes_of(sources: Sources, parts: Parts) -> list[Route]:
    """All but those of pages."""
    sign_in = SignInEndpoints(parts, sources.people, sources.party)
    owners = Owners(parts, sources.ledger.accounts)
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
                sources.mask,
                NumberSearch(sources.messages, sources.naming),
            ),
        ),
        *steering_routes(SteeringEndpoints(parts, sources.control, sources.operators)),
        *passkey_routes(sign_in),
        *own_routes(OwnEndpoints(parts, sources.people, sources.party)),
        *people_routes(parts, sources.people, sources.directory),
        *reload_routes(parts, sources.reloads),
        *account_routes(AccountEndpoints(parts, owners, sources.accounts, partial(last_days, sources.ledger.acts))),
        *subject_routes(parts, sources.rights, sources.directory),
        *case_routes(parts, sources.rights, sources.directory, sources.people),
        *ticket_routes(parts, sources.rights, sources.directory, sources.people),
        *duty_routes(parts, sources.rights, sources.directory, sources.people),
        *sender_routes(SenderEndpoints(parts, sources.ledger, sources.accounts, sources.judge, sources.packs)),
        *consent_routes(AdminConsentEndpoints(parts, sources.ledger.accounts, sources.consents)),
        *task_routes(parts, sources.ledger, sources.accounts),
        *verb_routes(parts, owners, sources),
        *watching_routes(parts, sources),
        *money_routes(parts, sources.ledger, sources.accounts),
    ]


def _standing(sources: Sources) -> Standing:
    return Standing(
        engine=sources.engine,
        checks=sources.checks,
        waiting=sources.waiting,
        operators=sources.operators,
        routes=sources.routes,
        router=sources.router,
        lookup=sources.lookup,
    )
