"""What a limit costs a message, and what it costs twice a second that it holds over many machines."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks.bench_door import KEY
from benchmarks.engines import Redis
from config.redis_address import parse_address
from gateway.accounts.customers import CustomerSettings
from gateway.ledger.redis.engine import RedisLedger
from gateway.ledger.redis.member import Role
from gateway.ledger.redis.server import Access
from gateway.limits.buckets import Buckets, OwnBuckets, SharedBuckets, create_table
from gateway.limits.gates import Gates
from gateway.limits.shares import level
from gateway.process.clock import SystemClock

MUCH = 10**9
LIMITED = msgspec.structs.replace(KEY, throughput_per_s=float(MUCH), burst=MUCH)
CUSTOMER = msgspec.structs.replace(LIMITED.customer, settings=CustomerSettings(throughput_per_s=float(MUCH)))
KEYS = {"none": KEY, "key": LIMITED, "key and customer": msgspec.structs.replace(LIMITED, customer=CUSTOMER)}


@pytest.mark.parametrize("limits", KEYS)
@pytest.mark.parametrize("place", ["own", "table"])
def bench_pass_through(benchmark: BenchmarkFixture, limits: str, place: str) -> None:
    made: Buckets = SharedBuckets(create_table()) if place == "table" else OwnBuckets()
    gates = Gates(made, SystemClock())
    benchmark(gates.pass_through, KEYS[limits], 1)


@pytest.mark.parametrize("place", ["own", "table"])
def bench_look_and_grant_1000(benchmark: BenchmarkFixture, place: str) -> None:
    made: Buckets = SharedBuckets(create_table()) if place == "table" else OwnBuckets()
    gates = Gates(made, SystemClock())
    keys = [msgspec.structs.replace(LIMITED, id=number + 1) for number in range(1_000)]
    wishes = ((float(MUCH), MUCH / 10), (float(MUCH),))
    rounds = 0

    def turn() -> None:
        nonlocal rounds
        rounds += 1
        others = wishes[rounds % 2]
        gates.look(0.5)
        gates.grant(lambda _owner, limit: level(limit, others))

    def use() -> None:
        for key in keys:
            gates.pass_through(key, 1)

    benchmark.pedantic(turn, setup=use, rounds=50)  # type: ignore[no-untyped-call]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    redis = Redis(1)
    redis.start(tmp_path)
    yield redis.environ()["CONNECT_GATEWAY__LEDGER__REDIS__URL"]
    redis.stop()


@pytest.mark.parametrize(("processes", "limits"), [(1, 0), (2, 10), (8, 100), (16, 1_000)])
def bench_exchange(benchmark: BenchmarkFixture, server: str, processes: int, limits: int) -> None:
    """One call, where so many processes use so many limits each."""
    with asyncio.Runner() as runner:
        ledgers = [_ledger(server) for _ in range(processes)]
        wanted = {2 * number + 2: 10.5 for number in range(limits)}
        for each in ledgers:
            runner.run(each.open())
            runner.run(each.demand.exchange(wanted))
        benchmark.pedantic(lambda: runner.run(ledgers[0].demand.exchange(wanted)), rounds=200)  # type: ignore[no-untyped-call]
        for each in ledgers:
            runner.run(each.close())


def _ledger(url: str) -> RedisLedger:
    return RedisLedger(Access(address=parse_address(url)), SystemClock(), role=Role.BESIDE)
