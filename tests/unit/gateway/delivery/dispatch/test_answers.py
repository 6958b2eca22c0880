"""Answers: settled, tried again, late."""

from functools import partial
from pathlib import Path

import pytest

from gateway.model.message import Part, Status
from operators.base import (
    Accepted,
    DeferReason,
    Deferred,
    ReceiptState,
    Refused,
    SubmitResult,
    Submitted,
)
from redaction.personal import Purpose
from tests.unit.gateway.delivery.dispatch.answering import TIMEOUT, TRANSIENT, accept, always, first, submitted
from tests.unit.gateway.road import LONG, Road, running_road
from tests.unit.gateway.stage import until


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
        assert road.dispatch.lanes.waiting() == {"loop": 0}


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


@pytest.mark.smpp("S-34")
async def test_a_refusal_ends_the_message_and_is_told(tmp_path: Path) -> None:
    async with running_road(tmp_path, answers={"loop": always(Refused(0x0B))}) as road:
        message = await road.becomes(await road.send(), Status.REJECTED)
        assert message.error == "0000000b"
        assert [event.status for event in await road.events()] == [Status.REJECTED]
        await road.settled()
        assert road.ended == [Status.REJECTED]
        counters = road.dispatch.counters
        assert (counters.refused, counters.refused_by, counters.codes) == (1, {"loop": 1}, {"loop": {"0000000b": 1}})
        assert sum(counters.took["loop"]) == 1


async def test_one_refused_segment_rejects_the_message_and_keeps_the_ids_of_the_others(tmp_path: Path) -> None:
    async with running_road(tmp_path, answers={"loop": first(Accepted("1"), Refused(0x0B))}) as road:
        message = await road.becomes(await road.send(text=LONG), Status.REJECTED)
        found = await road.ledger.work.correlate([("loop", ("1",))])
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
        await until(lambda: road.dispatch.lanes.waiting()["loop"])
        road.sort([Submitted("loop", answer.token, 0, Accepted("late"), late=True)])
        await road.becomes(identifier, Status.SUBMITTED)
        road.operators["loop"]._window = 256
        road.dispatch.sender.on_ready("loop")
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


async def a_code_with_the_second(road: Road) -> tuple[bytes, Submitted]:
    """A code that the first operator did not answer, and what that said of it."""
    road.hold()
    identifier = await road.send(message_class="otp")
    await until(road.held_answers)
    (answer,) = road.held_answers()
    road.release()
    return identifier, answer


@pytest.mark.case("faults-1")
@pytest.mark.smpp("S-23")
async def test_a_late_answer_is_kept_beside_that_of_the_operator_that_has_the_code_now(tmp_path: Path) -> None:
    async with running_road(tmp_path, answers={"a": first(TIMEOUT), "b": accept}) as road:
        identifier, answer = await a_code_with_the_second(road)
        assert (await road.becomes(identifier, Status.SUBMITTED)).operator == "b"
        road.sort([Submitted("a", answer.token, 0, Accepted("late"), late=True)])
        await road.settled()
        message = await road.stored(identifier)
        assert (message.operator, message.operator_ids) == ("b", ("1",))
        found = await road.ledger.work.correlate([("a", ("late",)), ("b", ("1",))])
        assert [each.message.id for each in found if each is not None] == [identifier, identifier]
        road.receipt("late", ReceiptState.DELIVERED, "a")
        await road.becomes(identifier, Status.DELIVERED)
        road.receipt("1", ReceiptState.UNDELIVERABLE, "b")
        await until(lambda: road.acknowledged("b"))
        assert (await road.stored(identifier)).status is Status.DELIVERED
        assert [event.status for event in await road.events()] == [Status.DELIVERED]


@pytest.mark.case("faults-1")
@pytest.mark.smpp("S-23")
@pytest.mark.parametrize("answered", [Refused(0x0B), TRANSIENT, TIMEOUT, Accepted("second")])
async def test_a_late_answer_while_the_next_operator_is_asked_settles_the_code_once(
    tmp_path: Path, answered: SubmitResult
) -> None:
    async with running_road(tmp_path, answers={"a": first(TIMEOUT), "b": always(answered)}) as road:
        identifier, answer = await a_code_with_the_second(road)
        road.hold()
        await until(road.held_answers)
        road.sorting.take([Submitted("a", answer.token, 0, Accepted("late"), late=True)])
        message = await road.becomes(identifier, Status.SUBMITTED)
        assert (message.operator, message.operator_ids) == ("a", ("late",))
        road.release()
        await road.settled()
        message = await road.stored(identifier)
        assert (message.status, message.operator, message.operator_ids) == (Status.SUBMITTED, "a", ("late",))
        assert len(road.submitted) == 2
        assert not road.inflight.active
        if isinstance(answered, Accepted):
            road.receipt("second", ReceiptState.DELIVERED, "b")
            await road.becomes(identifier, Status.DELIVERED)


@pytest.mark.case("faults-1")
@pytest.mark.smpp("S-23")
async def test_a_late_answer_takes_the_code_out_of_the_lane_of_the_next_operator(tmp_path: Path) -> None:
    async with running_road(tmp_path, answers={"a": first(TIMEOUT), "b": accept}) as road:
        road.operators["b"]._window = 0
        identifier, answer = await a_code_with_the_second(road)
        await until(lambda: road.dispatch.lanes.waiting()["b"])
        road.sort([Submitted("a", answer.token, 0, Accepted("late"), late=True)])
        assert (await road.becomes(identifier, Status.SUBMITTED)).operator == "a"
        assert road.dispatch.lanes.waiting() == {"a": 0, "b": 0}


@pytest.mark.case("faults-1")
async def test_the_rest_of_a_long_code_goes_the_way_of_the_segment_that_was_taken_late(tmp_path: Path) -> None:
    answers = {"a": first(TIMEOUT, TIMEOUT, TIMEOUT), "b": accept}
    async with running_road(tmp_path, answers=answers) as road:
        road.operators["b"]._window = 0
        road.hold()
        identifier = await road.send(message_class="otp", text=LONG)
        await until(road.held_answers)
        answer = road.held_answers()[0]
        road.release()
        await until(lambda: road.dispatch.lanes.waiting()["b"])
        road.sort([Submitted("a", answer.token, 0, Accepted("late"), late=True)])
        road.dispatch.sender.on_ready("a")
        message = await road.becomes(identifier, Status.SUBMITTED)
        assert (message.operator, message.operator_ids[0]) == ("a", "late")
        assert [(name, segment) for name, _, segment in road.submitted[3:]] == [("a", 1), ("a", 2)]
