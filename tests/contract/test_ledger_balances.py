"""What customers who pay in advance have spent: never more than they may, whoever reserves beside whom."""

import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.ledger.contract import Reservation, Reserving
from gateway.ledger.roles import Ledger
from gateway.model.message import message_id
from tests.contract.conftest import Engine
from tests.contract.records import NOW
from tests.contract.test_ledger_processes import _start
from tests.contract.writer import MOST, PREPAID


def a_reservation(micro: int = 10, customer: int = 7) -> Reservation:
    return Reservation(message_id(NOW, 1, os.urandom(8)), customer, micro)


async def reserve(ledger: Ledger, *asked: Reservation, most: int = 100) -> list[int | None]:
    return list(await ledger.balances.reserve([Reserving(each, most) for each in asked]))


async def left_open(ledger: Ledger) -> set[Reservation]:
    found: set[Reservation] = set()
    cursor: bytes | None = None
    while True:
        page, cursor = await ledger.balances.reserved(cursor, 2)
        found.update(page)
        if cursor is None:
            return found


async def test_what_is_reserved_is_spent_until_it_is_given_back(ledger: Ledger) -> None:
    one, other, third = a_reservation(), a_reservation(20), a_reservation(30)
    assert await reserve(ledger, one, other, third) == [10, 30, 60]
    assert await left_open(ledger) == {one, other, third}
    await ledger.balances.settle([one.message], [other.message])
    assert await ledger.balances.spent(7) == 40
    assert await left_open(ledger) == {third}
    await ledger.balances.settle([one.message, third.message], [other.message, one.message])
    assert (await ledger.balances.spent(7), await left_open(ledger)) == (40, set())
    assert await ledger.balances.spent(8) == 0


async def test_nothing_is_reserved_beyond_the_most_and_what_fits_behind_it_is(ledger: Ledger) -> None:
    big, small, exact = a_reservation(90), a_reservation(11), a_reservation(10)
    assert await reserve(ledger, big, small, exact, a_reservation(1)) == [90, None, 100, None]
    assert await left_open(ledger) == {big, exact}
    assert await reserve(ledger, a_reservation(0)) == [100]
    assert await reserve(ledger, a_reservation(5, customer=8)) == [5]
    assert await reserve(ledger, a_reservation(1), most=-5) == [None]


async def test_a_reservation_that_is_asked_for_again_stands_once(ledger: Ledger) -> None:
    one = a_reservation()
    assert await reserve(ledger, one, one) == [10, 10]
    assert await reserve(ledger, one, most=0) == [10]
    assert await ledger.balances.spent(7) == 10


async def test_amounts_are_exact_to_the_largest(ledger: Ledger) -> None:
    large = 10**14
    one = a_reservation(large - 1)
    assert await reserve(ledger, one, a_reservation(2), a_reservation(1), most=large) == [large - 1, None, large]
    await ledger.balances.settle([], [one.message])
    assert await ledger.balances.spent(7) == 1


async def test_it_is_there_after_a_restart(engine: Engine) -> None:
    ledger = await engine.open()
    one = a_reservation()
    await reserve(ledger, one)
    await ledger.close()
    again = await engine.open()
    assert (await again.balances.spent(7), await left_open(again)) == (10, {one})
    await again.balances.put(9, 77, [a_reservation(5, customer=9)])
    assert (await again.balances.spent(9), len(await left_open(again))) == (77, 2)


async def test_two_processes_spend_a_balance_to_its_end_and_not_beyond(engine: Engine) -> None:
    """Each reserves, and settles or gives back, until it is refused; what both say they spent is what is spent."""
    ledger = await engine.open()
    processes = [await _start(engine, "spend") for _ in range(2)]
    printed = [await each.communicate() for each in processes]
    assert [each.returncode for each in processes] == [0, 0]
    spent = [int(out) for out, _ in printed]
    assert await ledger.balances.spent(PREPAID) == sum(spent) <= MOST
    assert MOST - sum(spent) < 10
    assert await left_open(ledger) == set()


STEPS = st.lists(
    st.tuples(st.integers(0, 60), st.sampled_from(["keep", "pay", "back"]), st.booleans()), min_size=1, max_size=30
)


@pytest.mark.parametrize("engine", ["sqlite", "redis"], indirect=True)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
async def test_whatever_is_reserved_paid_and_given_back_the_sum_is_right(
    engine: Engine, steps: list[tuple[int, str, bool]]
) -> None:
    ledger = await engine.open()
    beside = await engine.open(exclusive=False)
    customer = int.from_bytes(os.urandom(3), "big") + 1
    spent = 0
    for micro, fate, elsewhere in steps:
        wanted = a_reservation(micro, customer)
        (found,) = await reserve(beside if elsewhere else ledger, wanted, most=200)
        assert found == (spent + micro if spent + micro <= 200 else None)
        if found is not None:
            spent += micro if fate != "back" else 0
            paid, back = ([wanted.message] if fate == each else [] for each in ("pay", "back"))
            await (ledger if elsewhere else beside).balances.settle(paid, back)
    assert await ledger.balances.spent(customer) == await beside.balances.spent(customer) == spent
    await ledger.close()
    await beside.close()
