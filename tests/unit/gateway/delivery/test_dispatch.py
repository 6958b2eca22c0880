"""Sending: attempts, retries, failover, Law 3, schedules, cancelling."""

import asyncio
from functools import partial
from pathlib import Path

import pytest

from gateway.delivery.dispatch import REHOME_S
from gateway.delivery.routing import Route
from gateway.ledger.contract import Accept
from gateway.model.message import Part, Status
from gateway.model.refusals import Refusal
from operators.base import (
    Accepted,
    DeferReason,
    Deferred,
    MtMessage,
    ReceiptState,
    Refused,
    SubmitResult,
    Submitted,
    Unknown,
    UnknownReason,
)
from redaction.egress import EgressContract, EgressField, disclosed_fields
from redaction.personal import Purpose
from tests.unit.gateway.road import CUSTOMER, LONG, Answers, Road, running_road
from tests.unit.gateway.stage import until

TRANSIENT = Deferred(DeferReason.TRANSIENT, 0x08, 0.0)
TIMEOUT = Unknown(UnknownReason.TIMEOUT)


def accept(_message: MtMessage, _segment: int, identifier: str) -> SubmitResult:
    return Accepted(identifier)


def first(*results: SubmitResult) -> Answers:
    """These results in turn, then acceptance."""
    left = list(results)

    def answer(_message: MtMessage, _segment: int, identifier: str) -> SubmitResult:
        return left.pop(0) if left else Accepted(identifier)

    return answer


def submitted(road: Road, times: int) -> bool:
    return len(road.submitted) == times


def always(result: SubmitResult) -> Answers:
    return lambda _message, _segment, _identifier: result


async def test_a_message_goes_out_after_its_commit_and_keeps_its_operators_id(tmp_path: Path) -> None:
    async with running_road(tmp_path) as road:
        message = await road.becomes(await road.send(), Status.SUBMITTED)
        assert (message.operator, message.operator_ids, message.attempts) == ("loop", ("1",), 1)
        assert message.parts == bytes((Part.ACCEPTED,))
        assert message.due_ms == message.expires_ms + 6 * 3600 * 1000
        (_, sent, _), *rest = road.submitted
        assert not rest
        assert sent.destination.reveal(Purpose.DELIVER) == "966500000078"
        assert (sent.source, sent.text.reveal(Purpose.DELIVER)) == ("INTERKEY", "hello")


async def test_nothing_is_left_in_memory_of_what_is_with_the_operator(tmp_path: Path) -> None:
    async with running_road(tmp_path) as road:
        await road.becomes(await road.send(), Status.SUBMITTED)
        await road.settled()
        assert not road.inflight.active
        assert road.dispatch.waiting() == {"loop": 0}


@pytest.mark.smpp("S-40")
async def test_a_long_message_is_submitted_with_its_last_segment(tmp_path: Path) -> None:
    async with running_road(tmp_path) as road:
        message = await road.becomes(await road.send(text=LONG), Status.SUBMITTED)
        assert message.operator_ids == ("1", "2", "3")
        assert [segment for _, _, segment in road.submitted] == [0, 1, 2]


@pytest.mark.smpp("S-33")
@pytest.mark.parametrize("reason", [DeferReason.THROTTLED, DeferReason.QUEUE_FULL, DeferReason.NOT_SENT])
async def test_a_request_to_slow_down_burns_no_attempt(tmp_path: Path, reason: DeferReason) -> None:
    answer = first(*[Deferred(reason, 0x58, 0.0)] * 3)
    async with running_road(tmp_path, answers={"loop": answer}, max_attempts=1) as road:
        message = await road.becomes(await road.send(), Status.SUBMITTED)
        assert message.attempts == 1
        assert message.error is None
        assert len(road.submitted) == 4


async def test_only_the_segments_that_were_put_off_go_again(tmp_path: Path) -> None:
    answer = first(Accepted("a"), Deferred(DeferReason.THROTTLED, 0x58, 0.0), Accepted("c"), Accepted("b"))
    async with running_road(tmp_path, answers={"loop": answer}) as road:
        message = await road.becomes(await road.send(text=LONG), Status.SUBMITTED)
        assert [segment for _, _, segment in road.submitted] == [0, 1, 2, 1]
        assert message.operator_ids == ("a", "b", "c")


@pytest.mark.smpp("S-34")
async def test_a_transient_refusal_is_tried_again_with_a_growing_pause(tmp_path: Path) -> None:
    answer = first(TRANSIENT, TRANSIENT, TRANSIENT)
    async with running_road(tmp_path, answers={"loop": answer}, retry_first_s=5, retry_limit_s=12) as road:
        identifier = await road.send()
        for attempt, pause_s in enumerate((5, 10, 12), 1):
            await until(partial(submitted, road, attempt))
            message = await road.becomes(identifier, Status.QUEUED)
            await road.settled()
            message = await road.stored(identifier)
            assert (message.attempts, message.error) == (attempt, "00000008")
            assert message.due_ms == road.clock.now_ms() + pause_s * 1000
            road.clock.advance(pause_s)
        message = await road.becomes(identifier, Status.SUBMITTED)
        assert (message.attempts, message.error) == (4, None)


async def test_attempts_end_at_their_limit(tmp_path: Path) -> None:
    async with running_road(tmp_path, answers={"loop": always(TRANSIENT)}, max_attempts=2, retry_first_s=1) as road:
        identifier = await road.send()
        await road.becomes(identifier, Status.QUEUED)
        road.clock.advance(1)
        message = await road.becomes(identifier, Status.FAILED)
        assert (message.attempts, message.error) == (2, "00000008")


async def test_a_transient_refusal_moves_on_to_the_next_operator(tmp_path: Path) -> None:
    async with running_road(tmp_path, answers={"a": always(TRANSIENT), "b": accept}, retry_first_s=1) as road:
        identifier = await road.send()
        assert (await road.becomes(identifier, Status.QUEUED)).operator == "b"
        road.clock.advance(1)
        message = await road.becomes(identifier, Status.SUBMITTED)
        assert message.operator == "b"
        assert [name for name, _, _ in road.submitted] == ["a", "b"]


async def test_a_message_of_which_a_segment_is_with_an_operator_stays_there(tmp_path: Path) -> None:
    answers = {"a": first(Accepted("1"), TRANSIENT, TRANSIENT), "b": accept}
    async with running_road(tmp_path, answers=answers, retry_first_s=1) as road:
        identifier = await road.send(text=LONG)
        assert (await road.becomes(identifier, Status.QUEUED)).operator == "a"
        road.clock.advance(1)
        await road.becomes(identifier, Status.SUBMITTED)
        assert [(name, segment) for name, _, segment in road.submitted][3:] == [("a", 1), ("a", 2)]


async def test_a_new_message_goes_to_the_first_operator_that_is_up(tmp_path: Path) -> None:
    async with running_road(tmp_path, answers={"a": accept, "b": accept}) as road:
        await road.operators["a"].stop(0)
        identifier = await road.send()
        assert (await road.becomes(identifier, Status.SUBMITTED)).operator == "b"


async def test_what_waits_for_a_dead_link_is_steered_away_in_time(tmp_path: Path) -> None:
    async with running_road(tmp_path, down=("a", "b"), answers={"a": accept, "b": accept}, failover_after_s=15) as road:
        identifier = await road.send()
        assert (await road.stored(identifier)).operator == "a"
        await road.operators["b"].start(road.sort)
        road.clock.advance(14)
        await until(lambda: road.operators["b"].room())
        assert not road.submitted
        road.clock.advance(2)
        message = await road.becomes(identifier, Status.SUBMITTED)
        assert message.operator == "b"
        assert road.dispatch.counters.rerouted == 1


async def test_what_was_steered_away_can_be_cancelled_where_it_waits_now(tmp_path: Path) -> None:
    answers = {"a": accept, "b": accept}
    async with running_road(tmp_path, down=("a", "b"), answers=answers, room=0, failover_after_s=15) as road:
        identifier = await road.send()
        await road.operators["b"].start(road.sort)
        road.clock.advance(16)
        await until(lambda: road.dispatch.waiting()["b"])
        cancelled = await road.dispatch.cancel(CUSTOMER, identifier)
        assert cancelled is not None
        assert cancelled.status is Status.CANCELLED
        assert road.dispatch.waiting() == {"a": 0, "b": 0}


async def test_a_dead_lane_gives_no_more_than_the_other_lane_has_room_for(tmp_path: Path) -> None:
    settings = {"failover_after_s": 15, "active_per_operator": 4}
    answers = {"a": accept, "b": accept}
    async with running_road(tmp_path, down=("a", "b"), answers=answers, room=0, **settings) as road:
        identifiers = [await road.send() for _ in range(10)]
        await road.operators["b"].start(road.sort)
        road.clock.advance(16)
        await until(lambda: road.dispatch.waiting()["b"])
        assert road.dispatch.waiting()["b"] == 3
        road.operators["b"]._window = 256
        road.dispatch.on_ready("b")
        for identifier in identifiers:
            assert (await road.becomes(identifier, Status.SUBMITTED)).operator == "b"
        assert len(road.submitted) == 10


@pytest.mark.smpp("S-34")
async def test_a_refusal_ends_the_message_and_is_told(tmp_path: Path) -> None:
    async with running_road(tmp_path, answers={"loop": always(Refused(0x0B))}) as road:
        message = await road.becomes(await road.send(), Status.REJECTED)
        assert message.error == "0000000b"
        assert [event.status for event in await road.events()] == [Status.REJECTED]
        await road.settled()
        assert road.ended == [Status.REJECTED]


async def test_one_refused_segment_rejects_the_message_and_keeps_the_ids_of_the_others(tmp_path: Path) -> None:
    async with running_road(tmp_path, answers={"loop": first(Accepted("1"), Refused(0x0B))}) as road:
        message = await road.becomes(await road.send(text=LONG), Status.REJECTED)
        found = await road.ledger.correlate([("loop", ("1",))])
        assert found[0] is not None
        assert message.operator_ids[0] == "1"


@pytest.mark.smpp("S-24")
async def test_an_unknown_outcome_is_sent_again_where_twice_is_better_than_never(tmp_path: Path) -> None:
    async with running_road(tmp_path, answers={"loop": first(TIMEOUT)}, retry_first_s=1) as road:
        identifier = await road.send()
        message = await road.becomes(identifier, Status.QUEUED)
        assert (message.error, message.attempts) == ("timeout", 1)
        road.clock.advance(1)
        await road.becomes(identifier, Status.SUBMITTED)


@pytest.mark.smpp("S-24")
async def test_an_unknown_outcome_fails_where_never_is_better_than_twice(tmp_path: Path) -> None:
    async with running_road(tmp_path, answers={"loop": first(TIMEOUT)}) as road:
        message = await road.becomes(await road.send(message_class="promotional"), Status.FAILED)
        assert message.error == "outcome_unknown"
        assert len(road.submitted) == 1


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


async def test_a_crash_between_attempt_and_answer_does_not_send_such_a_message_again(tmp_path: Path) -> None:
    async with running_road(tmp_path) as road:
        road.hold()
        identifier = await road.send(message_class="promotional")
        await until(lambda: road.submitted)
        assert (await road.stored(identifier)).parts == bytes((Part.ATTEMPTED,))
    async with running_road(tmp_path) as road:
        message = await road.becomes(identifier, Status.FAILED)
        assert message.error == "outcome_unknown"
        assert not road.submitted


async def test_a_crash_before_the_answer_sends_any_other_message_again(tmp_path: Path) -> None:
    async with running_road(tmp_path) as road:
        road.hold()
        identifier = await road.send()
        await until(lambda: road.submitted)
    async with running_road(tmp_path) as road:
        await road.becomes(identifier, Status.SUBMITTED)
        assert len(road.submitted) == 1


@pytest.mark.smpp("S-23")
async def test_a_late_answer_settles_the_message(tmp_path: Path) -> None:
    async with running_road(tmp_path, answers={"loop": always(TIMEOUT)}, retry_first_s=60) as road:
        road.hold()
        identifier = await road.send()
        await until(road.held_answers)
        (answer,) = road.held_answers()
        road.release()
        await road.becomes(identifier, Status.QUEUED)
        road.sort([Submitted("loop", answer.token, 0, Accepted("late"), late=True)])
        message = await road.becomes(identifier, Status.SUBMITTED)
        assert (message.operator_ids, message.error) == (("late",), None)
        road.clock.advance(60)
        await road.settled()
        assert len(road.submitted) == 1
        assert road.dispatch.counters.late_answers == 1


@pytest.mark.smpp("S-23")
async def test_a_late_answer_stops_the_retry_that_waits_already(tmp_path: Path) -> None:
    async with running_road(tmp_path, answers={"loop": first(TIMEOUT)}, retry_first_s=60) as road:
        road.hold()
        identifier = await road.send()
        await until(road.held_answers)
        (answer,) = road.held_answers()
        road.release()
        await road.becomes(identifier, Status.QUEUED)
        await road.settled()
        road.operators["loop"]._window = 0
        road.clock.advance(60)
        await until(lambda: road.dispatch.waiting()["loop"])
        road.sort([Submitted("loop", answer.token, 0, Accepted("late"), late=True)])
        await road.becomes(identifier, Status.SUBMITTED)
        road.operators["loop"]._window = 256
        road.dispatch.on_ready("loop")
        await road.settled()
        assert len(road.submitted) == 1


@pytest.mark.smpp("S-46")
async def test_a_late_answer_does_not_wake_what_is_final(tmp_path: Path) -> None:
    async with running_road(tmp_path, answers={"loop": always(TIMEOUT)}) as road:
        road.hold()
        identifier = await road.send(message_class="promotional")
        await until(road.held_answers)
        (answer,) = road.held_answers()
        road.release()
        await road.becomes(identifier, Status.FAILED)
        road.sort([Submitted("loop", answer.token, 0, Accepted("late"), late=True)])
        await road.settled()
        assert (await road.stored(identifier)).status is Status.FAILED


async def test_a_message_expires_here_when_its_time_is_over_before_it_could_go(tmp_path: Path) -> None:
    async with running_road(tmp_path, room=0) as road:
        identifier = await road.send(validity=30)
        road.clock.advance(31)
        road.operators["loop"]._window = 1
        road.dispatch.on_ready("loop")
        message = await road.becomes(identifier, Status.EXPIRED)
        assert message.error == "expired_here"
        assert not road.submitted


async def test_a_scheduled_message_waits_for_its_time(tmp_path: Path) -> None:
    async with running_road(tmp_path) as road:
        identifier = await road.send(schedule_at="2027-01-15T08:01:00Z")
        road.dispatch.on_ready("loop")
        await road.settled()
        assert not road.submitted
        assert (await road.stored(identifier)).due_ms == road.clock.now_ms() + 60_000
        road.clock.advance(60)
        await road.becomes(identifier, Status.SUBMITTED)


async def test_what_does_not_fit_into_memory_is_fetched_from_the_ledger_later(tmp_path: Path) -> None:
    async with running_road(tmp_path, room=2, active_per_operator=4) as road:
        road.hold()
        pending = [await road.send() for _ in range(20)]
        assert max(road.dispatch.waiting().values()) <= 4
        road.release()
        for identifier in pending:
            await road.becomes(identifier, Status.SUBMITTED)
        assert len(road.submitted) == 20


async def test_nothing_is_submitted_beyond_the_operators_room(tmp_path: Path) -> None:
    async with running_road(tmp_path, room=3) as road:
        road.operators["loop"]._flush = lambda: None  # type: ignore[method-assign]  # its answers do not come
        for _ in range(10):
            await road.send()
        await road.settled()
        assert len(road.submitted) == 3
        assert road.dispatch.waiting()["loop"] == 7


async def test_a_stopping_dispatch_submits_nothing_more(tmp_path: Path) -> None:
    async with running_road(tmp_path) as road:
        road.dispatch.stop()
        identifier = await road.send()
        await road.settled()
        assert not road.submitted
        assert (await road.stored(identifier)).status is Status.ACCEPTED


# ---------------------------------------------------------------------------------------------------------- cancelling


async def test_a_waiting_message_can_be_cancelled(tmp_path: Path) -> None:
    async with running_road(tmp_path, room=0) as road:
        identifier = await road.send()
        cancelled = await road.dispatch.cancel(CUSTOMER, identifier)
        assert cancelled is not None
        assert (await road.stored(identifier)).status is Status.CANCELLED
        assert [event.status for event in await road.events()] == [Status.CANCELLED]
        road.operators["loop"]._window = 1
        road.dispatch.on_ready("loop")
        await road.settled()
        assert not road.submitted


async def test_a_scheduled_message_can_be_cancelled(tmp_path: Path) -> None:
    async with running_road(tmp_path) as road:
        identifier = await road.send(schedule_at="2027-01-15T08:01:00Z")
        await road.dispatch.cancel(CUSTOMER, identifier)
        road.clock.advance(60)
        await road.settled()
        assert (await road.stored(identifier)).status is Status.CANCELLED
        assert not road.submitted


async def test_a_message_that_falls_due_while_it_is_cancelled_does_not_go_out(tmp_path: Path) -> None:
    async with running_road(tmp_path) as road:
        identifier = await road.send(schedule_at="2027-01-15T08:01:00Z")
        await road.settled()
        road.clock.advance(60)
        cancelling = asyncio.create_task(road.dispatch.cancel(CUSTOMER, identifier))
        await asyncio.sleep(0)
        road.dispatch.on_ready("loop")
        await cancelling
        await road.settled()
        assert not road.submitted
        assert not road.inflight.active


@pytest.mark.parametrize("customer", [CUSTOMER + 1, 0])
async def test_nobody_cancels_somebody_elses_message(tmp_path: Path, customer: int) -> None:
    async with running_road(tmp_path, room=0) as road:
        identifier = await road.send()
        assert await road.dispatch.cancel(customer, identifier) is None
        assert await road.dispatch.cancel(CUSTOMER, bytes(16)) is None
        assert road.dispatch.waiting() == {"loop": 1}


async def test_what_is_with_an_operator_cannot_be_cancelled(tmp_path: Path) -> None:
    async with running_road(tmp_path) as road:
        identifier = await road.send()
        await road.becomes(identifier, Status.SUBMITTED)
        with pytest.raises(Refusal, match="not_cancellable"):
            await road.dispatch.cancel(CUSTOMER, identifier)


async def test_what_is_on_its_way_to_an_operator_cannot_be_cancelled(tmp_path: Path) -> None:
    async with running_road(tmp_path) as road:
        road.hold()
        identifier = await road.send()
        await until(lambda: road.submitted)
        with pytest.raises(Refusal, match="not_cancellable"):
            await road.dispatch.cancel(CUSTOMER, identifier)
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
        assert road.dispatch.waiting() == {"loop": 1}
        with pytest.raises(Refusal, match="not_cancellable"):
            await road.dispatch.cancel(CUSTOMER, identifier)
        road.operators["loop"]._window = 256
        road.dispatch.on_ready("loop")
        await road.becomes(identifier, Status.SUBMITTED)


# ------------------------------------------------------------------------------------------------------------- privacy


@pytest.mark.policy("P-16")
async def test_only_what_the_contract_lets_out_leaves_and_the_record_says_so(tmp_path: Path) -> None:
    fields = frozenset({EgressField.DESTINATION, EgressField.TEXT, EgressField.DATA_CODING})
    contract = EgressContract(operator="loop", fields=fields)
    async with running_road(tmp_path, contracts={"loop": contract}) as road:
        message = await road.becomes(await road.send(), Status.SUBMITTED)
        sent = road.submitted[0][1]
        assert (sent.source, sent.receipt, sent.validity_s) == ("", False, None)
        assert set(disclosed_fields(message.disclosure)) == {"destination", "text", "data_coding"}


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
        road.dispatch.on_ready("loop")
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
        road.dispatch.on_ready("loop")
        failed = await road.becomes(message.id, Status.FAILED)
        assert failed.error == "integrity_error"
        await road.becomes(identifier, Status.SUBMITTED)


async def _left_behind(folder: Path) -> bytes:
    """A message that waits for an operator of which the next road knows nothing."""
    async with running_road(folder, answers={"gone": accept}, down=["gone"]) as road:
        return await road.send()


async def test_messages_of_an_operator_that_is_no_more_find_another(tmp_path: Path) -> None:
    identifier = await _left_behind(tmp_path)
    async with running_road(tmp_path) as road:
        message = await road.becomes(identifier, Status.SUBMITTED)
        assert (message.operator, message.attempts) == ("loop", 1)


async def test_messages_that_no_route_takes_any_more_wait_and_expire(tmp_path: Path) -> None:
    identifier = await _left_behind(tmp_path)
    nowhere = [Route(prefix="1", classes=frozenset(), operators=("loop",))]
    async with running_road(tmp_path, routes=nowhere) as road:
        await road.settled()
        assert (await road.stored(identifier)).status is Status.ACCEPTED
        road.clock.advance(REHOME_S + 4 * 86_400)
        assert (await road.becomes(identifier, Status.EXPIRED)).error == "expired_here"
        assert not road.submitted


async def test_nothing_is_sent_after_the_leases_have_run_out(tmp_path: Path) -> None:
    async with running_road(tmp_path) as road:
        road.dispatch.active_until = road.clock.monotonic()
        await road.send()
        await road.settled()
        assert road.submitted == []
        road.dispatch.active_until = road.clock.monotonic() + 1
        road.dispatch.look_everywhere()
        await until(lambda: len(road.submitted) == 1)


async def test_what_another_node_has_is_let_go(tmp_path: Path) -> None:
    async with running_road(tmp_path) as road:
        road.dispatch.active_until = road.clock.monotonic()
        gone, kept = await road.send(), await road.send()
        await road.settled()
        assert road.dispatch.waiting() == {"loop": 2}
        road.dispatch.let_go(gone.__eq__)
        assert road.dispatch.waiting() == {"loop": 1}
        assert set(road.inflight.active) == {kept}
