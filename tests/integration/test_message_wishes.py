"""What customers ask of messages they have sent: narrowed lists, and that nothing sealed is left of one."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from gateway.audit.entries import read_entry
from gateway.http_api.listing import MAX_WALKS, Lister, wanted
from gateway.ledger.contract import Page
from gateway.model.message import Status
from gateway.model.refusals import Refusal
from redaction.errors import SealError
from tests.integration.road_api import EVERY, api_on_road
from tests.unit.gateway.road import Road
from tests.unit.gateway.stage import BODY, Stage, api_key

EMPTY = {"content_destroyed": True}
NUMBERS = [f"+96650000007{digit}" for digit in range(3)]


async def _sent(stage: Stage, road: Road, **fields: Any) -> str:
    answer = await stage.ask("POST", "/v1/messages", {**BODY, "class": "transactional", **fields})
    assert answer.status == 202
    road.clock.advance(1.0)
    return str(answer.json()["id"])


async def _ids(stage: Stage, query: str) -> list[str]:
    answer = await stage.get(f"/v1/messages?{query}")
    assert answer.status == 200, answer.body
    return [each["id"] for each in answer.json()["messages"]]


async def test_a_list_is_narrowed_by_time_class_reference_direction_and_number(tmp_path: Path) -> None:
    async with api_on_road(tmp_path) as (stage, road):
        first = await _sent(stage, road, to=NUMBERS[0], reference="order 1")
        second = await _sent(stage, road, to=NUMBERS[1], **{"class": "promotional"})
        third = await _sent(stage, road, to=NUMBERS[0], reference="order 2")
        await road.settled()
        accepted = (await stage.get(f"/v1/messages/{third}")).json()["accepted_at"].replace("+", "%2B")
        assert await _ids(stage, f"until={accepted}") == [second, first]
        assert await _ids(stage, "class=promotional") == [second]
        assert await _ids(stage, "reference=order%201") == [first]
        assert await _ids(stage, "reference=order%201&class=promotional") == []
        assert await _ids(stage, "direction=outbound") == [third, second, first]
        assert await _ids(stage, "direction=inbound") == []
        assert await _ids(stage, "recipient=%2B966500000070") == [third, first]
        assert await _ids(stage, "recipient=0500000070&reference=order%202") == [third]
        assert await _ids(stage, f"recipient=%2B966500000070&until={accepted}") == [first]
        assert await _ids(stage, "recipient=%2B966500000079") == []


async def test_a_narrowed_list_goes_on_from_page_to_page(tmp_path: Path) -> None:
    async with api_on_road(tmp_path) as (stage, road):
        sent = [await _sent(stage, road, to=NUMBERS[at % 2], reference=f"r{at % 2}") for at in range(10)]
        for query in ("reference=r0", "recipient=%2B966500000070"):
            seen: list[str] = []
            path: str | None = f"/v1/messages?limit=2&{query}"
            while path is not None:
                page = (await stage.get(path)).json()
                assert len(page["messages"]) <= 2
                assert ("complete_since" in page) is query.startswith("recipient")
                seen += [each["id"] for each in page["messages"]]
                path = page["cursor"] and f"/v1/messages?limit=2&{query}&cursor={page['cursor']}"
            assert seen == [sent[at] for at in (8, 6, 4, 2, 0)]


@pytest.mark.policy("P-26")
async def test_a_search_by_number_is_in_the_audit_log_without_the_number(tmp_path: Path) -> None:
    async with api_on_road(tmp_path) as (stage, road):
        await _sent(stage, road, to=NUMBERS[0])
        await _ids(stage, "recipient=%2B966500000070")
        (entry,) = [each.octets for each in await road.ledger.acts.pending(10)]
        said = read_entry(entry)
        assert (said["act"], said["what"]) == ("message.find", "number")
        assert b"500000070" not in entry
        refused = await stage.get("/v1/messages?recipient=canary")
        assert (refused.code, refused.json()["field"]) == ("invalid_number", "recipient")


async def test_a_customer_has_few_walks_through_its_records_at_a_time(tmp_path: Path) -> None:
    async with api_on_road(tmp_path) as (stage, road):
        sent = await _sent(stage, road, reference="order 1")
        lister = Lister(road.ledger.messages, lambda _: "order 1", road.clock.monotonic)
        asked = wanted({"reference": "order 1"})
        found = await asyncio.gather(*(lister.page(1, asked) for _ in range(MAX_WALKS + 1)), return_exceptions=True)
        assert [each.code for each in found if isinstance(each, Refusal)] == ["overloaded"]
        for page in (*found[:MAX_WALKS], await lister.page(1, asked)):
            assert isinstance(page, Page)
            assert [each.id.hex() for each in page.messages] == [sent]


async def test_what_is_sealed_of_a_message_is_destroyed_once_it_is_final(tmp_path: Path) -> None:
    async with api_on_road(tmp_path, down=["loop"]) as (stage, road):
        sent, other = await _sent(stage, road, reference="order 1"), await _sent(stage, road)
        path = f"/v1/messages/{sent}"
        assert (await stage.ask("PATCH", path, EMPTY)).code == "not_final"
        assert (await stage.ask("DELETE", path)).status == 200
        await road.settled()
        answer = await stage.ask("PATCH", path, EMPTY)
        assert answer.status == 200, answer.body
        assert answer.json()["privacy"]["content_destroyed"] is True
        assert (await stage.get(path)).json() == answer.json()
        assert "reference" not in answer.json()
        emptied = await road.stored(bytes.fromhex(sent))
        assert (emptied.status, emptied.content, emptied.private) == (Status.CANCELLED, None, None)
        with pytest.raises(SealError):
            road.vault.open_content(emptied)
        assert (await road.stored(bytes.fromhex(other))).content is not None
        assert (await stage.ask("PATCH", path, EMPTY)).json() == answer.json()
        said = [read_entry(each.octets) for each in await road.ledger.acts.pending(10)]
        assert [(each["act"], each["obj"], each["res"]) for each in said] == [
            ("message.empty", f"msg_{sent}", "intent"),
            ("message.empty", f"msg_{sent}", "ok"),
        ]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "missing_field"),
        ({"content_destroyed": False}, "wrong_type"),
        ({"content_destroyed": True, "text": ""}, "unknown_field"),
        ([], "not_an_object"),
    ],
)
async def test_nothing_else_of_a_message_can_be_changed(tmp_path: Path, body: Any, code: str) -> None:
    async with api_on_road(tmp_path) as (stage, road):
        path = f"/v1/messages/{await _sent(stage, road)}"
        assert (await stage.ask("PATCH", path, body)).code == code
        assert (await stage.ask("PATCH", f"/v1/messages/{'0' * 32}", EMPTY)).code == "not_found"


async def test_emptying_asks_for_the_scope_that_sends(tmp_path: Path) -> None:
    async with api_on_road(tmp_path, keys=[api_key(classes=EVERY, scopes=("status",))]) as (stage, _):
        assert (await stage.ask("PATCH", f"/v1/messages/{'0' * 32}", EMPTY)).code == "scope_missing"
