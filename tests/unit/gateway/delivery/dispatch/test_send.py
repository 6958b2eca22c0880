"""Sending: room, Law 3, validity, keys, stopping."""

import asyncio
from pathlib import Path

import pytest

from gateway.ledger.contract import Accept
from gateway.model.message import Status
from operators.base import (
    Accepted,
    MtMessage,
    ReceiptState,
    SubmitResult,
)
from tests.unit.gateway.road import CUSTOMER, running_road
from tests.unit.gateway.stage import until


async def test_the_attempt_is_durable_before_a_message_leaves_that_must_not_leave_twice(tmp_path: Path) -> None:
    written: list[int] = []

    def look(_message: MtMessage, _segment: int, identifier: str) -> SubmitResult:
        written.append(road.journal.operations)
        return Accepted(identifier)

    async with running_road(tmp_path, answers={"loop": look}) as road:
        await road.becomes(await road.send(message_class="promotional"), Status.SUBMITTED)
        await road.becomes(await road.send(), Status.SUBMITTED)
        acceptance, attempt, submitted = 1, 1, 1
        promotional = acceptance + attempt
        assert written == [promotional, promotional + submitted + acceptance]


async def test_a_message_expires_here_when_its_time_is_over_before_it_could_go(tmp_path: Path) -> None:
    async with running_road(tmp_path, room=0) as road:
        identifier = await road.send(validity=30)
        road.clock.advance(31)
        road.operators["loop"]._window = 1
        road.dispatch.sender.on_ready("loop")
        message = await road.becomes(identifier, Status.EXPIRED)
        assert message.error == "expired_here"
        assert not road.submitted


async def test_nothing_is_submitted_beyond_the_operators_room(tmp_path: Path) -> None:
    async with running_road(tmp_path, room=3) as road:
        road.operators["loop"]._flush = lambda: None  # type: ignore[method-assign]  # its answers do not come
        for _ in range(10):
            await road.send()
        await road.settled()
        assert len(road.submitted) == 3
        assert road.dispatch.lanes.waiting()["loop"] == 7


async def test_a_stopping_dispatch_submits_nothing_more(tmp_path: Path) -> None:
    async with running_road(tmp_path) as road:
        road.dispatch.sender.stop()
        identifier = await road.send()
        await road.settled()
        assert not road.submitted
        assert (await road.stored(identifier)).status is Status.ACCEPTED


@pytest.mark.policy("P-21")
async def test_the_content_of_a_one_time_code_goes_with_its_final_status(tmp_path: Path) -> None:
    async with running_road(tmp_path, receipts=lambda _: ReceiptState.DELIVERED) as road:
        message = await road.becomes(await road.send(message_class="otp"), Status.DELIVERED)
        assert message.content is None


async def test_a_message_whose_key_is_gone_fails_and_is_not_tried_again(tmp_path: Path) -> None:
    async with running_road(tmp_path, room=0) as road:
        identifier = await road.send()
        road.store.update(lambda state: state.drop_customer(CUSTOMER), destroys=True)
        road.operators["loop"]._window = 1
        road.dispatch.sender.on_ready("loop")
        message = await road.becomes(identifier, Status.FAILED)
        assert message.error == "content_destroyed"
        assert not road.submitted


async def test_a_message_whose_row_was_changed_fails(tmp_path: Path) -> None:
    async with running_road(tmp_path, room=0) as road:
        identifier = await road.send()
        message = await road.stored(identifier)
        message.id = bytes(15) + b"\1"
        await road.journal.write(Accept(message))
        road.operators["loop"]._window = 2
        road.dispatch.sender.on_ready("loop")
        failed = await road.becomes(message.id, Status.FAILED)
        assert failed.error == "integrity_error"
        await road.becomes(identifier, Status.SUBMITTED)


@pytest.mark.case("security-2")
async def test_a_message_that_cannot_be_submitted_in_an_unforeseen_way_ends_alone(tmp_path: Path) -> None:
    async with running_road(tmp_path) as road:
        asyncio.get_running_loop().set_exception_handler(lambda _, context: errors.append(context["exception"]))
        errors: list[BaseException] = []
        submit = road.operators["loop"].submit

        def odd(message: MtMessage) -> int:
            if message.flash:
                raise IndexError
            return submit(message)

        road.operators["loop"].submit = odd  # type: ignore[method-assign]
        before, bad, behind = await road.send(), await road.send(flash=True), await road.send()
        assert (await road.becomes(bad, Status.FAILED)).error == "failed"
        for identifier in (before, behind):
            await road.becomes(identifier, Status.SUBMITTED)
        assert [type(each) for each in errors] == [IndexError]


async def test_nothing_is_sent_after_the_leases_have_run_out(tmp_path: Path) -> None:
    async with running_road(tmp_path) as road:
        road.dispatch.sender.active_until = road.clock.monotonic()
        await road.send()
        await road.settled()
        assert road.submitted == []
        road.dispatch.sender.active_until = road.clock.monotonic() + 1
        road.dispatch.sender.look_everywhere()
        await until(lambda: len(road.submitted) == 1)
