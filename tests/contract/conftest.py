"""The engines that fulfil the ledger's contract; every test in this directory runs against each of them."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from pathlib import Path

import pytest
import pytest_asyncio

from config.redis_address import parse_address
from gateway.ledger.contract import WriteOp, WriteResult
from gateway.ledger.redis.engine import RedisLedger
from gateway.ledger.redis.member import Role, Terms
from gateway.ledger.redis.server import Access
from gateway.ledger.roles import Ledger
from gateway.ledger.sqlite.engine import SqliteLedger
from gateway.ledger.sqlite.large_commits import LargeCommits
from gateway.process.clock import ManualClock
from tests.bounds import LIMIT_S
from tests.integration.valkey_server import valkey, valkey_cluster

Make = Callable[[Path, ManualClock, bool], Ledger]
"""Builds an engine on what lies at a place; not opened yet. The last argument: take the node's lock."""

ADDRESS_FILE = "redis.address"
LEASE_S = 4.0


def _on_redis(place: Path, clock: ManualClock, exclusive: bool) -> Ledger:
    """The place holds the server's address; its name keeps tests on one server apart."""
    access = Access(address=parse_address((place / ADDRESS_FILE).read_text()), timeout_s=LIMIT_S)
    role = Role.ALONE if exclusive else Role.BESIDE
    return RedisLedger(access, clock, Terms(prefix=str(place), lease_s=LEASE_S), role=role)


async def move_ended() -> None:
    """A ledger that was about to move to a process of its own has done so, or has given it up."""
    moving = [each for each in asyncio.all_tasks() if each.get_name() == "ledger writer"]
    if moving:
        await asyncio.wait(moving)


class Moving(SqliteLedger):
    """Begins on the loop and goes on in a process after its first batch."""

    def __init__(self, path: Path, clock: ManualClock, *, exclusive: bool) -> None:
        super().__init__(path, clock, exclusive=exclusive, moves_at=LargeCommits(large_rows=1, enough_rows=1))

    async def apply(self, batch: Sequence[WriteOp]) -> list[WriteResult]:
        results = await super().apply(batch)
        await move_ended()
        return results


ENGINES: dict[str, Make] = {
    "redis": _on_redis,
    "redis_cluster": _on_redis,
    "sqlite": lambda place, clock, exclusive: SqliteLedger(place / "ledger.db", clock, exclusive=exclusive),
    "sqlite_apart": lambda place, clock, exclusive: SqliteLedger(
        place / "ledger.db", clock, exclusive=exclusive, apart=True
    ),
    "sqlite_moving": lambda place, clock, exclusive: Moving(place / "ledger.db", clock, exclusive=exclusive),
}


class Engine:
    """Opens ledgers on one store and closes them again."""

    def __init__(self, name: str, place: Path, clock: ManualClock, closing: contextlib.AsyncExitStack) -> None:
        self.name = name
        self._closing = closing
        self.place = place
        self.clock = clock

    async def open(self, *, exclusive: bool = True) -> Ledger:
        ledger = ENGINES[self.name](self.place, self.clock, exclusive)
        await ledger.open()
        self._closing.push_async_callback(ledger.close)
        return ledger


@pytest.fixture(scope="session")
def redis_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server that keeps every write, for all tests."""
    with valkey(tmp_path_factory.mktemp("redis"), "--appendonly", "yes", "--appendfsync", "always") as address:
        yield address


@pytest.fixture(scope="session")
def cluster_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A cluster of three, for all tests."""
    with valkey_cluster(
        tmp_path_factory.mktemp("cluster"), "--appendonly", "yes", "--appendfsync", "always"
    ) as address:
        yield address


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture(params=sorted(ENGINES))
async def engine(request: pytest.FixtureRequest, tmp_path: Path, clock: ManualClock) -> AsyncIterator[Engine]:
    async with engine_at(request, tmp_path, clock) as made:
        yield made


@contextlib.asynccontextmanager
async def engine_at(request: pytest.FixtureRequest, place: Path, clock: ManualClock) -> AsyncIterator[Engine]:
    """The engine that the fixture is asked for, on a store of its own."""
    fixtures = {"redis": "redis_address", "redis_cluster": "cluster_address"}
    if request.param in fixtures:
        (place / ADDRESS_FILE).write_text(request.getfixturevalue(fixtures[request.param]))
    async with contextlib.AsyncExitStack() as closing:
        yield Engine(request.param, place, clock, closing)


@pytest.fixture
async def ledger(engine: Engine) -> Ledger:
    return await engine.open()


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=sorted(ENGINES))
async def shared_ledger(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Ledger]:
    """One for many small tests, each of which looks at its own messages alone; they run on the module's loop."""
    async with engine_at(request, tmp_path_factory.mktemp("shared"), ManualClock()) as engine:
        yield await engine.open()
