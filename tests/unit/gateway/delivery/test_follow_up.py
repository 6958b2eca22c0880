"""Messages without a receipt: asked about, and in the end given up."""

from functools import partial
from pathlib import Path

import pytest

from gateway.delivery.follow_up import FollowUp
from gateway.model.message import Part, Status
from operators.base import ReceiptState
from redaction.egress import EgressContract, EgressField
from tests.unit.gateway.road import LONG, Road, running_road
from tests.unit.gateway.stage import until

HOUR_S = 3600
ASKED = FollowUp({"loop": HOUR_S}, grace_s=HOUR_S)
NEVER_ASKED = FollowUp(grace_s=HOUR_S)


async def submitted(road: Road, **fields: object) -> bytes:
    identifier = await road.send(validity=2 * HOUR_S, **fields)  # type: ignore[arg-type]
    await road.becomes(identifier, Status.SUBMITTED)
    await road.settled()
    return identifier


def asked_times(road: Road, times: int) -> bool:
    return len(road.operators["loop"].queries) == times


@pytest.mark.smpp("S-45")
async def test_a_message_without_a_receipt_ends_as_unknown_after_its_validity_and_a_while(tmp_path: Path) -> None:
    async with running_road(tmp_path, follow_up=NEVER_ASKED) as road:
        identifier = await submitted(road)
        road.clock.advance(3 * HOUR_S - 1)
        road.dispatch.sender.on_ready("loop")
        await road.settled()
        assert (await road.stored(identifier)).status is Status.SUBMITTED
        road.clock.advance(1)
        message = await road.becomes(identifier, Status.UNKNOWN)
        assert (message.error, message.due_ms) == ("no_receipt", None)
        assert [event.status for event in await road.events()] == [Status.UNKNOWN]
        await road.settled()
        assert road.ended == [Status.UNKNOWN]
        assert road.operators["loop"].queries == []
        assert not road.inflight.active


async def test_a_restart_forgets_none_of_them(tmp_path: Path) -> None:
    async with running_road(tmp_path, follow_up=NEVER_ASKED) as road:
        identifier = await submitted(road)
    async with running_road(tmp_path, follow_up=NEVER_ASKED) as road:
        road.clock.advance(4 * HOUR_S)
        await road.becomes(identifier, Status.UNKNOWN)
        assert road.submitted == []


@pytest.mark.smpp("S-46")
@pytest.mark.case("smpp-7")
@pytest.mark.parametrize(("days", "status"), [(6, Status.DELIVERED), (7, Status.UNKNOWN)])
async def test_a_receipt_after_that_still_counts_for_a_week(tmp_path: Path, days: int, status: Status) -> None:
    async with running_road(tmp_path, follow_up=NEVER_ASKED) as road:
        identifier = await submitted(road)
        road.clock.advance(4 * HOUR_S)
        await road.becomes(identifier, Status.UNKNOWN)
        road.clock.advance(24 * HOUR_S * days)
        road.receipt("1", ReceiptState.DELIVERED)
        await until(road.acknowledged)
        assert (await road.stored(identifier)).status is status
        told = [Status.UNKNOWN] if status is Status.UNKNOWN else [Status.UNKNOWN, status]
        assert road.ended == told
        assert road.outcomes.counters.contradicting == (status is Status.UNKNOWN)


async def test_an_operator_is_asked_and_its_answer_settles_the_message(tmp_path: Path) -> None:
    async with running_road(tmp_path, follow_up=ASKED, known=lambda _: ReceiptState.DELIVERED) as road:
        identifier = await submitted(road, text=LONG)
        road.receipt("2", ReceiptState.DELIVERED)
        await until(road.acknowledged)
        road.clock.advance(HOUR_S)
        await road.becomes(identifier, Status.DELIVERED)
        asked = [(each.operator_message_id, each.source) for each in road.operators["loop"].queries]
        assert asked == [("1", "INTERKEY"), ("3", "INTERKEY")]


async def test_it_is_asked_again_while_it_does_not_know(tmp_path: Path) -> None:
    async with running_road(tmp_path, follow_up=ASKED, known=lambda _: ReceiptState.ENROUTE) as road:
        identifier = await submitted(road)
        for times in (1, 2):
            road.clock.advance(HOUR_S)
            await until(partial(asked_times, road, times))
            await road.settled()
        road.clock.advance(HOUR_S)
        await road.becomes(identifier, Status.UNKNOWN)
        assert len(road.operators["loop"].queries) == 2


async def test_without_room_it_is_asked_soon_after(tmp_path: Path) -> None:
    async with running_road(tmp_path, follow_up=ASKED, known=lambda _: ReceiptState.DELIVERED) as road:
        identifier = await submitted(road)
        road.operators["loop"]._window = 0
        road.clock.advance(HOUR_S)
        due_ms = road.clock.now_ms() + 60_000

        async def put_off() -> bool:
            return (await road.stored(identifier)).due_ms == due_ms

        while not await put_off():
            await road.settled()
        road.operators["loop"]._window = 256
        road.clock.advance(60)
        await road.becomes(identifier, Status.DELIVERED)


@pytest.mark.policy("P-16")
async def test_the_sender_is_left_out_where_the_contract_keeps_it(tmp_path: Path) -> None:
    kept = {
        "loop": EgressContract(
            operator="loop", fields=frozenset({EgressField.DESTINATION, EgressField.TEXT, EgressField.DATA_CODING})
        )
    }
    async with running_road(tmp_path, follow_up=ASKED, contracts=kept) as road:
        await submitted(road)
        road.clock.advance(HOUR_S)
        await until(lambda: road.operators["loop"].queries)
        assert road.operators["loop"].queries[0].source == ""


async def test_an_answer_for_a_part_alone_leaves_the_message_open(tmp_path: Path) -> None:
    answers = {"1": ReceiptState.DELIVERED}
    async with running_road(tmp_path, follow_up=ASKED, known=answers.get) as road:
        identifier = await submitted(road, text=LONG)
        road.clock.advance(HOUR_S)
        await until(lambda: len(road.operators["loop"].queries) == 3)
        await road.settled()
        message = await road.stored(identifier)
        assert message.status is Status.SUBMITTED
        assert message.parts == bytes((Part.DELIVERED, Part.ACCEPTED, Part.ACCEPTED))
