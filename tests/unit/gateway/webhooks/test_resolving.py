from collections.abc import Sequence

import pytest

from gateway.process.clock import ManualClock
from gateway.webhooks.resolving import CACHE_LIMIT, CACHE_S, Resolver, system_lookup
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
    resolver = Resolver(clock, lookup=names.lookup)
    assert await resolver.addresses(TARGET) == ("8.8.8.8",)
    assert await resolver.addresses(TARGET) == ("8.8.8.8",)
    assert names.asked == 1
    clock.advance(CACHE_S)
    await resolver.addresses(TARGET)
    assert names.asked == 2


async def test_a_name_that_moves_inside_is_refused_at_the_next_lookup() -> None:
    clock, names = ManualClock(), Names(["8.8.8.8"], ["10.0.0.1"])
    resolver = Resolver(clock, lookup=names.lookup)
    await resolver.addresses(TARGET)
    clock.advance(CACHE_S)
    with pytest.raises(TargetRefused, match="address"):
        await resolver.addresses(TARGET)


async def test_a_refusal_is_not_remembered() -> None:
    names = Names([], ["8.8.8.8"])
    resolver = Resolver(ManualClock(), lookup=names.lookup)
    with pytest.raises(TargetRefused, match="unresolved"):
        await resolver.addresses(TARGET)
    assert await resolver.addresses(TARGET) == ("8.8.8.8",)


async def test_only_so_many_names_are_remembered() -> None:
    names = Names(["8.8.8.8"])
    resolver = Resolver(ManualClock(), lookup=names.lookup)
    for number in range(CACHE_LIMIT + 1):
        await resolver.addresses(parse_target(f"https://h{number}.example/"))
    await resolver.addresses(parse_target(f"https://h{CACHE_LIMIT}.example/"))
    assert names.asked == CACHE_LIMIT + 1
    await resolver.addresses(parse_target("https://h0.example/"))
    assert names.asked == CACHE_LIMIT + 2


@pytest.mark.parametrize("host", ["2130706433", "0x7f000001", "127.1"])
async def test_other_spellings_of_an_inside_address_are_seen_through(host: str) -> None:
    resolver = Resolver(ManualClock(), lookup=system_lookup)
    with pytest.raises(TargetRefused, match="address"):
        await resolver.addresses(parse_target(f"https://{host}/"))
