"""A customer reports whether its codes were entered."""

import asyncio

from tests.unit.gateway.stage import running_api

UNKNOWN = "0" * 32


async def test_the_owner_of_a_message_reports_its_outcome_as_often_as_it_likes() -> None:
    async with running_api() as stage:
        identifier = (await stage.post()).json()["id"]
        path = f"/v1/messages/{identifier}/outcome"
        for outcome in ("confirmed", "failed"):
            answer = await stage.ask("POST", path, {"outcome": outcome})
            assert (answer.status, answer.json()) == (200, {"outcome": outcome})
        assert [(each[1].hex(), each[2]) for each in stage.outcomes] == [(identifier, True), (identifier, False)]


async def test_what_is_no_report_is_refused_and_counts_nothing() -> None:
    async with running_api() as stage:
        identifier = (await stage.post()).json()["id"]
        path = f"/v1/messages/{identifier}/outcome"
        refused = await asyncio.gather(
            stage.ask("POST", f"/v1/messages/{UNKNOWN}/outcome", {"outcome": "confirmed"}),
            stage.ask("POST", "/v1/messages/7/outcome", {"outcome": "confirmed"}),
            stage.ask("POST", path, {"outcome": "maybe"}),
            stage.ask("POST", path, {}),
            stage.ask("POST", path, {"outcome": "failed", "number": "966500000078"}),
            stage.ask("POST", path, {"outcome": "failed"}, token=None),
        )
        assert [each.status for each in refused] == [404, 404, 400, 400, 400, 401]
        assert not any(b"966500000078" in each.body for each in refused)
        assert not stage.outcomes
