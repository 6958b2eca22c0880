"""What was erased by one process leaves the memory of every other."""

from collections.abc import Callable
from pathlib import Path

from gateway.rights.letting_go import LettingGo
from tests.unit.gateway.rights.desk import Rights, msisdn, number
from tests.unit.gateway.road import running_road


async def test_a_lane_lets_go_of_what_was_erased_and_of_nothing_else(tmp_path: Path) -> None:
    async with running_road(tmp_path, down=["loop"]) as road:
        gone, stays = await road.send(to=number(1)), await road.send(to=number(2))
        lane, heard = road.dispatch.lanes.by_name["loop"], list[list[bool]]()
        for each in (gone, stays):
            road.inflight.active[each] = await road.stored(each)
            lane.add_fresh(road.inflight.active[each])

        def hear(has_gone: Callable[[bytes], bool]) -> None:
            heard.append([has_gone(gone), has_gone(stays)])

        letting_go = LettingGo(road.ledger.acts, road.clock, (road.dispatch.withdrawals.let_go, hear))
        await letting_go.look()
        assert (len(lane), heard) == (2, [])
        await Rights(road).erase(msisdn(1))
        await letting_go.look()
        await letting_go.look()
        assert heard == [[True, False]], "once"
        assert [each.id for each in lane.take_all()] == [stays]
        assert list(road.inflight.active) == [stays]
