"""Throughput, and the timer that says when it gives room again."""

import asyncio

from operators.smpp.pace import Pace
from tests.bounds import LIMIT_S


class Ready:
    def __init__(self) -> None:
        self.calls = 0
        self.came = asyncio.Event()

    def __call__(self) -> None:
        self.calls += 1
        self.came.set()


async def test_it_says_once_when_there_may_be_room_again() -> None:
    ready = Ready()
    pace = Pace(100.0, 1, asyncio.get_running_loop().time, ready)
    assert pace.bucket.take(1, asyncio.get_running_loop().time())
    pace.call_when_refilled()
    pace.call_when_refilled()
    pace.call_in(0.001)
    async with asyncio.timeout(LIMIT_S):
        await ready.came.wait()
    assert ready.calls == 1


async def test_an_operator_that_asks_for_less_gets_nothing_for_a_while_and_is_counted() -> None:
    now = [100.0]
    pace = Pace(100.0, 10, lambda: now[0], Ready())
    pace.slow_down()
    assert (pace.throttled, pace.bucket.available(now[0])) == (1, 0)
    now[0] += 1.0
    assert pace.bucket.available(now[0]) > 0
    pace.stop()


async def test_nothing_is_said_after_a_stop() -> None:
    ready = Ready()
    pace = Pace(1.0, 1, asyncio.get_running_loop().time, ready)
    pace.call_in(0.0)
    pace.stop()
    loop = asyncio.get_running_loop()
    passed = loop.create_future()
    loop.call_later(0.02, passed.set_result, None)
    await passed
    assert ready.calls == 0
