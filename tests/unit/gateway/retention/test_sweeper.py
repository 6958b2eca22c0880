"""Forgetting on time, on a real road: what goes when, what is refused meanwhile, and what remains."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from config.settings import SweeperSettings
from gateway.ledger.contract import LedgerUnavailable
from gateway.ledger.sqlite.engine import SqliteLedger
from gateway.ledger.sqlite.retention import Retention
from gateway.model.message import Message, Status
from gateway.retention.sweeper import LATE_S, Sweeper, Swept
from operators.base import Accepted, ReceiptState
from redaction.errors import KeyDestroyed
from redaction.retention import OTP
from redaction.search_epochs import ends_ms, epoch_of
from tests.bounds import LIMIT_S
from tests.unit.gateway.road import Road, running_road

MINUTE = 60
HOUR = 3_600
DAY = 24 * HOUR


@pytest.fixture
async def road(tmp_path: Path) -> AsyncIterator[Road]:
    async with running_road(
        tmp_path,
        answers={"loop": lambda _message, _segment, identifier: Accepted(identifier)},
        receipts=lambda _: ReceiptState.DELIVERED,
    ) as road:
        yield road


def sweeper(road: Road, *, nodes: int = 1, **settings: float) -> Sweeper:
    return Sweeper(
        nodes=lambda: nodes,
        retention=road.ledger.retention,
        keyring=road.keyring,
        clock=road.clock,
        settings=SweeperSettings(**settings),  # type: ignore[arg-type]
        integrity=road.integrity,
        schedule_s=30 * DAY,
    )


async def delivered(road: Road, **changes: Any) -> Message:
    return await road.becomes(await road.send(**changes), Status.DELIVERED)


async def overdue(road: Road) -> int:
    return sum(each.content + each.records for each in await road.ledger.retention.overdue(road.clock.now_ms()))


@pytest.mark.case("faults-3")
async def test_nothing_is_forgotten_by_a_clock_that_has_jumped(road: Road) -> None:
    message = await delivered(road)
    sweep = sweeper(road).sweep
    road.clock.advance(400 * DAY)
    road.clock.is_sound = False
    assert await sweep() == Swept(keys=0, content=0, records=0, leftovers=0)
    (kept,) = await road.ledger.messages.find_many([message.id])
    assert kept is not None
    assert kept.content is not None
    road.clock.is_sound = True
    assert (await sweep()).records == 1


@pytest.mark.policy("P-21")
async def test_content_goes_at_its_time_and_the_record_at_its_own(road: Road) -> None:
    message = await delivered(road)
    sweep = sweeper(road).sweep
    road.clock.advance(DAY - 0.001)
    assert (await sweep()).content == 0
    assert road.vault.open_content(message).text
    road.clock.advance(0.001)
    with pytest.raises(KeyDestroyed):
        road.vault.open_content(message)
    assert (await sweep()).content == 1
    assert (await road.stored(message.id)).content is None
    road.clock.advance(89 * DAY - 0.001)
    assert (await sweep()).records == 0
    road.clock.advance(0.001)
    assert await road.ledger.messages.find(message.customer, message.id) is None
    assert (await sweep()).records == 1
    assert await overdue(road) == 0
    assert [(each.messages, each.status) for each in await road.ledger.retention.traffic(0, 10)] == [
        (1, Status.DELIVERED)
    ]


@pytest.mark.policy("P-23")
async def test_the_key_of_a_period_is_destroyed_when_its_last_content_is_due(road: Road) -> None:
    message = await road.stored(await road.send(message_class="otp"))
    periods = set(road.store.state.periods())
    mine = min(period for tag, period in periods if tag == OTP)
    road.clock.advance(2 * HOUR)
    swept = await sweeper(road).sweep()
    assert swept.keys == 1
    assert (OTP, mine) not in road.store.state.periods()
    with pytest.raises(KeyDestroyed):
        road.vault.open_content(message)


@pytest.mark.policy("P-21")
async def test_nothing_is_overdue_after_a_sweep_in_small_batches(road: Road) -> None:
    for _ in range(7):
        await delivered(road)
    road.clock.advance(DAY)
    assert await overdue(road) == 7
    each = sweeper(road, batch_limit=2)
    assert await each.sweep() == Swept(keys=each.totals.keys, content=7, records=0, leftovers=0)
    assert await overdue(road) == 0
    road.clock.advance(90 * DAY)
    assert (await each.sweep()).records == 7
    assert (each.totals.content, each.totals.records) == (7, 7)
    assert not any(tag.content or tag.records for tag in each.due)


@pytest.mark.parametrize(("pace", "nodes"), [(50, 1), (150, 3)])
async def test_steps_keep_their_pace_which_is_that_of_all_nodes(road: Road, pace: int, nodes: int) -> None:
    """Three steps of two messages, at 50 a second: the last is over no sooner than its pace allows."""
    for _ in range(6):
        await delivered(road)
    road.clock.advance(91 * DAY)
    began_s = asyncio.get_running_loop().time()
    assert (await sweeper(road, nodes=nodes, batch_limit=2, messages_per_s=pace).sweep()).content == 6
    assert asyncio.get_running_loop().time() - began_s >= 6 / 50 - LATE_S


@pytest.mark.policy("P-21")
async def test_an_idempotency_key_is_remembered_for_a_day_and_not_longer(road: Road) -> None:
    first = await road.send(idempotency="k")
    road.clock.advance(DAY - 1)
    assert (await sweeper(road).sweep()).leftovers == 0
    assert await road.send(idempotency="k") == first
    road.clock.advance(1)
    assert (await sweeper(road).sweep()).leftovers == 1


@pytest.mark.policy("P-23")
async def test_pseudonyms_die_with_their_epoch_once_no_record_needs_them(road: Road) -> None:
    epoch = epoch_of(road.clock.now_ms())
    road.clock.advance((ends_ms(epoch) - 1 - road.clock.now_ms()) / 1000 + 90 * DAY)
    await sweeper(road).sweep()
    assert road.store.state.has_secret("search", epoch, OTP)
    road.clock.advance(0.001)
    await sweeper(road).sweep()
    assert not road.store.state.has_secret("search", epoch, OTP)


class RefusingOnce(Retention):
    """Its first sweep fails as on a full disk."""

    swept: asyncio.Event
    left = 1

    async def forget_content(self, now_ms: int, limit: int) -> int:
        if self.left:
            self.left -= 1
            raise LedgerUnavailable
        self.swept.set()
        return await super().forget_content(now_ms, limit)


async def test_a_sweep_that_the_ledger_refuses_is_counted_and_tried_again(road: Road, tmp_path: Path) -> None:
    ledger = SqliteLedger(tmp_path / "other.db", road.clock)
    retention = RefusingOnce(ledger._file, ledger._writer)
    retention.swept = asyncio.Event()
    await ledger.open()
    settings = SweeperSettings(interval_s=0.001)
    one = Sweeper(
        retention=retention,
        keyring=road.keyring,
        clock=road.clock,
        settings=settings,
        integrity=road.integrity,
        schedule_s=0,
    )
    task = asyncio.ensure_future(one.run())
    async with asyncio.timeout(LIMIT_S):
        await retention.swept.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await ledger.close()
    assert one.failed == 1


async def test_a_sweep_that_is_hastened_does_not_wait_for_its_interval(road: Road) -> None:
    kept = sweeper(road, interval_s=3600.0)
    await delivered(road)
    road.clock.advance(DAY)
    running = asyncio.create_task(kept.run())
    try:
        async with asyncio.timeout(LIMIT_S):
            await _swept(kept, 1)  # by the first sweep, which needs no haste
            await delivered(road)
            road.clock.advance(DAY)
            kept.hasten()
            await _swept(kept, 2)
    finally:
        running.cancel()


async def _swept(kept: Sweeper, content: int) -> None:
    while kept.totals.content < content:
        await asyncio.sleep(0.01)
