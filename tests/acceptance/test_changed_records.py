"""A record that somebody changes in the file of a running gateway is gone for everybody, and its operator is told."""

import asyncio
import contextlib
import json
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest

from gateway.tools.trial_site import Stage, staged
from tests.acceptance.client import Customer, customer_of
from tests.bounds import LIMIT_S
from tests.verbs import QuickStage

pytestmark = pytest.mark.case("privacy-5")


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with staged(QuickStage(tmp_path / "stage")) as prepared:
        yield prepared


def change(stage: Stage, change: str, identifier: str) -> None:
    with contextlib.closing(sqlite3.connect(stage.ledger, timeout=LIMIT_S)) as file, file:
        assert file.execute(f"UPDATE message SET {change} WHERE id = ?", (bytes.fromhex(identifier),)).rowcount == 1


def stored(stage: Stage) -> set[str]:
    with contextlib.closing(sqlite3.connect(stage.ledger, timeout=LIMIT_S)) as file:
        return {row[0].hex() for row in file.execute("SELECT id FROM message")}


def logged(stage: Stage, event: str) -> list[dict[str, str]]:
    return [said for line in stage.log.read_text().splitlines() if (said := json.loads(line))["event"] == event]


async def counted(stage: Stage) -> dict[str, float]:
    port = int(logged(stage, "metrics")[-1]["port"])
    async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{port}/metrics") as answer:
        shown = await answer.text()
    found = re.findall(r'^gateway_integrity_errors_total\{field="(\w+)"\} (\S+)', shown, re.MULTILINE)
    return {field: float(count) for field, count in found}


async def status_of(customer: Customer, identifier: str) -> int:
    return (await customer.ask("GET", f"/v1/messages/{identifier}"))[0]


async def test_a_changed_record_is_not_shown_counted_and_gone(stage: Stage) -> None:
    async with customer_of(stage) as customer:
        kept, *changed = await customer.send_all(["kept", "longer", "untagged", "forwarded"])
        await customer.reach_all([kept, *changed])
        changes = ("record_until_ms = 2082758400000", "record_tag = x''", "disclosure = 0")
        for each, what in zip(changed, changes, strict=True):
            await asyncio.to_thread(change, stage, what, each)
        assert [await status_of(customer, each) for each in (kept, *changed)] == [200, 404, 404, 404]
        assert await counted(stage) == {"record": 3}
    assert [(each["field"], each["message_id"]) for each in logged(stage, "integrity_error")] == [
        ("record", each) for each in changed
    ]
    assert await asyncio.to_thread(stage.stop_gateway) == 0
    assert stored(stage) == {kept}


async def test_records_stay_right_over_restarts(stage: Stage) -> None:
    async with customer_of(stage) as customer:
        first = await customer.send("before")
        await customer.reach(first)
        await asyncio.to_thread(stage.kill_gateway)
        await asyncio.to_thread(stage.start_gateway)
        second = await customer.send("after")
        await customer.reach_all([first, second])
    assert logged(stage, "integrity_error") == []
