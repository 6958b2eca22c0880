"""Messages of customers who pay in advance, on a real road: reserved at the door, paid or given back at the end."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gateway.audit.actor import COMMAND_LINE
from gateway.ledger.contract import Declined, Reservation, Reserving, WriteOp, WriteResult, Written
from gateway.limits.balance import MICRO, BalanceDesk, Terms
from gateway.limits.till import EVENT, LEFT_BEHIND_MS
from gateway.model.message import Status, message_id
from gateway.model.refusals import Refusal
from gateway.model.route import Route
from gateway.model.submission import NO_FORM
from operators.base import Accepted, ReceiptState, Refused
from tests.bounds import LIMIT_S
from tests.unit.gateway.road import CUSTOMER, Road, a_request, an_api_key, running_road

PRICED = [Route(prefix="", classes=frozenset(), operators=("loop",), prices=(0.5,))]
UNPAID = Declined("balance_exhausted")
PUBLIC = "cus_0123456789abcdef"


class Fates:
    """What became of each message that was offered."""

    def __init__(self, road: Road) -> None:
        self._road = road
        self.results: list[WriteResult] = []
        self._came = asyncio.Event()

    def offer(self, **fields: Any) -> bytes:
        return self._road.door.offer(an_api_key(), a_request(**fields), NO_FORM, self._note).id

    def _note(self, _op: WriteOp | None, result: WriteResult) -> None:
        self.results.append(result)
        self._came.set()

    async def all(self, count: int) -> list[WriteResult]:
        async with asyncio.timeout(LIMIT_S):
            while len(self.results) < count:
                self._came.clear()
                await self._came.wait()
        return self.results


async def until_spent(road: Road, units: float, reserved: int) -> None:
    """What is spent, and how many reservations are open."""
    async with asyncio.timeout(LIMIT_S):
        while True:
            page, _ = await road.ledger.balances.reserved(None, 1_000)
            if (await road.ledger.balances.spent(CUSTOMER), len(page)) == (round(units * MICRO), reserved):
                return
            await asyncio.sleep(0.01)


@asynccontextmanager
async def paid(
    folder: Path, units: float, terms: Terms | None = None, **road: Any
) -> AsyncIterator[tuple[Road, Fates]]:
    async with running_road(folder, **({"routes": PRICED} | road)) as running:
        await pay(running, terms or Terms(paid_micro=round(units * MICRO)))
        yield running, Fates(running)


async def pay(road: Road, terms: Terms) -> None:
    desk = BalanceDesk(road.ledger.acts, road.ledger.balances, road.clock, COMMAND_LINE)
    await desk.change(CUSTOMER, PUBLIC, lambda _: terms)
    await road.till.load()


async def test_what_is_delivered_is_paid_by_its_segments_and_what_no_operator_took_is_given_back(
    tmp_path: Path,
) -> None:
    async with paid(tmp_path, 10, receipts=lambda _: ReceiptState.DELIVERED) as (road, fates):
        identifier = fates.offer()
        assert await fates.all(1) == [identifier]
        await until_spent(road, 0.5, 0)
        fates.offer(text="long " * 50)
        await until_spent(road, 1.5, 0)
    refusing = {"loop": lambda _message, _segment, _identifier: Refused(0x0B)}
    async with paid(tmp_path / "refused", 10, answers=refusing) as (road, fates):
        fates.offer()
        await fates.all(1)
        await until_spent(road, 0, 0)
        assert road.ended == [Status.REJECTED]


async def test_an_open_message_is_reserved_and_one_that_nobody_could_know_of_is_paid(tmp_path: Path) -> None:
    async with paid(tmp_path, 10, answers={"loop": lambda _m, _s, identifier: Accepted(identifier)}) as (road, fates):
        fates.offer()
        await fates.all(1)
        await until_spent(road, 0.5, 1)


async def test_of_many_at_once_so_many_are_taken_as_are_paid_for_and_not_one_more(tmp_path: Path) -> None:
    async with paid(tmp_path, 10) as (road, fates):
        for _ in range(50):
            fates.offer()
        results = await fates.all(50)
        assert sum(isinstance(each, bytes) for each in results) == 20
        assert results.count(UNPAID) == 30 == road.till.refused
        assert await road.ledger.balances.spent(CUSTOMER) == 10 * MICRO


async def test_a_margin_may_be_spent_and_a_top_up_opens_the_door_again(tmp_path: Path) -> None:
    async with paid(tmp_path, 0, Terms(margin_micro=MICRO)) as (road, fates):
        for _ in range(3):
            fates.offer()
        assert (await fates.all(3)).count(UNPAID) == 1
        await pay(road, Terms(paid_micro=MICRO, margin_micro=MICRO))
        identifier = fates.offer()
        assert (await fates.all(4))[-1] == identifier


async def test_who_does_not_pay_in_advance_goes_as_before_and_leaves_no_trace(tmp_path: Path) -> None:
    async with paid(tmp_path, 0, Terms(active=False)) as (road, fates):
        identifier = fates.offer()
        assert await fates.all(1) == [identifier]
        await until_spent(road, 0, 0)


async def test_a_route_without_a_price_takes_nothing_of_who_pays_in_advance(tmp_path: Path) -> None:
    async with paid(tmp_path, 10, routes=None) as (road, fates):
        with pytest.raises(Refusal, match="no_price"):
            fates.offer()
        await until_spent(road, 0, 0)


async def test_what_a_process_left_behind_is_found_and_settled(tmp_path: Path) -> None:
    async with paid(tmp_path, 10) as (road, fates):
        fates.offer()
        await fates.all(1)
        await until_spent(road, 0.5, 1)
        lost = [message_id(road.clock.now_ms(), number, bytes(8)) for number in range(2)]
        await road.ledger.balances.reserve([Reserving(Reservation(each, CUSTOMER, MICRO), 10**9) for each in lost])
        assert await road.till.look() == 0
        road.clock.advance(LEFT_BEHIND_MS / 1000 + 1)
        assert await road.till.look() == 2
        await until_spent(road, 0.5, 1)


async def test_it_is_told_once_when_so_much_is_left(tmp_path: Path) -> None:
    terms = Terms(paid_micro=4 * MICRO, warn_below_micro=(2 * MICRO, MICRO))
    async with paid(tmp_path, 0, terms) as (road, fates):
        for _ in range(8):
            fates.offer()
        await fates.all(8)
        await road.journal.drain()
        events, _ = await road.ledger.copies.events(None, 100)
        said = [msgspec.json.decode(each.data) for each in events if each.kind == EVENT]
        assert said == [{"below": 2.0, "left": 1.5}, {"below": 1.0, "left": 0.5}]


async def test_a_ledger_that_is_away_takes_nothing(tmp_path: Path) -> None:
    async with paid(tmp_path, 10) as (road, fates):
        await road.ledger.close()
        fates.offer()
        assert await fates.all(1) == [Written.UNAVAILABLE]


async def test_whatever_turn_of_the_loop_a_message_comes_in_it_is_taken(tmp_path: Path) -> None:
    async with paid(tmp_path, 1_000) as (road, fates):
        for number in range(300):
            fates.offer()
            for _ in range(number % 7):
                await asyncio.sleep(0)
            if number % 50 == 0:
                await fates.all(number + 1)
        assert all(isinstance(each, bytes) for each in await fates.all(300))
        assert await road.ledger.balances.spent(CUSTOMER) == 150 * MICRO
