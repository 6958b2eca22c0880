"""One timer for all that is to be done later, in its order."""

import asyncio

from operators.simulator.agenda import Agenda
from tests.bounds import LIMIT_S


async def test_what_is_due_together_is_done_in_its_order_and_then_its_owner_is_called() -> None:
    done: list[str] = []
    finished = asyncio.Event()

    def ran() -> None:
        done.append("ran")
        if "late" in done:
            finished.set()

    agenda, now = Agenda(ran), asyncio.get_running_loop().time()
    agenda.add(now + 0.02, lambda: done.append("late"))
    agenda.add(now, lambda: done.append("first"))
    agenda.add(now, lambda: done.append("second"))
    async with asyncio.timeout(LIMIT_S):
        await finished.wait()
    assert done[:2] == ["first", "second"]
    assert done[-2:] == ["late", "ran"]


async def test_nothing_is_done_after_a_clear() -> None:
    done: list[str] = []
    agenda, loop = Agenda(lambda: done.append("ran")), asyncio.get_running_loop()
    agenda.add(loop.time(), lambda: done.append("cleared"))
    agenda.clear()
    passed = loop.create_future()
    loop.call_later(0.02, passed.set_result, None)
    await passed
    assert done == []
