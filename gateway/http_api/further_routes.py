"""Routes of the customers' API that stand there only where what they need does."""

from collections.abc import Sequence

from gateway.http_api.auth import Gatekeeper
from gateway.http_api.consent_table import consent_routes
from gateway.http_api.consents import ConsentActs, ConsentEndpoints, ConsentSource
from gateway.http_api.emptying import EmptyEndpoint
from gateway.http_api.inbound import InboundEndpoints
from gateway.http_api.outcomes import OutcomeEndpoint
from gateway.http_api.records import RecordEndpoints, Sources
from gateway.http_api.replies import Replies
from gateway.http_api.routes import Route
from gateway.http_api.subject_request_table import rights_routes
from gateway.http_api.subject_requests import RightsSource
from gateway.http_api.table import empty_routes, inbound_routes, outcome_routes
from gateway.http_api.webhook_table import webhook_routes
from gateway.http_api.webhooks import WebhookEndpoints
from gateway.process.clock import Clock


def further_routes(
    sources: Sources,
    rights: RightsSource | None,
    records: RecordEndpoints,
    gatekeeper: Gatekeeper,
    replies: Replies,
    clock: Clock,
) -> list[Route]:
    """rights: None where nothing is answered about people."""
    routes: list[Route] = []
    messages = sources.messages
    if sources.received is not None:
        routes += inbound_routes(InboundEndpoints(messages, sources.received, sources.mask, gatekeeper, replies))
    if sources.report is not None:
        routes += outcome_routes(OutcomeEndpoint(messages, sources.report, gatekeeper, replies))
    if sources.consents is not None:
        routes += _consent_routes(sources.consents, gatekeeper, replies, clock)
    if rights is not None:
        routes += rights_routes(rights, gatekeeper, replies, clock)
        routes += empty_routes(EmptyEndpoint(rights.desk, messages, records, gatekeeper))
    if sources.webhooks is not None:
        routes += webhook_routes(WebhookEndpoints(sources.webhooks, gatekeeper, replies, clock))
    if sources.more is not None:
        routes += sources.more(replies)
    return routes


def _consent_routes(source: ConsentSource, gatekeeper: Gatekeeper, replies: Replies, clock: Clock) -> Sequence[Route]:
    return consent_routes(ConsentEndpoints(ConsentActs(source, clock), gatekeeper, replies), source.stop_page(replies))
