"""A row of the accounts that a hand or another version spoilt costs what it stands for, and nothing else."""

import asyncio
import contextlib
import json
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from gateway.tools.trial_site import Stage, staged
from tests.acceptance.client import customer_of, message, until_answered
from tests.bounds import LIMIT_S
from tests.verbs import QuickStage


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with staged(QuickStage(tmp_path / "stage")) as prepared:
        yield prepared


def spoil(stage: Stage, sql: str, *values: Any) -> None:
    with contextlib.closing(sqlite3.connect(stage.ledger, timeout=LIMIT_S)) as file, file:
        file.execute(sql, values)
        file.execute("UPDATE meta SET value = value + 1 WHERE key = 'accounts_version'")


def logged(stage: Stage, event: str) -> list[dict[str, Any]]:
    return [said for line in stage.log.read_text().splitlines() if (said := json.loads(line))["event"] == event]


async def metrics(stage: Stage) -> str:
    port = int(logged(stage, "metrics")[-1]["port"])
    async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{port}/metrics") as answer:
        return await answer.text()


async def metric(stage: Stage, name: str) -> float:
    """The value of a sample, by its name and labels; 0 where it is not shown."""
    found = re.search(rf"^{re.escape(name)} (\S+)$", await metrics(stage), re.MULTILINE)
    return 0.0 if found is None else float(found[1])


async def unreadable(stage: Stage) -> dict[str, float]:
    """The metric, by kind."""
    found = re.findall(r'^gateway_accounts_unreadable\{kind="(\w+)"\} (\S+)', await metrics(stage), re.MULTILINE)
    return {kind: float(count) for kind, count in found}


@pytest.mark.case("interfaces-1")
async def test_a_bad_row_costs_that_key_alone_while_the_node_runs_and_when_it_starts_again(stage: Stage) -> None:
    other = await asyncio.to_thread(stage.command, "key", "add", stage.customer)
    async with customer_of(stage) as customer, customer_of(stage, other["key"]) as second:
        await until_answered(second, 200)
        row = "UPDATE api_key SET settings = ? WHERE prefix = ?"
        await asyncio.to_thread(spoil, stage, row, b'{"allowed_networks":["10.0.0.1/8"]}', other["prefix"])
        await until_answered(second, 401, LIMIT_S)
        await customer.reach(await customer.send("still here"))
        assert await unreadable(stage) == {"key": 1}
        await asyncio.to_thread(stage.stop_gateway)
        await asyncio.to_thread(spoil, stage, "UPDATE customer SET settings = '{}', created_ms = 'never' WHERE id = 9")
        await asyncio.to_thread(stage.start_gateway)
        await customer.reach(await customer.send("and here again"))
        assert (await second.ask("POST", "/v1/messages", json=message("not I")))[0] == 401
        assert await unreadable(stage) == {"key": 1}
        said = [each["account"] for each in logged(stage, "account_unreadable")]
        assert said == [other["prefix"], other["prefix"]]  # once in each life of the node
        assert (await asyncio.to_thread(stage.command, "key", "revoke", other["prefix"]))["revoked"] == other["prefix"]
    assert await asyncio.to_thread(stage.stop_gateway) == 0
