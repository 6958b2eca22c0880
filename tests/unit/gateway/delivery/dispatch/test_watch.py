"""Operators that are up and useless: codes go elsewhere, the rest waits, and who recovers gets traffic again."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from gateway.delivery.dispatch.circuit import CircuitState
from gateway.model.message import Message, Part, Status
from gateway.model.route import Route
from operators.base import (
    Accepted,
    DeferReason,
    Deferred,
    MtMessage,
    Refused,
    SubmitResult,
    Unknown,
    UnknownReason,
)
from tests.unit.gateway.delivery.dispatch.answering import TIMEOUT, TRANSIENT, accept, always, first
from tests.unit.gateway.road import LONG, Answers, Road, running_road
from tests.unit.gateway.stage import until

THROTTLED = Deferred(DeferReason.THROTTLED, 0x58, 0.0)
QUEUE_FULL = Deferred(DeferReason.QUEUE_FULL, 0x14, 0.0)
USELESS: Sequence[SubmitResult] = (
    THROTTLED,
    QUEUE_FULL,
    TRANSIENT,
    TIMEOUT,
    Unknown(UnknownReason.LINK_LOST),
    Refused(0x08),
    Refused(0x0F),
    Refused(401),
)


class Changing:
    """Answers that a test may change."""

    def __init__(self, answer: Answers) -> None:
        self.answer = answer

    def __call__(self, message: MtMessage, segment: int, identifier: str) -> SubmitResult:
        return self.answer(message, segment, identifier)


async def codes(road: Road, count: int) -> list[bytes]:
    return [await road.send(message_class="otp") for _ in range(count)]


async def all_submitted(road: Road, identifiers: Sequence[bytes]) -> list[Message]:
    return [await road.becomes(each, Status.SUBMITTED) for each in identifiers]


def state(road: Road, name: str = "a") -> CircuitState:
    return road.dispatch.lanes.by_name[name].circuit.state


def sent_to(road: Road, name: str) -> int:
    return sum(each == name for each, _, _ in road.submitted)


async def let_pass(road: Road, seconds: int) -> None:
    """So much time, as the loop beside the events sees it."""
    for _ in range(seconds):
        road.clock.advance(1)
        await until(lambda: road.dispatch.rounds._rescue._watch._looked_at == road.clock.monotonic())


@pytest.mark.case("faults-1")
@pytest.mark.parametrize("result", USELESS)
async def test_codes_go_to_the_next_operator_when_the_first_fails_twenty_times(
    tmp_path: Path, result: SubmitResult
) -> None:
    async with running_road(tmp_path, answers={"a": always(result), "b": accept}) as road:
        messages = await all_submitted(road, await codes(road, 60))
        assert {each.operator for each in messages} == {"b"}
        assert sent_to(road, "b") == 60
        assert 20 <= sent_to(road, "a") < 60
        assert state(road) is CircuitState.OPEN


@pytest.mark.case("faults-1")
@pytest.mark.parametrize("result", [THROTTLED, QUEUE_FULL])
async def test_other_messages_wait_and_do_not_hammer_who_throttles(tmp_path: Path, result: SubmitResult) -> None:
    async with running_road(tmp_path, answers={"a": always(result), "b": accept}) as road:
        waiting = [await road.send() for _ in range(60)]
        await until(lambda: state(road) is CircuitState.OPEN)
        before = sent_to(road, "a")
        await let_pass(road, 30)
        assert 3 <= sent_to(road, "a") - before <= 6
        assert {(await road.stored(each)).status for each in waiting} == {Status.ACCEPTED}
        assert not sent_to(road, "b")


@pytest.mark.case("faults-1")
async def test_what_waits_behind_a_silent_operator_moves_on_after_four_seconds(tmp_path: Path) -> None:
    async with running_road(tmp_path, answers={"a": accept, "b": accept}, room=10) as road:
        road.operators["a"]._flush = lambda: None  # type: ignore[method-assign]  # its answers do not come
        identifiers = await codes(road, 30)
        waiting = await road.send()
        await let_pass(road, 3)
        assert state(road) is CircuitState.CLOSED
        assert not sent_to(road, "b")
        await let_pass(road, 2)
        assert state(road) is CircuitState.OPEN
        await all_submitted(road, identifiers[10:])
        assert (sent_to(road, "a"), sent_to(road, "b")) == (10, 20)
        assert (await road.stored(waiting)).operator == "a"
        assert (await road.becomes((await codes(road, 1))[0], Status.SUBMITTED)).operator == "b"


@pytest.mark.case("faults-1")
async def test_a_code_waits_no_longer_than_four_seconds_for_a_slow_operator(tmp_path: Path) -> None:
    async with running_road(tmp_path, answers={"a": accept, "b": accept}, room=1) as road:
        slow = road.operators["a"]
        flush, slow._flush = slow._flush, lambda: None  # type: ignore[method-assign]  # answers come when we say so
        identifiers = await codes(road, 30)
        for _ in range(7):
            flush()
            await let_pass(road, 1)
        assert state(road) is CircuitState.CLOSED
        await until(lambda: sent_to(road, "b"))
        slow._flush = flush  # type: ignore[method-assign]
        flush()
        messages = await all_submitted(road, identifiers)
        assert {each.operator for each in messages} == {"a", "b"}


@pytest.mark.case("faults-1")
async def test_a_pause_of_this_process_is_not_taken_for_a_standstill(tmp_path: Path) -> None:
    async with running_road(tmp_path, answers={"a": accept, "b": accept}, room=1) as road:
        road.operators["a"]._flush = lambda: None  # type: ignore[method-assign]
        await codes(road, 2)
        await let_pass(road, 1)
        road.clock.advance(60)
        await let_pass(road, 1)
        assert state(road) is CircuitState.CLOSED


@pytest.mark.case("faults-1")
async def test_an_operator_without_work_does_not_stand_still(tmp_path: Path) -> None:
    async with running_road(tmp_path, answers={"a": accept, "b": accept}) as road:
        await let_pass(road, 10)
        messages = await all_submitted(road, await codes(road, 3))
        assert {each.operator for each in messages} == {"a"}
        assert state(road) is CircuitState.CLOSED


@pytest.mark.case("faults-1")
async def test_an_operator_that_recovers_gets_codes_again(tmp_path: Path) -> None:
    sick = Changing(always(THROTTLED))
    async with running_road(tmp_path, answers={"a": sick, "b": accept}) as road:
        await all_submitted(road, await codes(road, 30))
        sick.answer = accept
        await let_pass(road, 2)
        before = sent_to(road, "b")
        messages = [await road.becomes(each, Status.SUBMITTED) for _ in range(40) for each in await codes(road, 1)]
        assert state(road) is CircuitState.CLOSED
        assert {each.operator for each in messages} == {"a"}
        assert sent_to(road, "b") == before


@pytest.mark.case("faults-1")
async def test_an_operator_is_probed_with_what_waits_for_it_and_not_with_codes(tmp_path: Path) -> None:
    sick = Changing(always(THROTTLED))
    async with running_road(tmp_path, answers={"a": sick, "b": accept}) as road:
        waiting = [await road.send() for _ in range(40)]
        await until(lambda: state(road) is CircuitState.OPEN)
        await let_pass(road, 2)
        messages = await all_submitted(road, await codes(road, 5))
        assert {each.operator for each in messages} == {"b"}
        sick.answer = accept
        await let_pass(road, 5)
        messages = await all_submitted(road, waiting)
        assert {each.operator for each in messages} == {"a"}
        assert state(road) is CircuitState.CLOSED


@pytest.mark.case("faults-1")
async def test_codes_stay_where_no_other_operator_works_and_are_sent_in_the_end(tmp_path: Path) -> None:
    first_sick, second_sick = Changing(always(THROTTLED)), Changing(always(QUEUE_FULL))
    async with running_road(tmp_path, answers={"a": first_sick, "b": second_sick}) as road:
        identifiers = await codes(road, 60)
        await until(lambda: state(road, "b") is CircuitState.OPEN)
        await let_pass(road, 10)
        assert {(await road.stored(each)).status for each in identifiers} == {Status.ACCEPTED}
        second_sick.answer = accept
        await let_pass(road, 20)
        await all_submitted(road, identifiers)


@pytest.mark.case("faults-1")
async def test_codes_without_another_operator_on_their_route_stay(tmp_path: Path) -> None:
    sick = Changing(always(THROTTLED))
    routes = [
        Route(prefix="", classes=frozenset({"transactional"}), operators=("a", "b")),
        Route(prefix="", classes=frozenset({"otp"}), operators=("a",)),
    ]
    async with running_road(tmp_path, answers={"a": sick, "b": accept}, routes=routes) as road:
        identifiers = await codes(road, 30)
        await until(lambda: state(road) is CircuitState.OPEN)
        await let_pass(road, 5)
        assert not sent_to(road, "b")
        sick.answer = accept
        await let_pass(road, 16)
        messages = await all_submitted(road, identifiers)
        assert {each.operator for each in messages} == {"a"}


@pytest.mark.case("faults-1")
async def test_a_code_of_which_a_segment_was_taken_stays_with_its_operator(tmp_path: Path) -> None:
    sick = Changing(first(Accepted("1"), *[THROTTLED] * 1_000))
    async with running_road(tmp_path, answers={"a": sick, "b": accept}) as road:
        half_sent = await road.send(message_class="otp", text=LONG)
        await until(lambda: state(road) is CircuitState.OPEN)
        await let_pass(road, 10)
        assert not sent_to(road, "b")
        sick.answer = accept
        await let_pass(road, 16)
        assert (await road.becomes(half_sent, Status.SUBMITTED)).operator == "a"


@pytest.mark.case("faults-1")
async def test_what_may_have_been_sent_and_must_not_be_twice_fails_and_goes_nowhere_else(tmp_path: Path) -> None:
    async with running_road(tmp_path, answers={"a": always(TIMEOUT), "b": accept}) as road:
        identifiers = [await road.send(message_class="promotional") for _ in range(30)]
        await until(lambda: state(road) is CircuitState.OPEN)
        sent = sent_to(road, "a")
        await road.settled()
        stored = [await road.stored(each) for each in identifiers]
        assert sum(each.status is Status.FAILED for each in stored) == sent
        assert not sent_to(road, "b")


@pytest.mark.case("faults-1")
async def test_of_what_must_not_leave_twice_no_more_is_marked_than_there_is_room_for(tmp_path: Path) -> None:
    """What is marked and not answered at a restart has failed, so what only waits is not marked."""
    async with running_road(tmp_path, answers={"a": always(THROTTLED), "b": accept}, room=5) as road:
        identifiers = [await road.send(message_class="promotional") for _ in range(40)]
        await until(lambda: state(road) is CircuitState.OPEN)
        await road.settled()
        stored = [await road.stored(each) for each in identifiers]
        assert sum(Part.ATTEMPTED in each.parts for each in stored) <= 6


@pytest.mark.case("faults-1")
async def test_a_refusal_of_the_link_ends_a_code_that_nobody_else_may_take(tmp_path: Path) -> None:
    async with running_road(tmp_path, answers={"a": always(Refused(0x0F))}) as road:
        message = await road.becomes((await codes(road, 1))[0], Status.REJECTED)
        assert message.error == "0000000f"


@pytest.mark.case("faults-1")
async def test_a_refusal_of_the_message_says_nothing_of_the_operator(tmp_path: Path) -> None:
    async with running_road(tmp_path, answers={"a": always(Refused(0x0B)), "b": accept}) as road:
        for identifier in await codes(road, 60):
            await road.becomes(identifier, Status.REJECTED)
        assert state(road) is CircuitState.CLOSED
        assert not sent_to(road, "b")


@pytest.mark.case("faults-1")
async def test_codes_wait_four_seconds_for_a_link_that_is_down_and_others_longer(tmp_path: Path) -> None:
    answers = {"a": accept, "b": accept}
    async with running_road(tmp_path, answers=answers, room=0, failover_after_s=15) as road:
        code, other = *await codes(road, 1), await road.send()
        await road.operators["a"].stop(0)
        road.operators["b"]._window = 256
        await let_pass(road, 3)
        assert not road.submitted
        await let_pass(road, 2)
        assert (await road.becomes(code, Status.SUBMITTED)).operator == "b"
        assert (await road.stored(other)).status is Status.ACCEPTED
        await let_pass(road, 10)
        assert (await road.becomes(other, Status.SUBMITTED)).operator == "b"


@pytest.mark.case("faults-1")
async def test_codes_in_the_ledger_behind_other_messages_are_found(tmp_path: Path) -> None:
    answers = {"a": always(THROTTLED), "b": accept}
    async with running_road(tmp_path, answers=answers, active_per_operator=8) as road:
        road.hold()
        others = [await road.send() for _ in range(40)]
        identifiers = [await road.send(message_class="otp") for _ in range(40)]
        road.release()
        messages = await all_submitted(road, identifiers)
        assert {each.operator for each in messages} == {"b"}
        assert {(await road.stored(each)).status for each in others} == {Status.ACCEPTED}


@pytest.mark.case("faults-1")
async def test_promotional_messages_wait_for_an_operator_whose_errors_pass(tmp_path: Path) -> None:
    sick = Changing(always(TRANSIENT))
    async with running_road(tmp_path, answers={"a": sick, "b": accept}) as road:
        waiting = [await road.send(message_class="promotional") for _ in range(40)]
        await until(lambda: state(road) is CircuitState.OPEN)
        await let_pass(road, 30)
        assert not sent_to(road, "b")
        sick.answer = accept
        await let_pass(road, 60)
        assert {each.operator for each in await all_submitted(road, waiting)} == {"a"}


@pytest.mark.case("faults-1")
async def test_a_promotional_message_that_alone_fails_twice_goes_on(tmp_path: Path) -> None:
    async with running_road(tmp_path, answers={"a": always(TRANSIENT), "b": accept}, retry_first_s=1) as road:
        identifier = await road.send(message_class="promotional")
        await until(lambda: sent_to(road, "a") == 1)
        await let_pass(road, 8)
        assert (await road.becomes(identifier, Status.SUBMITTED)).operator == "b"
        assert (sent_to(road, "a"), sent_to(road, "b")) == (2, 1)
