"""Machines that tell each other what they want keep a limit together, fairly, and soon."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.accounts.customers import ApiKey
from gateway.ledger.contract import LedgerUnavailable
from gateway.limits.buckets import OwnBuckets
from gateway.limits.shares import INTERVAL_S, KNOWN_S, FairRates, level
from gateway.process.clock import ManualClock
from tests.unit.gateway.limits.test_gates import KEY, OWNER, Place

LIMIT = 10.0
STEP_S = 0.025
STEPS = round(INTERVAL_S / STEP_S)


class Board:
    """Where machines leave what they want; as the ledger's server, without one."""

    def __init__(self) -> None:
        self.said: dict[object, Mapping[int, float]] = {}
        self.away = False

    async def exchange(self, machine: object, wanted: Mapping[int, float]) -> Iterable[Mapping[int, float]]:
        if self.away:
            raise LedgerUnavailable("away")
        self.said[machine] = dict(wanted)
        return [said for name, said in self.said.items() if name is not machine]


class Machine(Place):
    """wants_per_s: what its customer sends; it sends again what was refused, and gives up what becomes too much."""

    def __init__(self, board: Board, clock: ManualClock, key: ApiKey, wants_per_s: float, machines: int) -> None:
        super().__init__(OwnBuckets(), clock)
        self._key = key
        self.wants_per_s = wants_per_s
        self.accepted = 0
        self._due = 0.0
        self.rates = FairRates(
            self.gates, clock, exchange=lambda wanted: board.exchange(self, wanted), machines=lambda: machines
        )

    def step(self) -> None:
        new = self.wants_per_s * STEP_S
        self._due = min(self._due, 2.0) + new
        while self._due >= 1.0 and self.send(self._key):
            self._due -= 1.0
            self.accepted += 1

    def gives(self) -> float:
        """The part of the limit that is granted."""
        return self.gates.granted_per_s(OWNER)


class World:
    """Machines with their demands; `play` rounds, in which each turns once."""

    def __init__(self, demands: Sequence[float], limit: float = LIMIT) -> None:
        key = msgspec.structs.replace(KEY, throughput_per_s=limit, burst=max(1, round(limit)))
        self.clock = ManualClock()
        self.board = Board()
        self.machines = [Machine(self.board, self.clock, key, each, len(demands)) for each in demands]

    def play(self, rounds: int) -> list[int]:
        """How many each accepted in this time."""
        before = [each.accepted for each in self.machines]
        asyncio.run(self._play(rounds))
        return [each.accepted - had for each, had in zip(self.machines, before, strict=True)]

    async def _play(self, rounds: int) -> None:
        for step in range(rounds * STEPS):
            for number, machine in enumerate(self.machines):
                machine.step()
                if step % STEPS == number * STEPS // len(self.machines):
                    await machine.rates.turn()
            self.clock.advance(STEP_S)


def fair(demands: Sequence[float], limit: float) -> list[float]:
    return [min(each, level(limit, [*demands[:at], *demands[at + 1 :]])) for at, each in enumerate(demands)]


@settings(deadline=None, max_examples=40)
@given(limit=st.sampled_from([0.4, 2.0, 10.0, 60.0]), times=st.lists(st.floats(0, 4), min_size=1, max_size=6))
def test_any_demands_soon_get_their_fair_part_and_no_more_than_the_limit(limit: float, times: list[float]) -> None:
    demands = [limit * each for each in times]
    world = World(demands, limit)
    world.play(10)
    rounds = 40 if limit > 1 else 400
    time_s = rounds * INTERVAL_S
    accepted = world.play(rounds)
    assert sum(accepted) <= (1.05 if limit > 5 else 1.2) * limit * time_s + len(demands)
    for took, expected in zip(accepted, fair(demands, limit), strict=True):
        assert took >= 0.9 * expected * time_s - 2


def test_the_first_seconds_cost_a_burst_of_each_and_no_more_than_a_second_beside() -> None:
    for count in (2, 3, 5):
        world = World([3 * LIMIT] * count)
        accepted = sum(world.play(20))
        assert accepted <= LIMIT * 20 * INTERVAL_S + count * KEY.burst + (count - 1) * LIMIT


def test_who_starts_late_gets_its_part_within_two_rounds() -> None:
    world = World([4 * LIMIT, 4 * LIMIT, 0.0])
    world.play(10)
    world.machines[2].wants_per_s = 4 * LIMIT
    world.play(2)
    accepted = world.play(12)
    assert all(each == pytest.approx(LIMIT / 3 * 6, abs=2.5) for each in accepted)


def test_who_stops_leaves_its_part_to_the_others() -> None:
    world = World([4 * LIMIT, 4 * LIMIT])
    world.play(10)
    world.machines[0].wants_per_s = 0.0
    world.play(12)
    assert world.play(10)[1] == pytest.approx(LIMIT * 10 * INTERVAL_S, abs=2)
    assert world.machines[1].gates.parted() == 0


def test_one_machine_alone_has_everything() -> None:
    world = World([4 * LIMIT, 0.0, 0.0])
    world.play(4)
    assert world.play(20)[0] == pytest.approx(LIMIT * 20 * INTERVAL_S, abs=1)


def test_steady_demands_keep_steady_parts() -> None:
    world = World([4 * LIMIT, 3.0, 4 * LIMIT, 4 * LIMIT])
    world.play(12)
    parts = []
    for _ in range(20):
        world.play(1)
        parts.append([each.gives() for each in world.machines])
    for before, after in pairwise(parts):
        for one, other in zip(before, after, strict=True):
            assert one == pytest.approx(other, abs=0.15 * LIMIT)


def test_without_news_the_last_figures_stand_for_a_while_and_then_all_are_equal() -> None:
    world = World([4 * LIMIT, 2.0])
    world.play(10)
    kept = [each.gives() for each in world.machines]
    assert kept[0] == pytest.approx(8.0, abs=0.6)
    world.board.away = True
    world.play(round(KNOWN_S / INTERVAL_S) - 1)
    assert [each.gives() for each in world.machines] == kept
    world.play(3)
    assert [each.gives() for each in world.machines] == [LIMIT / 2, LIMIT / 2]
    assert world.machines[0].rates.silent_s() >= KNOWN_S
    world.board.away = False
    world.play(3)
    assert world.machines[0].gives() == pytest.approx(8.0, abs=0.6)


def test_a_limit_that_only_the_blind_divided_is_whole_again_afterwards() -> None:
    world = World([2.0, 0.0])
    world.play(4)
    world.board.away = True
    world.play(round(KNOWN_S / INTERVAL_S) + 2)
    assert world.machines[0].gates.parted() == 1
    world.board.away = False
    world.play(2)
    assert world.machines[0].gates.parted() == 0


WANTS = st.lists(st.floats(0, 500), min_size=1, max_size=12)


@pytest.mark.parametrize(
    ("others", "expected"),
    [
        ((), 1.0),
        ((0.1,), 0.9),
        ((5.0,), 0.5),
        ((0.1, 1.0), 0.45),
        ((0.1, 1.0, 1.0), 0.3),
        ((0.1, 9.0, 1.0, 0.3), 0.225),
        ((0.0, 0.0), 1.0),
    ],
)
def test_a_limit_of_one_beside_others(others: tuple[float, ...], expected: float) -> None:
    assert level(1.0, others) == pytest.approx(expected)


@given(limit=st.floats(0.1, 1_000), others=st.lists(st.floats(0, 2_000), max_size=12))
def test_the_cap_and_what_it_leaves_to_the_others_are_the_limit(limit: float, others: list[float]) -> None:
    cap = level(limit, others)
    assert cap + sum(min(other, cap) for other in others) == pytest.approx(limit)
    assert cap >= limit / (len(others) + 1) * (1 - 1e-9)


@given(limit=st.floats(1, 1_000), wants=WANTS)
def test_what_all_take_together_is_the_limit_or_what_they_want(limit: float, wants: list[float]) -> None:
    taken = [min(each, level(limit, wants[:at] + wants[at + 1 :])) for at, each in enumerate(wants)]
    assert sum(taken) == pytest.approx(min(limit, sum(wants)))
    most = max(taken)
    for want, took in zip(wants, taken, strict=True):  # max-min: who has less than the most has what it wants
        assert took == pytest.approx(want) or took == pytest.approx(most)
