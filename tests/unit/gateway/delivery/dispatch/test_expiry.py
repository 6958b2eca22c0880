"""Messages end with their validity, whatever their operator does."""

from pathlib import Path

import pytest

from gateway.delivery.dispatch import expiry
from gateway.delivery.dispatch.expiry import LOOK_S
from gateway.model.message import Status
from operators.base import DeferReason, Deferred
from tests.unit.gateway.road import Road, running_road

pytestmark = pytest.mark.case("interfaces-5")


async def until_over(road: Road, identifiers: list[bytes]) -> None:
    """Until each is expired, on time and told of."""
    for identifier in identifiers:
        message = await road.becomes(identifier, Status.EXPIRED)
        assert message.error == "expired_here"
        assert message.final_ms is not None
        assert message.final_ms - message.expires_ms <= 2 * LOOK_S * 1000
    assert {each.message for each in await road.events()} >= set(identifiers)


async def test_a_message_expires_while_its_operator_is_down(tmp_path: Path) -> None:
    async with running_road(tmp_path, down=["loop"]) as road:
        short = await road.send(message_class="otp", validity=5)
        long = await road.send(validity=3_600)
        road.clock.advance(4)
        await road.settled()
        assert (await road.stored(short)).status is Status.ACCEPTED
        road.clock.advance(1)
        await until_over(road, [short])
        assert (await road.stored(long)).status is Status.ACCEPTED
        assert not road.submitted


async def test_the_short_ones_behind_many_long_ones_expire_as_well(tmp_path: Path) -> None:
    async with running_road(tmp_path, down=["loop"], active_per_operator=4) as road:
        for _ in range(40):
            await road.send(validity=3_600)
        short = [await road.send(validity=5) for _ in range(20)]
        road.clock.advance(6)
        await until_over(road, short)


async def test_more_than_is_known_at_once_expires_in_turns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(expiry, "PAGE", 3)
    async with running_road(tmp_path, down=["loop"]) as road:
        identifiers = [await road.send(validity=5) for _ in range(10)]
        road.clock.advance(5)
        for identifier in identifiers:
            while (await road.stored(identifier)).status is not Status.EXPIRED:
                road.clock.advance(LOOK_S)
                await road.settled()


async def test_a_message_expires_in_front_of_an_operator_that_takes_nothing(tmp_path: Path) -> None:
    def throttled(*_: object) -> Deferred:
        return Deferred(DeferReason.THROTTLED, 0x58, 1.0)

    async with running_road(tmp_path, answers={"loop": throttled}, room=1, active_per_operator=4) as road:
        identifiers = [await road.send(validity=5) for _ in range(12)]
        road.clock.advance(6)
        await until_over(road, identifiers)


async def test_what_waits_for_its_time_does_not_expire_before_it(tmp_path: Path) -> None:
    async with running_road(tmp_path, down=["loop"]) as road:
        identifier = await road.send(schedule_at="2027-01-15T08:01:00Z", validity=5)
        road.clock.advance(30)
        await road.settled()
        assert (await road.stored(identifier)).status is Status.ACCEPTED
        road.clock.advance(36)
        await until_over(road, [identifier])


async def test_a_link_that_comes_back_takes_what_is_still_valid(tmp_path: Path) -> None:
    async with running_road(tmp_path, down=["loop"]) as road:
        short, long = await road.send(validity=5), await road.send(validity=3_600)
        road.clock.advance(6)
        await until_over(road, [short])
        await road.operators["loop"].start(road.sort)
        await road.becomes(long, Status.SUBMITTED)
        assert len(road.submitted) == 1
