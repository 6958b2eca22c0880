"""The description says what is served, and all of it."""

import json
from typing import Any

import msgspec
import pytest
from jsonschema_rs import validator_for
from markupsafe import escape

from gateway.http_api.api_page import render_page
from gateway.http_api.openapi import codes_of
from gateway.http_api.samples import sample
from gateway.model.content import Received
from gateway.model.message import OutboxEvent, Status
from gateway.model.refusals import KINDS
from gateway.webhooks.parcel import envelope
from gateway.webhooks.payload import event_body, received_body
from redaction.personal import MessageText, Msisdn
from tests.contract.records import mask_of
from tests.unit.gateway.stage import a_message, running_api

ROUTES = {
    ("POST", "/v1/messages"),
    ("GET", "/v1/messages"),
    ("POST", "/v1/messages/batch"),
    ("POST", "/v1/messages/check"),
    ("GET", "/v1/messages/{id}"),
    ("DELETE", "/v1/messages/{id}"),
    ("POST", "/v1/messages/{id}/outcome"),
    ("GET", "/v1/operators"),
    ("GET", "/v1/usage"),
    ("GET", "/healthz"),
    ("GET", "/readyz"),
    ("GET", "/openapi.json"),
    ("GET", "/docs"),
    ("GET", "/problems"),
    ("GET", "/problems/{code}"),
    ("GET", "/v1/inbound"),
    ("GET", "/v1/inbound/{id}"),
}


async def _document() -> dict[str, Any]:
    async with running_api() as stage:
        document: dict[str, Any] = (await stage.get("/openapi.json", token=None)).json()
        return document


def _references(node: object) -> set[str]:
    if isinstance(node, dict):
        own = {node["$ref"]} if isinstance(node.get("$ref"), str) else set()
        return own.union(*(_references(each) for each in node.values()))
    if isinstance(node, list):
        return set().union(*(_references(each) for each in node))
    return set()


async def test_every_route_is_described_and_everything_described_is_routed() -> None:
    async with running_api() as stage:
        described = {
            (method.upper(), path)
            for path, item in (await stage.get("/openapi.json", token=None)).json()["paths"].items()
            for method in item
        }
        assert described == {(each.method, each.path) for each in stage.api.table.routes if not each.is_page} == ROUTES


async def test_every_reference_leads_somewhere() -> None:
    document = await _document()
    names = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}
    assert _references(document) <= names


async def test_operations_have_names_of_their_own() -> None:
    document = await _document()
    names = [each["operationId"] for item in document["paths"].values() for each in item.values()]
    assert len(set(names)) == len(names)


async def test_the_examples_of_webhooks_are_what_is_sent() -> None:
    hooks = (await _document())["webhooks"]
    examples = {
        name: each["post"]["requestBody"]["content"]["application/json"]["example"] for name, each in hooks.items()
    }
    message, text = a_message(status=Status.DELIVERED), MessageText("STOP")
    told = OutboxEvent(customer=1, message=message.id, status=Status.DELIVERED, at_ms=0, next_ms=0)
    received = msgspec.structs.replace(told, status=Status.RECEIVED)
    bodies = {
        "message": event_body(told, message, mask_of(message)),
        "received": received_body(received, message, Received(Msisdn("966500000078", 966), "90909", text)),
        "batch": envelope([b"1.delivered"], [event_body(told, message, mask_of(message))], 0)[1],
    }
    for name, body in bodies.items():
        sent, example = json.loads(body), examples[name]
        assert sent.keys() == example.keys()
        assert sent["type"] == example["type"]
        entries = zip(*(each["data"] if name == "batch" else [each] for each in (sent, example)), strict=True)
        for ours, shown in entries:
            assert ours.keys() == shown.keys()
            assert ours["data"].keys() <= shown["data"].keys()


async def test_every_code_of_an_endpoint_is_listed_under_its_status() -> None:
    async with running_api() as stage:
        document = (await stage.get("/openapi.json", token=None)).json()
        for route in (each for each in stage.api.table.routes if not each.is_page):
            responses = document["paths"][route.path][route.method.lower()]["responses"]
            for code in codes_of(route.operation, route.path):
                listed = responses[str(KINDS[code].http)]["content"]["application/problem+json"]["schema"]
                assert code in listed["allOf"][1]["properties"]["code"]["enum"]


async def test_endpoints_with_a_scope_and_no_others_ask_for_a_key() -> None:
    document = await _document()
    for path, item in document["paths"].items():
        for operation in item.values():
            assert (operation["security"] != []) == path.startswith("/v1/")
            assert ("401" in operation["responses"]) == path.startswith("/v1/")


async def test_every_post_takes_an_idempotency_key() -> None:
    document = await _document()
    for item in document["paths"].values():
        for method, operation in item.items():
            taken = "Idempotency-Key" in {each["name"] for each in operation["parameters"]}
            assert taken == (method == "post")


async def test_the_example_is_taken() -> None:
    document = await _document()
    async with running_api() as stage:
        for path in ("/v1/messages", "/v1/messages/batch"):
            example = document["paths"][path]["post"]["requestBody"]["content"]["application/json"]["example"]
            answer = await stage.ask("POST", path, example)
            assert answer.status == 202
            assert answer.json().get("refused", 0) == 0


async def test_unknown_fields_are_described_as_refused() -> None:
    schemas = (await _document())["components"]["schemas"]
    assert schemas["MessageRequest"]["additionalProperties"] is False
    assert schemas["BatchRequest"]["additionalProperties"] is False
    assert set(schemas["MessageRequest"]["required"]) == {"to", "from"}
    for name in ("MessageRequest", "SeveralRequest"):
        either = {"required": ["octets"]}, {"not": {"required": ["text"]}}, {"required": ["text"]}
        assert tuple(schemas[name][each] for each in ("if", "then", "else")) == either


async def test_the_page_names_every_operation_and_type() -> None:
    document = await _document()
    page = render_page(document).decode()
    for item in document["paths"].values():
        for operation in item.values():
            assert f'id="{operation["operationId"]}"' in page
    for name in document["components"]["schemas"]:
        assert f'id="{name}"' in page
    for item in document["webhooks"].values():
        assert f'id="{item["post"]["operationId"]}"' in page


@pytest.mark.parametrize("text", ["<script>", "&", '"'])
async def test_the_page_escapes_what_it_shows(text: str) -> None:
    document = json.loads(json.dumps(await _document()))
    document["info"]["title"] = text
    page = render_page(document).decode()
    assert f'<h1 id="start">{text}</h1>' not in page
    assert f'<h1 id="start">{escape(text)}</h1>' in page


async def test_every_success_has_a_sample_that_fits_its_type() -> None:
    document = await _document()
    schemas = document["components"]["schemas"]
    for path, item in document["paths"].items():
        for method, operation in item.items():
            for status, answer in operation["responses"].items():
                media = answer.get("content", {}).get("application/json")
                if media and int(status) < 300:
                    value = sample(media["schema"], schemas)
                    whole = media["schema"] | {"components": {"schemas": schemas}}
                    assert [str(each) for each in validator_for(whole).iter_errors(value)] == [], (method, path, status)
