"""Work that a node does in the background for whoever asks."""

from gateway.audit.actor import Actor
from gateway.node.road import Road
from gateway.node.stores import Stores
from gateway.process.clock import Clock
from gateway.webhooks.replaying import Replayer
from gateway.webhooks.tasks import Tasks


def replayer(stores: Stores, road: Road, clock: Clock, actor: Actor) -> Replayer:
    """Of events, in the name of this process."""
    settings = road.standing.settings.messages
    return Replayer(
        Tasks(stores.ledger.acts, clock, actor),
        stores.messages,
        stores.ledger.outbox,
        road.journal,
        clock,
        reach_ms=(settings.max_validity_s + settings.max_schedule_s) * 1000,
        stored=road.deliverer.distrust,
    )
