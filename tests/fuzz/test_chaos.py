"""A customer who throws anything at a node ends nothing but what he threw; short here, long where marked slow."""

import json
from pathlib import Path

import aiohttp
import pytest

from tests.fuzz.chaos import SOUND, account_of, chaos
from tests.integration.smpp_stage import running_gateway


@pytest.mark.case("security-2")
@pytest.mark.case("security-4")
async def test_whatever_a_customer_throws_ends_nothing_else(tmp_path: Path) -> None:
    await chaos(tmp_path, seed=1, count=240)


@pytest.mark.slow
@pytest.mark.timeout(3_600)
@pytest.mark.parametrize("seed", [2, 3])
async def test_whatever_a_customer_throws_ends_nothing_else_at_length(tmp_path: Path, seed: int) -> None:
    await chaos(tmp_path, seed=seed, count=20_000)


@pytest.mark.case("security-9")
@pytest.mark.parametrize(
    "fault",
    [
        {"schedule_at": "9999-12-31T23:59:59-23:59"},
        {"schedule_at": "0001-01-01T00:00:00+23:59"},
        {"validity": 1 << 62},
        {"callback_url": "https://[::ffff:8.8.8.8%a..b]:8443/"},
        {"to": "+9" * 40},
        {"text": "\0"},
    ],
    ids=json.dumps,
)
async def test_a_batch_is_answered_item_by_item_whatever_stands_in_one(
    tmp_path: Path, fault: dict[str, object]
) -> None:
    async with running_gateway(tmp_path) as stage:
        _, token = await account_of(stage)
        url = f"http://127.0.0.1:{stage.node.fronts.http.listener.port}"
        async with aiohttp.ClientSession(url, headers={"Authorization": f"Bearer {token}"}) as session:
            messages = [SOUND, SOUND | fault, SOUND]
            async with session.post("/v1/messages/batch", json={"messages": messages}) as answer:
                said = await answer.json()
                assert answer.status == 202
            assert [each.get("error") is None for each in said["items"]] == [True, False, True]
            assert said["items"][1]["error"]["status"] == 400
            async with session.post("/v1/messages", json=SOUND | fault) as answer:
                assert answer.status == 400
        assert len(await stage.arrived(2)) == 2
