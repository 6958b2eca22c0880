"""The table of routes once more, each with a chain of operators: who stays with one, who stands in, who may not."""

from itertools import pairwise

import msgspec
import pytest

from gateway.delivery.routing import Router, first_up
from gateway.model.message import MessageClass
from gateway.model.route import Order, Route
from tests.unit.gateway.delivery.test_routing import CUSTOMERS, HOUR_MS, RIYADH, ROWS, TABLE, wanted

CHAIN = ("one", "two", "abroad")
SUBJECTS = [bytes((first, 0)) for first in range(256)]


def chained(order: Order) -> Router:
    """Each line of the table with three operators of its own."""

    def line(each: Route) -> Route:
        own = tuple(f"{each.label}_{name}" for name in CHAIN)
        return msgspec.structs.replace(each, operators=own, order=order, weights=(2, 1, 1), prices=(0.3, 0.1, 0.2))

    return Router([line(each) for each in TABLE], public_id=lambda number: CUSTOMERS[number])


ROUTERS = {order: chained(order) for order in Order}


@pytest.mark.parametrize(("number", "message_class", "customer", "sender", "hour"), ROWS)
def test_every_row_keeps_its_operator_and_its_chain(
    number: str, message_class: MessageClass, customer: str, sender: str, hour: int
) -> None:
    now_ms = (hour - RIYADH) * HOUR_MS + 24 * HOUR_MS
    asked = (number, message_class, CUSTOMERS.index(customer), sender, now_ms)
    label = wanted(number, message_class, customer, sender, hour)
    one, two, abroad = (f"{label}_{name}" for name in CHAIN)
    assert ROUTERS[Order.LISTED].candidates(*asked, SUBJECTS[0]) == (one, two, abroad)
    assert ROUTERS[Order.CHEAPEST].candidates(*asked, SUBJECTS[0]) == (two, abroad, one)
    weighted = ROUTERS[Order.WEIGHTED]
    firsts = []
    for subject in SUBJECTS:
        chain = weighted.candidates(*asked, subject)
        assert chain == weighted.candidates(*asked, subject)  # every part of a long message, and every later one
        assert sorted(chain) == sorted((one, two, abroad))
        firsts.append(chain[0])
        for gone, following in pairwise(chain):  # one after the other fails: the next one stands in
            down = set(chain[: chain.index(gone) + 1])
            assert first_up(chain, lambda name, down=down: name not in down) == following  # type: ignore[misc]
        may = [name for name in chain if name != abroad]  # a message that has to stay in the country
        assert first_up(may, lambda _: True) != abroad
        assert first_up(may, lambda _: False) == may[0]
    assert [firsts.count(each) for each in (one, two, abroad)] == [128, 64, 64]
    assert weighted.alternatives(one) == {two, abroad}
