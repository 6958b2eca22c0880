"""One signed test event, sent to a URL once: whether an endpoint answers before anything depends on it."""

import asyncio
import ssl

from gateway.process.clock import Clock
from gateway.process.tasks import TaskOwner
from gateway.webhooks.client import WebhookClient
from gateway.webhooks.connection import Result
from gateway.webhooks.parcel import envelope
from gateway.webhooks.payload import trial_body
from gateway.webhooks.resolving import Lookup, system_lookup
from gateway.webhooks.settings import DeliverySettings
from gateway.webhooks.signing import Signer
from redaction.personal import Personal, Purpose


async def send_test(
    url: Personal,
    signer: Signer,
    *,
    settings: DeliverySettings,
    clock: Clock,
    lookup: Lookup = system_lookup,
    tls: ssl.SSLContext | None = None,
    batch: bool = False,
) -> Result:
    """The answer, or why there was none. Takes `settings.timeout_s` at most; never retries. batch: in an envelope."""
    tasks = TaskOwner()
    client = WebhookClient(settings, clock=clock, tasks=tasks, lookup=lookup, tls=tls)
    answered: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
    body = trial_body(clock.now_ms())
    webhook_id = b"test_" + clock.random(12).hex().encode()
    if batch:
        webhook_id, body = envelope([webhook_id], [body], clock.now_ms())
    headers = signer.headers(webhook_id, clock.now_ms() // 1000, body)
    try:
        client.post(url.reveal(Purpose.INFORM_CUSTOMER), headers, body, answered.set_result)
        return await answered
    finally:
        client.close()
        await tasks.stop()
