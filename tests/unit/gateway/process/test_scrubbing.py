"""What a process lets go of some times in each memory horizon."""

import asyncio
import gc
import os
import weakref
from collections.abc import Callable
from functools import cache, lru_cache

import pytest
import uvloop

from gateway.process.scrubbing import RECEIVED_BYTES, TIMES, Scrubbing, bounded_caches, overwrite_received
from tests.bounds import LIMIT_S

LOOPS = pytest.mark.parametrize("new_loop", [asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])


@lru_cache(maxsize=16)
def remembered(value: str) -> str:
    return value


class Holder:
    @staticmethod
    @lru_cache(maxsize=16)
    def also_remembered(value: str) -> str:
        return value


@cache
def table(value: str) -> str:
    return value


def test_bounded_caches_of_modules_and_classes_are_emptied_and_tables_are_not() -> None:
    for each in (remembered, Holder.also_remembered, table):
        each("a number")
    gc.freeze()  # as a node does before it asks
    try:
        forgetting = bounded_caches()
    finally:
        gc.unfreeze()
    for forget in forgetting:
        forget()
    assert [each.cache_info().currsize for each in (remembered, Holder.also_remembered, table)] == [0, 0, 1]


class Circle:
    def __init__(self) -> None:
        self.itself = self


@LOOPS
def test_what_refers_to_itself_is_gone_and_whoever_keeps_something_is_asked(
    new_loop: Callable[[], asyncio.AbstractEventLoop],
) -> None:
    asked: list[str] = []
    circle = weakref.ref(Circle())

    async def scrub() -> None:
        await Scrubbing(600.0, [lambda: asked.append("here")]).scrub()

    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(scrub())
    assert circle() is None
    assert asked == ["here"]


async def test_it_is_done_some_times_in_each_horizon() -> None:
    done = asyncio.Event()
    task = asyncio.ensure_future(Scrubbing(0.001 * TIMES, [done.set]).run())
    async with asyncio.timeout(LIMIT_S):
        await done.wait()
        done.clear()
        await done.wait()
    task.cancel()


@LOOPS
def test_the_loop_reads_zeros_and_no_descriptor_stays_open(
    new_loop: Callable[[], asyncio.AbstractEventLoop],
) -> None:
    async def overwrite() -> int:
        await overwrite_received()
        await asyncio.sleep(0)
        before = len(os.listdir("/proc/self/fd"))
        for _ in range(5):
            await overwrite_received()
            await asyncio.sleep(0)
        return len(os.listdir("/proc/self/fd")) - before

    with asyncio.Runner(loop_factory=new_loop) as runner:
        assert runner.run(overwrite()) == 0
    assert RECEIVED_BYTES <= 1 << 20, "more than a pipe of an ordinary user holds"
