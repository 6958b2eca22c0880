"""Tasks are named, owned and watched."""

import asyncio

import pytest

from gateway.process.tasks import TaskOwner
from tests.bounds import LIMIT_S


async def forever() -> None:
    await asyncio.get_running_loop().create_future()


async def break_down() -> None:
    raise ValueError("broken")


async def nothing() -> None:
    return


async def test_running_tasks_are_known_by_name() -> None:
    owner = TaskOwner()
    owner.start("one", forever())
    owner.start("two", forever())
    assert owner.running() == ("one", "two")
    await owner.stop()
    assert owner.running() == ()


async def test_a_name_is_given_once_at_a_time() -> None:
    owner = TaskOwner()
    owner.start("one", forever())
    with pytest.raises(ValueError, match="one"):
        owner.start("one", forever())
    await owner.stop()
    await owner.start("one", nothing())


async def test_the_first_death_is_reported() -> None:
    owner = TaskOwner()
    owner.start("bad", break_down())
    error = await asyncio.wait_for(owner.failed, LIMIT_S)
    assert isinstance(error, ValueError)
    owner.start("worse", break_down())
    await owner.stop()
    assert owner.failed.result() is error


async def test_an_end_in_peace_is_no_failure() -> None:
    owner = TaskOwner()
    await owner.start("short", nothing())
    assert owner.running() == ()
    assert not owner.failed.done()


async def test_a_task_whose_cancellation_was_swallowed_is_cancelled_again() -> None:
    owner, swallowed = TaskOwner(again_s=0.01), []

    async def deaf() -> None:
        for _ in range(3):
            try:
                await forever()
            except asyncio.CancelledError:
                swallowed.append(True)

    owner.start("deaf", deaf())
    await asyncio.sleep(0)
    await asyncio.wait_for(owner.stop(), LIMIT_S)
    assert len(swallowed) == 3
    assert owner.running() == ()


async def test_stopping_waits_for_the_tasks_last_words() -> None:
    owner, said = TaskOwner(), []
    begun = asyncio.Event()

    async def talk() -> None:
        try:
            begun.set()
            await forever()
        finally:
            said.append("goodbye")

    owner.start("talker", talk())
    await begun.wait()
    await owner.stop()
    assert said == ["goodbye"]
    assert not owner.failed.done()


async def test_stopping_nothing_is_fine() -> None:
    await TaskOwner().stop()
