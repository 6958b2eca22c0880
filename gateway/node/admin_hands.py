"""What verbs of the admin API are done with on a node: its road, its stores, and requests to customers' endpoints."""

from functools import partial

from gateway.fraud.overrides import OverrideDesk
from gateway.http_api.admin.hands import Hands
from gateway.keystore.permission_keys import PermissionKeys
from gateway.ledger.contract import Notify
from gateway.model.message import Message
from gateway.node.road import Road
from gateway.node.stores import Stores
from gateway.node.trying_out import try_out
from gateway.process.clock import Clock
from gateway.webhooks.endpoint import OtherSecret
from gateway.webhooks.replaying import event_of


def hands(stores: Stores, road: Road, clock: Clock) -> Hands:
    token = PermissionKeys(stores.keyring).override
    return Hands(
        canceller=road.revocation,
        tell_again=partial(_tell_again, road, clock),
        try_out=partial(try_out, stores, road, clock),
        other_secret=lambda: OtherSecret(stores.sealer, clock.random, clock.now_ms()),
        overrides=lambda actor: OverrideDesk(stores.ledger.acts, token, clock, actor),
        sweep=road.sweeper.hasten,
    )


async def _tell_again(road: Road, clock: Clock, message: Message) -> bool:
    """Store the event of a message's end anew; False where there is none. Raises LedgerUnavailable."""
    event = event_of(message, clock.now_ms())
    if event is None:
        return False
    await road.journal.write(Notify(event))
    road.deliverer.distrust()
    return True
