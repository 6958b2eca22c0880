"""One message to several recipients in one request: each is judged and answered on its own, over either lane."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema_rs import validator_for

from tests.integration.road_api import EVERY, api_on_road
from tests.unit.gateway.stage import Answer, Stage, api_key

FIRST, SECOND = "+966500000078", "+966500000079"
MESSAGE = {"from": "INTERKEY", "text": "hello", "class": "otp"}
UNUSUAL = [("Accept-Language", "ar"), ("Connection", "close")]


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with api_on_road(tmp_path, keys=(api_key(classes=EVERY, throughput_per_s=1_000.0),)) as (stage, _):
        yield stage


async def send(stage: Stage, to: Any, **more: Any) -> Answer:
    headers = more.pop("headers", [])
    return await stage.ask("POST", "/v1/messages", {"to": to, **MESSAGE, **more}, headers=headers)


async def stored(stage: Stage) -> list[Any]:
    found: list[Any] = (await stage.get("/v1/messages?limit=100")).json()["messages"]
    return found


@pytest.mark.parametrize("headers", [[], UNUSUAL])
async def test_each_recipient_is_answered_in_its_place(stage: Stage, headers: list[tuple[str, str]]) -> None:
    answer = await send(stage, [FIRST, "nobody", SECOND, "0500000078", "", FIRST], headers=headers)
    said = answer.json()
    assert (answer.status, said["accepted"], said["refused"], said["duplicates"]) == (202, 2, 2, 2)
    first, none, second, spelled, empty, again = said["items"]
    assert {first["message"]["id"], second["message"]["id"]} == {each["id"] for each in await stored(stage)}
    assert (first["message"]["to"], second["message"]["to"]) == ("+966•••••••78", "+966•••••••79")
    assert (none["error"]["code"], none["error"]["field"]) == ("invalid_number", "to[1]")
    assert (empty["error"]["code"], empty["error"]["field"]) == ("empty_field", "to[4]")
    assert (spelled, again) == ({"duplicate_of": 0}, {"duplicate_of": 0})
    assert "RateLimit-Remaining".lower() in answer.headers
    document = (await stage.get("/openapi.json", token=None)).json()
    described = document["paths"]["/v1/messages"]["post"]["responses"]["202"]["content"]["application/json"]["schema"]
    validator_for({**described, "components": document["components"]}).validate(said)


async def test_one_idempotency_key_covers_all_of_them(stage: Stage) -> None:
    key = [("Idempotency-Key", "k")]
    first = (await send(stage, [FIRST, SECOND], headers=key)).json()
    again = (await send(stage, [FIRST, FIRST, SECOND], headers=key)).json()
    ids = [each["message"]["id"] for each in first["items"]]
    assert [each["message"]["id"] for each in again["items"] if "message" in each] == ids
    assert [each.get("replayed", False) for each in again["items"]] == [True, False, True]
    assert (await send(stage, [SECOND], headers=key)).code == "idempotency_key_reused"
    assert (await send(stage, FIRST, headers=key)).status == 202
    assert len(await stored(stage)) == 3


async def test_a_fault_of_the_message_refuses_the_whole_request(stage: Stage) -> None:
    faults: tuple[tuple[Any, dict[str, Any], str, str | None], ...] = (
        ([], {}, "empty_field", "to"),
        (["+966500000078"] * 1_001, {}, "batch_too_long", "to"),
        ([FIRST, 7], {}, "wrong_type", "to[1]"),
        ([[FIRST]], {}, "wrong_type", "to[0]"),
        ([None], {}, "wrong_type", "to[0]"),
        ({"0": FIRST}, {}, "wrong_type", "to"),
        (None, {}, "wrong_type", "to"),
        ([FIRST], {"colour": "blue"}, "unknown_field", "colour"),
        ([FIRST], {"validity": "long"}, "wrong_type", "validity"),
        ([FIRST], {"text": None}, "wrong_type", "text"),
    )
    for to, more, code, field in faults:
        answer = await send(stage, to, **more)
        assert (answer.status, answer.code, answer.json().get("field")) == (400, code, field), (to, more)
    raw = json.dumps({"to": [FIRST], **MESSAGE})[:-1] + ', "to": ["+966500000079"]}'
    assert (await stage.ask("POST", "/v1/messages", raw=raw.encode())).code == "malformed_json"
    assert not await stored(stage)
    assert stage.admission.inflight == 0


async def test_a_request_of_which_nothing_is_taken_is_refused_as_its_first(stage: Stage) -> None:
    refused = await send(stage, [FIRST, SECOND], **{"from": "STRANGER"})
    assert (refused.status, refused.code, refused.json()["field"]) == (403, "sender_not_registered", "from")
    refused = await send(stage, ["nobody", "", "none"])
    assert (refused.status, refused.code, refused.json()["field"]) == (400, "invalid_number", "to[0]")
    marked = json.dumps({"to": [FIRST], **MESSAGE}).encode()
    answer = await stage.ask("POST", "/v1/messages", raw=b"\xef\xbb\xbf" + marked)
    assert (answer.status, answer.json()["accepted"]) == (202, 1)


async def test_lists_count_against_the_throughput_as_single_messages_do(tmp_path: Path) -> None:
    async with api_on_road(tmp_path, keys=(api_key(classes=EVERY, daily_quota=2),)) as (stage, _):
        three = await send(stage, [FIRST, SECOND, "+966500000077"])
        assert (three.status, three.code) == (429, "quota_exceeded")
        assert (await send(stage, [FIRST, SECOND])).json()["accepted"] == 2
        assert (await send(stage, [FIRST])).code == "quota_exceeded"
        assert stage.admission.inflight == 0
