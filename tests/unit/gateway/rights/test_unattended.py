"""What nobody attends is done when it can no longer be taken back, and again where it was left behind."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from msgspec.structs import replace

from gateway.audit.actor import NODE
from gateway.ledger.contract import DocumentWrite
from gateway.model.refusals import Refusal
from gateway.rights.building import cases
from gateway.rights.case_record import CASE, Case, Said, encode, fresh_id
from gateway.rights.case_states import Channel, Kind, Proof, Reason, State
from gateway.rights.case_work import CaseWork
from gateway.rights.cases import Cases
from gateway.rights.desk import RightsDesk
from gateway.rights.unattended import LEFT_MS, MOST, Unattended
from tests.unit.gateway.rights.desk import Rights, msisdn, number
from tests.unit.gateway.road import CUSTOMER, Road, running_road

WAIT_MS = 300_000


class Place:
    def __init__(self, road: Road) -> None:
        rights = Rights(road)
        self.road = road
        self.cases: Cases = cases(rights.on, road.sealer, NODE)
        self.desk = RightsDesk(rights.on, rights.publish, lambda: [CUSTOMER])
        self.unattended = self.another()

    def another(self) -> Unattended:
        """As another process has it."""
        work = CaseWork(self.cases, self.desk, NODE)
        return Unattended(work, {"cus_1": CUSTOMER}.get, self.road.clock, WAIT_MS)

    async def opened(self, customer: str = "cus_1", unattended: bool = True) -> Case:
        said = Said(
            kind=Kind.ERASURE,
            channel=Channel.API,
            customer=customer,
            number=msisdn(1),
            proof=Proof.CUSTOMER_VOUCHES,
            unattended=unattended,
        )
        return await self.cases.open_proven(said, fresh_id(self.road.clock.random), ())

    async def state(self, case: Case) -> State:
        return (await self.cases.find(case.id)).of.state


@asynccontextmanager
async def placed(folder: Path) -> AsyncIterator[Place]:
    async with running_road(folder) as road:
        yield Place(road)


async def test_a_case_is_done_after_the_time_to_take_it_back(tmp_path: Path) -> None:
    async with placed(tmp_path) as place:
        sent = [await place.road.send(to=number(index)) for index in (1, 2)]
        await place.road.settled()
        case = await place.opened()
        place.unattended.add(case)
        place.road.clock.advance(WAIT_MS / 1000 - 1)
        await place.unattended.look()
        assert await place.state(case) is State.OPEN
        place.road.clock.advance(1)
        await place.unattended.look()
        done = await place.cases.find(case.id)
        assert (done.of.state, done.of.messages) == (State.ANSWERED, 1)
        found = await place.road.ledger.messages.find_many(sent)
        assert [each is None for each in found] == [True, False]


async def test_what_was_taken_back_or_is_attended_is_left_alone(tmp_path: Path) -> None:
    async with placed(tmp_path) as place:
        back, attended, orphan = [
            await place.opened(),
            await place.opened(unattended=False),
            await place.opened(customer="cus_9"),
        ]
        for each in (back, attended, orphan):
            place.unattended.add(each)
        await place.cases.refuse(back.id, Reason.WITHDRAWN)
        place.road.clock.advance(WAIT_MS / 1000)
        await place.unattended.look()
        states = [await place.state(each) for each in (back, attended, orphan)]
        assert states == [State.REFUSED, State.OPEN, State.OPEN]


async def test_another_process_takes_up_what_one_left(tmp_path: Path) -> None:
    async with placed(tmp_path) as place:
        case, later = await place.opened(), place.another()
        place.road.clock.advance((WAIT_MS + LEFT_MS) / 1000 - 1)
        later.find_left(await place.cases.sweep())
        await later.look()
        assert await place.state(case) is State.OPEN
        place.road.clock.advance(1)
        later.find_left(await place.cases.sweep())
        await later.look()
        assert await place.state(case) is State.ANSWERED


async def test_what_cannot_be_done_now_is_done_at_the_next_look(tmp_path: Path) -> None:
    async with placed(tmp_path) as place:
        case = await place.opened()
        place.unattended.add(case)
        place.road.clock.advance(WAIT_MS / 1000)
        async with place.desk._alone():
            await place.unattended.look()
        assert await place.state(case) is State.IN_PROGRESS
        await place.unattended.look()
        assert await place.state(case) is State.ANSWERED


async def test_a_case_that_cannot_be_done_at_all_costs_itself_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with placed(tmp_path) as place:
        broken, sound = await place.opened(), await place.opened()
        for each in (broken, sound):
            place.unattended.add(each)
        document = await place.road.ledger.acts.find(CASE, broken.id)
        assert document is not None
        octets = encode(replace(broken.of, content=b"no sealed content"))
        await place.road.ledger.acts.act([DocumentWrite(CASE, broken.id, octets, document.version)], [])
        place.road.clock.advance(WAIT_MS / 1000)
        await place.unattended.look()
        assert await place.state(sound) is State.ANSWERED
        assert not place.unattended._due


async def test_there_is_room_for_so_many(tmp_path: Path) -> None:
    async with placed(tmp_path) as place:
        place.unattended.check_room()
        place.unattended._due.update(dict.fromkeys(map(str, range(MOST)), 0))
        with pytest.raises(Refusal, match="overloaded"):
            place.unattended.check_room()
