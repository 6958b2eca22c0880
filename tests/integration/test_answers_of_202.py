"""What the answer to a new message says of it: its class, when it is sent, and when it is given up."""

from pathlib import Path

import pytest

from tests.integration.road_api import api_on_road
from tests.unit.gateway.stage import BODY

NOW = "2027-01-15T08:00:00.000Z"


@pytest.mark.case("interfaces-8")
@pytest.mark.case("texts-12")
@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, {"class": "otp", "expires_at": "2027-01-15T08:10:00.000Z"}),
        ({"validity": 86_400}, {"class": "transactional", "expires_at": "2027-01-16T08:00:00.000Z"}),
        (
            {"schedule_at": "2027-01-16T11:00:00+03:00"},
            {
                "class": "transactional",
                "scheduled_at": "2027-01-16T08:00:00.000Z",
                "expires_at": "2027-01-17T08:00:00.000Z",
            },
        ),
        ({"schedule_at": "2027-01-15T07:59:00Z"}, {"expires_at": "2027-01-16T08:00:00.000Z"}),
    ],
)
async def test_the_answer_says_what_was_made_of_a_message(
    tmp_path: Path, changes: dict[str, object], said: dict[str, str]
) -> None:
    async with api_on_road(tmp_path) as (stage, _):
        told = (await stage.post({**BODY, **changes})).json()
        assert {name: told[name] for name in said} == said
        assert ("scheduled_at" in told) == ("scheduled_at" in said)
        shown = (await stage.get(f"/v1/messages/{told['id']}")).json()
        assert shown.get("scheduled_at") == told.get("scheduled_at")


@pytest.mark.case("texts-11")
@pytest.mark.parametrize(
    "zero",
    ["0001-01-01T00:00:00+03:00", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59-03:00", "1448-09-01T21:00:00+03:00"],
)
async def test_a_date_that_is_none_is_refused_item_by_item(tmp_path: Path, zero: str) -> None:
    async with api_on_road(tmp_path) as (stage, road):
        answer = await stage.post({**BODY, "schedule_at": zero})
        assert (answer.status, answer.code) == (400, "invalid_schedule")
        batch = {"messages": [BODY, {**BODY, "schedule_at": zero}, BODY]}
        told = (await stage.ask("POST", "/v1/messages/batch", batch)).json()
        assert ["error" in item for item in told["items"]] == [False, True, False]
        assert told["items"][1]["error"]["field"] == "messages[1].schedule_at"
        await road.settled()
        assert len(road.submitted) == 2
