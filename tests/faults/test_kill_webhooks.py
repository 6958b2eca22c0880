"""kill -9 of the gateway while it tells of messages: every event arrives, and few arrive twice (Law 2, S-64)."""

import asyncio
from collections import Counter
from pathlib import Path

import pytest

from tests.acceptance.client import customer_of, receiver, until, until_endpoint_known
from tests.bounds import LIMIT_S
from tests.faults.test_kill import CLIENTS, Load, smsc_and_stage

KILLS = 2


@pytest.mark.smpp("S-64")
@pytest.mark.parametrize("batch", [1, 100])
async def test_kills_while_customers_are_told_lose_no_event(tmp_path: Path, batch: int) -> None:
    async with (
        receiver() as heard,
        smsc_and_stage(tmp_path / "stage") as (_, stage),
        customer_of(stage) as customer,
    ):
        await asyncio.to_thread(stage.command, "webhook", "set", stage.customer, heard.url, "--batch", str(batch))
        await until_endpoint_known(customer, heard)
        load = Load(customer)
        clients = [asyncio.create_task(load.client(number)) for number in range(CLIENTS)]
        load.serving.set()
        for _ in range(KILLS):
            before = len(heard.events())
            await load.answers(200)
            async with asyncio.timeout(LIMIT_S):
                await until(lambda before=before: len(heard.events()) > before + 20)  # type: ignore[misc]
            load.serving.clear()
            await asyncio.to_thread(stage.kill_gateway)
            await asyncio.to_thread(stage.start_gateway)
            load.serving.set()
        await load.answers(50)
        load.stopped = True
        await asyncio.gather(*clients)
        await heard.until_told(list(load.taken.values()))
    times = Counter(event["data"]["id"] for event in heard.events())
    assert set(load.taken.values()) <= set(times)
    assert sum(count > 1 for count in times.values()) < len(times) / 2
