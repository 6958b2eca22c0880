"""Which operator tries next: after a failure, for a dead link, for an operator that is no more."""

from pathlib import Path

from gateway.delivery.dispatch.rounds import REHOME_S
from gateway.model.message import Status
from gateway.model.route import Route
from operators.base import (
    Accepted,
)
from tests.unit.gateway.delivery.dispatch.answering import TRANSIENT, accept, always, first
from tests.unit.gateway.road import LONG, running_road
from tests.unit.gateway.stage import until


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


async def test_a_dead_lane_gives_no_more_than_the_other_lane_has_room_for(tmp_path: Path) -> None:
    settings = {"failover_after_s": 15, "active_per_operator": 4}
    answers = {"a": accept, "b": accept}
    async with running_road(tmp_path, down=("a", "b"), answers=answers, room=0, **settings) as road:
        identifiers = [await road.send() for _ in range(10)]
        await road.operators["b"].start(road.sort)
        road.clock.advance(16)
        await until(lambda: road.dispatch.lanes.waiting()["b"])
        assert road.dispatch.lanes.waiting()["b"] == 3
        road.operators["b"]._window = 256
        road.dispatch.sender.on_ready("b")
        for identifier in identifiers:
            assert (await road.becomes(identifier, Status.SUBMITTED)).operator == "b"
        assert len(road.submitted) == 10


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
