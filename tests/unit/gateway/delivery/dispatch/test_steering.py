"""What is wanted of operators, on the road: pause, resume, drain, reroute, all sending off, throughput, rebinding."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from gateway.control.follower import Desired
from gateway.control.wanted import OperatorWanted
from gateway.model.message import Message, Part, Status
from gateway.model.route import Route
from operators.base import Accepted, DeferReason, Deferred
from operators.loopback import LoopbackOperator
from tests.unit.gateway.delivery.dispatch.answering import TRANSIENT, accept, first
from tests.unit.gateway.road import LONG, Road, running_road, usual_contract
from tests.unit.gateway.stage import until

pytestmark = pytest.mark.interpreted
"""A round is seen by a method put in place of another one, which compiled objects do not take."""

ONLY_A = [Route(prefix="", classes=frozenset(), operators=("a",))]
TWO = {"a": accept, "b": accept}


def wanted(dispatching: bool = True, **operators: OperatorWanted) -> Desired:
    return Desired(operators=operators, dispatching=dispatching)


PAUSED = OperatorWanted(state="paused")
USUAL = OperatorWanted()


async def looked_at(road: Road) -> None:
    """The rounds have been over every lane more than once."""
    rounds: list[str] = []
    failover: Any = road.dispatch.rounds._failover
    rehome = failover.rehome
    road.clock.advance(61)

    async def noted() -> int:
        rounds.append("round")
        return int(await rehome())

    failover.rehome = noted
    await until(lambda: rounds)
    road.clock.advance(61)
    await until(lambda: len(rounds) > 1)
    failover.rehome = rehome


async def test_nothing_is_submitted_to_a_paused_operator_and_what_waits_goes_when_it_is_resumed(tmp_path: Path) -> None:
    async with running_road(tmp_path, answers={"a": accept}) as road:
        road.dispatch.steering.apply(wanted(a=PAUSED))
        identifiers = [await road.send() for _ in range(5)]
        await looked_at(road)
        assert not road.submitted
        assert road.dispatch.lanes.waiting() == {"a": 0}, "it waits in the ledger, at no cost"
        road.dispatch.steering.apply(wanted())
        for each in identifiers:
            await road.becomes(each, Status.SUBMITTED)
        assert len(road.submitted) == 5


async def test_a_resumed_operator_that_is_down_waits_for_its_link(tmp_path: Path) -> None:
    async with running_road(tmp_path, answers={"a": accept}, down=("a",)) as road:
        road.dispatch.steering.apply(wanted(a=PAUSED))
        identifier = await road.send()
        await road.operators["a"].start(road.sort)
        await until(lambda: road.operators["a"].room())
        road.dispatch.sender.on_ready("a")
        await road.operators["a"].stop(0)
        road.dispatch.steering.apply(wanted(a=USUAL))
        assert not road.submitted
        await road.operators["a"].start(road.sort)
        await road.becomes(identifier, Status.SUBMITTED)


async def test_a_new_message_goes_to_another_operator_of_its_route_while_one_is_paused(tmp_path: Path) -> None:
    async with running_road(tmp_path, answers=TWO) as road:
        road.dispatch.steering.apply(wanted(a=PAUSED))
        assert (await road.becomes(await road.send(), Status.SUBMITTED)).operator == "b"
        road.dispatch.steering.apply(wanted())
        assert (await road.becomes(await road.send(), Status.SUBMITTED)).operator == "a"


async def test_what_waits_for_a_paused_operator_is_given_on_in_time_where_its_route_allows(tmp_path: Path) -> None:
    async with running_road(tmp_path, down=("a", "b"), answers=TWO, failover_after_s=15) as road:
        identifier = await road.send()
        road.dispatch.steering.apply(wanted(a=PAUSED))
        for name in ("a", "b"):
            await road.operators[name].start(road.sort)
        await until(lambda: road.operators["b"].room())
        road.clock.advance(14)
        assert not road.submitted
        road.clock.advance(2)
        assert (await road.becomes(identifier, Status.SUBMITTED)).operator == "b"


async def test_receipts_and_answers_of_a_paused_operator_are_taken(tmp_path: Path) -> None:
    async with running_road(tmp_path, answers={"a": accept}) as road:
        road.hold()
        identifier = await road.send()
        await until(lambda: road.held_answers())
        road.dispatch.steering.apply(wanted(a=PAUSED))
        road.release()
        await road.becomes(identifier, Status.SUBMITTED)


async def test_a_throttled_message_comes_back_and_is_not_sent_again_while_its_operator_is_paused(
    tmp_path: Path,
) -> None:
    throttled = Deferred(DeferReason.THROTTLED, 0x58, 0.0)
    async with running_road(tmp_path, answers={"a": first(throttled)}) as road:
        road.hold()
        identifier = await road.send()
        await until(lambda: road.held_answers())
        road.dispatch.steering.apply(wanted(a=PAUSED))
        road.release()
        await looked_at(road)
        assert len(road.submitted) == 1
        road.dispatch.steering.apply(wanted())
        await road.becomes(identifier, Status.SUBMITTED)
        assert len(road.submitted) == 2


async def test_an_attempt_that_was_recorded_and_not_made_is_taken_back_by_a_pause(tmp_path: Path) -> None:
    """Law 3: what the ledger calls attempted after a restart has failed; a pause may last until then."""
    route = [Route(prefix="", classes=frozenset(), operators=("a",), resend=False)]
    async with running_road(tmp_path, answers={"a": accept}, routes=route) as road:
        lane, sender = road.dispatch.lanes.by_name["a"], road.dispatch.sender
        take = sender.take

        def taken(messages: Sequence[Message]) -> None:
            take(messages)
            assert lane.recording == 1
            road.dispatch.steering.apply(wanted(a=PAUSED))

        sender.take = taken  # type: ignore[method-assign]
        identifier = await road.send()
        await until(lambda: not lane.recording)
        await road.settled()
        assert set((await road.stored(identifier)).parts) == {Part.WAITING}
        assert not road.submitted
        road.dispatch.steering.apply(wanted())
        await road.becomes(identifier, Status.SUBMITTED)
        assert len(road.submitted) == 1


@pytest.mark.parametrize("reason", [DeferReason.THROTTLED, DeferReason.NOT_SENT])
@pytest.mark.parametrize("rest", ["stopping", "off", "paused", "down"])
@pytest.mark.parametrize("before", [False, True])
async def test_what_came_back_unsent_has_not_been_attempted_where_nothing_is_sent_for_now(
    tmp_path: Path, reason: DeferReason, rest: str, before: bool
) -> None:
    """before: the answer comes before the rest begins."""
    route = [Route(prefix="", classes=frozenset(), operators=("a",), resend=False)]
    answers = {"a": first(Deferred(reason, 0x58, 0.0))}
    async with running_road(tmp_path, answers=answers, routes=route) as road:
        road.hold()
        identifier = await road.send()
        await until(lambda: road.held_answers())
        assert set((await road.stored(identifier)).parts) == {Part.ATTEMPTED}
        operator: Any = road.operators["a"]
        operator.room = lambda: 0
        if before:
            road.release()
        if rest == "stopping":
            road.dispatch.sender.stop()
        elif rest == "down":
            await operator.stop(0)
        else:
            road.dispatch.steering.apply(wanted(rest != "off", **({"a": PAUSED} if rest == "paused" else {})))
        if not before:
            road.release()
        await road.settled()
        assert set((await road.stored(identifier)).parts) == {Part.WAITING}
        assert len(road.submitted) == 1


async def test_all_sending_is_turned_off_and_on(tmp_path: Path) -> None:
    async with running_road(tmp_path, answers=TWO) as road:
        road.dispatch.steering.apply(wanted(dispatching=False))
        identifiers = [await road.send(message_class=each) for each in ("transactional", "otp", "warning")]
        await looked_at(road)
        assert not road.submitted
        road.dispatch.steering.apply(wanted())
        for each in identifiers:
            await road.becomes(each, Status.SUBMITTED)


async def test_validity_ends_while_nothing_is_sent(tmp_path: Path) -> None:
    async with running_road(tmp_path, answers={"a": accept}) as road:
        road.dispatch.steering.apply(wanted(dispatching=False))
        identifier = await road.send(validity=30)
        road.clock.advance(31)
        await road.becomes(identifier, Status.EXPIRED)
        assert not road.submitted


async def test_a_draining_operator_sends_what_waits_and_is_chosen_for_nothing_that_may_go_elsewhere(
    tmp_path: Path,
) -> None:
    async with running_road(tmp_path, down=("a", "b"), answers=TWO) as road:
        waiting = await road.send()
        assert (await road.stored(waiting)).operator == "a"
        road.dispatch.steering.apply(wanted(a=OperatorWanted(state="draining")))
        for name in ("a", "b"):
            await road.operators[name].start(road.sort)
        assert (await road.becomes(waiting, Status.SUBMITTED)).operator == "a"
        for message_class in ("transactional", "otp"):
            fresh = await road.send(message_class=message_class)
            assert (await road.becomes(fresh, Status.SUBMITTED)).operator == "b"
        await road.operators["b"].stop(0)
        last = await road.send()
        assert (await road.becomes(last, Status.SUBMITTED)).operator == "a", "there is nobody else"


async def test_a_failed_attempt_does_not_go_on_to_an_operator_that_is_being_drained(tmp_path: Path) -> None:
    async with running_road(tmp_path, answers={"a": first(TRANSIENT), "b": accept}, retry_first_s=1) as road:
        road.dispatch.steering.apply(wanted(b=OperatorWanted(state="draining")))
        identifier = await road.send()
        assert (await road.becomes(identifier, Status.QUEUED)).operator == "a"


async def test_what_waits_is_rerouted_to_an_operator_of_no_route_of_its(tmp_path: Path) -> None:
    async with running_road(tmp_path, down=("a",), answers=TWO, routes=ONLY_A) as road:
        identifiers = [await road.send() for _ in range(5)]
        road.dispatch.steering.apply(wanted(a=OperatorWanted(state="paused", reroute_to="b")))
        for each in identifiers:
            assert (await road.becomes(each, Status.SUBMITTED)).operator == "b"
        fresh = await road.send()
        assert (await road.becomes(fresh, Status.SUBMITTED)).operator == "b"
        assert road.dispatch.counters.rerouted == 6
        await road.operators["a"].start(road.sort)
        road.dispatch.steering.apply(wanted())
        assert (await road.becomes(await road.send(), Status.SUBMITTED)).operator == "a"


async def test_no_more_is_rerouted_than_the_other_operator_has_room_for(tmp_path: Path) -> None:
    async with running_road(tmp_path, down=("a",), answers=TWO, routes=ONLY_A, room=0, active_per_operator=4) as road:
        identifiers = [await road.send() for _ in range(10)]
        road.dispatch.steering.apply(wanted(a=OperatorWanted(state="paused", reroute_to="b")))
        await until(lambda: road.dispatch.lanes.waiting()["b"])
        await looked_at(road)
        assert road.dispatch.lanes.waiting()["b"] == 3
        road.operators["b"]._window = 256
        road.dispatch.sender.on_ready("b")
        for each in identifiers:
            assert (await road.becomes(each, Status.SUBMITTED)).operator == "b"
        assert len(road.submitted) == 10


async def test_a_message_that_an_operator_has_in_part_stays_with_it(tmp_path: Path) -> None:
    answers = {"a": first(Accepted("1"), TRANSIENT, TRANSIENT), "b": accept}
    async with running_road(tmp_path, answers=answers, routes=ONLY_A, retry_first_s=1) as road:
        identifier = await road.send(text=LONG)
        await road.becomes(identifier, Status.QUEUED)
        road.dispatch.steering.apply(wanted(a=OperatorWanted(state="paused", reroute_to="b")))
        road.clock.advance(2)
        await looked_at(road)
        assert {name for name, _, _ in road.submitted} == {"a"}
        road.dispatch.steering.apply(wanted())
        assert (await road.becomes(identifier, Status.SUBMITTED)).operator == "a"


async def test_an_operator_that_the_settings_name_no_more_gets_nothing(tmp_path: Path) -> None:
    async with running_road(tmp_path, answers=TWO, routes=ONLY_A) as road:
        road.dispatch.steering.apply(wanted(a=OperatorWanted(state="paused", reroute_to="gone"), gone=PAUSED))
        identifier = await road.send()
        await looked_at(road)
        assert (await road.stored(identifier)).status is Status.ACCEPTED
        road.dispatch.steering.apply(wanted())
        await road.becomes(identifier, Status.SUBMITTED)


class Steered(LoopbackOperator):
    """Remembers how it was steered."""

    def __init__(self) -> None:
        super().__init__("a", segments_of=lambda _: 1)
        self.rates: list[float | None] = []
        self.rebound = 0

    def steer(self, *, per_s: float | None, anew: bool) -> None:
        self.rates.append(per_s)
        self.rebound += anew


async def test_throughput_and_rebinding_reach_the_link_once_for_each_time_they_are_wanted(tmp_path: Path) -> None:
    road = Road(tmp_path, answers={"a": accept})
    link = Steered()
    road.operators = {"a": link}
    road.build()
    steps = [
        OperatorWanted(rebinds=3),  # as it stood at the start: its binds are new
        OperatorWanted(rebinds=3, throughput_per_s=100.0),
        OperatorWanted(rebinds=4, throughput_per_s=100.0),
        OperatorWanted(rebinds=4, throughput_per_s=100.0, state="paused"),
        OperatorWanted(rebinds=4),
    ]
    for each in steps:
        road.dispatch.steering.apply(wanted(a=each))
        road.dispatch.steering.apply(wanted(a=each))
    assert (link.rates, link.rebound) == ([100.0, 100.0, None], 1)
    road.store.close()


async def test_another_link_in_a_lane_is_steered_as_the_one_before_it_was(tmp_path: Path) -> None:
    road = Road(tmp_path, answers={"a": accept})
    road.build()
    lane = road.dispatch.lanes.by_name["a"]
    road.dispatch.steering.apply(wanted(a=OperatorWanted(state="paused", throughput_per_s=5.0, rebinds=2)))
    link = Steered()
    lane.succeed(link, lane.exit.contract)
    assert (lane.is_paused, lane.link) == (True, link)
    assert not road.dispatch.lanes.is_up("a")
    road.dispatch.steering.again()
    assert (link.rates, link.rebound) == ([5.0], 0)
    road.dispatch.steering.again()
    assert link.rates == [5.0]
    road.store.close()


async def test_an_operator_that_comes_while_the_node_runs_is_paused_where_that_is_wanted(tmp_path: Path) -> None:
    road = Road(tmp_path, answers={"a": accept})
    road.build()
    road.dispatch.steering.apply(wanted(new=PAUSED))
    road.dispatch.lanes.add(LoopbackOperator("new", segments_of=lambda _: 1), usual_contract("new"))
    road.dispatch.steering.again()
    assert road.dispatch.lanes.by_name["new"].is_paused
    road.store.close()
