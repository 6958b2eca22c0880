"""What the ledger hands out: overflow, schedules, what a crash left."""

from pathlib import Path

from gateway.model.message import Part, Status
from tests.unit.gateway.road import running_road
from tests.unit.gateway.stage import until


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


async def test_a_scheduled_message_waits_for_its_time(tmp_path: Path) -> None:
    async with running_road(tmp_path) as road:
        identifier = await road.send(schedule_at="2027-01-15T08:01:00Z")
        road.dispatch.sender.on_ready("loop")
        await road.settled()
        assert not road.submitted
        assert (await road.stored(identifier)).due_ms == road.clock.now_ms() + 60_000
        road.clock.advance(60)
        await road.becomes(identifier, Status.SUBMITTED)


async def test_what_does_not_fit_into_memory_is_fetched_from_the_ledger_later(tmp_path: Path) -> None:
    async with running_road(tmp_path, room=2, active_per_operator=4) as road:
        road.hold()
        pending = [await road.send() for _ in range(20)]
        assert max(road.dispatch.lanes.waiting().values()) <= 4
        road.release()
        for identifier in pending:
            await road.becomes(identifier, Status.SUBMITTED)
        assert len(road.submitted) == 20
