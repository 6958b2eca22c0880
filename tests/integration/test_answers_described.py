"""Every answer that the gateway gives is one that its description has: what a generated client can read."""

from pathlib import Path
from typing import Any

import pytest
from jsonschema_rs import validator_for

from config.settings import HttpSettings
from gateway.accounts.content_rules import parse_rules
from gateway.accounts.settings import CustomerSettings, stored_form
from gateway.model.message import Status
from tests.integration.road_api import EVERY, api_on_road
from tests.unit.gateway.delivery.test_mobile_originated import OURS, from_a_person
from tests.unit.gateway.stage import BODY, Answer, Stage, api_key, customer, until

pytestmark = pytest.mark.case("interfaces-14")

SEND = ("POST", "/v1/messages")
CHECK = ("POST", "/v1/messages/check")
SEVERAL = ("POST", "/v1/messages/batch")
IBAN = "SA0380000000608010167519"
KEY = [("Idempotency-Key", "k")]


async def check(stage: Stage, method: str, path: str, answer: Answer, route: str | None = None) -> None:
    """Against the description that this gateway serves."""
    document = (await stage.get("/openapi.json", token=None)).json()
    responses = document["paths"][route or path.partition("?")[0]][method.lower()]["responses"]
    described = responses[str(answer.status)]["content"][answer.headers["content-type"]]["schema"]
    validator_for({**described, "components": document["components"]}).validate(answer.json())


def settings() -> bytes:
    rules = parse_rules(["iban=block"], {})
    return stored_form(CustomerSettings(senders={"INTERKEY": ()}, content=rules))


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({}, None),
        ({"schedule_at": "2027-01-16T08:00:00Z"}, None),
        ({"to": "+966112345678"}, None),
        ({"text": f"Pay to {IBAN}"}, "content_blocked"),
        ({"to": "none"}, "invalid_number"),
        ({"from": "STRANGER"}, "sender_not_registered"),
        ({"from": "a"}, "invalid_sender"),
        ({"text": "x" * 5_000}, "text_too_long"),
        ({"text": "a\x00b"}, "forbidden_character"),
        ({"text": ""}, "empty_field"),
        ({"text": " \u200b"}, "empty_field"),
        ({"class": "spam"}, "invalid_class"),
        ({"validity": 0}, "invalid_validity"),
        ({"schedule_at": "tomorrow"}, "invalid_schedule"),
        ({"retention": "otp"}, "invalid_retention"),
        ({"callback_url": "ftp://example.com"}, "invalid_url"),
        ({"reference": "x" * 300}, "field_too_long"),
        ({"colour": "blue"}, "unknown_field"),
        ({"validity": "long"}, "wrong_type"),
    ],
)
async def test_a_message_taken_or_refused_is_described(
    tmp_path: Path, changes: dict[str, Any], code: str | None
) -> None:
    async with api_on_road(tmp_path, customers=[customer(settings=settings())]) as (stage, _):
        body = {**BODY, **changes}
        answer = await stage.post(body)
        assert (answer.json().get("code")) == code
        await check(stage, *SEND, answer)
        several = await stage.ask(*SEVERAL, {"messages": [BODY, body]})
        assert several.status == 202
        await check(stage, *SEVERAL, several)


@pytest.mark.parametrize(("changes", "outcome"), [({}, "accepted"), ({"from": "STRANGER"}, "refused")])
async def test_what_is_said_of_a_message_that_is_not_sent_is_described(
    tmp_path: Path, changes: dict[str, Any], outcome: str
) -> None:
    async with api_on_road(tmp_path) as (stage, road):
        answer = await stage.ask(*CHECK, {**BODY, **changes})
        assert (answer.status, answer.json()["outcome"]) == (200, outcome)
        await check(stage, *CHECK, answer)
        assert road.journal.operations == 0
        for more in ({"raw": b"["}, {"token": None}):
            await check(stage, *CHECK, await stage.ask(*CHECK, **more))


async def test_repeats_and_what_is_no_repeat_are_described(tmp_path: Path) -> None:
    async with api_on_road(tmp_path) as (stage, _):
        for body in (BODY, BODY, {**BODY, "to": "+966500000079"}):
            await check(stage, *SEND, await stage.post(body, headers=KEY))
            await check(stage, *SEVERAL, await stage.ask(*SEVERAL, {"messages": [body]}, headers=KEY))


async def test_refusals_of_a_whole_request_are_described(tmp_path: Path) -> None:
    keys = [api_key(classes=EVERY, daily_quota=1), api_key(token="o" * 20, scopes=("operators",), prefix="2")]
    async with api_on_road(tmp_path, keys=keys, settings=HttpSettings(port=0, max_batch=2)) as (stage, _):
        odd: list[dict[str, Any]] = [{"raw": b"["}]
        odd += [{"content_type": "text/plain"}, {"token": None}, {"token": "o" * 20}]
        for more in odd:
            await check(stage, *SEND, await stage.post(**more))
            await check(stage, *SEVERAL, await stage.ask(*SEVERAL, {"messages": [BODY]}, **more))
        for messages in ([], [BODY] * 3):
            await check(stage, *SEVERAL, await stage.ask(*SEVERAL, {"messages": messages}))
        assert (await stage.post()).status == 202
        await check(stage, *SEND, await stage.post())
        await check(stage, "GET", "/v1/messages?limit=x", await stage.get("/v1/messages?limit=x"))
        await check(stage, "GET", "/readyz", await stage.get("/readyz", token=None))


async def test_nodes_without_keys_or_ledger_answer_as_described(tmp_path: Path) -> None:
    async with api_on_road(tmp_path) as (stage, road):
        road.journal.available = False
        answer = await stage.post()
        assert answer.code == "ledger_unavailable"
        await check(stage, *SEND, answer)
        road.journal.available = True
        road.store.state.withhold()
        for body in (BODY, {**BODY, "reference": "order 1"}):
            answer = await stage.post(body)
            assert answer.code == "keys_unavailable"
            await check(stage, *SEND, answer)
            await check(stage, *SEVERAL, await stage.ask(*SEVERAL, {"messages": [body]}))


@pytest.mark.case("interfaces-15")
async def test_records_in_both_directions_are_described(tmp_path: Path) -> None:
    async with api_on_road(tmp_path) as (stage, road):
        sent = (await stage.post()).json()["id"]
        road.owners["90909", ""] = OURS
        road.sort([from_a_person("STOP")])
        await until(lambda: road.acknowledged())
        await road.becomes(bytes.fromhex(sent), Status.SUBMITTED)
        page = await stage.get("/v1/messages")
        await check(stage, "GET", "/v1/messages", page)
        records = {each["direction"]: each for each in page.json()["messages"]}
        assert records["inbound"]["from"].startswith("+966")
        assert "to" not in records["inbound"]
        assert records["outbound"]["to"] == "+966•••••••78"
        assert "from" not in records["outbound"]
        for each in records.values():
            shown = await stage.get(f"/v1/messages/{each['id']}")
            assert shown.json() == each
            await check(stage, "GET", f"/v1/messages/{each['id']}", shown, "/v1/messages/{id}")
            gone = await stage.ask("DELETE", f"/v1/messages/{each['id']}")
            await check(stage, "DELETE", f"/v1/messages/{each['id']}", gone, "/v1/messages/{id}")


async def test_the_description_is_complete_for_clients(tmp_path: Path) -> None:
    async with api_on_road(tmp_path) as (stage, _):
        document = (await stage.get("/openapi.json", token=None)).json()
    schemas = document["components"]["schemas"]
    assert document["info"]["license"]["name"]
    assert schemas["BatchRequest"]["properties"]["messages"]["items"] == {"$ref": "#/components/schemas/MessageRequest"}
    for name in ("MessageAccepted", "MessageView"):
        fields = schemas[name]["properties"]
        assert all("enum" in fields[field] for field in ("status", "encoding", "class"))
        assert all(each["format"] == "date-time" for field, each in fields.items() if field.endswith("_at"))
    for path, item in document["paths"].items():
        for operation in item.values():
            assert operation["security"] == ([{"key": []}] if path.startswith("/v1/") else [])
