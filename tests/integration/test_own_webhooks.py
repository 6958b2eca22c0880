"""What customers do with their own endpoint over the API: a whole node, and a server for its events."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from config.settings import WebhookSettings
from gateway.accounts.customers import KeySettings
from gateway.webhooks.signing import Signer
from redaction.personal import Purpose, Secret
from tests.bounds import LIMIT_S
from tests.integration.smpp_stage import Stage, running_gateway
from tests.unit.gateway.webhooks.receiver import GONE, Receiver, Say, receiving

SCOPES = ("send", "status", "webhooks")
CANARY = "canary-445566"


@dataclass
class Customer:
    stage: Stage
    receiver: Receiver
    client: aiohttp.ClientSession
    prefix: str

    @property
    def hook(self) -> str:
        return f"http://127.0.0.1:{self.receiver.port}/hook?token={CANARY}"

    async def ask(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        url = f"http://127.0.0.1:{self.stage.node.fronts.http.listener.port}{path}"
        async with self.client.request(method, url, json=body) as answer:
            octets = await answer.read()
            await self.stage.node.stores.directory.refresh()
            return answer.status, json.loads(octets) if octets else None

    async def made(self, **more: Any) -> str:
        """The secret of a new endpoint."""
        status, said = await self.ask("POST", "/v1/webhooks", {"url": self.hook, **more})
        assert status == 201, said
        return str(said["secret"])

    async def send(self) -> str:
        status, said = await self.ask(
            "POST", "/v1/messages", {"to": "+966500000078", "from": "INTERKEY", "text": "hello", "class": "otp"}
        )
        assert status == 202, said
        return str(said["id"])

    async def ended(self, message: str) -> None:
        async with asyncio.timeout(LIMIT_S):
            while (await self.ask("GET", f"/v1/messages/{message}"))[1]["status"] != "delivered":
                await asyncio.sleep(0.01)


@pytest.fixture
async def customer(tmp_path: Path) -> AsyncIterator[Customer]:
    others = {"webhooks": WebhookSettings(allow_loopback=True)}
    async with receiving() as receiver, running_gateway(tmp_path, others=others) as stage:
        key, secret = await stage.accounts.add_key(stage.customer, scopes=SCOPES, settings=KeySettings())
        await stage.node.stores.directory.refresh()
        headers = {"Authorization": f"Bearer {secret.reveal(Purpose.CREDENTIAL)}"}
        async with aiohttp.ClientSession(headers=headers) as client:
            yield Customer(stage, receiver, client, key.prefix)


def types(receiver: Receiver) -> list[str]:
    return [each.event["type"] for each in receiver.requests]


async def test_an_endpoint_is_made_shown_changed_and_removed(customer: Customer) -> None:
    assert await customer.ask("GET", "/v1/webhooks") == (200, {"webhooks": []})
    assert (await customer.ask("GET", "/v1/webhooks/1"))[1]["code"] == "not_found"
    await customer.made(batch=10)
    status, found = await customer.ask("GET", "/v1/webhooks")
    (shown,) = found["webhooks"]
    assert (status, shown["id"], shown["host"], shown["state"]) == (200, "1", "127.0.0.1", "enabled")
    assert (shown["events"], shown["batch"]) == (None, 10)
    assert CANARY not in json.dumps(found)
    assert (await customer.ask("POST", "/v1/webhooks", {"url": customer.hook}))[1]["code"] == "endpoint_exists"
    change = {"events": ["message.delivered", "message.delivered", "balance.low"]}
    _, shown = await customer.ask("PATCH", "/v1/webhooks/1", change)
    assert (shown["events"], shown["batch"]) == (["message.delivered", "balance.low"], 10)
    _, shown = await customer.ask("PATCH", "/v1/webhooks/1", {"events": None, "url": customer.hook, "batch": 1})
    assert (shown["events"], shown["batch"]) == (None, 1)
    assert await customer.ask("GET", "/v1/webhooks/1") == (200, shown)
    assert await customer.ask("DELETE", "/v1/webhooks/1") == (204, None)
    assert (await customer.ask("DELETE", "/v1/webhooks/1"))[0] == 404


async def test_an_endpoint_gets_the_events_that_it_asked_for_and_no_others(customer: Customer) -> None:
    await customer.made(events=["message.submitted"])
    await customer.ended(await customer.send())
    await customer.receiver.arrived(1)
    await customer.ask("PATCH", "/v1/webhooks/1", {"events": ["message.delivered"]})
    await customer.ended(await customer.send())
    await customer.receiver.arrived(2)
    async with asyncio.timeout(LIMIT_S):
        while await customer.stage.node.stores.ledger.outbox.size():
            await asyncio.sleep(0.01)
    assert types(customer.receiver) == ["message.submitted", "message.delivered"]


async def test_a_test_is_signed_by_both_secrets_after_a_rotation(customer: Customer) -> None:
    secret = await customer.made()
    status, other = await customer.ask("POST", "/v1/webhooks/1/rotate-secret")
    assert (status, other["secret"] == secret) == (201, False)
    assert (await customer.ask("GET", "/v1/webhooks/1"))[1]["former_secret_until"] == other["former_until"]
    status, said = await customer.ask("POST", "/v1/webhooks/1/test")
    assert (status, said) == (200, {"success": True, "status": 200, "why": None})
    (request,) = customer.receiver.requests
    assert request.event["type"] == "gateway.test"
    signer = Signer((Secret(other["secret"]),))
    stamp = int(request.headers["webhook-timestamp"])
    assert (
        request.headers["webhook-signature"]
        in signer.headers(request.headers["webhook-id"].encode(), stamp, request.body).decode()
    )
    await customer.send()
    await customer.receiver.arrived(2)
    assert len(customer.receiver.requests[1].headers["webhook-signature"].split()) == 2


async def test_one_that_is_gone_is_resumed(customer: Customer) -> None:
    await customer.made()
    customer.receiver.answer = lambda _: Say(GONE)
    await customer.send()
    async with asyncio.timeout(LIMIT_S):
        while (await customer.ask("GET", "/v1/webhooks/1"))[1]["state"] != "disabled":
            await asyncio.sleep(0.02)
    customer.receiver.answer = lambda _: Say()
    came = len(customer.receiver.requests)
    status, shown = await customer.ask("POST", "/v1/webhooks/1/resume")
    assert (status, shown["state"], shown["disabled_at"]) == (200, "enabled", None)
    await customer.receiver.arrived(came + 1)


FAULTS: tuple[tuple[object, str, str | None], ...] = (
    ({"url": "ftp://example.com/"}, "invalid_url", "url"),
    ({"url": "https://user:word@example.com/"}, "invalid_url", "url"),
    ({"url": "https://example.com/#x"}, "invalid_url", "url"),
    ({"url": "https://\u0663.example.com/"}, "invalid_url", "url"),
    ({"url": "https://exa\x00mple.com/"}, "invalid_url", "url"),
    ({"url": ""}, "empty_field", "url"),
    ({"url": "https://example.com/" + "x" * 2_048}, "field_too_long", "url"),
    ({"url": 7}, "wrong_type", "url"),
    ({}, "missing_field", "url"),
    ({"url": "https://example.com/", "events": ["message.read"]}, "invalid_value", "events"),
    ({"url": "https://example.com/", "events": []}, "empty_field", "events"),
    ({"url": "https://example.com/", "events": ["x" * 65]}, "field_too_long", "events[0]"),
    ({"url": "https://example.com/", "events": "message.delivered"}, "wrong_type", "events"),
    ({"url": "https://example.com/", "batch": 0}, "wrong_type", "batch"),
    ({"url": "https://example.com/", "batch": -1}, "wrong_type", "batch"),
    ({"url": "https://example.com/", "batch": 101}, "wrong_type", "batch"),
    ({"url": "https://example.com/", "secret": CANARY}, "unknown_field", "secret"),
    ([], "not_an_object", None),
)


async def test_what_is_wrong_with_an_endpoint_is_said_and_nothing_is_set(customer: Customer) -> None:
    for body, code, field in FAULTS:
        status, said = await customer.ask("POST", "/v1/webhooks", body)
        assert (status, said["code"], said.get("field")) == (400, code, field), body
        assert CANARY not in json.dumps(said)
    assert (await customer.ask("GET", "/v1/webhooks"))[1] == {"webhooks": []}


async def test_every_change_is_in_the_audit_log_with_the_key_that_made_it(customer: Customer) -> None:
    await customer.made()
    await customer.ask("PATCH", "/v1/webhooks/1", {"batch": 2})
    for verb in ("test", "rotate-secret", "resume"):
        await customer.ask("POST", f"/v1/webhooks/1/{verb}")
    await customer.ask("DELETE", "/v1/webhooks/1")
    pending = await customer.stage.node.stores.ledger.acts.pending(100)
    text = "\n".join(str(each) for each in pending)
    for act in ("webhook.set", "webhook.test", "webhook.secret", "webhook.resume", "webhook.remove"):
        assert act in text, act
    assert f"key_{customer.prefix}" in text
    assert CANARY not in text


async def test_a_key_without_the_scope_opens_nothing(customer: Customer) -> None:
    _, secret = await customer.stage.accounts.add_key(
        customer.stage.customer, scopes=("send", "status"), settings=KeySettings()
    )
    await customer.stage.node.stores.directory.refresh()
    customer.client.headers["Authorization"] = f"Bearer {secret.reveal(Purpose.CREDENTIAL)}"
    for method, path in (("GET", "/v1/webhooks"), ("POST", "/v1/webhooks"), ("DELETE", "/v1/webhooks/1")):
        assert (await customer.ask(method, path, {} if method == "POST" else None))[1]["code"] == "scope_missing"
