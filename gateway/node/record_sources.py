"""Where the customers' API of a node looks, and what it acts on."""

from collections.abc import Callable, Sequence
from functools import partial

from gateway.http_api.records import Reports, Sources
from gateway.http_api.replies import Replies
from gateway.http_api.routes import Route
from gateway.http_api.searching import NumberSearch, OwnSearch
from gateway.limits.balance import left_micro
from gateway.node import consenting
from gateway.node.naming import naming
from gateway.node.operator_views import operator_views
from gateway.node.road import Road
from gateway.node.stores import Stores
from gateway.node.trying_out import webhook_source
from gateway.process.clock import Clock


def record_sources(
    stores: Stores, road: Road, clock: Clock, more: Callable[[Replies], Sequence[Route]] | None, reports: Reports
) -> Sources:
    """more: routes of pages for everybody, where there are any. reports: what the processes of this installation say of
    themselves.
    """
    return Sources(
        messages=stores.messages,
        usage=stores.ledger.usage,
        canceller=road.revocation,
        reveal_reference=road.addressing.reference,
        mask=road.addressing.mask,
        operators=lambda: operator_views(road),
        consents=consenting.source(stores, clock, lambda: road.standing.settings.messages.default_region),
        report=lambda customer, message_id, confirmed: road.sentry.report(
            message_id, customer, clock.now_ms(), confirmed=confirmed
        ),
        more=more,
        received=road.addressing.received,
        left=partial(left_micro, stores.ledger.acts, stores.ledger.balances),
        search=OwnSearch(NumberSearch(stores.messages, naming(stores, road)), stores.ledger.acts, clock),
        reports=reports,
        webhooks=webhook_source(stores, road, clock),
    )
