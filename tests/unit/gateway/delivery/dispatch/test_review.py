"""What people decide on held messages reaches those that come late, and no others."""

from pathlib import Path

from gateway.delivery.dispatch.review import AGAIN_S, DROPPED, Review
from gateway.fraud.reviews import Decision
from gateway.ledger.contract import Change
from gateway.model.held_lane import review_lane
from gateway.model.message import Message, Status, snapshot
from tests.unit.gateway.road import CUSTOMER, Road, running_road

CONTROL = "same_text"
LANE = review_lane(CUSTOMER, CONTROL, "loop")


class Decided:
    """A decision as somebody makes it."""

    def __init__(self) -> None:
        self.last: Decision | None = None

    @property
    def version(self) -> object:
        return self.last

    def decided(self, customer: int, control: str) -> Decision | None:
        return self.last if (customer, control) == (CUSTOMER, CONTROL) else None


async def taken(road: Road) -> bytes:
    """A message that waits for its operator."""
    identifier = await road.send()
    await road.settled()
    return identifier


async def hold(road: Road, identifier: bytes) -> None:
    """It waits in the lane from now on."""
    message: Message = snapshot(await road.stored(identifier))
    message.operator, message.due_ms = LANE, message.expires_ms
    await road.journal.write(Change(message=message))


async def test_a_message_that_comes_after_a_decision_was_carried_out_and_was_accepted_before_it_is_seen_to(
    tmp_path: Path,
) -> None:
    async with running_road(tmp_path, down=["loop"]) as road:
        decided = Decided()
        review = Review(road.dispatch.lanes, road.dispatch.sender._records, decided, road.clock)
        first, late, at_ms = await taken(road), await taken(road), road.clock.now_ms()
        road.clock.advance(1)
        later = await taken(road)
        await hold(road, first)
        await hold(road, later)
        decided.last = Decision(at_ms=at_ms, releases=False, version=3)
        assert await review.look_into(LANE)
        assert (await road.stored(first)).error == DROPPED
        assert (await road.stored(later)).status is Status.ACCEPTED
        await hold(road, late)
        assert not await review.look_into(LANE)
        road.clock.advance(AGAIN_S)
        assert await review.look_into(LANE)
        assert ((await road.stored(late)).error, (await road.stored(late)).status) == (DROPPED, Status.REJECTED)
        assert (await road.stored(later)).status is Status.ACCEPTED
        road.clock.advance(AGAIN_S)
        assert not await review.look_into(LANE)
