"""One timer for many: each in every round, whoever leaves in none, and the loop's other work between two shares."""

import asyncio
from collections.abc import Callable

import pytest

from operators.ticker import BUSY, LOOKED_AT, Ticker
from tests.bounds import LIMIT_S


class Member:
    def __init__(self, ticked: Callable[[], bool] = lambda: False) -> None:
        self.rounds = 0
        self.first = asyncio.Event()
        self.second = asyncio.Event()
        self._ticked = ticked

    def tick(self) -> bool:
        self.rounds += 1
        (self.first if self.rounds == 1 else self.second).set()
        return self._ticked()


async def test_all_come_in_every_round() -> None:
    ticker, members = Ticker(), [Member() for _ in range(2 * LOOKED_AT + 1)]
    for each in members:
        ticker.join(each)
    async with asyncio.timeout(LIMIT_S):
        await members[-1].second.wait()
    assert {each.rounds for each in members} == {2}


@pytest.mark.parametrize(("busy", "share"), [(False, LOOKED_AT), (True, BUSY)])
async def test_a_share_ends_and_the_loop_does_other_work(busy: bool, share: int) -> None:
    ticker, between = Ticker(), asyncio.Event()
    seen: list[bool] = []

    def ticked() -> bool:
        if not seen:
            asyncio.get_running_loop().call_soon(between.set)
        seen.append(between.is_set())
        return busy

    members = [Member(ticked) for _ in range(share + 1)]
    for each in members:
        ticker.join(each)
    async with asyncio.timeout(LIMIT_S):
        await members[-1].first.wait()
    assert seen == [False] * share + [True]


async def test_who_leaves_is_not_called_even_in_the_round_that_goes_on() -> None:
    ticker, gone = Ticker(), Member()

    def leave() -> bool:
        ticker.leave(gone)
        ticker.leave(gone)
        return False

    stays = Member(leave)
    ticker.join(stays)
    ticker.join(gone)
    async with asyncio.timeout(LIMIT_S):
        await stays.second.wait()
    assert gone.rounds == 0


async def test_one_that_raises_holds_up_nobody() -> None:
    ticker, reported = Ticker(), list[object]()
    asyncio.get_running_loop().set_exception_handler(lambda _, context: reported.append(context["exception"]))

    def fail() -> bool:
        raise ZeroDivisionError

    broken, behind = Member(fail), Member()
    ticker.join(broken)
    ticker.join(behind)
    async with asyncio.timeout(LIMIT_S):
        await behind.second.wait()
    assert [type(each) for each in reported] == [ZeroDivisionError, ZeroDivisionError]


async def test_it_rests_without_members_and_goes_on_with_the_next() -> None:
    ticker, last = Ticker(), Member()
    ticker.join(last)
    async with asyncio.timeout(LIMIT_S):
        await last.first.wait()
        ticker.leave(last)
        late = Member()
        ticker.join(late)
        await late.second.wait()
    assert last.rounds == 1
    ticker.leave(late)
    async with asyncio.timeout(LIMIT_S):
        while ticker.goes:
            await asyncio.sleep(0)
    anew = Member()
    ticker.join(anew)
    async with asyncio.timeout(LIMIT_S):
        await anew.first.wait()
