"""`connect-gateway retention` and `keys`, as an administrator uses them beside a gateway and without one."""

import asyncio
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.tools.trial_site import Stage, StageFailed, staged
from tests.acceptance.client import Customer, customer_of, message
from tests.bounds import LIMIT_S
from tests.verbs import QuickStage

TAGS = ["discard", "otp", "promotional", "transactional"]
RULES = """
[sweeper]
interval_s = 3600
[[retention]]
tag = "transactional"
content_after_final_s = 0
content_limit_s = 86400
record_s = 86400
"""


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with staged(QuickStage(tmp_path / "stage", more=RULES)) as prepared:
        yield prepared


async def said(stage: Stage, *words: str) -> Any:
    return await asyncio.to_thread(stage.command, *words)


@pytest.mark.policy("P-21")
async def test_what_is_due_is_shown_beside_a_gateway_and_forgotten_when_it_is_stopped(stage: Stage) -> None:
    async with customer_of(stage) as customer:
        shortened = await said(stage, "retention", "policy", stage.customer, "transactional", "--record", "1")
        assert (shortened["record_s"], shortened["content_limit_s"]) == (1, 1)
        with pytest.raises(StageFailed, match="running gateway"):
            await said(stage, "retention", "run")
        assert [each["tag"] for each in await said(stage, "retention", "due")] == TAGS
        await until_gone(customer, await send_shortened(customer))
    overdue = {each["tag"]: each for each in await said(stage, "retention", "due")}
    assert overdue["transactional"]["records"] == 1
    assert overdue["transactional"]["lag_s"] >= 0
    assert await asyncio.to_thread(stage.stop_gateway) == 0
    swept = await said(stage, "retention", "run")
    assert (swept["records"], swept["due"]) == (1, 0)
    (row,) = await said(stage, "retention", "report")
    assert (row["customer"], row["messages"], row["class"]) == (stage.customer, 1, "transactional")


async def send_shortened(customer: Customer) -> str:
    """A message under the shorter policy, once the node has read its accounts again; the others live for a day."""
    async with asyncio.timeout(LIMIT_S):
        while True:
            status, answer, _ = await customer.ask("POST", "/v1/messages", json=message("gone in a second"))
            assert status == 202
            until = datetime.fromisoformat(answer["retention"]["record_until"])
            if until < datetime.now(UTC) + timedelta(hours=1):
                return str(answer["id"])


async def until_gone(customer: Customer, identifier: str) -> None:
    """Until the record clock has run out: the answer is that of an id that never was."""
    async with asyncio.timeout(LIMIT_S):
        while True:
            status, answer, _ = await customer.ask("GET", f"/v1/messages/{identifier}")
            if status == 404:
                break
            await asyncio.sleep(0.05)  # time itself sets no event
    assert answer["code"] == "not_found"


@pytest.mark.policy("P-23")
async def test_copies_are_worth_nothing_after_the_root_was_rotated(stage: Stage, tmp_path: Path) -> None:
    async with customer_of(stage) as customer:
        await customer.send("worth keeping", reference="order 7")
    assert await asyncio.to_thread(stage.stop_gateway) == 0
    status = await said(stage, "keys", "status")
    assert (status["root"], status["rolls"], status["customers"]) == ("file", True, 1)
    named = await said(stage, "keys", "status", "--all")
    assert {each["family"] for each in named} == {"period", "customer", "pepper", "secret"}

    copies = tmp_path / "copies"
    copies.mkdir()
    for file in stage.ledger.parent.glob("ledger.db*"):
        shutil.copy(file, copies)
    await said(stage, "keys", "snapshot", str(copies / "keys.db"))
    with pytest.raises(StageFailed, match="beside the data"):
        await said(stage, "keys", "snapshot", str(stage.ledger.parent / "keys.db"))

    words = ("keys", "recover", "--data", str(copies / "ledger.db"), "--keystore", str(copies / "keys.db"))
    before = await said(stage, *words)
    assert (before["closed"], {each["opened"] for each in before["combinations"]}) == ([], {1})
    assert len(before["combinations"]) == 4

    rotated = await said(stage, "keys", "rotate")
    assert rotated["version"] > status["version"]
    after = await said(stage, *words)
    assert after["closed"] == [str(copies / "keys.db")]
    assert [each["opened"] for each in after["combinations"]] == [1]  # the live store with its own root
