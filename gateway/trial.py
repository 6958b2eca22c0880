"""Tries a webhook endpoint once, with a signed event that stands for nothing."""

import asyncio

from gateway.clock import Clock
from gateway.tasks import TaskOwner
from gateway.webhooks.client import WebhookClient
from gateway.webhooks.connection import Result
from gateway.webhooks.payload import trial_body
from gateway.webhooks.settings import DeliverySettings
from gateway.webhooks.signing import Signer
from redaction.personal import Purpose, Secret


async def send_trial(url: Secret, secret: Secret, settings: DeliverySettings, clock: Clock) -> Result:
    """POST a signed `gateway.test` event; what came of it."""
    tasks = TaskOwner()
    client = WebhookClient(settings, clock=clock, tasks=tasks)
    answer: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
    now_ms = clock.now_ms()
    body = trial_body(now_ms)
    headers = Signer((secret,)).headers(f"test.{clock.random(8).hex()}".encode(), now_ms // 1000, body)
    try:
        client.post(url.reveal(Purpose.INFORM_CUSTOMER), headers, body, answer.set_result)
        return await answer
    finally:
        client.close()
        await tasks.stop()
