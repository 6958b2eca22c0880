"""What controls said of late, as the ledger's counters have it: see `gateway.fraud.findings`."""

from typing import Final

import msgspec

from gateway.fraud.findings import PREFIX
from gateway.fraud.windows import DAY_MS
from gateway.ledger.roles import Counters

DAYS: Final = 7


class Found(msgspec.Struct, frozen=True):
    """Messages of a customer on which a control said the same. effect: `watch` where nothing followed; `refuse`."""

    customer: int
    control: str
    effect: str
    messages: int


async def report(counters: Counters, now_ms: int, days: int = DAYS) -> list[Found]:
    """Of this day (UTC) and the ones before, in the order of customers. Raises LedgerUnavailable."""
    sums: dict[tuple[int, str, str], int] = {}
    for day in range(now_ms // DAY_MS - days + 1, now_ms // DAY_MS + 1):
        for name, count in (await counters.counts(day)).items():
            if name.startswith(PREFIX):
                customer, control, effect = name.removeprefix(PREFIX).split(":")
                place = int(customer), control, effect
                sums[place] = sums.get(place, 0) + count
    return [Found(*place, count) for place, count in sorted(sums.items())]
