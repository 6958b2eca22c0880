"""Receipts of a known segment: written, and only then acknowledged."""

import asyncio
import sqlite3
from pathlib import Path

import pytest

from gateway.model.message import Part, Status
from operators.base import DeliveryReceipt, ReceiptState
from tests.unit.gateway.delivery.receipts.submitting import DELIVERED, submitted
from tests.unit.gateway.road import LONG, running_road
from tests.unit.gateway.stage import until


@pytest.mark.smpp("S-47")
async def test_a_receipt_ends_the_message_and_is_acknowledged(tmp_path: Path) -> None:
    async with running_road(tmp_path) as road:
        identifier = await submitted(road)
        road.receipt("1", DELIVERED)
        message = await road.becomes(identifier, Status.DELIVERED)
        await road.settled()
        assert message.error is None
        assert road.acknowledged() == [("1", True)]
        assert [event.status for event in await road.events()] == [Status.DELIVERED]
        assert road.outcomes.waiting() == 0
        assert len(road.inflight) == 0


@pytest.mark.smpp("S-47")
async def test_a_receipt_is_not_acknowledged_before_its_commit(tmp_path: Path) -> None:
    async with running_road(tmp_path) as road:
        identifier = await submitted(road)
        with sqlite3.connect(tmp_path / "ledger.db", isolation_level=None) as other:
            other.execute("BEGIN IMMEDIATE")
            road.receipt("1", DELIVERED)
            for _ in range(50):
                await asyncio.sleep(0)
            assert road.acknowledged() == []
            assert road.outcomes.waiting() == 1
            other.execute("ROLLBACK")
        other.close()
        await until(road.acknowledged)
        assert (await road.stored(identifier)).status is Status.DELIVERED


async def test_a_bad_end_keeps_the_operators_code(tmp_path: Path) -> None:
    async with running_road(tmp_path) as road:
        identifier = await submitted(road)
        road.receipt("1", ReceiptState.UNDELIVERABLE)
        assert (await road.becomes(identifier, Status.UNDELIVERED)).error == "007"


@pytest.mark.smpp("S-40")
async def test_a_long_message_is_delivered_with_its_last_receipt(tmp_path: Path) -> None:
    async with running_road(tmp_path) as road:
        identifier = await submitted(road, text=LONG)
        road.receipt("3", DELIVERED)
        road.receipt("1", DELIVERED)
        await road.settled()
        message = await road.stored(identifier)
        assert message.status is Status.SUBMITTED
        assert message.parts == bytes((Part.DELIVERED, Part.ACCEPTED, Part.DELIVERED))
        assert road.acknowledged() == [("3", True), ("1", True)]
        road.receipt("2", DELIVERED)
        await road.becomes(identifier, Status.DELIVERED)


@pytest.mark.smpp("S-40")
async def test_a_long_message_fails_with_its_first_bad_receipt_and_stays_so(tmp_path: Path) -> None:
    async with running_road(tmp_path) as road:
        identifier = await submitted(road, text=LONG)
        road.receipt("1", DELIVERED)
        road.receipt("2", ReceiptState.EXPIRED)
        road.receipt("3", DELIVERED)
        await until(lambda: len(road.acknowledged()) == 3)
        assert (await road.stored(identifier)).status is Status.EXPIRED
        assert len(await road.events()) == 1


async def test_intermediate_news_is_acknowledged_and_changes_nothing(tmp_path: Path) -> None:
    async with running_road(tmp_path) as road:
        identifier = await submitted(road)
        road.receipt("1", ReceiptState.ENROUTE)
        await until(road.acknowledged)
        assert road.acknowledged() == [("1", True)]
        assert (await road.stored(identifier)).status is Status.SUBMITTED


@pytest.mark.smpp("S-46")
@pytest.mark.parametrize(
    ("second", "repeated", "contradicting"), [(DELIVERED, 1, 0), (ReceiptState.UNDELIVERABLE, 0, 1)]
)
async def test_a_second_receipt_is_acknowledged_counted_and_without_effect(
    tmp_path: Path, second: ReceiptState, repeated: int, contradicting: int
) -> None:
    async with running_road(tmp_path) as road:
        identifier = await submitted(road)
        road.receipt("1", DELIVERED, handle="first")
        await until(road.acknowledged)
        road.receipt("1", second, handle="second")
        await until(lambda: len(road.acknowledged()) == 2)
        assert road.acknowledged()[1] == ("second", True)
        assert (await road.stored(identifier)).status is Status.DELIVERED
        counters = road.outcomes.counters
        assert (counters.repeated, counters.contradicting) == (repeated, contradicting)
        assert len(await road.events()) == 1


@pytest.mark.smpp("S-46")
async def test_two_receipts_in_one_read_have_one_effect(tmp_path: Path) -> None:
    async with running_road(tmp_path) as road:
        await submitted(road)
        receipts = [DeliveryReceipt("loop", ("1",), DELIVERED, None, None, number) for number in range(2)]
        road.sort(receipts)
        await until(lambda: len(road.acknowledged()) == 2)
        assert len(await road.events()) == 1
        await road.settled()
        assert road.ended == [Status.DELIVERED]
