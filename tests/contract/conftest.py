"""The engines that fulfil the ledger's contract; every test in this directory runs against each of them."""

import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from gateway.clock import ManualClock
from gateway.ledger.base import Ledger
from gateway.ledger.sqlite import SqliteLedger

Make = Callable[[Path, ManualClock, bool], Ledger]
"""Builds an engine on what lies at a place; not opened yet. The last argument: take the node's lock."""

ENGINES: dict[str, Make] = {
    "sqlite": lambda place, clock, exclusive: SqliteLedger(place / "ledger.db", clock, exclusive=exclusive),
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


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture(params=sorted(ENGINES))
async def engine(request: pytest.FixtureRequest, tmp_path: Path, clock: ManualClock) -> AsyncIterator[Engine]:
    async with contextlib.AsyncExitStack() as closing:
        yield Engine(request.param, tmp_path, clock, closing)


@pytest.fixture
async def ledger(engine: Engine) -> Ledger:
    return await engine.open()
