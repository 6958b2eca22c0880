"""Which operators may carry a message, best first: longest prefix, then class."""

from collections.abc import Callable, Sequence

from gateway.model.message import MessageClass
from gateway.model.route import Route as Route


class Router:
    """The route table. Longest prefix wins; among equals a route that names the class beats one that takes all."""

    def __init__(self, routes: Sequence[Route]) -> None:
        self.adopt(routes)

    def adopt(self, routes: Sequence[Route]) -> None:
        """Another table, for the next message on."""
        ranked = sorted(routes, key=lambda route: (-len(route.prefix), not route.classes))
        self._by_class: dict[MessageClass, tuple[Route, ...]] = {
            each: tuple(route for route in ranked if not route.classes or each.value in route.classes)
            for each in MessageClass
        }
        self._alternatives = _alternatives(routes)

    def find(self, digits: str, message_class: MessageClass) -> Route | None:
        """The route of a message; None when there is none."""
        for route in self._by_class[message_class]:
            if digits.startswith(route.prefix):
                return route
        return None

    def candidates(self, digits: str, message_class: MessageClass) -> tuple[str, ...]:
        """Operators to try in this order; empty when there is no route."""
        route = self.find(digits, message_class)
        return () if route is None else route.operators

    def alternatives(self, operator: str) -> frozenset[str]:
        """Operators that share a route with this one."""
        return self._alternatives.get(operator, frozenset())


def first_up(candidates: Sequence[str], is_up: Callable[[str], bool]) -> str:
    """The first candidate that can send now, or the first of all. A single candidate is not asked."""
    if len(candidates) > 1:
        for name in candidates:
            if is_up(name):
                return name
    return candidates[0]


def _alternatives(routes: Sequence[Route]) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for route in routes:
        for name in route.operators:
            found.setdefault(name, set()).update(each for each in route.operators if each != name)
    return {name: frozenset(others) for name, others in found.items()}
