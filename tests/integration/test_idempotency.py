"""Idempotency-Key: what it covers, and what it does not stand for."""

from pathlib import Path

import pytest

from tests.integration.road_api import api_on_road
from tests.unit.gateway.stage import BODY

pytestmark = pytest.mark.case("interfaces-6")

KEY = [("Idempotency-Key", "order 7")]
SEVERAL = "/v1/messages/batch"
DAY_S = 24 * 3600


async def test_a_batch_under_a_key_that_a_message_used_is_another_request(tmp_path: Path) -> None:
    async with api_on_road(tmp_path) as (stage, road):
        alone = (await stage.post(headers=KEY)).json()["id"]
        told = (await stage.ask("POST", SEVERAL, {"messages": [BODY, BODY]}, headers=KEY)).json()
        ids = {alone, *(item["message"]["id"] for item in told["items"])}
        assert (told["accepted"], len(ids)) == (2, 3)
        await road.settled()
        assert len(road.submitted) == 3


@pytest.mark.parametrize(
    "changes",
    [
        {"to": "+966500000079"},
        {"class": "transactional"},
        {"text": "رمزك 1234"},
        {"text": "Your code is 1234. " + "x" * 160},
    ],
    ids=["recipient", "class", "encoding", "segments"],
)
@pytest.mark.parametrize("several", [False, True], ids=["message", "batch"])
async def test_a_key_that_comes_again_with_another_message_is_refused(
    tmp_path: Path, changes: dict[str, str], several: bool
) -> None:
    async with api_on_road(tmp_path) as (stage, road):
        first, other = BODY, {**BODY, **changes}
        if several:
            await stage.ask("POST", SEVERAL, {"messages": [first, first]}, headers=KEY)
            told = (await stage.ask("POST", SEVERAL, {"messages": [first, other]}, headers=KEY)).json()
            assert (told["accepted"], told["refused"]) == (1, 1)
            assert told["items"][1]["error"]["code"] == "idempotency_key_reused"
        else:
            await stage.post(first, headers=KEY)
            answer = await stage.post(other, headers=KEY)
            assert (answer.status, answer.code) == (422, "idempotency_key_reused")
        await road.settled()
        assert len(road.submitted) == 1 + several


@pytest.mark.parametrize("spelled", ["00966500000078", "0500000078", "+966 50 000 0078"])
async def test_another_spelling_of_the_recipient_is_the_same(tmp_path: Path, spelled: str) -> None:
    async with api_on_road(tmp_path) as (stage, _):
        first = await stage.post(headers=KEY)
        again = await stage.post({**BODY, "to": spelled}, headers=KEY)
        assert (again.status, again.json()["id"]) == (202, first.json()["id"])
        assert again.headers["idempotent-replayed"] == "true"


async def test_a_repeat_stays_one_where_the_pseudonyms_have_changed(tmp_path: Path) -> None:
    async with api_on_road(tmp_path) as (stage, road):
        first = await stage.post(headers=KEY)
        await road.settled()
        road.clock.advance(DAY_S - 60)
        road.keyring.ensure_present()
        again = await stage.post(headers=KEY)
        assert again.json()["id"] == first.json()["id"]


@pytest.mark.case("privacy-10")
@pytest.mark.parametrize("first_s", [-DAY_S / 2, -61, -59, -0.001, 0, 59, 61])
@pytest.mark.parametrize("later_s", [0.002, 30, 62, 3600, DAY_S - 1])
async def test_a_repeat_is_found_over_the_turn_of_an_epoch(tmp_path: Path, first_s: float, later_s: float) -> None:
    """first_s: when the first comes, after a turn; later_s: its repeat, after it."""
    async with api_on_road(tmp_path) as (stage, road):
        road.clock.advance(2 * DAY_S - road.clock.now_ms() / 1000 % DAY_S + first_s)
        road.keyring.ensure_present()
        first = await stage.post(headers=KEY)
        await road.settled()
        road.clock.advance(later_s)
        road.keyring.ensure_present()
        again = await stage.post(headers=KEY)
        assert again.json()["id"] == first.json()["id"]
        assert again.headers["idempotent-replayed"] == "true"


@pytest.mark.case("privacy-10")
async def test_a_key_is_free_after_a_day(tmp_path: Path) -> None:
    async with api_on_road(tmp_path) as (stage, road):
        first = await stage.post(headers=KEY)
        road.clock.advance(DAY_S)
        road.keyring.ensure_present()
        again = await stage.post(headers=KEY)
        assert again.json()["id"] != first.json()["id"]


async def test_the_repeats_of_a_batch_are_marked_item_by_item(tmp_path: Path) -> None:
    async with api_on_road(tmp_path) as (stage, _):
        first = (await stage.ask("POST", SEVERAL, {"messages": [BODY]}, headers=KEY)).json()
        again = (await stage.ask("POST", SEVERAL, {"messages": [BODY, BODY]}, headers=KEY)).json()
        assert "replayed" not in first["items"][0]
        assert [item.get("replayed", False) for item in again["items"]] == [True, False]
        assert again["items"][0]["message"]["id"] == first["items"][0]["message"]["id"]
