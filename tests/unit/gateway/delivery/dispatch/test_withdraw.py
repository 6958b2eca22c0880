"""Taking messages back: cancelled, or another node's."""

import asyncio
from pathlib import Path

import pytest

from gateway.model.message import Status
from gateway.model.refusals import Refusal
from operators.base import (
    Accepted,
    DeferReason,
    Deferred,
)
from tests.unit.gateway.delivery.dispatch.answering import accept, first
from tests.unit.gateway.road import CUSTOMER, LONG, running_road
from tests.unit.gateway.stage import until


async def test_what_was_steered_away_can_be_cancelled_where_it_waits_now(tmp_path: Path) -> None:
    answers = {"a": accept, "b": accept}
    async with running_road(tmp_path, down=("a", "b"), answers=answers, room=0, failover_after_s=15) as road:
        identifier = await road.send()
        await road.operators["b"].start(road.sort)
        road.clock.advance(16)
        await until(lambda: road.dispatch.lanes.waiting()["b"])
        cancelled = await road.dispatch.withdrawals.cancel(CUSTOMER, identifier)
        assert cancelled is not None
        assert cancelled.status is Status.CANCELLED
        assert road.dispatch.lanes.waiting() == {"a": 0, "b": 0}


async def test_a_waiting_message_can_be_cancelled(tmp_path: Path) -> None:
    async with running_road(tmp_path, room=0) as road:
        identifier = await road.send()
        cancelled = await road.dispatch.withdrawals.cancel(CUSTOMER, identifier)
        assert cancelled is not None
        assert (await road.stored(identifier)).status is Status.CANCELLED
        assert [event.status for event in await road.events()] == [Status.CANCELLED]
        road.operators["loop"]._window = 1
        road.dispatch.sender.on_ready("loop")
        await road.settled()
        assert not road.submitted


async def test_a_scheduled_message_can_be_cancelled(tmp_path: Path) -> None:
    async with running_road(tmp_path) as road:
        identifier = await road.send(schedule_at="2027-01-15T08:01:00Z")
        await road.dispatch.withdrawals.cancel(CUSTOMER, identifier)
        road.clock.advance(60)
        await road.settled()
        assert (await road.stored(identifier)).status is Status.CANCELLED
        assert not road.submitted


async def test_a_message_that_falls_due_while_it_is_cancelled_does_not_go_out(tmp_path: Path) -> None:
    async with running_road(tmp_path) as road:
        identifier = await road.send(schedule_at="2027-01-15T08:01:00Z")
        await road.settled()
        road.clock.advance(60)
        cancelling = asyncio.create_task(road.dispatch.withdrawals.cancel(CUSTOMER, identifier))
        await asyncio.sleep(0)
        road.dispatch.sender.on_ready("loop")
        await cancelling
        await road.settled()
        assert not road.submitted
        assert not road.inflight.active


@pytest.mark.parametrize("customer", [CUSTOMER + 1, 0])
async def test_nobody_cancels_somebody_elses_message(tmp_path: Path, customer: int) -> None:
    async with running_road(tmp_path, room=0) as road:
        identifier = await road.send()
        assert await road.dispatch.withdrawals.cancel(customer, identifier) is None
        assert await road.dispatch.withdrawals.cancel(CUSTOMER, bytes(16)) is None
        assert road.dispatch.lanes.waiting() == {"loop": 1}


async def test_what_is_with_an_operator_cannot_be_cancelled(tmp_path: Path) -> None:
    async with running_road(tmp_path) as road:
        identifier = await road.send()
        await road.becomes(identifier, Status.SUBMITTED)
        with pytest.raises(Refusal, match="not_cancellable"):
            await road.dispatch.withdrawals.cancel(CUSTOMER, identifier)


async def test_what_is_on_its_way_to_an_operator_cannot_be_cancelled(tmp_path: Path) -> None:
    async with running_road(tmp_path) as road:
        road.hold()
        identifier = await road.send()
        await until(lambda: road.submitted)
        with pytest.raises(Refusal, match="not_cancellable"):
            await road.dispatch.withdrawals.cancel(CUSTOMER, identifier)
        road.release()
        await road.becomes(identifier, Status.SUBMITTED)


async def test_a_refused_cancellation_does_not_lose_a_half_sent_message(tmp_path: Path) -> None:
    answer = first(Accepted("a"), *[Deferred(DeferReason.THROTTLED, 0x58, 0.0)] * 2)
    async with running_road(tmp_path, answers={"loop": answer}) as road:
        road.hold()
        identifier = await road.send(text=LONG)
        await until(lambda: len(road.held_answers()) == 3)
        road.operators["loop"]._window = 0
        road.release()
        assert road.dispatch.lanes.waiting() == {"loop": 1}
        with pytest.raises(Refusal, match="not_cancellable"):
            await road.dispatch.withdrawals.cancel(CUSTOMER, identifier)
        road.operators["loop"]._window = 256
        road.dispatch.sender.on_ready("loop")
        await road.becomes(identifier, Status.SUBMITTED)


async def test_what_another_node_has_is_let_go(tmp_path: Path) -> None:
    async with running_road(tmp_path) as road:
        road.dispatch.sender.active_until = road.clock.monotonic()
        gone, kept = await road.send(), await road.send()
        await road.settled()
        assert road.dispatch.lanes.waiting() == {"loop": 2}
        road.dispatch.withdrawals.let_go(gone.__eq__)
        assert road.dispatch.lanes.waiting() == {"loop": 1}
        assert set(road.inflight.active) == {kept}
