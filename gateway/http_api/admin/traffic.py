"""What all customers sent: sums by time, and by customer."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from gateway.http_api.admin.declaring import shows
from gateway.http_api.admin.parts import Parts
from gateway.http_api.replies import Reply
from gateway.http_api.routes import Call, Route
from gateway.http_api.table import PERIOD
from gateway.http_api.usage import Asked, asked_of
from gateway.ledger.roles import Ledger
from gateway.limits.small_cells import hidden_cells
from gateway.limits.usage import report
from gateway.model.message import Status
from gateway.model.times import rfc3339
from gateway.people.roles import Action

Count = int | None
"""Messages; None where they are fewer than whoever asks is told, or would tell such by subtraction."""


class TimeSum(Struct, frozen=True, kw_only=True):
    """Messages that were accepted (`accepted`), or that ended so, in what begins at `start`."""

    start: str
    status: str
    messages: Count


class CustomerSum(Struct, frozen=True, kw_only=True):
    """A customer's messages of the whole time, by status."""

    customer: str
    messages: dict[str, Count]


class TrafficView(Struct, frozen=True, kw_only=True):
    """fewer_than: messages of the smallest number that is told; 0 where all are."""

    since: str
    until: str
    by: str
    times: list[TimeSum]
    customers: list[CustomerSum]
    fewer_than: int


class TrafficEndpoint:
    """smallest: messages of the smallest sum that everybody is told."""

    def __init__(self, parts: Parts, ledger: Ledger, smallest: int) -> None:
        self._parts = parts
        self._ledger = ledger
        self._smallest = smallest

    async def show(self, call: Call) -> Reply:
        """One customer after the other; the loop has its turns between. Whoever belongs to one sees that one's."""
        asker = await self._parts.gate.identify(call.request)
        await self._parts.gate.open(call.request, Action.USAGE_READ, asker.customer)
        smallest = 0 if asker.may(Action.USAGE_SMALL, asker.customer) else self._smallest
        asked = asked_of(call.query, self._parts.clock.now_ms())
        times: dict[tuple[int, str], int] = defaultdict(int)
        customers: dict[tuple[int, str], int] = defaultdict(int)
        names = {each.id: each.public_id for each in await self._ledger.accounts.customers()}
        for customer in await self._ledger.usage.customers():
            if asker.customer in ("", names.get(customer)):
                await self._add(customer, asked, times, customers)
        return self._parts.answer(
            TrafficView(
                since=rfc3339(asked.since_ms),
                until=rfc3339(asked.until_ms),
                by=asked.by.value,
                times=[
                    TimeSum(start=rfc3339(start_ms), status=status, messages=many)
                    for (start_ms, status), many in sorted(_told(times, smallest).items())
                ],
                customers=_customers(_told(customers, smallest), names),
                fewer_than=smallest,
            )
        )

    async def _add(
        self, customer: int, asked: Asked, times: dict[tuple[int, str], int], customers: dict[tuple[int, str], int]
    ) -> None:
        found = await report(self._ledger.usage, customer, asked.since_ms, asked.until_ms, asked.by, asked.offset_min)
        for each in found:
            times[each.start_ms, each.status.value] += each.messages
            customers[customer, each.status.value] += each.messages


def _told(sums: Mapping[tuple[int, str], int], smallest: int) -> dict[tuple[int, str], Count]:
    """By the start or the customer, and the status. What stands under a status adds up to what the other table tells of
    it, and the ends of a line to what was accepted.
    """
    columns, ends = defaultdict[str, list[tuple[int, str]]](list), defaultdict[int, list[tuple[int, str]]](list)
    for key in sums:
        columns[key[1]].append(key)
        if key[1] != Status.ACCEPTED.value:
            ends[key[0]].append(key)
    hidden = hidden_cells(sums, [*columns.values(), *ends.values()], smallest)
    return {key: None if key in hidden else many for key, many in sums.items()}


def _customers(sums: Mapping[tuple[int, str], Count], names: Mapping[int, str]) -> list[CustomerSum]:
    found: dict[int, dict[str, Count]] = {}
    for (customer, status), many in sorted(sums.items()):
        found.setdefault(customer, {})[status] = many
    return [CustomerSum(customer=names.get(each, ""), messages=told) for each, told in found.items()]


def traffic_routes(parts: Parts, ledger: Ledger, smallest: int) -> list[Route]:
    return [Route("GET", "/admin/v1/traffic", TrafficEndpoint(parts, ledger, smallest).show, _SHOW)]


_SHOW: Final = shows(
    "show_traffic",
    "Sum up what all customers sent, by time and by customer; whoever belongs to one sees that one's.",
    "Customers",
    Action.USAGE_READ,
    TrafficView,
    "The sums, in the order of time and of customers.",
    of=PERIOD,
    codes=("invalid_parameter", "ledger_unavailable"),
)
