"""From one node on a file to nodes on Redis, and back: nothing that a customer was told is lost."""

import asyncio
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.ledger.redis.packing import NEWEST
from gateway.tools.trial_site import Stage, StageFailed, staged
from tests.acceptance.client import customer_of
from tests.integration.key_places import PERSISTENT
from tests.integration.valkey_server import valkey
from tests.verbs import QuickStage


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with staged(QuickStage(tmp_path / "stage")) as prepared:
        yield prepared


@pytest.fixture
def shared(stage: Stage, tmp_path: Path) -> Iterator[Path]:
    """Settings like the stage's, with ledger and keys on a Redis each."""
    for name in ("ledger", "keys"):
        (tmp_path / name).mkdir()
    with valkey(tmp_path / "ledger", *PERSISTENT) as ledger, valkey(tmp_path / "keys", *PERSISTENT) as keys:
        text = (stage.folder / "gateway.toml").read_text()
        text = text.replace("[ledger]", f'[ledger]\nengine = "redis"\nredis.url = "{ledger}"')
        text = text.replace("[keystore]", f'[keystore]\nengine = "redis"\nredis.url = "{keys}"')
        text = text.replace("/root/root.key", "/root-shared/root.key")
        path = stage.folder / "shared.toml"
        path.write_text(text)
        yield path


async def said(stage: Stage, *words: str) -> Any:
    return await asyncio.to_thread(stage.command, *words)


async def test_a_gateway_moves_to_shared_stores_and_back(stage: Stage, shared: Path) -> None:
    own = stage.folder / "gateway.toml"
    there = ("--from", str(own), "--to", str(shared))
    async with customer_of(stage) as customer:
        done = await customer.send("before the move")
        await customer.reach(done, "delivered")
        later = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
        scheduled = await customer.send("to be sent after it", schedule_at=later, reference="order 7")
        with pytest.raises(StageFailed, match="nodes of the source run"):
            await said(stage, "ledger", "copy", *there)
        early = await said(stage, "ledger", "copy", *there, "--running")
        assert early["messages"] + early["left"] == 2
    assert await asyncio.to_thread(stage.stop_gateway) == 0

    copied = await said(stage, "ledger", "copy", *there)
    assert (copied["verified"], copied["different"], copied["left"], copied["events_missing"]) == (2, 0, 0, 0)
    keys = await said(stage, "keys", "copy", *there)
    assert keys["same"]
    with pytest.raises(StageFailed, match="not empty"):
        await said(stage, "keys", "copy", *there)

    stage._environ["CONNECT_GATEWAY_CONFIG"] = str(shared)
    await asyncio.to_thread(stage.start_gateway)
    async with customer_of(stage) as customer:
        assert (await customer.show(done))["status"] == "delivered"
        record = await customer.show(scheduled)
        assert (record["status"], record["reference"]) == ("accepted", "order 7")
        fresh = await customer.send("after the move")
        await customer.reach(fresh, "delivered")
        with pytest.raises(StageFailed, match="nodes of this key store run"):
            await said(stage, "keys", "copy", "--from", str(shared), "--to", str(own))
    assert await asyncio.to_thread(stage.stop_gateway) == 0

    os.rename(stage.ledger.parent, stage.folder / "data-before")
    back = await said(stage, "ledger", "copy", "--from", str(shared), "--to", str(own))
    assert (back["messages"], back["verified"], back["different"]) == (3, 3, 0)


async def test_the_format_is_shown_and_raised_beside_a_running_node(stage: Stage, shared: Path) -> None:
    await asyncio.to_thread(stage.stop_gateway)
    stage._environ["CONNECT_GATEWAY_CONFIG"] = str(shared)
    customer_id = (await said(stage, "customer", "add", "--name", "Trial", "--sender", "INTERKEY"))["customer"]
    stage.key = (await said(stage, "key", "add", customer_id))["key"]
    await asyncio.to_thread(stage.start_gateway)
    async with customer_of(stage) as customer:
        done = await customer.send("in the old format")
        await customer.reach(done, "delivered")
        found = await said(stage, "ledger", "format")
        assert (found["written"], found["newest"]) == (1, NEWEST)
        assert list(found["nodes"].values()) == [NEWEST]
        assert (await said(stage, "ledger", "format", "raise"))["written"] == NEWEST
        done = await customer.send("in the old format or the new")
        await customer.reach(done, "delivered")
        assert (await said(stage, "ledger", "format"))["written"] == NEWEST
    own = await said(stage, "ledger", "format", "--config", str(stage.folder / "gateway.toml"))
    assert (own["written"], own["nodes"]) == (own["newest"], {})


async def test_a_ledger_that_is_not_there_is_not_made(stage: Stage, shared: Path) -> None:
    missing = stage.folder / "missing.toml"
    missing.write_text(f'ledger.path = "{stage.folder}/none/ledger.db"\nkeystore.path = "{stage.folder}/no/keys.db"')
    with pytest.raises(StageFailed, match="there is no ledger"):
        await said(stage, "ledger", "copy", "--from", str(missing), "--to", str(shared))
    with pytest.raises(StageFailed, match="there is no key store"):
        await said(stage, "keys", "copy", "--from", str(missing), "--to", str(shared))
    with pytest.raises(StageFailed, match="the same ledger"):
        await said(stage, "ledger", "copy", "--from", str(shared), "--to", str(shared))
    assert not (stage.folder / "none").exists()
