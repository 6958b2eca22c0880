"""One line of the route table."""

import enum

import msgspec


class Order(enum.Enum):
    """How the operators of a route are ordered."""

    LISTED = "listed"
    WEIGHTED = "weighted"
    CHEAPEST = "cheapest"


class Window(msgspec.Struct, frozen=True):
    """A part of the day in minutes after midnight, local time; `end` is outside, and may lie past midnight."""

    start: int
    end: int

    def __str__(self) -> str:
        return f"{self.start // 60:02}:{self.start % 60:02}-{self.end // 60:02}:{self.end % 60:02}"

    def holds(self, minute: int) -> bool:
        if self.start <= self.end:
            return self.start <= minute < self.end
        return minute >= self.start or minute < self.end


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """`prefix`: leading digits of the E.164 number ('' matches all). `classes`, `customers` (public ids), `senders`,
    `networks`, `windows`: what it is for; empty means every one. `operators`: as listed.

    `weights`, `prices`: of the operators, in their order; shares of the traffic, and cost of a segment. `limit_per_s`:
    messages a second that a node sends this way while another route fits; None is no limit. `utc_offset_min`: of the
    local time of `windows`. `resend`: whether a message whose answer was lost is sent again; None leaves that to its
    class. `is_enabled`: whether it is looked at; somebody may have it passed over.
    """

    prefix: str
    classes: frozenset[str]
    operators: tuple[str, ...]
    label: str = ""
    customers: frozenset[str] = frozenset()
    senders: frozenset[str] = frozenset()
    networks: frozenset[str] = frozenset()
    windows: tuple[Window, ...] = ()
    utc_offset_min: int = 180
    weights: tuple[int, ...] = ()
    prices: tuple[float, ...] = ()
    order: Order = Order.LISTED
    limit_per_s: float | None = None
    resend: bool | None = None
    is_enabled: bool = True


def purpose(route: Route) -> tuple[object, ...]:
    """What a line is for, whatever its place, its operators and its limit: prefix, classes, customers, senders,
    networks, hours and their offset. Lines that are for the same are one to whoever steers them.
    """
    named = (route.classes, route.customers, route.senders, route.networks)
    hours = tuple(str(each) for each in route.windows)
    return (route.prefix, *(tuple(sorted(each)) for each in named), hours, route.utc_offset_min)


class Passed(msgspec.Struct, frozen=True):
    """A line that was looked at and not taken. line: its number in the settings, from 0. why: `prefix`, `class`,
    `customer`, `sender`, `network`, `hours`, `limit`, `disabled`, or `later`, where a better one came first.
    """

    line: int
    label: str
    why: str


class Explained(msgspec.Struct, frozen=True):
    """What the table says of a message. operators: in the order in which they are tried. line: the one that was taken,
    None where there is none.
    """

    line: int | None
    label: str
    operators: tuple[str, ...]
    passed: tuple[Passed, ...]
