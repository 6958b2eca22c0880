"""Whose turn it is, when more wait than one turn of the loop serves."""

import asyncio
import time

import pytest

from operators.turns import AT_ONCE, RETURNING, TURN_S, Turns

pytestmark = pytest.mark.case("security-4")


class Peer:
    """shares: how much it has brought. served: the common record of who was served when. slow: one of its shares is as
    long as a turn.
    """

    def __init__(self, name: str, shares: int, served: list[str], *, slow: bool = False) -> None:
        self.name = name
        self.shares = shares
        self._served = served
        self._slow = slow

    def work(self) -> bool:
        self._served.append(self.name)
        until_s = time.monotonic() + TURN_S
        while self._slow and time.monotonic() <= until_s:
            pass
        self.shares -= 1
        return self.shares > 0


async def until_done(turns: Turns) -> int:
    """Turns of the loop that it took."""
    count = 0
    while turns.busy:
        await asyncio.sleep(0)
        count += 1
    return count


async def test_every_share_is_served_in_as_many_turns_of_the_loop_as_it_takes() -> None:
    turns, served = Turns(), list[str]()
    for name in "abcd":
        turns.join(Peer(name, 3, served, slow=True))
    assert await until_done(turns) >= 12
    assert {name: served.count(name) for name in "abcd"} == dict.fromkeys("abcd", 3)


async def test_short_shares_are_served_in_one_turn_of_the_loop() -> None:
    turns, served = Turns(), list[str]()
    for name in "abcd":
        turns.join(Peer(name, 3, served))
    assert await until_done(turns) < 12
    assert {name: served.count(name) for name in "abcd"} == dict.fromkeys("abcd", 3)


@pytest.mark.parametrize("floods", [1, 4, 20])
async def test_whoever_comes_with_little_is_served_before_those_that_go_on(floods: int) -> None:
    turns, served = Turns(), list[str]()
    for number in range(floods):
        turns.join(Peer(f"flood {number}", 1_000, served, slow=True))
    while len(served) < 2 * floods:
        await asyncio.sleep(0)
    before = len(served)
    turns.join(Peer("quiet", 1, served))
    while "quiet" not in served:
        await asyncio.sleep(0)
    assert served.index("quiet") - before < RETURNING


async def test_those_that_go_on_are_served_in_turn_and_not_starved_by_ever_new_ones() -> None:
    turns, served = Turns(), list[str]()
    turns.rejoin(Peer("a", 1_000, served))
    turns.rejoin(Peer("b", 1_000, served))
    for _ in range(10):
        for _ in range(3 * RETURNING):
            turns.join(Peer("new", 1, served))
        await asyncio.sleep(0)
    assert served.count("a") + served.count("b") >= 9 * 3
    assert abs(served.count("a") - served.count("b")) <= 1


async def test_those_that_go_on_have_their_share_where_one_share_is_a_turn() -> None:
    turns, served = Turns(), list[str]()
    turns.rejoin(Peer("a", 1_000, served))
    for _ in range(3 * RETURNING):
        turns.join(Peer("new", 1, served, slow=True))
    while served.count("new") < 3 * RETURNING:
        await asyncio.sleep(0)
    assert served[: 3 * RETURNING].count("a") == 3


async def test_one_that_raises_ends_alone() -> None:
    turns, served, reported = Turns(), list[str](), list[object]()
    asyncio.get_running_loop().set_exception_handler(lambda _, context: reported.append(context["exception"]))

    class Broken:
        def work(self) -> bool:
            raise ZeroDivisionError

    turns.join(Peer("a", 2, served))
    turns.join(Broken())
    turns.join(Peer("b", 2, served))
    await until_done(turns)
    assert (sorted(served), len(reported)) == (["a", "a", "b", "b"], 1)
    turns.join(Peer("c", 1, served))
    await until_done(turns)
    assert served[-1] == "c"


async def test_nothing_is_left_behind_when_nobody_waits() -> None:
    turns, served = Turns(), list[str]()
    for name in "ab":
        turns.join(Peer(name, 1, served))
        await until_done(turns)
    assert (served, turns.busy) == (["a", "b"], False)


@pytest.mark.case("security-8")
async def test_of_many_that_come_with_little_so_many_are_served_in_one_turn_of_the_loop() -> None:
    turns = Turns()
    assert [turns.at_once() for _ in range(AT_ONCE + 3)] == [True] * AT_ONCE + [False] * 3
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert turns.at_once()
    turns.join(Peer("a", 1, []))
    assert not turns.at_once()
    await until_done(turns)
