"""A real gateway whose machine's clock is stepped: it says so within seconds, destroys nothing, and goes on."""

import asyncio
import json
import shutil
import struct
import subprocess
from collections.abc import AsyncIterator, Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from gateway.tools.trial_site import Code, Stage, StageFailed, staged
from tests.acceptance.client import LOOK_S, Customer, customer_of, until
from tests.bounds import LIMIT_S

COMPILER = shutil.which("cc") or shutil.which("gcc")
DAY_S = 86_400
RECORDS = """
[sweeper]
interval_s = 0.2
"""

pytestmark = pytest.mark.skipif(
    COMPILER is None, reason="a process's clock is stepped by a few lines of C, and this machine has no compiler"
)


class SteppedClock:
    """Of all processes that start with `environ`."""

    def __init__(self, folder: Path) -> None:
        self._step = folder / "step"
        self._step.write_bytes(struct.pack("q", 0))
        library = folder / "stepped_clock.so"
        source = Path(__file__).with_name("stepped_clock.c")
        assert COMPILER is not None
        subprocess.run([COMPILER, "-shared", "-fPIC", "-O1", "-o", library, source], check=True)
        self.environ = {"LD_PRELOAD": str(library), "STEPPED_CLOCK": str(self._step)}

    def step(self, seconds: int) -> None:
        with self._step.open("r+b") as file:
            file.write(struct.pack("q", seconds))


@pytest.fixture
def clock(tmp_path: Path) -> SteppedClock:
    return SteppedClock(tmp_path)


@pytest.fixture
def stage(clock: SteppedClock, tmp_path: Path) -> Iterator[Stage]:
    with staged(
        Stage(tmp_path / "stage", log_level="info", more=RECORDS, code=Code(environ=clock.environ))
    ) as prepared:
        yield prepared


@pytest.fixture
async def customer(stage: Stage) -> AsyncIterator[Customer]:
    async with customer_of(stage) as customer:
        yield customer


def logged(stage: Stage, event: str) -> int:
    lines = [json.loads(line) for line in stage.log.read_bytes().splitlines() if line.startswith(b"{")]
    return sum(each["event"] == event for each in lines)


async def is_sound(stage: Stage) -> bool:
    async with aiohttp.ClientSession() as session, session.get(stage.url + "/readyz") as answer:
        sound = bool((await answer.json())["checks"]["clock"])
        assert answer.status == (200 if sound else 503)
        return sound


async def until_sound(stage: Stage, wanted: bool) -> None:
    async with asyncio.timeout(LIMIT_S):
        while await is_sound(stage) is not wanted:
            await asyncio.sleep(LOOK_S)


async def said(stage: Stage, *words: str) -> Mapping[str, Any]:
    return await asyncio.to_thread(stage.command, *words)


@pytest.mark.case("faults-3")
@pytest.mark.parametrize("days", [400, pytest.param(4, marks=pytest.mark.slow), -1])
async def test_a_glitch_destroys_nothing_and_is_over_when_it_is_over(
    stage: Stage, clock: SteppedClock, customer: Customer, days: int
) -> None:
    first = await customer.send("delivered before")
    await customer.reach(first, "delivered")
    keys = await said(stage, "keys", "status")
    clock.step(days * DAY_S)
    await until_sound(stage, False)
    second = await customer.send("taken meanwhile")
    await customer.reach(second, "delivered")
    assert (await customer.show(first))["status"] == "delivered"
    assert (await said(stage, "keys", "status"))["periods"] == keys["periods"]
    clock.step(0)
    await until_sound(stage, True)
    times = [datetime.fromisoformat((await customer.show(each))["accepted_at"]) for each in (first, second)]
    assert timedelta(0) < times[1] - times[0] < timedelta(minutes=5)
    assert (logged(stage, "clock_jumped"), logged(stage, "clock_sound")) == (1, 1)
    assert logged(stage, "records_forgotten") + logged(stage, "keys_destroyed") == 0


@pytest.mark.case("faults-3")
async def test_a_jump_lasts_over_a_restart_until_a_verb_confirms_it(
    stage: Stage, clock: SteppedClock, customer: Customer
) -> None:
    first = await customer.send("delivered before")
    await customer.reach(first, "delivered")
    clock.step(400 * DAY_S)
    await until_sound(stage, False)
    await asyncio.to_thread(stage.kill_gateway)
    await asyncio.to_thread(stage.start_gateway)
    assert not await is_sound(stage)
    assert (await customer.show(first))["status"] == "delivered"
    status = await said(stage, "clock", "status")
    assert (status["sound"], round(status["away_s"] / DAY_S)) == (False, 400)
    confirmed = await said(stage, "clock", "confirm")
    assert (confirmed["sound"], confirmed["away_s"]) == (True, 0)
    await until_sound(stage, True)
    async with asyncio.timeout(LIMIT_S):  # the time has truly come
        while (await customer.ask("GET", f"/v1/messages/{first}"))[0] != 404:
            await asyncio.sleep(LOOK_S)
        await until(lambda: logged(stage, "records_forgotten") == 1)


@pytest.mark.case("faults-3")
async def test_a_verb_forgets_nothing_by_a_clock_that_has_jumped(stage: Stage, clock: SteppedClock) -> None:
    assert await asyncio.to_thread(stage.stop_gateway) == 0
    keys = await said(stage, "keys", "status")
    clock.step(400 * DAY_S)
    with pytest.raises(StageFailed, match="clock_jumped"):
        await said(stage, "retention", "run")
    await said(stage, "customer", "list")
    assert (await said(stage, "keys", "status"))["periods"] == keys["periods"]
