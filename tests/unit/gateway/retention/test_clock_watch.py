"""What the ledger keeps of the clock, over a restart and between a verb and a node."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.ledger.sqlite.engine import SqliteLedger
from gateway.process.clock import ManualClock
from gateway.retention.clock_watch import ClockWatch

BOOT, OTHER_BOOT = 7, 8
DAY_S = 86_400.0


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def ledger(tmp_path: Path, clock: ManualClock) -> AsyncIterator[SqliteLedger]:
    ledger = SqliteLedger(tmp_path / "ledger.db", clock, synchronous="off")
    await ledger.open()
    yield ledger
    await ledger.close()


async def begun(clock: ManualClock, ledger: SqliteLedger, boot: int = BOOT) -> ClockWatch:
    watch = ClockWatch(clock, ledger.marks, boot)
    await watch.begin()
    return watch


def jump(clock: ManualClock, watch: ClockWatch, seconds: float) -> None:
    clock.step(seconds)
    watch.guard.look()
    assert not clock.is_sound


async def test_a_first_start_knows_no_time_before(clock: ManualClock, ledger: SqliteLedger) -> None:
    watch = await begun(clock, ledger)
    assert clock.is_sound
    await watch.write()
    assert (await ledger.marks.all())["clock_wall_ms"] == clock.now_ms()


@pytest.mark.case("faults-3")
async def test_a_clock_that_went_back_while_nothing_ran_is_noticed(ledger: SqliteLedger, clock: ManualClock) -> None:
    await (await begun(clock, ledger)).write()
    later = ManualClock(clock.now_ms() - 86_400_000)
    await begun(later, ledger, OTHER_BOOT)
    assert not later.is_sound
    assert later.now_ms() == clock.now_ms()


@pytest.mark.case("faults-3")
async def test_a_step_while_nothing_ran_is_noticed_on_the_same_machine(
    ledger: SqliteLedger, clock: ManualClock
) -> None:
    await (await begun(clock, ledger)).write()
    now_ms = clock.now_ms()
    clock.step(4 * DAY_S)
    clock.set_distance(clock.wall_ms() - clock.steady_ms())  # as a process finds it when it starts
    await begun(clock, ledger)
    assert not clock.is_sound
    assert clock.now_ms() == now_ms


@pytest.mark.case("faults-3")
async def test_a_verb_confirms_what_a_node_takes_for_a_jump(ledger: SqliteLedger, clock: ManualClock) -> None:
    node = await begun(clock, ledger)
    await node.write()
    jump(clock, node, DAY_S)
    await node.ask()
    assert not clock.is_sound
    desk = ManualClock(clock.wall_ms())
    await (await begun(desk, ledger, OTHER_BOOT)).confirm()
    clock.advance(3)
    await node.ask()
    assert clock.is_sound
    assert clock.now_ms() == clock.wall_ms()
    assert (await ledger.marks.all())["clock_wall_ms"] == clock.now_ms()


async def test_a_confirmation_from_before_the_jump_says_nothing(ledger: SqliteLedger, clock: ManualClock) -> None:
    node = await begun(clock, ledger)
    await node.confirm()
    jump(clock, node, 300)
    await node.ask()
    await node.ask()
    assert not clock.is_sound


async def test_a_node_whose_clock_says_something_else_is_not_confirmed(
    ledger: SqliteLedger, clock: ManualClock
) -> None:
    node = await begun(clock, ledger)
    jump(clock, node, DAY_S)
    await node.ask()
    desk = ManualClock(clock.wall_ms() - 2 * 86_400_000)
    await (await begun(desk, ledger, OTHER_BOOT)).confirm()
    await node.ask()
    assert not clock.is_sound


async def test_a_restart_after_a_confirmation_is_sound(ledger: SqliteLedger, clock: ManualClock) -> None:
    node = await begun(clock, ledger)
    await node.write()
    jump(clock, node, -DAY_S)
    await node.confirm()
    again = ManualClock(clock.wall_ms())
    await begun(again, ledger, OTHER_BOOT)
    assert again.is_sound
