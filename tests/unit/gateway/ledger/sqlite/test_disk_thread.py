"""The thread that waits for the disk: outcomes, order, cancelled callers."""

import asyncio
import threading
from collections.abc import Iterator

import pytest

from gateway.ledger.sqlite.disk_thread import DiskThread
from tests.bounds import LIMIT_S


@pytest.fixture
def thread() -> Iterator[DiskThread]:
    thread = DiskThread("test")
    yield thread
    thread.stop()


async def test_a_call_runs_elsewhere_and_its_result_comes_back(thread: DiskThread) -> None:
    assert await thread.run(lambda: threading.current_thread().name) == "test"


async def test_what_a_call_raises_comes_back(thread: DiskThread) -> None:
    def fail() -> None:
        raise OSError("no disk")

    with pytest.raises(OSError, match="no disk"):
        await thread.run(fail)
    assert await thread.run(lambda: 1) == 1


async def test_calls_run_one_after_the_other(thread: DiskThread) -> None:
    seen: list[int] = []
    await asyncio.gather(*(thread.run(lambda number=number: seen.append(number)) for number in range(20)))  # type: ignore[misc]
    assert seen == list(range(20))


async def test_a_cancelled_caller_waits_for_the_end_of_its_call(thread: DiskThread) -> None:
    gate, ended = threading.Event(), threading.Event()

    def slow() -> None:
        gate.wait(LIMIT_S)
        ended.set()

    running = asyncio.ensure_future(thread.run(slow))
    for _ in range(3):
        await asyncio.sleep(0)
        running.cancel()
    assert not running.done()
    gate.set()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert ended.is_set()


async def test_a_call_that_fails_after_its_caller_was_cancelled_disturbs_nobody(thread: DiskThread) -> None:
    gate = threading.Event()

    def fail() -> None:
        gate.wait(LIMIT_S)
        raise OSError("no disk")

    running = asyncio.ensure_future(thread.run(fail))
    await asyncio.sleep(0)
    running.cancel()
    gate.set()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert await thread.run(lambda: 1) == 1
