"""Which operators may carry a message, best first.

One table, read from the most specific line down: the longest prefix wins; among lines of one prefix those that name
customers, then senders, then classes, then hours, then networks; among equals the earlier. A line that does not fit is
passed over for the next one, also of a shorter prefix. A line whose limit is reached is passed over while another one
fits. One that is not enabled is never taken.

A line's operators are ordered as listed, by price, or by weight. By weight the recipient's pseudonym decides, so all
parts of a long message, and for a while all messages to one person, go the same way. Who is up is not decided here.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from gateway.model.message import MessageClass
from gateway.model.route import Explained, Order, Passed, Route, purpose
from operators.bucket import TokenBucket

SLOTS: Final = 256
"""Shares of a weighted line: weights count in parts of it."""
BURST_S: Final = 0.1
"""Of a line's limit, how much may come at once."""
_DAY_MIN: Final = 1440

Permits = Callable[[int, str, MessageClass, Sequence[str], int], Sequence[str]]
"""Which of these operators may be given what a customer, by number, sends from this sender, in this class, in the same
order, when it is submitted at this time (epoch milliseconds). Raises Refusal where none may.
"""


def permit_all(
    _customer: int, _source: str, _message_class: MessageClass, operators: Sequence[str], _at_ms: int
) -> Sequence[str]:
    """Nothing is asked of an operator but its route."""
    return operators


class Line:
    """A route as the search needs it. number: its place in the settings, from 0. always: it asks for nothing but prefix
    and class. bucket: None without a limit.
    """

    __slots__ = ("always", "bucket", "number", "orders", "route")

    def __init__(self, route: Route, number: int, bucket: TokenBucket | None) -> None:
        self.route: Final = route
        self.number: Final = number
        self.orders: Final = _orders(route)
        asks = route.customers or route.senders or route.networks or route.windows or route.limit_per_s
        self.always: Final = not asks
        self.bucket: Final = bucket

    def operators_of(self, subject: bytes) -> tuple[str, ...]:
        """In the order in which they are tried for this recipient. subject: its pseudonym."""
        orders = self.orders
        return orders[0] if len(orders) == 1 or not subject else orders[subject[0]]

    def price_of(self, operator: str) -> float | None:
        """Of a segment; None where the route names none."""
        route = self.route
        return dict(zip(route.operators, route.prices, strict=False)).get(operator)

    def refuses(self, customer: str, source: str, now_ms: int, network: str) -> str:
        """The word for what does not fit; '' where all does. network: '' where it is not known."""
        route = self.route
        if route.customers and customer not in route.customers:
            return "customer"
        if route.senders and source not in route.senders:
            return "sender"
        if route.networks and network not in route.networks:
            return "network"
        if route.windows:
            minute = (now_ms // 60_000 + route.utc_offset_min) % _DAY_MIN
            if not any(window.holds(minute) for window in route.windows):
                return "hours"
        return ""


def nowhere(_subject: bytes) -> str:
    """No network is known."""
    return ""


class Router:
    """The route table. public_id: of a customer's number; asked only where a line names customers.

    monotonic: seconds, for limits. network_of: at which whoever has this pseudonym is, '' where that is unknown; asked
    only where a line names networks.
    """

    def __init__(
        self,
        routes: Sequence[Route],
        public_id: Callable[[int], str] = str,
        monotonic: Callable[[], float] = time.monotonic,
        network_of: Callable[[bytes], str] = nowhere,
    ) -> None:
        self._network_of = network_of
        self.names_networks = False
        self._public_id = public_id
        self._monotonic = monotonic
        self._lines: list[Line] = []
        self.adopt(routes)

    def adopt(self, routes: Sequence[Route]) -> None:
        """Another table, for the next message on. What is used of its limit stays with a line that is for the same."""
        self._lines = _read_in_order(routes, self._lines, self._monotonic())
        self._lengths = tuple(sorted({len(each.prefix) for each in routes if each.is_enabled}, reverse=True))
        self.names_networks = any(route.networks for route in routes if route.is_enabled)
        self._names_customers = any(route.customers for route in routes)
        self._by_class = {each: _by_prefix(self._lines, each) for each in MessageClass}
        self._alternatives = _alternatives(routes)

    def find(
        self,
        digits: str,
        message_class: MessageClass,
        customer: int = 0,
        source: str = "",
        now_ms: int = 0,
        subject: bytes = b"",
    ) -> Line | None:
        """The line of a message, whatever its limit; None when there is none. now_ms: since the epoch. subject: the
        recipient's pseudonym, without which no network is known.
        """
        line = self._plain(digits, message_class)
        if line is not None:
            return line
        for each in self._fitting(digits, message_class, customer, source, now_ms, subject):
            return each
        return None

    def choose(
        self,
        digits: str,
        message_class: MessageClass,
        customer: int = 0,
        source: str = "",
        now_ms: int = 0,
        subject: bytes = b"",
    ) -> Line | None:
        """As `find`, for one message that is taken in now and counts against the limit of its line: one that is used up
        is passed over, unless nothing else fits.
        """
        line = self._plain(digits, message_class)
        if line is not None:
            return line
        first: Line | None = None
        for each in self._fitting(digits, message_class, customer, source, now_ms, subject):
            if each.bucket is None or each.bucket.take(1, self._monotonic()):
                return each
            first = first or each
        return first

    def candidates(
        self,
        digits: str,
        message_class: MessageClass,
        customer: int = 0,
        source: str = "",
        now_ms: int = 0,
        subject: bytes = b"",
    ) -> tuple[str, ...]:
        """Operators to try in this order; empty when there is no route."""
        line = self.find(digits, message_class, customer, source, now_ms, subject)
        return () if line is None else line.operators_of(subject)

    def explain(
        self,
        digits: str,
        message_class: MessageClass,
        customer: str = "",
        source: str = "",
        now_ms: int = 0,
        network: str = "",
    ) -> Explained:
        """What would become of such a message, and why. Nothing is counted. customer: the public id. network: at which
        the number is, '' where that is not known.

        By weight, it is the order of some recipients: to how many, the weights say.
        """
        said = [
            (line, self._why_not(line, digits, message_class, customer, source, now_ms, network))
            for line in self._lines
        ]
        fitting = [line for line, why in said if not why] or [line for line, why in said if why == "limit"]
        taken = fitting[0] if fitting else None
        passed = tuple(Passed(each.number, each.route.label, why or "later") for each, why in said if each is not taken)
        if taken is None:
            return Explained(None, "", (), passed)
        return Explained(taken.number, taken.route.label, taken.orders[0], passed)

    def alternatives(self, operator: str) -> frozenset[str]:
        """Operators that share a route with this one."""
        return self._alternatives.get(operator, frozenset())

    def _plain(self, digits: str, message_class: MessageClass) -> Line | None:
        """The line of the longest prefix, if it asks for nothing more: the usual case, and the quick one."""
        by_prefix = self._by_class[message_class]
        for length in self._lengths:
            lines = by_prefix.get(digits[:length])
            if lines is not None:
                return lines[0] if lines[0].always else None
        return None

    def _fitting(
        self, digits: str, message_class: MessageClass, customer: int, source: str, now_ms: int, subject: bytes
    ) -> Iterator[Line]:
        by_prefix = self._by_class[message_class]
        public_id = ""
        network = self._network_of(subject) if self.names_networks and subject else ""
        for length in self._lengths:
            for line in by_prefix.get(digits[:length], ()):
                if line.always:
                    yield line
                    continue
                if self._names_customers and not public_id:
                    public_id = self._public_id(customer)
                if not line.refuses(public_id, source, now_ms, network):
                    yield line

    def _why_not(
        self,
        line: Line,
        digits: str,
        message_class: MessageClass,
        customer: str,
        source: str,
        now_ms: int,
        network: str,
    ) -> str:
        route = line.route
        if not route.is_enabled:
            return "disabled"
        if not digits.startswith(route.prefix):
            return "prefix"
        if route.classes and message_class.value not in route.classes:
            return "class"
        why = line.refuses(customer, source, now_ms, network)
        if not why and line.bucket is not None and not line.bucket.available(self._monotonic()):
            return "limit"
        return why


def first_up(candidates: Sequence[str], is_up: Callable[[str], bool]) -> str:
    """The first candidate that can send now, or the first of all. A single candidate is not asked."""
    if len(candidates) > 1:
        for name in candidates:
            if is_up(name):
                return name
    return candidates[0]


def _read_in_order(routes: Sequence[Route], before: Sequence[Line], now_s: float) -> list[Line]:
    """The lines of a table. before: those of the last one; what is used of a limit stays with what is for the same."""
    used: dict[object, list[TokenBucket | None]] = {}
    for line in before:
        used.setdefault(purpose(line.route), []).append(line.bucket)
    lines = []
    for number, route in enumerate(routes):
        buckets = used.get(purpose(route))
        lines.append(Line(route, number, _bucket(route, buckets.pop(0) if buckets else None, now_s)))
    return sorted(lines, key=_rank)


def _bucket(route: Route, used: TokenBucket | None, now_s: float) -> TokenBucket | None:
    """used: that of the line before."""
    limit = route.limit_per_s
    if limit is None:
        return None
    burst = max(1, int(limit * BURST_S))
    if used is None:
        return TokenBucket(limit, burst, now_s)
    used.set_rate(limit, burst, now_s)
    return used


def _rank(line: Line) -> tuple[int, bool, bool, bool, bool, bool, int]:
    route = line.route
    asks = (not route.customers, not route.senders, not route.classes, not route.windows, not route.networks)
    return (-len(route.prefix), *asks, line.number)


def _by_prefix(lines: Sequence[Line], message_class: MessageClass) -> dict[str, tuple[Line, ...]]:
    found: dict[str, tuple[Line, ...]] = {}
    for line in lines:
        if not line.route.is_enabled:
            continue
        if not line.route.classes or message_class.value in line.route.classes:
            found[line.route.prefix] = (*found.get(line.route.prefix, ()), line)
    return found


def _orders(route: Route) -> tuple[tuple[str, ...], ...]:
    """One order, or one for each slot of a weighted line."""
    operators = route.operators
    if route.order is Order.CHEAPEST and route.prices:
        prices = dict(zip(operators, route.prices, strict=True))
        return (tuple(sorted(operators, key=lambda name: prices[name])),)
    if route.order is not Order.WEIGHTED or len(operators) < 2:
        return (operators,)
    weights = dict(zip(operators, route.weights or (1,) * len(operators), strict=True))
    rest = sorted(operators, key=lambda name: -weights[name])
    total, orders, so_far = sum(weights.values()), list[tuple[str, ...]](), 0
    for name in operators:
        so_far += weights[name]
        until = round(SLOTS * so_far / total)
        order = (name, *(each for each in rest if each != name))
        orders += [order] * (until - len(orders))
    return tuple(orders)


def _alternatives(routes: Sequence[Route]) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for route in routes:
        for name in route.operators if route.is_enabled else ():
            found.setdefault(name, set()).update(each for each in route.operators if each != name)
    return {name: frozenset(others) for name, others in found.items()}
