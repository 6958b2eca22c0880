import asyncio
from collections.abc import Sequence

import pytest

from gateway.process.clock import ManualClock
from gateway.process.tasks import TaskOwner
from gateway.webhooks.resolving import (
    CACHE_LIMIT,
    CACHE_S,
    NOWHERE_S,
    PER_CUSTOMER,
    WAITING_LIMIT,
    Resolver,
    system_lookup,
)
from gateway.webhooks.targets import TargetRefused, parse_target

TARGET = parse_target("https://hooks.example/")


class Names:
    """A name server that gives one answer after the other, and the last one again."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers = list(answers)
        self.asked = 0

    async def lookup(self, host: str, port: int) -> Sequence[str]:
        self.asked += 1
        return self.answers[min(self.asked, len(self.answers)) - 1]


async def test_a_name_is_asked_for_once_and_again_when_the_answer_is_old() -> None:
    clock, names = ManualClock(), Names(["8.8.8.8"])
    resolver = Resolver(clock, TaskOwner(), lookup=names.lookup)
    assert await resolver.addresses(TARGET) == ("8.8.8.8",)
    assert await resolver.addresses(TARGET) == ("8.8.8.8",)
    assert names.asked == 1
    clock.advance(CACHE_S)
    await resolver.addresses(TARGET)
    assert names.asked == 2


async def test_a_name_that_moves_inside_is_refused_at_the_next_lookup() -> None:
    clock, names = ManualClock(), Names(["8.8.8.8"], ["10.0.0.1"])
    resolver = Resolver(clock, TaskOwner(), lookup=names.lookup)
    await resolver.addresses(TARGET)
    clock.advance(CACHE_S)
    with pytest.raises(TargetRefused, match="address"):
        await resolver.addresses(TARGET)


@pytest.mark.case("security-7")
async def test_a_name_that_leads_nowhere_is_remembered_for_a_moment() -> None:
    clock, names = ManualClock(), Names([], ["8.8.8.8"])
    resolver = Resolver(clock, TaskOwner(), lookup=names.lookup)
    for _ in range(5):
        with pytest.raises(TargetRefused, match="unresolved"):
            await resolver.addresses(TARGET)
    assert names.asked == 1
    clock.advance(NOWHERE_S)
    assert await resolver.addresses(TARGET) == ("8.8.8.8",)


class Hanging(Names):
    """Names with `slow` in them are answered when `answer` is set."""

    def __init__(self) -> None:
        super().__init__(["8.8.8.8"])
        self.answer = asyncio.Event()
        self.hang = 0

    async def lookup(self, host: str, port: int) -> Sequence[str]:
        if "slow" in host:
            self.hang += 1
            await self.answer.wait()
        return await super().lookup(host, port)


@pytest.mark.case("security-7")
async def test_names_of_one_customer_that_hang_hold_up_no_other() -> None:
    names, tasks = Hanging(), TaskOwner()
    resolver = Resolver(ManualClock(), tasks, lookup=names.lookup)
    slow = [
        asyncio.ensure_future(resolver.addresses(parse_target(f"https://slow{each}.example/"), 1)) for each in range(50)
    ]
    for _ in range(100):
        await asyncio.sleep(0)
    assert names.hang == PER_CUSTOMER
    assert await resolver.addresses(TARGET, 2) == ("8.8.8.8",)
    names.answer.set()
    assert await asyncio.gather(*slow) == [("8.8.8.8",)] * 50
    await tasks.stop()


@pytest.mark.case("security-7")
async def test_who_stops_waiting_for_a_name_leaves_it_to_the_others_and_its_thread_counts_on() -> None:
    names, tasks = Hanging(), TaskOwner()
    resolver = Resolver(ManualClock(), tasks, lookup=names.lookup)
    target = parse_target("https://slow.example/")
    waiters = [asyncio.ensure_future(resolver.addresses(target, 1)) for _ in range(3)]
    for _ in range(10):
        await asyncio.sleep(0)
    waiters[0].cancel()
    names.answer.set()
    assert await asyncio.gather(*waiters[1:]) == [("8.8.8.8",)] * 2
    assert names.hang == 1
    await tasks.stop()


@pytest.mark.case("security-7")
async def test_more_names_of_a_customer_than_may_wait_count_as_unresolved() -> None:
    names, tasks = Hanging(), TaskOwner()
    resolver = Resolver(ManualClock(), tasks, lookup=names.lookup)
    count = PER_CUSTOMER + WAITING_LIMIT
    slow = [
        asyncio.ensure_future(resolver.addresses(parse_target(f"https://slow{each}.example/"), 1))
        for each in range(count)
    ]
    for _ in range(10):
        await asyncio.sleep(0)
    with pytest.raises(TargetRefused, match="unresolved"):
        await resolver.addresses(TARGET, 1)
    names.answer.set()
    await asyncio.gather(*slow)
    await tasks.stop()


async def test_only_so_many_names_are_remembered() -> None:
    names = Names(["8.8.8.8"])
    resolver = Resolver(ManualClock(), TaskOwner(), lookup=names.lookup)
    for number in range(CACHE_LIMIT + 1):
        await resolver.addresses(parse_target(f"https://h{number}.example/"))
    await resolver.addresses(parse_target(f"https://h{CACHE_LIMIT}.example/"))
    assert names.asked == CACHE_LIMIT + 1
    await resolver.addresses(parse_target("https://h0.example/"))
    assert names.asked == CACHE_LIMIT + 2


@pytest.mark.parametrize("host", ["2130706433", "0x7f000001", "127.1"])
async def test_other_spellings_of_an_inside_address_are_seen_through(host: str) -> None:
    resolver = Resolver(ManualClock(), TaskOwner(), lookup=system_lookup)
    with pytest.raises(TargetRefused, match="address"):
        await resolver.addresses(parse_target(f"https://{host}/"))
