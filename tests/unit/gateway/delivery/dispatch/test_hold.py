"""Messages of a disabled customer wait in the ledger, at no cost, and go on when it is enabled."""

import asyncio
from pathlib import Path
from typing import Final

import pytest

from gateway.delivery.dispatch.hold import AT_ONCE, LOOK_S, PAGES
from gateway.delivery.dispatch.rounds import REHOME_S
from gateway.http_api.views import message_view
from gateway.model.attempt import Attempt
from gateway.model.message import Message, Part, Status
from gateway.model.refusals import Refusal
from operators.base import Accepted, MtMessage, ReceiptState
from tests.bounds import LIMIT_S
from tests.unit.gateway.delivery.dispatch.answering import TRANSIENT, accept, first, submitted
from tests.unit.gateway.road import CUSTOMER, LONG, Road, running_road
from tests.unit.gateway.stage import until

HELD: Final = f"~{CUSTOMER}~loop"
DISABLED: Final = frozenset({CUSTOMER})
NOBODY: Final[frozenset[int]] = frozenset()


async def held(road: Road, identifier: bytes, lane: str = HELD) -> Message:
    """The record, once it is held and memory has let go of it."""
    async with asyncio.timeout(LIMIT_S):
        while (message := await road.stored(identifier)).operator != lane:  # the ledger sets no event
            await asyncio.sleep(0)
    await until(lambda: identifier not in road.inflight.active)
    return message


async def looked(road: Road) -> None:
    """A look at what is held has been taken."""
    road.clock.advance(LOOK_S + 1)
    lanes, looks = road.ledger.work.lanes, []

    async def lanes_noted() -> object:
        looks.append(1)
        return await lanes()

    road.ledger.work.lanes = lanes_noted  # type: ignore[method-assign, assignment]
    await until(lambda: looks)
    road.ledger.work.lanes = lanes  # type: ignore[method-assign]
    await road.settled()


async def test_a_message_of_a_disabled_customer_waits_and_goes_on_when_it_is_enabled(tmp_path: Path) -> None:
    async with running_road(tmp_path) as road:
        road.disabled = DISABLED
        identifier = await road.send()
        message = await held(road, identifier)
        assert (message.status, message.due_ms, message.attempts) == (Status.ACCEPTED, message.expires_ms, 0)
        assert len(road.dispatch.lanes.by_name["loop"]) == 0
        road.disabled = NOBODY
        message = await road.becomes(identifier, Status.SUBMITTED)
        assert (message.operator, message.attempts) == ("loop", 1)
        assert (road.dispatch.counters.held, road.dispatch.counters.released) == (1, 1)


async def test_what_is_held_costs_one_write_and_nothing_while_it_waits(tmp_path: Path) -> None:
    async with running_road(tmp_path) as road:
        road.disabled = DISABLED
        identifiers = [await road.send() for _ in range(20)]
        for identifier in identifiers:
            await held(road, identifier)
        assert road.journal.operations == 40  # acceptance and hold
        for _ in range(3):
            await looked(road)
        assert road.journal.operations == 40
        assert not await road.ledger.work.claim_due("loop", road.clock.now_ms(), 100, ())


async def test_what_waits_in_memory_is_held_when_its_turn_comes(tmp_path: Path) -> None:
    async with running_road(tmp_path, room=0) as road:
        identifier = await road.send()
        await until(lambda: len(road.dispatch.lanes.by_name["loop"]) == 1)
        road.disabled = DISABLED
        road.operators["loop"]._window = 8
        road.dispatch.sender.on_ready("loop")
        await held(road, identifier)
        assert not road.submitted


async def test_what_is_held_expires_on_time(tmp_path: Path) -> None:
    async with running_road(tmp_path) as road:
        road.disabled = DISABLED
        identifier = await road.send(validity=60)
        await held(road, identifier)
        await looked(road)
        assert (await road.stored(identifier)).status is Status.ACCEPTED
        road.clock.advance(60)
        message = await road.becomes(identifier, Status.EXPIRED)
        assert (message.operator, message.error) == ("loop", "expired_here")
        assert [event.status for event in await road.events()] == [Status.EXPIRED]
        road.disabled = NOBODY
        await looked(road)
        assert not road.submitted


async def test_a_message_that_must_not_be_sent_twice_is_held_and_sent_once(tmp_path: Path) -> None:
    async with running_road(tmp_path, room=0) as road:
        identifier = await road.send(message_class="promotional")
        road.operators["loop"]._window = 1
        road.dispatch.sender.on_ready("loop")  # its attempt is being written down
        road.disabled = DISABLED
        message = await held(road, identifier)
        assert set(message.parts) == {Part.WAITING}
        road.disabled = NOBODY
        await road.becomes(identifier, Status.SUBMITTED)
        assert len(road.submitted) == 1


async def test_of_a_long_message_only_what_is_missing_is_sent_later_and_to_the_same_operator(tmp_path: Path) -> None:
    answers = {"a": first(Accepted("1"), TRANSIENT, TRANSIENT), "b": accept}
    async with running_road(tmp_path, answers=answers, retry_first_s=1) as road:
        identifier = await road.send(text=LONG)
        await road.becomes(identifier, Status.QUEUED)
        road.disabled = DISABLED
        road.clock.advance(1)
        message = await held(road, identifier, f"~{CUSTOMER}~a")
        view = message_view(
            message, "+966•••••••78", country_of=lambda name: {"a": "SA"}.get(name), reference=None, now_ms=0
        )
        assert (view.privacy.operator, view.privacy.country, view.scheduled_at) == ("a", "SA", None)
        road.disabled = NOBODY
        await road.becomes(identifier, Status.SUBMITTED)
        assert [(name, segment) for name, _, segment in road.submitted][3:] == [("a", 1), ("a", 2)]


async def test_messages_with_an_operator_are_followed_to_their_end(tmp_path: Path) -> None:
    async with running_road(tmp_path) as road:
        identifier = await road.send()
        message = await road.becomes(identifier, Status.SUBMITTED)
        road.disabled = DISABLED
        road.receipt(message.operator_ids[0], ReceiptState.DELIVERED)
        await road.becomes(identifier, Status.DELIVERED)


async def test_what_is_held_outlives_the_node(tmp_path: Path) -> None:
    async with running_road(tmp_path) as road:
        road.disabled = DISABLED
        identifier = await road.send()
        await held(road, identifier)
    async with running_road(tmp_path) as road:
        await road.becomes(identifier, Status.SUBMITTED)


async def test_a_held_lane_is_not_one_of_an_operator_that_is_no_more(tmp_path: Path) -> None:
    async with running_road(tmp_path) as road:
        road.disabled = DISABLED
        identifier = await road.send()
        await held(road, identifier)
        road.clock.advance(REHOME_S + 1)
        await looked(road)
        await held(road, identifier)
        assert not road.submitted


async def test_what_was_held_for_an_operator_that_is_no_more_finds_another(tmp_path: Path) -> None:
    async with running_road(tmp_path, answers={"gone": accept}) as road:
        road.disabled = DISABLED
        identifier = await road.send()
        await held(road, identifier, f"~{CUSTOMER}~gone")
    async with running_road(tmp_path) as road:
        async with asyncio.timeout(LIMIT_S):
            while (await road.stored(identifier)).operator == f"~{CUSTOMER}~gone":  # the ledger sets no event
                await asyncio.sleep(0)
        road.clock.advance(REHOME_S + 1)
        assert (await road.becomes(identifier, Status.SUBMITTED)).operator == "loop"


async def test_a_held_message_is_cancelled_or_replaced_like_any_other(tmp_path: Path) -> None:
    async with running_road(tmp_path) as road:
        road.disabled = DISABLED
        first_one, second_one = await road.send(), await road.send()
        for identifier in (first_one, second_one):
            await held(road, identifier)
        cancelled = await road.dispatch.withdrawals.cancel(CUSTOMER, first_one)
        assert cancelled is not None
        assert (cancelled.status, cancelled.operator) == (Status.CANCELLED, "loop")
        assert (await road.stored(first_one)).operator == "loop"
        replaced = await road.dispatch.withdrawals.replace(CUSTOMER, second_one, lambda message: message)
        assert replaced is not None
        await looked(road)
        message = await held(road, second_one)
        assert message.due_ms == message.expires_ms  # not due again until then
        with pytest.raises(Refusal):
            await road.dispatch.withdrawals.cancel(CUSTOMER, first_one)
        road.disabled = NOBODY
        await road.becomes(second_one, Status.SUBMITTED)
        assert not submitted(road, 2)


async def test_thousands_are_held_and_go_on_in_the_order_in_which_they_came(tmp_path: Path) -> None:
    count = AT_ONCE * PAGES + 300
    async with running_road(tmp_path, room=0, active_per_operator=64) as road:
        road.disabled = DISABLED
        identifiers = [await road.send() for _ in range(count)]
        road.operators["loop"]._window = 10_000
        road.dispatch.sender.on_ready("loop")
        await held(road, identifiers[-1])
        await until(lambda: road.dispatch.counters.held == count)
        await road.settled()
        assert await road.ledger.work.backlog(HELD) == count
        road.disabled = NOBODY
        await until(lambda: submitted(road, count))
        assert [_identifier(message) for _, message, _ in road.submitted] == identifiers
        assert road.dispatch.counters.released == count
        assert await road.ledger.work.backlog(HELD) == 0


def _identifier(message: MtMessage) -> bytes:
    assert isinstance(message.token, Attempt)
    return message.token.message.id


async def test_other_customers_are_served_meanwhile(tmp_path: Path) -> None:
    async with running_road(tmp_path) as road:
        road.disabled = frozenset({CUSTOMER + 1})
        await road.becomes(await road.send(), Status.SUBMITTED)
