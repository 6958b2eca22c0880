"""The routes of verbs that are no change of settings, and of what is told of them: gathered from beside each."""

from gateway.http_api.admin.esmes import EsmeEndpoint, esme_routes
from gateway.http_api.admin.held_messages import held_routes
from gateway.http_api.admin.message_verbs import message_verb_routes
from gateway.http_api.admin.notices import notice_routes
from gateway.http_api.admin.numbers import NumberEndpoints, number_routes
from gateway.http_api.admin.overrides import override_routes
from gateway.http_api.admin.owners import Owners
from gateway.http_api.admin.parts import Parts
from gateway.http_api.admin.problems import problem_routes
from gateway.http_api.admin.reasons import reason_routes
from gateway.http_api.admin.route_verbs import RouteVerbEndpoints, route_verb_routes
from gateway.http_api.admin.settings import SettingsEndpoint, settings_routes
from gateway.http_api.admin.sources import Sources
from gateway.http_api.admin.webhook_verbs import endpoint_routes
from gateway.http_api.routes import Route


def verb_routes(parts: Parts, owners: Owners, sources: Sources) -> list[Route]:
    return [
        *override_routes(parts, owners, sources.hands.overrides, sources.naming.region),
        *reason_routes(parts),
        *message_verb_routes(parts, sources),
        *endpoint_routes(parts, owners, sources),
        *number_routes(NumberEndpoints(parts, owners, sources.accounts)),
        *route_verb_routes(RouteVerbEndpoints(parts, sources.control, sources.routes)),
        *notice_routes(parts, owners, sources),
        *held_routes(parts, sources.ledger),
        *problem_routes(parts, sources.ledger.acts),
        *settings_routes(SettingsEndpoint(parts, sources.settings, sources.differs)),
        *esme_routes(EsmeEndpoint(parts, owners, sources.accounts, sources.control)),
    ]
