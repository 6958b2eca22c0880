"""What is wrong while a node runs is one line when it begins and one when it is over."""

import asyncio
import os
import resource
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
from structlog.testing import capture_logs
from structlog.typing import EventDict

from gateway.ledger.contract import Accept, LedgerUnavailable, WriteOp, WriteResult
from gateway.ledger.journal import Journal, JournalFull
from gateway.ledger.sqlite.engine import SqliteLedger
from gateway.node.troubles import CALM_S, LONG_LOG_BYTES, SPARE_DESCRIPTORS, Troubles
from gateway.process.clock import ManualClock
from tests.bounds import LIMIT_S
from tests.contract.records import a_message


class Disk(SqliteLedger):
    """Full, or not."""

    full = False

    async def apply(self, batch: Sequence[WriteOp]) -> list[WriteResult]:
        if self.full:
            raise LedgerUnavailable("SQLITE_FULL")
        return await super().apply(batch)


class Bench:
    def __init__(self, disk: Disk) -> None:
        self.disk = disk
        self.clock = ManualClock()
        self.journal = Journal(disk, stored=lambda _: None, retry_s=0.001)
        self.wrong: str | None = None
        self.connections = 0
        self.log_bytes = 0
        self.troubles = Troubles(
            self.journal, self.clock, {"ledger": self.check}, lambda: self.connections, lambda: self.log_bytes
        )

    async def check(self) -> str | None:
        return self.wrong

    async def post(self) -> bool:
        """Whether a message was taken."""
        try:
            await self.journal.accept(Accept(a_message()))
        except (JournalFull, LedgerUnavailable):
            return False
        return True


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    disk = Disk(tmp_path / "ledger.db", ManualClock(), synchronous="off")
    await disk.open()
    bench = Bench(disk)
    running = asyncio.ensure_future(bench.journal.run())
    yield bench
    running.cancel()
    await asyncio.wait([running])
    await disk.close()


def told(lines: list[EventDict]) -> list[EventDict]:
    return [each for each in lines if each["event"].startswith("trouble")]


@pytest.mark.case("faults-8")
async def test_a_full_disk_is_two_lines_and_readiness_does_not_flicker(bench: Bench) -> None:
    ready: list[bool] = []
    with capture_logs() as lines:
        for _ in range(20):  # a commit now and then is small enough
            for full in (True, True, True, False):
                bench.disk.full = full
                await bench.post()
                bench.troubles.look_at_ledger()
                ready.append(bench.troubles.ledger_is_well)
            bench.clock.advance(CALM_S / 2)
        assert set(ready) == {False}
        async with asyncio.timeout(LIMIT_S):
            while not await bench.post():
                await asyncio.sleep(0)
        bench.clock.advance(CALM_S)
        bench.troubles.look_at_ledger()
    assert bench.troubles.ledger_is_well
    begin, end = told(lines)
    assert (begin["event"], begin["kind"], begin["reason"]) == ("trouble", "ledger", "SQLITE_FULL")
    assert (end["event"], end["kind"], end["seconds"]) == ("trouble_over", "ledger", 19 * CALM_S / 2)
    assert end["count"] == bench.journal.refused > 0


@pytest.mark.case("faults-6")
async def test_a_store_that_may_lose_what_it_took_is_told_of_once_and_is_not_ready(bench: Bench) -> None:
    with capture_logs() as lines:
        await bench.troubles.look_at_durability()
        assert bench.troubles.is_durable
        bench.wrong = "the server has appendfsync everysec; a ledger needs appendfsync always"
        for _ in range(3):
            await bench.troubles.look_at_durability()
        assert not bench.troubles.is_durable
        bench.wrong = None
        await bench.troubles.look_at_durability()
        assert bench.troubles.is_durable
    assert [each["event"] for each in told(lines)] == ["trouble", "trouble_over"]


@pytest.mark.case("faults-6")
async def test_another_connection_is_a_reason_to_look_again(bench: Bench) -> None:
    running = asyncio.ensure_future(bench.troubles.run())
    bench.wrong = "the server has maxmemory-policy allkeys-lru; a ledger needs maxmemory-policy noeviction"
    bench.connections += 1
    async with asyncio.timeout(LIMIT_S):
        while bench.troubles.is_durable:
            await asyncio.sleep(0.01)
    running.cancel()
    await asyncio.wait([running])


@pytest.mark.case("faults-8")
async def test_a_process_without_descriptors_says_so(bench: Bench) -> None:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    used = len(os.listdir("/proc/self/fd"))
    with capture_logs() as lines:
        resource.setrlimit(resource.RLIMIT_NOFILE, (used + SPARE_DESCRIPTORS // 2, before[1]))
        try:
            bench.troubles.look_at_descriptors()
            bench.troubles.look_at_descriptors()
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, before)
        bench.clock.advance(CALM_S)
        bench.troubles.look_at_descriptors()
    assert [(each["event"], each["kind"]) for each in told(lines)] == [
        ("trouble", "descriptors"),
        ("trouble_over", "descriptors"),
    ]


@pytest.mark.case("faults-13")
async def test_a_log_that_gets_too_long_is_told_of_until_it_is_short(bench: Bench) -> None:
    with capture_logs() as lines:
        for length in (LONG_LOG_BYTES, LONG_LOG_BYTES + 1, 2 * LONG_LOG_BYTES, 0):
            bench.log_bytes = length
            bench.troubles.look_at_log()
            bench.clock.advance(CALM_S)
        bench.troubles.look_at_log()
    assert [(each["event"], each["kind"]) for each in told(lines)] == [("trouble", "log"), ("trouble_over", "log")]
