"""What may be wanted of a line of the route table: that it is passed over, and other weights than its own.

A line is known by what it is for, whatever its place in the settings is and whatever operators it names: so what is
wanted of it stays with it over a reload. Lines that are for the same are one.
"""

from collections.abc import Mapping, Sequence

import msgspec

from gateway.accounts.invalid import InvalidSetting
from gateway.audit.acts import Act
from gateway.audit.entries import named
from gateway.control.book import Book, Hand
from gateway.control.wanted import HEAVIEST, RouteWanted, Wanted, of_route
from gateway.model.route import Order, Route, purpose


def route_id(route: Route) -> str:
    """`route_` and 16 hexadecimal digits, by prefix, classes, customers, senders, networks and hours."""
    return named("route", msgspec.json.encode(purpose(route)).decode())


def steered(route: Route, wanted: RouteWanted) -> Route:
    """The line as it holds. A weight that is not wanted is that of the settings."""
    if wanted.weights and route.order is Order.WEIGHTED:
        own = route.weights or (1,) * len(route.operators)
        weights = [wanted.weights.get(name, weight) for name, weight in zip(route.operators, own, strict=True)]
        route = msgspec.structs.replace(route, weights=tuple(weights))
    return msgspec.structs.replace(route, is_enabled=wanted.enabled)


async def enable_route(book: Book, name: str, hand: Hand, *, enabled: bool) -> Wanted[RouteWanted]:
    """Have a line passed over, or taken again. name: its `route_id`. Raises as `Control.pause`."""

    def change(standing: RouteWanted) -> RouteWanted:
        return msgspec.structs.replace(standing, enabled=enabled)

    word = "on" if enabled else "off"
    return await book.change(of_route(name), RouteWanted, change, hand, Act.ROUTE_CHANGE, name, word=word)


async def weigh_route(
    book: Book, lines: Sequence[Route], weights: Mapping[str, int], hand: Hand
) -> Wanted[RouteWanted]:
    """Other weights, by operator, for lines of one id; none for those of the settings. Raises as `Control.pause`."""
    known = {name for line in lines if line.order is Order.WEIGHTED for name in line.operators}
    if not weights.keys() <= known:
        raise InvalidSetting("weights are of operators that the line names, and of a line that goes by weight")
    if not all(1 <= each <= HEAVIEST for each in weights.values()):
        raise InvalidSetting(f"a weight is from 1 to {HEAVIEST}")

    def change(standing: RouteWanted) -> RouteWanted:
        return msgspec.structs.replace(standing, weights=dict(weights))

    name = route_id(lines[0])
    return await book.change(of_route(name), RouteWanted, change, hand, Act.ROUTE_CHANGE, name, word="weights")
