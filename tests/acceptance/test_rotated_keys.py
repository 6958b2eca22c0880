"""`connect-gateway keys rotate`, beside a gateway that runs: nothing that was promised is lost by it."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis

from gateway.tools.trial_site import Stage, StageFailed, staged
from tests.acceptance.client import customer_of, message, receiver, until_answered, until_endpoint_known
from tests.bounds import LIMIT_S
from tests.integration.key_places import PERSISTENT
from tests.integration.valkey_server import valkey
from tests.verbs import QuickStage

pytestmark = pytest.mark.case("privacy-10")

VARIABLES = "CONNECT_GATEWAY__KEYSTORE__"


@pytest.fixture(params=["file", "redis"])
def stage(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    """With its keys in either place."""
    if request.param == "file":
        with staged(QuickStage(tmp_path / "stage")) as prepared:
            yield prepared
        return
    with valkey(tmp_path, *PERSISTENT) as url, redis.Redis.from_url(url):
        monkeypatch.setenv(f"{VARIABLES}ENGINE", "redis")
        monkeypatch.setenv(f"{VARIABLES}REDIS__URL", url)
        with staged(QuickStage(tmp_path / "stage")) as prepared:
            yield prepared


async def said(stage: Stage, *words: str) -> Any:
    return await asyncio.to_thread(stage.command, *words)


async def test_a_customers_key_is_replaced_under_its_messages(stage: Stage) -> None:
    async with customer_of(stage) as customer, receiver() as hook:
        await said(stage, "webhook", "set", stage.customer, hook.url)
        await until_endpoint_known(customer, hook)
        await said(stage, "webhook", "set", stage.customer, hook.url, "--new-secret")
        before = await customer.send("sealed under the key of before", reference="order 7")
        for round_ in (1, 2):
            answer = await said(stage, "keys", "rotate", "customer", stage.customer)
            assert answer == {"customer": stage.customer, "rotated": True, "former": round_}
        after = await customer.send("sealed under the key of now", reference="order 8")
        assert (await customer.reach(before))["status"] == "delivered"
        assert (await customer.reach(after))["status"] == "delivered"
        await hook.until_told([before, after])
        _, shown, _ = await customer.ask("GET", f"/v1/messages/{before}")
        assert (shown["reference"], shown["status"]) == ("order 7", "delivered")
        for id_, text in ((before, "again"), (after, "once more")):
            assert id_ != await customer.send(text)
    status = await said(stage, "keys", "status")
    assert status["retired"] == 2
    named = await said(stage, "keys", "status", "--all")
    assert sum(each["family"] == "retired" for each in named) == 2
    assert b"integrity" not in stage.log.read_bytes()
    assert b"unreadable" not in stage.log.read_bytes()


async def peppers(stage: Stage) -> dict[str, int]:
    """What each key is under, by its prefix."""
    return {each["prefix"]: each["pepper"] for each in await said(stage, "key", "list")}


async def test_keys_move_to_the_new_pepper_when_they_are_used(stage: Stage) -> None:
    spare, unused = [await said(stage, "key", "add", stage.customer, "--scope", "status") for _ in range(2)]
    async with customer_of(stage) as customer, customer_of(stage, spare["key"]) as other:
        await until_answered(other, 200)
        rotated = await said(stage, "keys", "rotate", "credentials")
        assert rotated == {"pepper": 1, "keys": {"0": 3}}
        assert set((await peppers(stage)).values()) == {0}
        async with asyncio.timeout(LIMIT_S):
            while set((await peppers(stage)).values()) != {0, 1} or (await peppers(stage))[spare["prefix"]] != 1:
                for each in (customer, other):
                    assert (await each.ask("GET", "/v1/messages"))[0] == 200, "let in all the time"
        assert (await peppers(stage))[unused["prefix"]] == 0, "nobody but its owner has the key"
        made = await said(stage, "key", "add", stage.customer, "--scope", "status")
        assert (await peppers(stage))[made["prefix"]] == 1
        for key in (unused, made):
            async with customer_of(stage, key["key"]) as third:
                await until_answered(third, 200)
        named = {each["name"] for each in await said(stage, "keys", "status", "--all")}
        assert {"0/credential/0", "0/credential/1"} <= named
        assert (await customer.ask("POST", "/v1/messages", json=message("with a key that moved")))[0] == 202


async def test_a_rotation_that_means_nothing_is_refused(stage: Stage) -> None:
    for words in (("customer",), ("root", stage.customer), ("credentials", stage.customer)):
        with pytest.raises(StageFailed, match="customer_misplaced"):
            await said(stage, "keys", "rotate", *words)
    with pytest.raises(StageFailed, match="unknown_customer"):
        await said(stage, "keys", "rotate", "customer", "cus_0123456789abcdef")
