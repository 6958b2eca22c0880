"""One test event to a customer's endpoint, and what customers do with their own endpoints."""

from functools import partial

from gateway.accounts.administration import Accounts
from gateway.audit.actor import Actor
from gateway.http_api.webhooks import WebhookSource
from gateway.ledger.contract import StoredEndpoint
from gateway.node.road import Road
from gateway.node.stores import Stores
from gateway.process.clock import Clock
from gateway.webhooks.connection import Result
from gateway.webhooks.endpoint import endpoint_settings, open_endpoint
from gateway.webhooks.settings import delivery_settings
from gateway.webhooks.signing import Signer
from gateway.webhooks.trial import send_test


async def try_out(stores: Stores, road: Road, clock: Clock, endpoint: StoredEndpoint) -> Result:
    """What a customer's endpoint answers to one test event. Raises SealError and ValueError."""
    url, secret = open_endpoint(stores.sealer, endpoint)
    settings = delivery_settings(road.standing.settings.webhooks)
    batch = endpoint_settings(endpoint).batch > 1
    return await send_test(url, Signer((secret,)), settings=settings, clock=clock, batch=batch)


def webhook_source(stores: Stores, road: Road, clock: Clock) -> WebhookSource:
    return WebhookSource(
        accounts=partial(accounts, stores, clock),
        acts=stores.ledger.acts,
        sealer=stores.sealer,
        allow_loopback=lambda: road.standing.settings.webhooks.allow_loopback,
        try_out=partial(try_out, stores, road, clock),
    )


def accounts(stores: Stores, clock: Clock, actor: Actor) -> Accounts:
    """In the hands of an actor."""
    return Accounts(
        stores.ledger.accounts,
        clock,
        actor,
        sealer=stores.sealer,
        ensure_keys=stores.keyring.ensure_customer,
        digest=stores.keyring.credential_digest,
        epoch=stores.keyring.credential_epoch,
    )
